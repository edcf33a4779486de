//! The error for each mistake in a setting: what is wrong, what is expected, and never the value.

use std::collections::BTreeSet;

use evergrant::config::Settings;
use serde_json::{Value, json};

use crate::config::{DIGEST, MARKER, client, good};
use crate::support::{TestEnvironment, run};

/// A setting, a wrong value, and the reason in the error.
type Mistake = (&'static str, &'static str, &'static str);

const GENERAL: [Mistake; 11] = [
    ("DOCUSIGN_USER_ID", "“hunter2-marker”", "it has typographic quotes around it"),
    ("EVERGRANT_PUBLIC_URL", "‘https://hunter2-marker’", "it has typographic quotes around it"),
    ("EVERGRANT_PUBLIC_URL", "\"https://evergrant.example\"", "it has quotes around it"),
    ("DOCUSIGN_USER_ID", "<hunter2-marker>", "it is still a placeholder in angle brackets"),
    ("EVERGRANT_STORE", "EVERGRANT_STORE=memory", "it begins with the setting's own name and an equals sign"),
    ("EVERGRANT_LOG", "inf\u{fffd}", "it has bytes that are not UTF-8"),
    (
        "DOCUSIGN_USER_ID",
        "@microsoft.keyvault(SecretUri=https://hunter2-marker/)",
        "it is a Key Vault reference that the platform did not resolve",
    ),
    ("EVERGRANT_STORE", "https://contoso.blob.core.windows.net/\u{fffd}", "it has bytes that are not UTF-8"),
    (
        "AZURE_CLIENT_ID",
        "@Microsoft.AppConfiguration(Endpoint=https://hunter2-marker/)",
        "it is an App Configuration reference that the platform did not resolve",
    ),
    ("DOCUSIGN_SECRET_KEY", "'hunter2-marker'", "it has quotes around it"),
    (
        "EVERGRANT_CLIENTS",
        "@Microsoft.KeyVault(SecretUri=https://hunter2-marker/)",
        "it is a Key Vault reference that the platform did not resolve",
    ),
];

const URLS: [Mistake; 15] = [
    ("EVERGRANT_PUBLIC_URL", "http://evergrant.example", "it begins with http://, which is for this machine only"),
    ("EVERGRANT_PUBLIC_URL", "evergrant.example", "it does not begin with https://"),
    ("EVERGRANT_PUBLIC_URL", "https://evergrant.example/hunter2-marker", "it has a path after the host"),
    (
        "EVERGRANT_PUBLIC_URL",
        "https://evergrant.example?hunter2-marker",
        "it has a query (what follows the question mark)",
    ),
    ("EVERGRANT_PUBLIC_URL", "https://evergrant.example#hunter2-marker", "it has a fragment (what follows the #)"),
    (
        "EVERGRANT_PUBLIC_URL",
        "https://u:hunter2-marker@evergrant.example",
        "it has a user name or a password before the host",
    ),
    ("EVERGRANT_PUBLIC_URL", "https://evergrant.example:hunter2-marker", "it is not a URL (invalid port number)"),
    (
        "DOCUSIGN_OAUTH_URL",
        "https://account.docusign.com",
        "it is account.docusign.com, which belongs to production, but DOCUSIGN_ENVIRONMENT is demo",
    ),
    (
        "DOCUSIGN_CLM_URL",
        "https://auth.springcm.com",
        "it is auth.springcm.com, which belongs to production, but DOCUSIGN_ENVIRONMENT is demo",
    ),
    ("EVERGRANT_STORE", "http://hunter2-marker/x", "it begins with http:// instead of https://"),
    ("EVERGRANT_STORE", "https://hunter2-marker.blob.core.windows.net", "it has no container after the host"),
    (
        "EVERGRANT_STORE",
        "https://contoso.blob.core.windows.net/evergrant?sv=1&sig=hunter2-marker",
        "it has a SAS token, which the app does not need: it uses its identity",
    ),
    (
        "EVERGRANT_STORE",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2-marker",
        "it is a connection string instead of a URL: the app uses its identity, and no key",
    ),
    ("EVERGRANT_STORE", "Memory", "it has capital letters (write memory)"),
    ("EVERGRANT_STORE", "hunter2-marker", "it is neither memory nor a URL"),
];

const KEYS: [Mistake; 11] = [
    ("EVERGRANT_SIGNING_KEY_ID", "hunter2-marker", "it is not a URL"),
    ("EVERGRANT_SIGNING_KEY_ID", "keys/hunter2-marker.pem", "it is a path without file: before it"),
    ("EVERGRANT_SIGNING_KEY_ID", "file:/nowhere/hunter2-marker", "the file it names does not exist"),
    ("EVERGRANT_SIGNING_KEY_ID_NEXT", "https://hunter2-marker.example/keys/a/b", "its host is not a Key Vault"),
    ("EVERGRANT_SIGNING_KEY_ID_NEXT", "https://contoso.vault.azure.net/", "it names a vault, but no key"),
    (
        "EVERGRANT_SEALING_KEY_ID",
        "https://contoso.vault.azure.net/keys/hunter2-marker",
        "it has no version at the end (copy the Key Identifier of the key's current version)",
    ),
    (
        "EVERGRANT_SEALING_KEY_ID",
        "https://contoso.vault.azure.net/secrets/hunter2-marker/0a",
        "it names a secret instead of a key",
    ),
    (
        "EVERGRANT_SEALING_KEY_ID",
        "https://contoso.vault.azure.net/certificates/hunter2-marker/0a",
        "it names a certificate instead of a key",
    ),
    ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", "/subscriptions/hunter2-marker", "it is a resource ID"),
    (
        "EVERGRANT_SEALING_KEY_ID_PREVIOUS",
        "https://contoso.vault.azure.net/keys/a/b/hunter2-marker",
        "its path is not /keys/<name>/<version>",
    ),
    (
        "EVERGRANT_SEALING_KEY_ID_PREVIOUS",
        "https://contoso.vault.azure.net/keys/a/b_hunter2-marker",
        "its key or version has a character that is neither a letter, a digit nor a hyphen",
    ),
];

const SCOPES: [Mistake; 7] = [
    ("DOCUSIGN_SCOPES", "signature+impersonation", "it has + between scopes (write spaces: signature spring_read)"),
    ("DOCUSIGN_SCOPES", "signature;impersonation", "it has ; between scopes (write spaces: signature spring_read)"),
    ("DOCUSIGN_SCOPES", "signature|impersonation", "it has | between scopes (write spaces: signature spring_read)"),
    ("DOCUSIGN_SCOPES", "signature%20spring_read", "it is percent-encoded (write plain spaces: signature spring_read)"),
    ("DOCUSIGN_SCOPES", "[signature spring_read]", "it has brackets (write the scopes alone: signature spring_read)"),
    ("DOCUSIGN_SCOPES", "Signature spring_read", "it has capital letters (write lower case: signature spring_read)"),
    ("DOCUSIGN_SCOPES", ", ,", "it has no scope in it"),
];

const OTHERS: [Mistake; 15] = [
    ("DOCUSIGN_USER_ID", "hunter2-marker@example.org", "it is an e-mail address"),
    ("DOCUSIGN_USER_ID", "a1c2e3f40000400080009b8a7c6d5e4f", "it has no hyphens"),
    ("DOCUSIGN_USER_ID", "{a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f}", "it has brackets around it"),
    ("DOCUSIGN_ACCOUNT_ID", "12345678", "it is a plain number, such as DocuSign's short account ID"),
    ("DOCUSIGN_INTEGRATION_KEY", "https://hunter2-marker", "it is a URL"),
    ("DOCUSIGN_INTEGRATION_KEY", "hunter2-marker", "its character 1 is neither a hexadecimal digit nor a hyphen"),
    (
        "DOCUSIGN_INTEGRATION_KEY",
        "a1c2e3f4-0000-4000-8000-9b8a",
        "its groups have 8-4-4-4-4 digits instead of 8-4-4-4-12",
    ),
    (
        "DOCUSIGN_INTEGRATION_KEY",
        "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f-a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f",
        "it has 10 groups of digits instead of 5",
    ),
    ("DOCUSIGN_ADMINS", "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f, hunter2-marker@x", "item 2: it is an e-mail address"),
    ("DOCUSIGN_ENVIRONMENT", "prod", "it is unknown (did you mean production?)"),
    ("DOCUSIGN_ENVIRONMENT", "hunter2-marker", "it is not one of the accepted values"),
    ("DOCUSIGN_SCOPES", "signature spring\\hunter2-marker", "its character 17 is not allowed in a scope"),
    ("EVERGRANT_LOG", "hunter2-marker=infos", "it names an unknown level (did you mean info?)"),
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "0", "it is 0"),
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "hunter2-marker", "it is not a whole number"),
];

