//! `evergrant init --local`: keys and settings for this machine.

use std::path::Path;
use std::process::{Output, Stdio};

use evergrant::config::Settings;
use sandbox::{INTEGRATION_KEY, INTEGRATION_USER};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

use crate::support::{TestEnvironment, handler};

const FILES: [&str; 4] = ["signing.pem", "sealing.pem", "clients.json", "local.settings.json"];

async fn init(folder: &Path, arguments: &[&str], environment: &TestEnvironment) -> Output {
    let mut command = environment.command(&[&["init", "--local"], arguments].concat());
    command.current_dir(folder).stdin(Stdio::null()).output().await.unwrap()
}

fn options() -> [&'static str; 4] {
    ["--integration-key", INTEGRATION_KEY, "--user-id", INTEGRATION_USER]
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn contents(folder: &TempDir) -> Vec<Option<Vec<u8>>> {
    FILES.iter().map(|name| std::fs::read(folder.path().join(name)).ok()).collect()
}

/// The settings that the host would start the app with.
fn settings(folder: &TempDir) -> Settings {
    let file: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("local.settings.json")).unwrap()).unwrap();
    let values = file["Values"].as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    let environment =
        values.fold(TestEnvironment::default(), |environment, (name, value)| environment.with(name, value));
    let environment = FILES.iter().fold(environment, |environment, name| {
        environment.with_file(name, std::fs::read(folder.path().join(name)).unwrap())
    });
    Settings::read(&environment).unwrap()
}

#[tokio::test]
async fn everything_that_a_local_app_needs_is_created_and_the_next_commands_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let output = init(folder.path(), &options(), &TestEnvironment::default()).await;
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let settings = settings(&folder);
    assert_eq!(settings.docusign.integration_key.as_str(), INTEGRATION_KEY);
    assert_eq!(settings.docusign.oauth_url.as_str(), "https://account-d.docusign.com");
    assert!(
        settings.unknown.is_empty() && settings.clients.at_start.is_some_and(|clients| clients.iter().next().is_none())
    );
    let link = printed.lines().find(|line| line.contains("https://account-d.docusign.com/oauth/auth?")).unwrap();
    assert!(link.contains(INTEGRATION_KEY) && link.contains("localhost%3A7071%2Fconsent%2Fcallback"), "{link}");
    assert!(printed.contains("\n  func start\n") && printed.contains("http://localhost:7071/consent/callback"));
    let public_key = crate::support::run(&["public-key"], &environment_of(&folder)).await;
    assert!(printed.contains(&String::from_utf8(public_key.stdout).unwrap()), "{printed}");
    let keys = ["signing.pem", "sealing.pem"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    assert_ne!(keys[0], keys[1]);
    assert!(!text(&output).contains("PRIVATE"));
    #[cfg(unix)]
    for name in ["signing.pem", "sealing.pem"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

fn environment_of(folder: &TempDir) -> TestEnvironment {
    let key = format!("file:{}", folder.path().join("signing.pem").display());
    TestEnvironment::default().with("EVERGRANT_SIGNING_KEY_ID", &key)
}

#[tokio::test]
async fn existing_files_are_never_changed() {
    let folder = tempfile::tempdir().unwrap();
    let environment = TestEnvironment::default();
    assert!(init(folder.path(), &options(), &environment).await.status.success());
    let before = contents(&folder);
    let again = init(folder.path(), &[], &environment).await;
    assert!(again.status.success() && text(&again).contains("kept     signing.pem"), "{}", text(&again));
    let refused = init(folder.path(), &options(), &environment).await;
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("local.settings.json exists and is kept"), "{}", text(&refused));
    assert_eq!(contents(&folder), before);
    // A missing file is created again, next to those that are kept.
    std::fs::remove_file(folder.path().join("clients.json")).unwrap();
    assert!(init(folder.path(), &[], &environment).await.status.success());
    assert_eq!(contents(&folder), before);
    #[cfg(unix)]
    for name in FILES {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/nowhere/else", folder.path().join(name)).unwrap();
        let options = options();
        init(folder.path(), if name == "local.settings.json" { &[] } else { &options[..] }, &environment).await;
        assert!(folder.path().join(name).is_symlink(), "{name}");
    }
}

#[tokio::test]
async fn without_a_terminal_missing_and_wrong_values_are_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let good = TestEnvironment::default().with("DOCUSIGN_USER_ID", INTEGRATION_USER);
    let wrong = TestEnvironment::default().with("DOCUSIGN_USER_ID", "robot@example.org");
    for (arguments, environment, expected) in [
        (&[][..], &TestEnvironment::default(), "missing: --integration-key, --user-id. Without a terminal"),
        (&[], &good, "missing: --integration-key. Without a terminal"),
        (&options()[..2], &wrong, "DOCUSIGN_USER_ID in the environment is invalid: it is an e-mail address"),
        (&["--user-id", "{a}"], &good, "--user-id"),
        (&["--environment", "test"], &good, "[possible values: demo, production]"),
    ] {
        let output = init(folder.path(), arguments, environment).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output).contains(expected), "{arguments:?}: {}", text(&output));
        assert_eq!(contents(&folder), [None, None, None, None], "{arguments:?}");
    }
    let given = init(folder.path(), &options()[..2], &good.with("DOCUSIGN_ENVIRONMENT", "production")).await;
    assert!(given.status.success(), "{}", text(&given));
    assert_eq!(settings(&folder).docusign.oauth_url.as_str(), "https://account.docusign.com");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_a_terminal_it_asks_until_each_value_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = tokio::process::Command::new("script");
    script.args(["--quiet", "--return", "--command", &format!("{} init --local", handler().display()), "/dev/null"]);
    TestEnvironment::default().with("PATH", "/usr/bin:/bin").apply(&mut script);
    let script = script.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut script = script.unwrap();
    let typed = format!("prod\n\na1b2c\n{INTEGRATION_KEY}\n\n{INTEGRATION_USER}\n");
    script.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
    let output = script.wait_with_output().await.unwrap();
    for question in [
        "DocuSign environment, demo or production [demo]: ",
        "That is not valid: it is unknown (did you mean production?).",
        "That is not valid: its groups have 5 digits instead of 8-4-4-4-12.",
        "A value is required.",
        "  func start",
    ] {
        assert!(text(&output).contains(question), "{question}: {}", text(&output));
    }
    assert!(output.status.success());
    assert_eq!(settings(&folder).docusign.user_id.as_str(), INTEGRATION_USER);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn if_the_input_ends_nothing_is_written() {
    for typed in ["", "demo\n", &format!("demo\n{INTEGRATION_KEY}\n")] {
        let folder = tempfile::tempdir().unwrap();
        let mut script = tokio::process::Command::new("script");
        let command = format!("{} init --local", handler().display());
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        TestEnvironment::default().with("PATH", "/usr/bin:/bin").apply(&mut script);
        let script = script.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut script = script.unwrap();
        // The end of a terminal's input is a control character at the beginning of a line.
        let typed = format!("{typed}\u{4}");
        script.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
        let output = script.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains("the input ended before all questions were answered"), "{}", text(&output));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}
