//! Configuration: every fault at once, by name, shape and example, and never by value.

use evergrant::config::{ConfigErrors, KeySource, Settings, StoreSetting};
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{TestEnvironment, run};

const MARKER: &str = "hunter2-marker";
const DIGEST: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

fn good() -> TestEnvironment {
    let key = |name: &str| format!("https://contoso.vault.azure.net/keys/{name}/0123456789abcdef");
    TestEnvironment::default()
        .with("EVERGRANT_PUBLIC_URL", "https://evergrant.example")
        .with("EVERGRANT_SIGNING_KEY_ID", &key("signing"))
        .with("EVERGRANT_SEALING_KEY_ID", &key("sealing"))
        .with("EVERGRANT_CLIENTS", "[]")
        .with("DOCUSIGN_ENVIRONMENT", "demo")
        .with("DOCUSIGN_INTEGRATION_KEY", sandbox::INTEGRATION_KEY)
        .with("DOCUSIGN_USER_ID", sandbox::INTEGRATION_USER)
}

fn faults(env: &TestEnvironment) -> Vec<String> {
    let ConfigErrors(faults) = Settings::read(env).expect_err("faults");
    faults.into_iter().map(|fault| fault.setting).collect()
}

fn client(change: impl FnOnce(&mut Value)) -> TestEnvironment {
    let mut client = json!({
        "client_id": "flows", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"],
        "subject": "integration_user", "scope": "signature",
    });
    change(&mut client);
    good().with("EVERGRANT_CLIENTS", &json!([client]).to_string())
}

#[test]
fn the_smallest_configuration_is_enough_and_has_the_documented_defaults() {
    let settings = Settings::read(&good()).unwrap();
    assert_eq!(settings.docusign.oauth_url.as_str(), "https://account-d.docusign.com");
    assert_eq!(settings.docusign.scopes.to_string(), "signature impersonation spring_read spring_write");
    assert_eq!(settings.store, StoreSetting::Memory);
    assert!(settings.docusign.secret_key.is_none() && settings.docusign.admins.is_empty());
    let production = Settings::read(&good().with("DOCUSIGN_ENVIRONMENT", "production")).unwrap();
    assert_eq!(production.docusign.oauth_url.as_str(), "https://account.docusign.com");
}

#[test]
fn lists_take_commas_and_spaces_and_impersonation_is_always_there() {
    let env = good()
        .with("DOCUSIGN_SCOPES", "signature, spring_read")
        .with("DOCUSIGN_ADMINS", &format!("{},{}", sandbox::INTEGRATION_USER, sandbox::OTHER_USER))
        .with("EVERGRANT_STORE", "https://contoso.blob.core.windows.net/evergrant");
    let settings = Settings::read(&env).unwrap();
    assert_eq!(settings.docusign.scopes.to_string(), "signature spring_read impersonation");
    assert_eq!(settings.docusign.admins.len(), 2);
    assert!(matches!(settings.store, StoreSetting::Blob(_)));
}

#[test]
fn every_wrong_value_is_named_and_none_is_shown() {
    for (name, wrong) in [
        ("EVERGRANT_PUBLIC_URL", "http://evergrant.example"),
        ("EVERGRANT_PUBLIC_URL", "https://evergrant.example/hunter2-marker"),
        ("EVERGRANT_SIGNING_KEY_ID", "hunter2-marker"),
        ("EVERGRANT_SIGNING_KEY_ID", "https://contoso.vault.azure.net/keys/hunter2-marker"),
        ("EVERGRANT_SIGNING_KEY_ID", "file:/nowhere/hunter2-marker"),
        ("EVERGRANT_SIGNING_KEY_ID_NEXT", "hunter2-marker"),
        ("EVERGRANT_SEALING_KEY_ID", "hunter2-marker"),
        ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "hunter2-marker"),
        ("EVERGRANT_CLIENTS", "hunter2-marker"),
        ("EVERGRANT_CLIENTS", "{\"hunter2-marker\":1}"),
        ("EVERGRANT_CLIENTS", "@/nowhere/hunter2-marker"),
        ("EVERGRANT_STORE", "http://hunter2-marker/x"),
        ("EVERGRANT_LOG", "hunter2-marker=loud"),
        ("EVERGRANT_LOG", "hunter2-marker"),
        ("EVERGRANT_LOG", "infos"),
        ("EVERGRANT_CLIENTS", "@Microsoft.KeyVault(SecretUri=https://hunter2-marker/)"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "hunter2-marker"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0"),
        ("DOCUSIGN_ENVIRONMENT", "hunter2-marker"),
        ("DOCUSIGN_OAUTH_URL", "http://hunter2-marker"),
        ("DOCUSIGN_CLM_URL", "https://springcm.example/hunter2-marker"),
        ("DOCUSIGN_ACCOUNT_ID", "hunter2-marker"),
        ("DOCUSIGN_INTEGRATION_KEY", "hunter2-marker"),
        ("DOCUSIGN_USER_ID", "hunter2-marker@example.org"),
        ("DOCUSIGN_SCOPES", "\"hunter2-marker\""),
        ("DOCUSIGN_ADMINS", "hunter2-marker"),
        ("DOCUSIGN_SECRET_KEY", "@Microsoft.KeyVault(SecretUri=https://hunter2-marker/)"),
    ] {
        let env = good().with(name, wrong);
        assert_eq!(faults(&env), [name], "{wrong}");
        let text = Settings::read(&env).unwrap_err().to_string();
        assert!(!text.contains(MARKER) && text.contains("want ") && text.contains("for example "), "{text}");
    }
}