const REGISTRIES: [Mistake; 16] = [
    (
        "EVERGRANT_CLIENTS",
        "[{\"client_id\": \"a\",\n  \"client_secret_sha256\": [],\n  \"client_secret_sha256\": []}]",
        "line 3, column 24: the field client_secret_sha256 is there twice",
    ),
    (
        "EVERGRANT_CLIENTS",
        "[{“client_id”: 1}]",
        "line 1, column 3: there is a typographic quote, but JSON has straight ones",
    ),
    ("EVERGRANT_CLIENTS", "[ // hunter2-marker\n]", "line 1, column 3: there is a comment, but JSON has none"),
    ("EVERGRANT_CLIENTS", "infra/hunter2-marker.json", "it is a path without @ before it"),
    ("EVERGRANT_CLIENTS", "@/nowhere/hunter2-marker", "the file it names does not exist"),
    ("EVERGRANT_CLIENTS", "@", "it has no path after the @"),
    ("EVERGRANT_CLIENTS", "https://hunter2-marker", "it has no container and no blob after the host"),
    ("EVERGRANT_CLIENTS", "https://hunter2-marker/registry/", "it has no blob after the container"),
    ("EVERGRANT_CLIENTS", "https://hunter2-marker/a//b", "it has two slashes in a row, or one at the end"),
    ("EVERGRANT_CLIENTS", "http://hunter2-marker/a/b", "it begins with http:// instead of https://"),
    (
        "EVERGRANT_CLIENTS",
        "https://hunter2-marker/a/b?sv=1&sig=2",
        "it has a SAS token, which is not needed: the identity is used",
    ),
    ("EVERGRANT_CLIENTS", "{\"hunter2-marker\":1}", "it is an object (put it in square brackets)"),
    ("EVERGRANT_CLIENTS", "[\n  {},\n]", "line 3, column 1: there is a comma before the closing bracket"),
    (
        "EVERGRANT_CLIENTS",
        "[{'hunter2-marker': 1}]",
        "line 1, column 3: there is a single quote, but JSON has double quotes",
    ),
    ("EVERGRANT_CLIENTS", "[{hunter2-marker: 1}]", "line 1, column 3: there is a field name without double quotes"),
    (
        "EVERGRANT_CLIENTS",
        "[{\"client_id\": \"hunter2-marker\"",
        "line 1, column 31: the text ends before a bracket or a quote is closed",
    ),
];

