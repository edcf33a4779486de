//! `evergrant client new --trust`: each preset writes the trust of its platform, no secret is made, and wrong options are
//! refused.

use std::process::Output;

use sandbox::issuers::{APP_ID, IDENTITY_OBJECT, TENANT};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::run;

const APP: [(&str, &str); 1] = [("EVERGRANT_PUBLIC_URL", "https://contoso.example")];
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/clusters/e3d4f506/";
const ENTRA: [&str; 6] = ["--trust", "entra", "--tenant", TENANT, "--object-id", IDENTITY_OBJECT];
const GITHUB: [&str; 4] = ["--trust", "github", "--repository", "contoso/agreements"];
const KUBERNETES: [&str; 4] = ["--trust", "kubernetes", "--issuer", ISSUER];
const POD: &str = "system:serviceaccount:flows:agreements";

async fn new(arguments: &[&str]) -> Output {
    run(&[&["client", "new", "agreements", "--json"], arguments].concat(), &APP).await
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The entry of a new client, which has no secret.
#[track_caller]
fn entry(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((printed.get("client_secret"), printed.get("api_key")), (None, None), "{printed}");
    assert_eq!(printed["entry"].get("client_secret_sha256"), None, "{printed}");
    printed["entry"].clone()
}

/// A set with one public key.
fn jwks() -> Value {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": y}]})
}

/// A file in a folder, and its path.
fn file(folder: &TempDir, name: &str, content: &str) -> String {
    let path = folder.path().join(name).display().to_string();
    std::fs::write(&path, content).unwrap();
    path
}

/// Options of a preset, further ones, and the trust that they write.
async fn assert_trusts(cases: &[(&[&str], &[&str], Value)]) {
    for (arguments, more, expected) in cases {
        let written = entry(&new(&[*arguments, *more].concat()).await);
        assert_eq!(&written["trust"], expected, "{arguments:?} {more:?}");
        assert_eq!(written["grant_types"], json!(["client_credentials"]));
        assert_eq!(written["subject"], "integration_user");
    }
}

#[tokio::test]
async fn entra_is_trusted_for_one_identity_in_the_versions_that_it_may_issue() {
    let entra = |issuer: &str, audience: &str| json!({"issuer": issuer, "audience": audience, "claims": {"oid": IDENTITY_OBJECT}});
    let first = |audience: &str| entra(&format!("https://sts.windows.net/{TENANT}/"), audience);
    let second = entra(&format!("https://login.microsoftonline.com/{TENANT}/v2.0"), APP_ID);
    let (uri, capitals) = (format!("api://{APP_ID}"), IDENTITY_OBJECT.to_uppercase());
    let of_tenant = format!("api://{TENANT}/evergrant");
    assert_trusts(&[
        // The app registration decides which version of access tokens is issued, so both are trusted.
        (&ENTRA[..], &["--audience", &uri][..], json!([first(&uri), second])),
        (&ENTRA, &["--audience", APP_ID], json!([first(APP_ID), second])),
        (&ENTRA[..4], &["--object-id", &capitals, "--audience", &uri], json!([first(&uri), second])),
        (&ENTRA, &[], json!([first(&of_tenant)])),
    ])
    .await;
}

#[tokio::test]
async fn github_is_trusted_for_one_repository_and_its_environment_or_branch() {
    let github = |audience: &str, claims: &Value| json!([{"issuer": "https://token.actions.githubusercontent.com", "audience": audience, "claims": claims}]);
    let repository = "contoso/agreements";
    assert_trusts(&[
        (
            &GITHUB,
            &["--environment", "production"],
            github("https://contoso.example", &json!({"repository": repository, "environment": "production"})),
        ),
        (
            &GITHUB,
            &["--ref", "refs/heads/main", "--repository-id", "704112233", "--audience", "evergrant-test"],
            github(
                "evergrant-test",
                &json!({"repository": repository, "repository_id": "704112233", "ref": "refs/heads/main"}),
            ),
        ),
    ])
    .await;
    let github = [&["client", "new", "agreements", "--json", "--environment", "production"], &GITHUB[..]].concat();
    let elsewhere = entry(&run(&github, &[]).await);
    assert_eq!(elsewhere["trust"][0]["audience"], "evergrant");
}

#[tokio::test]
async fn other_issuers_are_trusted_for_one_subject_and_keys_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let set = file(&folder, "jwks.json", &jwks().to_string());
    let key = file(&folder, "key.json", &jwks()["keys"][0].to_string());
    assert_trusts(&[
        (
            &KUBERNETES,
            &["--subject", POD],
            json!([{"issuer": ISSUER, "audience": "https://contoso.example", "subject": POD}]),
        ),
        (
            &["--trust", "oidc", "--issuer", "https://gitlab.example"],
            &["--subject", "project_path:contoso/agreements:ref_type:branch:ref:main", "--subject", "integration-user"],
            json!([{"issuer": "https://gitlab.example", "audience": "https://contoso.example",
                "subject": "project_path:contoso/agreements:ref_type:branch:ref:main"}]),
        ),
        (&["--trust", "jwks"], &["--jwks", &set], json!([{"jwks": jwks()}])),
        (&["--trust", "jwks"], &["--jwks", &key], json!([{"jwks": jwks()}])),
        (
            &["--trust", "jwks"],
            &["--jwks", "https://caller.example/jwks.json"],
            json!([{"jwks_uri": "https://caller.example/jwks.json"}]),
        ),
    ])
    .await;
}

