//! `evergrant status`, with a simulated Azure CLI and the sandbox in place of the deployed app.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use http::Request;
use readers::azure_cli::assert_accepted;
use sandbox::process::write_program;
use sandbox::server::{self, Server};
use sandbox::{SETUP_KEY, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{TestApp, TestEnvironment, root, start_host};

const APP: [&str; 5] = ["status", "--app", "contoso-evergrant", "--resource-group", "evergrant"];

/// What the simulated Azure knows, and a browser that records what it is asked to open, and the page.
struct Azure(TempDir);

impl Azure {
    /// An app whose host name is in `url`.
    fn with_app(url: &str) -> Self {
        let azure = Self(TempDir::new().unwrap());
        azure.fact("function_key", SETUP_KEY);
        azure.fact("host_name", url.trim_start_matches("http://"));
        azure.browser(&format!("curl --silent --location \"$1\" >{}", azure.path("page").display()));
        azure
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn fact(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn browser(&self, end: &str) {
        let script = format!("echo \"$@\"; echo \"$@\" >{}\n{end}", self.path("opened").display());
        for name in ["xdg-open", "wslview"] {
            write_program(&self.path(name), &script);
        }
    }

    fn environment(&self) -> TestEnvironment {
        let tools = root().join("tests/tools/azure");
        let path = format!("{}:{}:/usr/bin:/bin", tools.display(), self.0.path().display());
        TestEnvironment::default().with("PATH", &path).with("STUB_AZURE", &self.0.path().display().to_string())
    }

    async fn status(&self, options: &[&str]) -> Output {
        let output = self.environment().command(&[&APP, options].concat()).output().await.unwrap();
        let everything = format!("{}{}", text(&output), self.read("calls"));
        assert!(!everything.contains(SETUP_KEY), "the function key must not be visible: {everything}");
        output
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_app_shows_its_checks_its_routes_its_public_key_and_its_consent_link() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let azure = Azure::with_app(&app.host.url());
    let output = azure.status(&[]).await;
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(output.stderr.is_empty(), "{}", text(&output));
    let link = format!("{}/oauth/auth?", app.sandbox.docusign_url());
    for words in [
        "good     azure     Routes: the app answers all ",
        "good     docusign  Access token: issued by DocuSign",
        &format!("redirect URI  {}/consent/callback", app.host.url()),
        "public key    EVERGRANT_SIGNING_KEY_ID\nSHA-256       ",
        app.sandbox.signing_key.public_pem().trim(),
        &link,
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    let too_long = printed.lines().find(|line| line.chars().count() > 80 && !line.starts_with(&link));
    assert_eq!(too_long, None);
    let calls: Vec<Vec<String>> =
        azure.read("calls").lines().map(|call| call.split('\x1f').map(ToOwned::to_owned).collect()).collect();
    assert!(calls.len() == 2 && calls.iter().all(|call| call.contains(&"contoso-evergrant".to_owned())), "{calls:?}");
    assert_accepted(&calls);
    assert_eq!(azure.read("opened"), "", "not without --open");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_checks_exit_with_1_and_json_has_everything() {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
    let azure = Azure::with_app(&app.host.url());
    let output = azure.status(&[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("\nbad      docusign") && text(&output).contains(" checks failed"),
        "{}",
        text(&output)
    );
    let output = azure.status(&["--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdict = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["check"] == name).map(|check| check["verdict"].clone())
    };
    assert_eq!((verdict("routes"), verdict("consent")), (Some("good".into()), Some("bad".into())), "{report:#}");
    assert_eq!(report["healthy"], false);
    assert!(report["consent_url"].as_str().unwrap().contains("/oauth/auth?"));
    assert_eq!(report["public_keys"][0]["pem"], app.sandbox.signing_key.public_pem());
}

#[tokio::test(flavor = "multi_thread")]
async fn open_hands_the_setup_page_to_the_browser_and_prints_no_key() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let azure = Azure::with_app(&app.host.url());
    assert_eq!(azure.status(&["--open"]).await.status.code(), Some(0));
    // Every user of the machine sees what a browser is started with.
    let opened = azure.read("opened");
    assert!(opened.starts_with("http://127.0.0.1:") && !opened.contains(SETUP_KEY), "{opened}");
    assert!(azure.read("page").contains("<h1>") && azure.read("page").contains("Setup"), "{}", azure.read("page"));
    let again = tokio::process::Command::new("curl").args(["--silent", opened.trim()]).output().await.unwrap();
    assert!(!again.status.success(), "the address leads there once");
    azure.browser("exit 3");
    let output = azure.status(&["--open"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for words in
        ["No browser could be opened", "az functionapp keys list --resource-group evergrant --name contoso-evergrant"]
    {
        assert!(text(&output).contains(words), "{}", text(&output));
    }
}

/// Other programs of this machine can reach the address, but do not know its path; some browsers open connections that stay
/// empty.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_for_the_browser_leads_on_only_at_its_own_path() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let azure = Azure::with_app(&app.host.url());
    let (tried, page) = (azure.path("tried"), azure.path("page"));
    let (tried, page) = (tried.display(), page.display());
    azure.browser(&format!(
        "try() {{ curl --silent --output /dev/null --write-out '%{{http_code}} %{{redirect_url}}\\n' \"$@\" >>{tried}; }}\n\
         base=\"${{1%/*}}\"; (sleep 3 | curl --silent telnet://\"${{base#http://}}\") >/dev/null 2>&1 &\n\
         try \"$base/\"; try \"$base/other\"; try \"$1x\"; try --data x \"$1\"; try --head \"$1\"\n\
         curl --silent --location \"$1\" >{page}"
    ));
    let output = azure.status(&["--open"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(azure.read("tried").lines().map(str::trim_end).collect::<Vec<_>>(), ["404"; 5]);
    assert!(azure.read("page").contains("Setup"), "{}", azure.read("page"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_configured_lists_its_faults_and_exits_with_2() {
    let sandbox = Sandbox::start().await;
    let host = start_host(&sandbox, 0, &[("DOCUSIGN_ENVIRONMENT", "prod"), ("EVERGRANT_STORE", "disk")]).await;
    let azure = Azure::with_app(&host.url());
    let output = azure.status(&[]).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    for words in [
        "bad      clients   Settings: DOCUSIGN_ENVIRONMENT is invalid: it is unknown (did",
        "EVERGRANT_STORE is invalid",
        "The app is not configured: its settings have 2 errors",
    ] {
        assert!(text(&output).contains(words), "{words}: {}", text(&output));
    }
    let output = azure.status(&["--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["status"]), (Some(2), &Value::from("not_configured")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_obstacle_has_its_own_sentence_and_exits_with_1() {
    let keys = "functionapp keys list\n";
    for (message, expected) in [
        ("Please run 'az login' to setup account.", "Sign in: az login"),
        (
            "(ResourceGroupNotFound) Resource group 'evergrant' could not be found.",
            "there is no resource group evergrant",
        ),
        (
            "(ResourceNotFound) The Resource 'Microsoft.Web/sites/contoso-evergrant' under resource group 'evergrant' was not found.",
            "there is no function app contoso-evergrant in the resource group evergrant",
        ),
        ("(AuthorizationFailed) The client does not have authorization", "you may not read the keys"),
    ] {
        let azure = Azure::with_app("http://127.0.0.1:1");
        azure.fact("message", &format!("{keys}{message}"));
        let output = azure.status(&[]).await;
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(expected) && output.stdout.is_empty(), "{message}: {}", text(&output));
    }
    let azure = Azure::with_app("http://127.0.0.1:1");
    assert!(text(&azure.status(&[]).await).contains("http://127.0.0.1:1/setup cannot be reached"));
    // Elsewhere than on this machine, the key is sent by https only.
    azure.fact("host_name", "contoso-evergrant.azurewebsites.net");
    let proxied = azure.environment().with("HTTPS_PROXY", "http://127.0.0.1:1");
    let output = proxied.command(&APP).output().await.unwrap();
    assert!(
        text(&output).contains("https://contoso-evergrant.azurewebsites.net/setup cannot be reached"),
        "{}",
        text(&output)
    );
    azure.fact("host_name", "");
    assert!(text(&azure.status(&[]).await).contains("Azure returns no address for the function app contoso-evergrant"));
    azure.fact("function_key", "");
    assert!(text(&azure.status(&[]).await).contains("contoso-evergrant has no default function key"));
    let without = azure.environment().with("PATH", "/nowhere").command(&APP).output().await.unwrap();
    assert!(
        without.status.code() == Some(1) && text(&without).contains("the Azure CLI (az) is missing"),
        "{}",
        text(&without)
    );
    for missing in [&["status", "--app", "a"][..], &["status", "--resource-group", "a"]] {
        assert_eq!(azure.environment().command(missing).output().await.unwrap().status.code(), Some(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_a_foreign_answer_are_named() {
    let sandbox = Sandbox::start().await;
    let host = start_host(&sandbox, 0, &[]).await;
    let azure = Azure::with_app(&host.url());
    azure.fact("function_key", "another-key");
    let output = azure.status(&["--open"]).await;
    assert!(text(&output).contains("does not accept the function key that Azure returned"), "{}", text(&output));
    assert_eq!((output.status.code(), azure.read("opened")), (Some(1), String::new()));
    // The key of the setup page's own function is enough.
    azure.fact("function_key", "");
    azure.fact("setup_function_key", SETUP_KEY);
    assert_eq!(azure.status(&[]).await.status.code(), Some(0));
    azure.fact("message", "functionapp keys list\n(AuthorizationFailed) The client does not have authorization");
    assert_eq!(azure.status(&[]).await.status.code(), Some(0));
    let stranger =
        Server::start(0, |_: Request<_>| async { Ok(server::reply(503, "text/plain", "another app")) }).await;
    azure.fact("host_name", stranger.url().trim_start_matches("http://"));
    let output = azure.status(&[]).await;
    assert!(output.status.code() == Some(1) && text(&output).contains("answers with status 503"), "{}", text(&output));
}

/// Where Azure's own name for the app does not lead to it, the public URL does.
#[tokio::test(flavor = "multi_thread")]
async fn the_app_is_found_at_its_public_url_too() {
    let sandbox = Sandbox::start().await;
    let host = start_host(&sandbox, 0, &[]).await;
    for (name, fact) in
        [("settings", format!("EVERGRANT_PUBLIC_URL={}", host.url())), ("setup_url", format!("{}/setup", host.url()))]
    {
        let azure = Azure::with_app("http://127.0.0.1:1");
        azure.fact(name, &fact);
        let output = azure.status(&[]).await;
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output));
    }
    let azure = Azure::with_app("http://127.0.0.1:1");
    azure.fact("settings", "EVERGRANT_PUBLIC_URL=http://evergrant.example");
    assert!(
        text(&azure.status(&[]).await).contains("http://127.0.0.1:1/setup cannot be reached"),
        "not over plain http"
    );
}

/// A pipe whose reader has stopped, as `head -n 0` does.
fn closed_pipe() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_and_a_full_disk_are_no_panic() {
    let sandbox = Sandbox::start().await;
    let host = start_host(&sandbox, 0, &[]).await;
    let azure = Azure::with_app(&host.url());
    for options in [&[][..], &["--json"]] {
        for stdout in [closed_pipe(), std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()] {
            let mut command = azure.environment().command(&[&APP, options].concat());
            let child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
            let output = child.wait_with_output().await.unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", text(&output));
            assert!(!text(&output).contains("panicked"), "{}", text(&output));
        }
    }
}