/// The only error, as it is printed.
#[track_caller]
fn sentence(env: &TestEnvironment) -> String {
    let errors = Settings::read(env).expect_err("the settings are refused");
    assert_eq!(errors.errors.len(), 1, "{errors}");
    let text = errors.to_string();
    assert!(!text.contains(MARKER) && !text.contains('\n'), "{text}");
    let roles = ["Key Vault Secrets User", "App Configuration Data Reader"];
    assert!(text.contains(", such as ") || roles.iter().any(|role| text.contains(role)), "{text}");
    text
}

#[test]
fn every_mistake_has_a_sentence_of_its_own() {
    let mut sentences = BTreeSet::new();
    let mistakes = [&GENERAL[..], &URLS, &KEYS, &SCOPES, &OTHERS, &REGISTRIES].concat();
    for (setting, value, reason) in &mistakes {
        let text = sentence(&good().with(setting, value));
        assert!(text.starts_with(&format!("{setting} is invalid: {reason}; ")), "{value}: {text}");
        assert!(sentences.insert(text), "{setting}={value}");
    }
    assert!(mistakes.len() > 50);
}

type Change = fn(&mut Value);

/// A field, a change of the client, and the reason in the error.
const FIELDS: [(&str, Change, &str); 35] = [
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!([MARKER]),
        "it is not a digest, but maybe the secret itself (then replace the secret); expected ",
    ),
    ("client_secret_sha256", |c| c["client_secret_sha256"] = json!([DIGEST.to_uppercase()]), "it has capital letters"),
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!(["@Microsoft.KeyVault(SecretUri=https://hunter2-marker/)"]),
        "it is a Key Vault reference, which works only as the whole value of a setting",
    ),
    (
        "api_key_usernames",
        |c| c["api_key_usernames"] = json!(["@Microsoft.KeyVault(VaultName=hunter2-marker)"]),
        "it is a Key Vault reference, which works only as the whole value of a setting",
    ),
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!(DIGEST),
        "it is a text instead of an array in square brackets",
    ),
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!([DIGEST, DIGEST[1..]]),
        "item 2: it has 63 hexadecimal digits",
    ),
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!([DIGEST[..40]]),
        "it has 40 digits, so it is the digest of another",
    ),
    (
        "client_secret_sha256",
        |c| c["client_secret_sha256"] = json!([DIGEST, DIGEST, DIGEST]),
        "it has 3 digests instead of at most",
    ),
    ("client_secret", |c| c["client_secret"] = json!(MARKER), "the registry has digests instead of secrets"),
    ("redirect_url", |c| c["redirect_url"] = json!(MARKER), "clients have no such field (did you mean redirect_uris?)"),
    ("redirect_uris", |c| c["redirect_uris"] = json!(["http://h.example/"]), "it begins with http://"),
    ("redirect_uris", |c| c["redirect_uris"] = json!(["https://*.example/"]), "it has a wildcard"),
    ("redirect_uris", |c| c["redirect_uris"] = json!(["https://h.example/cb "]), "it begins or ends with a space"),
    (
        "grant_types",
        |c| c["grant_types"] = json!(["client_credential"]),
        "it is unknown (did you mean client_credentials?)",
    ),
    ("grant_types", |c| c["grant_types"] = json!(["password"]), "it is a grant type that Evergrant does not have"),
    ("trust", |c| *c = workload(&json!([{}])), "item 1: it has no issuer"),
    ("grant_types", |c| c["client_secret_sha256"] = json!([]), "client_credentials needs a client secret"),
    ("grant_types", |c| c["subject"] = json!("signed_in_user"), "no one signs in with client_credentials"),
    ("subject", |c| c["subject"] = json!("Integration_User"), "it has capital letters (write integration_user)"),
    ("scope", |c| c["scope"] = json!("signature extended"), "it has extended, which DOCUSIGN_SCOPES does not have"),
    (
        "scope",
        |c| c["scope"] = json!("signature,spring_read"),
        "it has , between scopes (write spaces: signature spring_read)",
    ),
    ("scope", |c| c["scope"] = json!("signature+spring_read"), "it has + between scopes"),
    ("scope", |c| c["scope"] = json!("signature%20spring_read"), "it is percent-encoded"),
    ("scope", |c| c["scope"] = json!("[signature]"), "it has brackets"),
    (
        "gateway_allow",
        |c| c["gateway_allow"] = json!(["GET /clm/../x"]),
        "its path has a segment . or .., which the gateway",
    ),
    ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /clm//x"]), "its path has two slashes in a row"),
    (
        "gateway_allow",
        |c| c["gateway_allow"] = json!(["GET /clm/%66olders"]),
        "its path has an encoded letter, digit, dot",
    ),
    ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /clm/a%2Fb"]), "its path has a slash, backslash, semicolon"),
    ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /clm/x#y"]), "its path has a fragment"),
    ("gateway_allow", |c| c["gateway_allow"] = json!(["GET /clm/<id>"]), "its path has a character that no URL has"),
    (
        "gateway_allow",
        |c| c["gateway_allow"] = json!(["GET /clm/folders*"]),
        "its path has * together with other characters",
    ),
    ("require_pkce", |c| c["require_pkce"] = json!("true"), "it has quotes around it"),
    ("refresh_token_lifetime", |c| c["refresh_token_lifetime"] = json!(-1), "it is below 0"),
    ("gateway_allow", |c| c["gateway_allow"] = json!(["get /clm/"]), "its method is not in capital letters"),
    (
        "gateway_allow",
        |c| c["gateway_allow"] = json!(["GET /clmx/"]),
        "its path begins with an unknown API (did you mean /clm/?)",
    ),
];