#[test]
fn what_must_be_there_is_missed_when_it_is_blank_too() {
    for name in [
        "EVERGRANT_PUBLIC_URL",
        "EVERGRANT_SIGNING_KEY_ID",
        "EVERGRANT_SEALING_KEY_ID",
        "EVERGRANT_CLIENTS",
        "DOCUSIGN_ENVIRONMENT",
        "DOCUSIGN_INTEGRATION_KEY",
        "DOCUSIGN_USER_ID",
    ] {
        assert_eq!(faults(&good().without(name)), [name]);
        assert_eq!(faults(&good().with(name, "  ")), [name]);
    }
}

#[test]
fn a_client_is_checked_field_by_field() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 27] = [
        ("client_id", |c| c["client_id"] = json!("with space hunter2-marker")),
        ("client_id", |c| c["client_id"] = json!(5)),
        ("client_secret_sha256", |c| c["client_secret_sha256"] = json!("hunter2-marker")),
        ("client_secret_sha256", |c| c["client_secret_sha256"] = json!(["hunter2-marker"])),
        ("client_secret_sha256", |c| c["client_secret_sha256"] = json!([DIGEST.to_uppercase()])),
        // SHA-256 of the empty secret.
        ("client_secret_sha256", |c| {
            c["client_secret_sha256"] = json!(["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]);
        }),
        ("client_secret_sha256", |c| c["client_secret_sha256"] = Value::Null),
        ("grant_types", |c| c["grant_types"] = json!(["password"])),
        ("grant_types", |c| c["grant_types"] = json!([])),
        ("grant_types", |c| c["client_secret_sha256"] = json!([])),
        ("grant_types", |c| c["subject"] = json!("signed_in_user")),
        ("subject", |c| c["subject"] = json!("hunter2-marker")),
        ("scope", |c| c["scope"] = json!("signature extended")),
        ("scope", |c| c["scope"] = json!("")),
        ("profile", |c| c["profile"] = json!("hunter2-marker")),
        ("access_token", |c| c["access_token"] = json!("hunter2-marker")),
        ("redirect_uris", |c| c["redirect_uris"] = json!(["https://*.example/hunter2-marker"])),
        ("redirect_uris", |c| c["grant_types"] = json!(["authorization_code"])),
        ("api_key_sha256", |c| c["api_key_sha256"] = json!(["hunter2-marker"])),
        ("api_key_usernames", |c| c["api_key_usernames"] = json!(["hunter2-marker"])),
        ("api_key_usernames", |c| c["api_key_usernames"] = json!("@contoso.com")),
        ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /hunter2-marker/"])),
        ("gateway_allow", |c| c["gateway_allow"] = json!(["get /clm/"])),
        ("gateway_allow", |c| c["gateway_allow"] = json!(["/clm/"])),
        ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /clm/hunter2-marker?a"])),
        ("refresh_token_lifetime", |c| c["refresh_token_lifetime"] = json!(-1)),
        ("client_secret", |c| c["client_secret"] = json!("hunter2-marker")),
    ];
    for (field, change) in cases {
        let env = client(change);
        assert_eq!(faults(&env), [format!("EVERGRANT_CLIENTS[0].{field}")]);
        assert!(!Settings::read(&env).unwrap_err().to_string().contains(MARKER));
    }
    let odd = client(|c| c["hunter2-marker!"] = json!(1));
    assert_eq!(faults(&odd), ["EVERGRANT_CLIENTS[0].(a field)"]);
}

#[test]
fn a_client_may_have_every_field_and_clients_differ() {
    let all = client(|c| {
        c["redirect_uris"] = json!(["https://global.consent.azure-apim.net/redirect/x"]);
        c["grant_types"] = json!(["authorization_code", "refresh_token", "client_credentials"]);
        c["profile"] = json!("power_automate");
        c["access_token"] = json!("docusign");
        c["require_pkce"] = json!(true);
        c["api_key_sha256"] = json!([DIGEST]);
        c["api_key_usernames"] = json!(["@contoso.com", "ada@fabrikam.com"]);
        c["refresh_token_lifetime"] = json!(31_536_000);
        c["secretless_refresh"] = json!(true);
        c["gateway_allow"] = json!(["GET /clm/"]);
    });
    assert_eq!(Settings::read(&all).unwrap().clients.iter().count(), 1);
    let one = json!({"client_id": "same", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]});
    let twins = good().with("EVERGRANT_CLIENTS", &json!([one, one]).to_string());
    assert_eq!(faults(&twins), ["EVERGRANT_CLIENTS[1].client_id"]);
    // Whose key it is has to be certain; a client with a key needs no grant type.
    let key =
        |id: &str| json!({"client_id": id, "client_secret_sha256": [], "grant_types": [], "api_key_sha256": [DIGEST]});
    let registered = |clients: Value| good().with("EVERGRANT_CLIENTS", &clients.to_string());
    assert_eq!(Settings::read(&registered(json!([key("one")]))).unwrap().clients.iter().count(), 1);
    assert_eq!(faults(&registered(json!([key("one"), key("two")]))), ["EVERGRANT_CLIENTS[1].api_key_sha256"]);
}

