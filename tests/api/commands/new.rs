//! `evergrant client new`: every combination of options gives an entry that the app accepts, or is refused.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{json as parsed, stderr};
use crate::config::good;
use crate::support::run;

const URI: &str = "https://client.example/cb";

/// Options, and the fields of the entry that they lead to.
fn accepted() -> Vec<(&'static [&'static str], Value)> {
    let signing_in = json!(["authorization_code", "refresh_token"]);
    vec![
        (&[], json!({"grant_types": ["client_credentials"], "subject": "integration_user"})),
        (&["--redirect-uri", URI], json!({"grant_types": signing_in, "redirect_uris": [URI]})),
        (&["--public", "--redirect-uri", URI], json!({"client_secret_sha256": [], "grant_types": signing_in})),
        (
            &["--profile", "power_automate", "--redirect-uri", URI],
            json!({"profile": "power_automate", "grant_types": signing_in}),
        ),
        (&["--profile", "power-automate", "--redirect-uri", URI], json!({"profile": "power_automate"})),
        (&["--profile", "workfront", "--redirect-uri", URI], json!({"profile": "workfront", "access_token": "sealed"})),
        (&["--profile", "workfront", "--api-key"], json!({"grant_types": [], "client_secret_sha256": []})),
        (&["--api-key", "--allow", "GET /clm/"], json!({"grant_types": [], "gateway_allow": ["GET /clm/"]})),
        (
            &["--api-key", "--allow", "clm:read", "--allow", "GET /esign/"],
            json!({"gateway_allow": ["clm:read", "GET /esign/"]}),
        ),
        (&["--api-key", "--username", "@contoso.com"], json!({"api_key_usernames": ["@contoso.com"]})),
        (&["--api-key", "--grant-type", "client_credentials"], json!({"grant_types": ["client_credentials"]})),
        (&["--scope", "signature"], json!({"scope": "signature"})),
        (&["--scope", "signature click.manage"], json!({"scope": "signature click.manage"})),
        (&["--subject", "signed_in_user", "--redirect-uri", URI], json!({"subject": "signed_in_user"})),
        (&["--subject", "signed-in-user", "--redirect-uri", URI], json!({"subject": "signed_in_user"})),
        (
            &["--grant-type", "refresh_token", "--grant-type", "authorization_code", "--redirect-uri", URI],
            json!({"grant_types": ["refresh_token", "authorization_code"]}),
        ),
        (
            &["--redirect-uri", URI, "--redirect-uri", "http://localhost/cb"],
            json!({"redirect_uris": [URI, "http://localhost/cb"]}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sensible_combination_of_options_gives_an_entry_that_the_app_accepts() {
    let cases = accepted();
    for some in cases.chunks(6) {
        let arguments = |options: &[&'static str]| [&["client", "new", "c", "--json"], options].concat();
        let run = async |options| run(&arguments(options), &[]).await;
        for ((options, fields), output) in some.iter().zip(join_all(some.iter().map(|(options, _)| run(options))).await)
        {
            assert!(output.status.success(), "{options:?}: {}", stderr(&output));
            let issued = parsed(&output);
            let entry = &issued["entry"];
            assert_eq!(entry["client_id"], "c", "{issued}");
            for (name, value) in fields.as_object().unwrap() {
                assert_eq!(&entry[name], value, "{options:?} {name}: {entry}");
            }
            let env = good()
                .with("EVERGRANT_CLIENTS", &json!([entry]).to_string())
                .with("DOCUSIGN_SCOPES", "signature click.manage");
            assert!(evergrant::config::Settings::read(&env).is_ok(), "{options:?}: {entry}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn combinations_that_no_client_can_have_are_refused_and_show_no_secret() {
    let cases: [(&[&str], &str); 14] = [
        (&["--public"], "--redirect-uri"),
        (&["--profile", "power_automate"], "--redirect-uri is missing"),
        (&["--profile", "workfront"], "--redirect-uri is missing"),
        (&["--grant-type", "authorization_code"], "--redirect-uri is missing"),
        (&["--public", "--grant-type", "client_credentials"], "client_credentials"),
        (&["--subject", "signed_in_user"], "signed_in_user"),
        (&["--username", "@contoso.com"], "--api-key"),
        (&["--api-key", "--username", "contoso"], "@"),
        (&["--api-key", "--allow", "get /clm/"], "capital letters"),
        (&["--allow", "GET /other/"], "unknown API"),
        (&["--redirect-uri", "https://client.example/#x"], "fragment"),
        (&["--redirect-uri", "client.example/cb"], "https://"),
        (&["--grant-type", "password"], "client_credentials"),
        (&["--profile", "slack"], "power_automate"),
    ];
    let outputs =
        join_all(cases.map(|(options, _)| async move { run(&[&["client", "new", "c"], options].concat(), &[]).await }))
            .await;
    for ((options, words), output) in cases.into_iter().zip(outputs) {
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{options:?} without {words}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{options:?}");
    }
}

/// Two secrets that are equal would show that they are not random.
#[tokio::test(flavor = "multi_thread")]
async fn every_secret_is_new_and_has_256_bits() {
    let outputs = join_all((0..4).map(|_| async { run(&["client", "new", "c"], &[]).await })).await;
    let mut secrets: Vec<String> = outputs.iter().map(|output| super::stdout(output).trim().to_owned()).collect();
    for secret in &secrets {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        assert!(secret.len() == 64 && secret.bytes().all(is_digit), "alone on stdout, and easy to copy");
    }
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 4);
}