/// A client without a secret, whose trust is wrong.
fn workload(trust: &Value) -> Value {
    json!({"client_id": "flows", "grant_types": ["client_credentials"], "trust": trust})
}

#[test]
fn a_wrong_trust_is_the_only_error_whether_there_is_a_secret_or_an_api_key_or_not() {
    for more in [json!({}), json!({"client_secret_sha256": []}), json!({"grant_types": []})] {
        let mut entry =
            workload(&json!([{"issuer": "https://issuer.example", "audience": "a", "claims": {"ref": "*"}}]));
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = sentence(&client(|c| *c = entry.clone()));
        assert!(text.contains(".trust (client flows)") && text.matches("EVERGRANT_CLIENTS[0]").count() == 1, "{text}");
    }
}

#[test]
fn every_mistake_in_a_client_names_client_and_field() {
    let mut sentences = BTreeSet::new();
    for (field, change, reason) in FIELDS {
        let text = sentence(&client(change));
        let begin = format!("EVERGRANT_CLIENTS[0].{field} (client flows) is invalid: {reason}");
        assert!(text.starts_with(&begin), "{begin}: {text}");
        assert!(sentences.insert(text), "{begin}");
    }
    let unnamed = sentence(&client(|c| c["client_id"] = json!("hunter2-marker with spaces")));
    assert!(unnamed.starts_with("EVERGRANT_CLIENTS[0].client_id is invalid: it has a space; expected "), "{unnamed}");
}

