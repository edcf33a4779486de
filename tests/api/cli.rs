//! The commands other than `serve`.

use sandbox::{INTEGRATION_KEY, Sandbox};

use crate::support::run;

#[tokio::test(flavor = "multi_thread")]
async fn token_describes_the_access_token_and_shows_it_only_when_asked() {
    let sandbox = Sandbox::start().await;
    let settings = sandbox.settings("http://127.0.0.1:1");
    let output = run(&["token"], &settings).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}");
    for fact in [
        "Integration Robot (robot@example.org)",
        "Example Ltd (3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa)",
        "scope    signature impersonation spring_read spring_write",
        "expires  in 3",
    ] {
        assert!(stdout.contains(fact), "{fact}: {stdout}");
    }
    assert!(!stdout.contains("ds-at-"));
    let output = run(&["token", "--show"], &settings).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(sandbox.docusign.access_tokens().contains(&shown.trim().to_owned()), "nothing but the token: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_mint_exits_with_1_and_the_reason() {
    let sandbox = Sandbox::start_without_consent().await;
    let output = run(&["token"], &sandbox.settings("http://127.0.0.1:1")).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("consent is missing") && stderr.contains("consent-url"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn public_key_prints_the_key_for_docusign_before_docusign_is_set_up() {
    let sandbox = Sandbox::start().await;
    let mut settings = sandbox.settings("http://127.0.0.1:1");
    settings.retain(|(name, _)| !name.starts_with("DOCUSIGN_") && name != "EVERGRANT_CLIENTS");
    let output = run(&["public-key"], &settings).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), sandbox.signing_key.public_pem());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("EVERGRANT_SIGNING_KEY_ID: SHA-256"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_url_is_a_link_as_docusign_documents_it() {
    let sandbox = Sandbox::start().await;
    let output = run(&["consent-url"], &sandbox.settings("https://evergrant.example")).await;
    let url = url::Url::parse(String::from_utf8(output.stdout).unwrap().trim()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/oauth/auth?", sandbox.docusign_url())));
    assert!(url.as_str().contains("scope=signature%20impersonation%20spring_read%20spring_write&"), "{url}");
    let value =
        |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned()).unwrap_or_default();
    assert_eq!(value("response_type"), "code");
    assert_eq!(value("client_id"), INTEGRATION_KEY);
    assert_eq!(value("redirect_uri"), "https://evergrant.example/consent/callback");
    assert_eq!(value("code_challenge_method"), "S256");
    assert_eq!(value("state").split('.').count(), 3);
    let again = run(&["consent-url"], &sandbox.settings("https://evergrant.example")).await;
    assert_ne!(String::from_utf8(again.stdout).unwrap().trim(), url.as_str(), "every link is its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_shows_no_secret_and_wrong_usage_exits_with_2() {
    let secret = ("DOCUSIGN_SECRET_KEY", "hunter2-marker");
    let help = run(&["--help"], &[secret]).await;
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("consent-url") && !text.contains("hunter2"), "{text}");
    assert_eq!(run(&["no-such-command"], &[]).await.status.code(), Some(2));
}

/// A folder with registries.
struct Registries(tempfile::TempDir);

impl Registries {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A registry with one client that has these fields too.
    fn with_client(&self, name: &str, more: &str) -> String {
        let digest = sandbox::digest("a secret");
        let client = r#""client_id":"flows","grant_types":["client_credentials"]"#;
        self.file(name, &format!(r#"[{{{client},"client_secret_sha256":["{digest}"]{more}}}]"#))
    }
}

fn stderr(output: std::process::Output) -> String {
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_registry_is_checked_before_it_is_deployed() {
    let registries = Registries::new();
    let good = registries.with_client("good.json", r#","scope":"signature""#);
    let output = run(&["client", "check", &good], &[]).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && stdout.contains("flows: integration_user, client_credentials, 1 secret"),
        "{stdout}"
    );
    assert!(!stdout.contains(&sandbox::digest("a secret")));
    let bad = registries.with_client("bad.json", r#","redirect_uri":"https://client.example/""#);
    let output = run(&["client", "check", &bad], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    let expected = format!(
        "{bad}[0].redirect_uri (client flows) is invalid: clients have no such field (did you mean redirect_uris?)"
    );
    let stderr = stderr(output);
    assert!(stderr.contains(&expected), "{stderr}");
    // Without a file, the setting itself.
    let setting = [("EVERGRANT_CLIENTS", "[]")];
    let output = run(&["client", "check"], &setting).await;
    assert!(String::from_utf8(output.stdout).unwrap().contains("clients: 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_which_scopes_it_compares_with() {
    let registries = Registries::new();
    let good = registries.with_client("good.json", r#","scope":"signature""#);
    // Scopes are compared with DOCUSIGN_SCOPES, or with its default.
    let scopes = [("DOCUSIGN_SCOPES", "spring_read")];
    assert_eq!(run(&["client", "check", &good], &scopes).await.status.code(), Some(2));
    let guess =
        "could not find the scopes: checked against the default (signature impersonation spring_read spring_write)";
    assert!(stderr(run(&["client", "check", &good], &[]).await).contains(guess));
    let wide = registries.with_client("wide.json", r#","scope":"click.manage""#);
    let output = run(&["client", "check", &wide], &[]).await;
    assert_eq!(output.status.code(), Some(2), "the app would not start either");
    assert!(stderr(output).contains(guess));
    let parameters = registries.file("main.bicepparam", "param docusignScopes = 'click.manage'\r\n");
    let output = run(&["client", "check", &wide], &[]).await;
    assert!(output.status.success());
    assert!(stderr(output).contains(&format!("Scopes are checked against docusignScopes in {parameters}.")));
    let output = run(&["client", "check", &good, "--parameters", &parameters], &[]).await;
    assert!(stderr(output).contains("it has signature, which DOCUSIGN_SCOPES does not have"));
    let output = run(&["client", "check", &good, "--parameters", "/nowhere"], &[]).await;
    assert!(stderr(output).contains("the parameter file /nowhere does not exist"));
}