#[test]
fn one_fault_hides_no_other() {
    let client = json!([
        {"client_id": "a", "client_secret_sha256": [], "grant_types": ["client_credentials"], "scope": "extended",
         "subject": "signed_in_user", "profile": "x"},
        {"client_id": "a", "client_secret_sha256": [DIGEST, DIGEST, DIGEST], "grant_types": ["authorization_code"]},
        5,
    ]);
    let env =
        good().with("DOCUSIGN_USER_ID", "x").with("EVERGRANT_LOG", "x").with("EVERGRANT_CLIENTS", &client.to_string());
    let mut told = faults(&env);
    told.sort();
    assert_eq!(
        told,
        [
            "DOCUSIGN_USER_ID",
            "EVERGRANT_CLIENTS[0].grant_types",
            "EVERGRANT_CLIENTS[0].grant_types",
            "EVERGRANT_CLIENTS[0].profile",
            "EVERGRANT_CLIENTS[0].scope",
            "EVERGRANT_CLIENTS[1].client_id",
            "EVERGRANT_CLIENTS[1].client_secret_sha256",
            "EVERGRANT_CLIENTS[1].redirect_uris",
            "EVERGRANT_CLIENTS[2]",
            "EVERGRANT_LOG",
        ]
    );
}

#[test]
fn the_environment_names_the_account_host() {
    use evergrant::config::docusign::DocusignEnvironment::{Demo, Production};
    assert_eq!(Demo.account_host(), "account-d.docusign.com");
    assert_eq!(Production.account_host(), "account.docusign.com");
}

#[test]
fn clients_may_stand_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[]").unwrap();
    let env = good().with("EVERGRANT_CLIENTS", &format!("@{}", file.path().display()));
    assert!(Settings::read(&env).is_ok());
}

#[test]
fn key_files_are_for_outside_azure_only() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), sandbox::keys::RsaKey::generate().pkcs8_pem()).unwrap();
    let env = good().with("EVERGRANT_SIGNING_KEY_ID", &format!("file:{}", file.path().display()));
    let settings = Settings::read(&env).unwrap();
    assert!(matches!(settings.signing_keys.current, KeySource::Local(_)));
    for sign_of_azure in ["WEBSITE_INSTANCE_ID", "CONTAINER_NAME"] {
        assert_eq!(faults(&env.clone().with(sign_of_azure, "x")), ["EVERGRANT_SIGNING_KEY_ID"]);
    }
    std::fs::write(file.path(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    assert_eq!(faults(&env), ["EVERGRANT_SIGNING_KEY_ID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_are_told_together_and_the_exit_code_is_2() {
    let sandbox = Sandbox::start().await;
    let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"))
        .without("DOCUSIGN_ENVIRONMENT")
        .with("DOCUSIGN_USER_ID", MARKER)
        .with("EVERGRANT_CLIENTS", &format!("[{{\"client_secret\":\"{MARKER}\"}}]"));
    for command in [&["serve"][..], &["token"], &["consent-url"], &[]] {
        let output = run(command, &environment).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        for name in
            ["DOCUSIGN_ENVIRONMENT is missing", "DOCUSIGN_USER_ID is not right", "EVERGRANT_CLIENTS[0].client_secret"]
        {
            assert!(stderr.contains(name), "{name}: {stderr}");
        }
        assert!(!stderr.contains(MARKER), "{stderr}");
    }
}