/// What Windows makes of a registry.
#[tokio::test]
async fn a_registry_with_a_byte_order_mark_and_crlf_is_read_and_utf_16_is_named() {
    let text = format!(
        "[\r\n  {{\"client_id\": \"flows\", \"client_secret_sha256\": [\"{DIGEST}\"],\r\n  \"grant_types\": [\"client_credentials\"]}}\r\n]\r\n"
    );
    let utf16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = format!("\u{feff}{text}");
    for (file, expected) in [
        (text.as_bytes(), Ok(1)),
        (marked.as_bytes(), Ok(1)),
        ("\u{feff}[]".as_bytes(), Ok(0)),
        (&utf16, Err("is UTF-16 text (save it as UTF-8)")),
        (b"[\"\xff\"]", Err("is not UTF-8 text")),
        ("\u{feff}\r\n".as_bytes(), Err("is empty")),
    ] {
        let env = good().with("EVERGRANT_CLIENTS", "@clients.json").with_file("clients.json", file);
        let read = Settings::read(&env)
            .map(|settings| settings.clients.at_start.unwrap().iter().count())
            .map_err(|_| sentence(&env));
        let expected = expected.map_err(|reason| format!("EVERGRANT_CLIENTS is invalid: the file it names {reason}; "));
        match (read, expected) {
            (Ok(count), Ok(expected)) => assert_eq!(count, expected),
            (Err(error), Err(expected)) => assert!(error.starts_with(&expected), "{error}"),
            (read, _) => panic!("{}: {read:?}", String::from_utf8_lossy(file)),
        }
    }
    let setting = good().with("EVERGRANT_CLIENTS", &marked);
    assert_eq!(Settings::read(&setting).unwrap().clients.at_start.unwrap().iter().count(), 1);
}

/// A file's name appears only where it was given on the command line.
#[tokio::test]
async fn errors_in_a_file_name_it_only_if_it_was_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json").display().to_string();
    std::fs::write(&path, "[\n  {\"client_id\": \"flows\"},\n]").unwrap();
    let checked = run(&["client", "check", &path], &[]).await;
    let stderr = String::from_utf8(checked.stderr).unwrap();
    let reason = "is invalid: line 3, column 1: there is a comma before the closing bracket; expected ";
    assert!(stderr.starts_with(&format!("evergrant: {path} {reason}")), "{stderr}");
    let text = sentence(&good().with("EVERGRANT_CLIENTS", &format!("@{path}")));
    assert!(text.starts_with(&format!("EVERGRANT_CLIENTS {reason}")) && !text.contains(&path), "{text}");
    std::fs::write(&path, "[{\"client_id\": \"flows\"}]").unwrap();
    let checked = run(&["client", "check", &path], &[]).await;
    let stderr = String::from_utf8(checked.stderr).unwrap();
    assert!(
        stderr.contains(&format!("evergrant: {path}[0].grant_types (client flows) is missing; expected ")),
        "{stderr}"
    );
}

