//! Configuration: defaults, and which settings are refused. Their error messages are tested in `config_mistakes`.

use evergrant::config::{KeySource, Settings, StoreSetting};
use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{TestEnvironment, run};

pub const MARKER: &str = "hunter2-marker";
pub const DIGEST: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

/// The fewest settings that are enough.
pub fn good() -> TestEnvironment {
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

/// The settings that have errors.
fn refused(env: &TestEnvironment) -> Vec<String> {
    let errors = Settings::read(env).expect_err("the settings are refused").errors;
    errors.into_iter().map(|error| error.setting).collect()
}

/// One client with a change.
pub fn client(change: impl FnOnce(&mut Value)) -> TestEnvironment {
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
    assert!(settings.docusign.secret_key.get().is_none() && settings.docusign.admins.is_empty());
    let production = Settings::read(&good().with("DOCUSIGN_ENVIRONMENT", "production")).unwrap();
    assert_eq!(production.docusign.oauth_url.as_str(), "https://account.docusign.com");
}

#[test]
fn lists_are_separated_by_commas_or_spaces_and_impersonation_is_always_added() {
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
fn required_settings_may_not_be_blank() {
    for name in [
        "EVERGRANT_PUBLIC_URL",
        "EVERGRANT_SIGNING_KEY_ID",
        "EVERGRANT_SEALING_KEY_ID",
        "EVERGRANT_CLIENTS",
        "DOCUSIGN_ENVIRONMENT",
        "DOCUSIGN_INTEGRATION_KEY",
        "DOCUSIGN_USER_ID",
    ] {
        assert_eq!(refused(&good().without(name)), [name]);
        assert_eq!(refused(&good().with(name, "  ")), [name]);
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
        assert_eq!(refused(&env), [format!("EVERGRANT_CLIENTS[0].{field}")]);
        assert!(!Settings::read(&env).unwrap_err().to_string().contains(MARKER));
    }
    let odd = client(|c| c["hunter2-marker!"] = json!(1));
    assert_eq!(refused(&odd), ["EVERGRANT_CLIENTS[0].(a field)"]);
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
    assert_eq!(Settings::read(&all).unwrap().clients.at_start.unwrap().iter().count(), 1);
    let one = json!({"client_id": "same", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]});
    let twins = good().with("EVERGRANT_CLIENTS", &json!([one, one]).to_string());
    assert_eq!(refused(&twins), ["EVERGRANT_CLIENTS[1].client_id"]);
    // An API key identifies one client; a client with a key needs no grant type.
    let key =
        |id: &str| json!({"client_id": id, "client_secret_sha256": [], "grant_types": [], "api_key_sha256": [DIGEST]});
    let registered = |clients: Value| good().with("EVERGRANT_CLIENTS", &clients.to_string());
    assert_eq!(Settings::read(&registered(json!([key("one")]))).unwrap().clients.at_start.unwrap().iter().count(), 1);
    assert_eq!(refused(&registered(json!([key("one"), key("two")]))), ["EVERGRANT_CLIENTS[1].api_key_sha256"]);
}

#[test]
fn all_errors_are_reported_together() {
    let client = json!([
        {"client_id": "a", "client_secret_sha256": [], "grant_types": ["client_credentials"], "scope": "extended",
         "subject": "signed_in_user", "profile": "x"},
        {"client_id": "a", "client_secret_sha256": [DIGEST, DIGEST, DIGEST], "grant_types": ["authorization_code"]},
        5,
    ]);
    let env =
        good().with("DOCUSIGN_USER_ID", "x").with("EVERGRANT_LOG", "x").with("EVERGRANT_CLIENTS", &client.to_string());
    let mut settings = refused(&env);
    settings.sort();
    assert_eq!(
        settings,
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
fn clients_may_be_in_a_file() {
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
        assert_eq!(refused(&env.clone().with(sign_of_azure, "x")), ["EVERGRANT_SIGNING_KEY_ID"]);
    }
    std::fs::write(file.path(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    assert_eq!(refused(&env), ["EVERGRANT_SIGNING_KEY_ID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_report_all_errors_and_exit_with_2() {
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
            ["DOCUSIGN_ENVIRONMENT is missing", "DOCUSIGN_USER_ID is invalid", "EVERGRANT_CLIENTS[0].client_secret"]
        {
            assert!(stderr.contains(name), "{name}: {stderr}");
        }
        assert!(!stderr.contains(MARKER), "{stderr}");
    }
}

/// What copying from a page or a file brings along.
#[test]
fn invisible_characters_around_a_value_are_left_out() {
    for value in
        ["\u{feff}demo", "demo\r\n", "\u{a0}demo\u{a0}", "\tdemo", "\u{200b}demo\u{200b}", "\u{feff} demo\u{200e}"]
    {
        assert!(Settings::read(&good().with("DOCUSIGN_ENVIRONMENT", value)).is_ok(), "{value:?}");
    }
    assert_eq!(refused(&good().with("DOCUSIGN_ENVIRONMENT", "\u{feff}\u{200b}")), ["DOCUSIGN_ENVIRONMENT"]);
}