/// Options of a preset, further ones, and words of the refusal.
async fn assert_refused(cases: &[(&[&str], &[&str], &str)]) {
    for (arguments, more, why) in cases {
        let output = new(&[*arguments, *more].concat()).await;
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {more:?}: {said}");
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains("jpsQnnGQmL"), "the private key is shown: {said}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn options_of_a_preset_that_do_not_fit_are_refused() {
    assert_refused(&[
        (&["--trust", "entra"][..], &["--tenant", TENANT][..], "--object-id"),
        (&["--trust", "entra"], &["--tenant", "contoso.com", "--object-id", IDENTITY_OBJECT], "a GUID"),
        (&ENTRA, &["--subject", POD], "--subject with the sub of a token is not an option of --trust entra"),
        (&GITHUB, &[], "--environment or --ref is missing"),
        (&GITHUB, &["--environment", "production", "--tenant", TENANT], "--tenant is not an option of --trust github"),
        (&GITHUB, &["--environment", "*"], "trust"),
        (&["--trust", "github"], &["--environment", "production"], "--repository"),
        (&["--trust", "github"], &["--environment", "production", "--repository", "contoso"], "OWNER/NAME"),
        (&KUBERNETES, &[], "--subject is missing"),
        (&KUBERNETES, &["--subject", "agreements"], "system:serviceaccount:NAMESPACE:NAME"),
        (&KUBERNETES, &["--subject", POD, "--subject", POD], "--subject is given twice"),
        (&["--trust", "kubernetes"], &["--subject", POD], "--issuer"),
        (&["--trust", "kubernetes", "--issuer", "http://kubernetes.example"], &["--subject", POD], "trust"),
    ])
    .await;
}

#[tokio::test]
async fn keys_that_do_not_fit_are_refused_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut private = jwks();
    private["keys"][0]["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI".into();
    let private = file(&folder, "private.json", &private.to_string());
    let pem = |name: &str, kind: &str| {
        let text = format!("-----BEGIN {kind} KEY-----\nMFkwEwYHKoZIzj0CAQ\n-----END {kind} KEY-----\n");
        file(&folder, name, &text)
    };
    let (pem, pem_private) = (pem("public.pem", "PUBLIC"), pem("private.pem", "PRIVATE"));
    let (text, empty) = (file(&folder, "text", "no keys"), file(&folder, "empty.json", "{\"keys\": []}"));
    let jwks = ["--trust", "jwks"];
    assert_refused(&[
        (&jwks, &["--jwks", &private], "private key"),
        (&jwks, &["--jwks", &pem_private], "private key"),
        (&jwks, &["--jwks", &pem], "the file is PEM"),
        (&jwks, &["--jwks", &text], "not a JSON Web Key Set"),
        (&jwks, &["--jwks", &empty], "trust"),
        (&jwks, &["--jwks", "no-such-file.json"], "does not exist"),
        (&jwks, &["--jwks", "http://caller.example/jwks.json"], "trust"),
        (&jwks, &["--jwks", "https://caller.example/jwks.json", "--audience", "a"], "--audience is not an option"),
    ])
    .await;
}

#[tokio::test]
async fn a_trust_does_not_fit_a_client_that_signs_people_in() {
    assert_refused(&[
        (&["--trust", "azure"], &[], "[possible values: entra, github, kubernetes, oidc, jwks]"),
        (&["--environment", "production"], &[], "--trust"),
        (&["--subject", "integration"], &[], "expected integration_user or signed_in_user"),
        (&["--profile", "workfront", "--redirect-uri", "https://client.example/cb"], &ENTRA, "--trust is only for"),
        (&["--public", "--redirect-uri", "https://client.example/cb"], &ENTRA, "--public"),
    ])
    .await;
}

#[tokio::test]
async fn the_output_says_what_the_caller_needs_and_has_no_secret() {
    let output = |arguments: Vec<&'static str>| async move {
        let output = run(&[&["client", "new", "agreements"], &arguments[..]].concat(), &APP).await;
        assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
        assert!(!stderr(&output).contains("shown once"), "{}", stderr(&output));
        stderr(&output)
    };
    let form = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (arguments, expected) in [
        (&ENTRA[..], ["ask Entra ID", "api://3aa4a235-b6e2-48d5-9195-7fcf05b459b0/evergrant", form]),
        (&[&GITHUB[..], &["--ref", "refs/heads/main"]].concat(), ["id-token: write", "https://contoso.example", form]),
        (&[&KUBERNETES[..], &["--subject", POD]].concat(), ["projected serviceAccountToken", "examples/callers", form]),
        (
            &["--trust", "jwks", "--jwks", "https://caller.example/keys"],
            ["private_key_jwt", "https://contoso.example/oauth/token", form],
        ),
    ] {
        let said = output(arguments.to_vec()).await;
        assert!(expected.iter().all(|words| said.contains(words)), "{expected:?}: {said}");
        assert!(!said.contains("/gateway/"), "nothing is allowed there: {said}");
    }
    let gateway = output([&ENTRA[..], &["--allow", "GET /clm/"]].concat()).await;
    assert!(gateway.contains("https://contoso.example/gateway/"), "{gateway}");
    assert!(!gateway.contains("warning"), "{gateway}");
}