#[tokio::test]
async fn without_any_setting_the_first_line_says_how_to_start() {
    for command in [&["serve"][..], &["token"], &["doctor"]] {
        let output = run(command, &[]).await;
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap().replace('\n', " ");
        let text = text.strip_prefix("evergrant: ").unwrap_or(&text);
        assert!(text.starts_with("Nothing is configured yet. "), "{text}");
        for way in ["`cargo run -p sandbox`", "`./deploy`", "docs/local.md"] {
            assert!(text.contains(way), "{way}: {text}");
        }
    }
    let one = run(&["serve"], &[("EVERGRANT_STORE", "memory")]).await;
    assert!(!String::from_utf8(one.stderr).unwrap().contains("Nothing is configured"));
}

/// The Functions host logs each line by itself, and takes one with the word warn for a warning.
#[tokio::test]
async fn each_line_of_serve_on_standard_error_is_complete() {
    let wrong =
        [("EVERGRANT_LOG", "wran"), ("EVERGRANT_STORE", "x"), ("EVERGRANT_STOR", "x"), ("EVERGRANT_CLIENTS", "[{}]")];
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let key = sandbox::keys::RsaKey::generate().pkcs8_pem();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, key).unwrap();
    let key = format!("file:{}", file.display());
    let local = [("EVERGRANT_SIGNING_KEY_ID", key.as_str()), ("EVERGRANT_SEALING_KEY_ID", &key)];
    let busy = good().with_all(&local).with("FUNCTIONS_CUSTOMHANDLER_PORT", &port);
    for (env, lines, code) in [(good().with_all(&wrong), 6, 2), (busy, 1, 1)] {
        let output = run(&["serve"], env).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((stderr.lines().count(), output.status.code()), (lines, Some(code)), "{stderr}");
        for line in stderr.lines() {
            assert!(line.starts_with("evergrant: ") && line.len() > 30 && !line.ends_with(':'), "{line}");
            assert_eq!(line.contains("warn"), line.starts_with("evergrant: warning: "), "{line}");
        }
    }
}

#[test]
fn misspelled_settings_are_warnings_and_never_errors() {
    let env = good().with("EVERGRANT_STOR", "x").with("DOCUSIGN_SECRET", "x").with("EVERGRANT_XYZ", "x");
    let unknown: Vec<String> = Settings::read(&env).unwrap().unknown.iter().map(ToString::to_string).collect();
    let expected = [
        "DOCUSIGN_SECRET is unknown: did you mean DOCUSIGN_SECRET_KEY?",
        "EVERGRANT_STOR is unknown: did you mean EVERGRANT_STORE?",
        "EVERGRANT_XYZ is unknown and has no effect",
    ];
    assert_eq!(unknown, expected);
    let errors = Settings::read(&env.without("EVERGRANT_PUBLIC_URL").with("EVERGRANT_PUBLICURL", "x")).unwrap_err();
    let hint = "\nwarning: EVERGRANT_PUBLICURL is unknown: did you mean EVERGRANT_PUBLIC_URL?";
    assert!(errors.to_string().contains(hint), "{errors}");
}

/// The sample has only known settings.
#[test]
fn no_setting_of_the_sample_is_unknown() {
    let sample = std::fs::read_to_string(crate::support::root().join("local.settings.sample.json")).unwrap();
    let sample: Value = serde_json::from_str(&sample).unwrap();
    let settings = sample["Values"].as_object().unwrap().iter();
    let env = settings.fold(good(), |env, (name, value)| env.with(name, value.as_str().unwrap()));
    assert_eq!(Settings::read(&env).unwrap().unknown, []);
}
