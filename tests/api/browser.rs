//! The setup page, the one-time consent and error pages in a real browser: headless Chromium, across different sites, without
//! JavaScript. Both connections are made in `tests/sandbox/tests/binary.rs`.
//!
//! `EVERGRANT_PICTURES=docs/images cargo test --test api browser` updates the pictures in the docs, and `cargo test -p
//! sandbox --test binary` those of the sandbox.

use sandbox::{OTHER_USER, SETUP_KEY, Sandbox};

use crate::support::{TestApp, root};

#[tokio::test(flavor = "multi_thread")]
async fn setup_consent_and_error_pages_work_in_chromium() {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
    app.sandbox.docusign.consent(OTHER_USER, "signature impersonation spring_read spring_write");
    let consent_url = app.consent_url().await;
    let redirect_uri = "https%3A%2F%2Fglobal.consent.azure-apim.net%2Fredirect%2Fcontoso-5f6a7b8c9d0e";
    let unregistered =
        format!("/oauth/authorize?response_type=code&client_id=power-automate&redirect_uri={redirect_uri}");
    let pictures = pictures();
    let tools = root().join("tests/tools");
    let mut command = tokio::process::Command::new("node");
    command.arg(tools.join("walk.mjs")).current_dir(&tools).kill_on_drop(true);
    command.env("CONSENT_URL", consent_url).env("UNREGISTERED", app.url(&unregistered));
    command.env("SETUP", app.url(&format!("/setup?code={SETUP_KEY}")));
    command.env("WORKFRONT", app.sandbox.workfront.site.url());
    command.env("PICTURES", root().join(pictures));
    let output = command.output().await.expect("node");
    let written = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && written[0].ends_with("ok\n"), "{written:?}");
}

/// The folder for the pictures.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the app")]
fn pictures() -> std::ffi::OsString {
    std::env::var_os("EVERGRANT_PICTURES").unwrap_or_else(|| "target/pictures".into())
}