#[tokio::test]
async fn a_trust_is_listed_shown_set_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json").display().to_string();
    let client = async |arguments: &[&str]| run(&[&["client"], arguments, &["--in", &path]].concat(), &[]).await;
    let made = client(&[&["new", "agreements"], &GITHUB[..], &["--environment", "production"]].concat()).await;
    assert!(made.status.success(), "{}", stderr(&made));
    let stdout = |output: Output| String::from_utf8(output.stdout).unwrap();
    let listed = stdout(client(&["list"]).await);
    assert_eq!(listed, "agreements: integration_user, client_credentials, 1 trust entry\n");
    let shown = stdout(client(&["show", "agreements"]).await);
    assert!(shown.contains("trust ") && shown.contains("token.actions.githubusercontent.com"), "{shown}");
    assert!(!shown.contains("client_secret_sha256"), "{shown}");
    let trust =
        r#"[{"issuer": "https://gitlab.example", "audience": "evergrant", "subject": "project_path:contoso/a"}]"#;
    let set = client(&["set", "agreements", "trust", trust, "--yes"]).await;
    assert!(set.status.success(), "{}", stderr(&set));
    let listed: Value = serde_json::from_str(&stdout(client(&["list", "--json"]).await)).unwrap();
    assert_eq!(listed[0]["trust"], serde_json::from_str::<Value>(trust).unwrap());
    for wrong in ["null", "[]", r#"[{"issuer": "https://gitlab.example", "audience": "evergrant"}]"#, "entra"] {
        let refused = client(&["set", "agreements", "trust", wrong, "--yes"]).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong}: {}", stderr(&refused));
    }
    let rotated = client(&["rotate", "agreements"]).await;
    assert_eq!(rotated.status.code(), Some(2), "{}", stderr(&rotated));
}
