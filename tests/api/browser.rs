//! Way A and way C in a real browser: headless Chromium, over sites that are foreign to each other, without JavaScript.
//!
//! `EVERGRANT_PICTURES=docs/images cargo test --test api browser` renews the pictures that the docs show.

use sandbox::{SETUP_KEY, Sandbox};

use crate::support::{TestApp, root};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_both_connections_in_chromium() {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
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
    command
        .env("POWER_AUTOMATE", app.sandbox.power_platform.site.url())
        .env("WORKFRONT", app.sandbox.workfront.site.url());
    command.env("PICTURES", root().join(pictures));
    let output = command.output().await.expect("node");
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && told[0].ends_with("ok\n"), "{told:?}");
}

/// Where the pictures go.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says so by a variable")]
fn pictures() -> std::ffi::OsString {
    std::env::var_os("EVERGRANT_PICTURES").unwrap_or_else(|| "target/pictures".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setup_page_reads_well_for_everybody() {
    // One as it should be, and one on which the operator and the integration user have something to mend.
    let (whole, broken) = tokio::join!(Sandbox::start(), Sandbox::start_without_consent());
    let elsewhere = broken.docusign_url();
    let faults = [("EVERGRANT_STORE", sandbox::storage::CONTAINER_URL), ("EVERGRANT_PUBLIC_URL", elsewhere.as_str())];
    let (good, bad) = tokio::join!(TestApp::over(whole, &[]), TestApp::over(broken, &faults));
    let page = |app: &TestApp| app.url(&format!("/setup?code={SETUP_KEY}"));
    let pages = serde_json::json!({"setup": page(&good), "setup-with-failures": page(&bad)});
    let tools = root().join("tests/tools");
    let mut command = tokio::process::Command::new("node");
    command.arg(tools.join("look.mjs")).current_dir(&tools).kill_on_drop(true);
    // Only what the docs show goes into the docs.
    command.env("PAGES", pages.to_string()).env("PICTURES", root().join("target/pictures"));
    let output = command.output().await.expect("node");
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && told[0].ends_with("ok\n"), "{told:?}");
}
