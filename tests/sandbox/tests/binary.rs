//! The program `sandbox`: what it prints after its walk works in a browser, and a closed pipe ends it.

#![expect(clippy::expect_used, reason = "test code should fail loudly")]

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use readers::files::root;
use sandbox::client::HttpClient;
use sandbox::process::write_program;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The last line of the output.
const END: &str = "For every address, call and fault, start it with --verbose.";

/// The sandbox on free ports, with the handler next to it; if that was not built, the sandbox builds it.
fn sandbox(arguments: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_sandbox"));
    let handler = program.with_file_name("evergrant");
    let mut command = Command::new(program);
    command.args(arguments).args(["--port", "0"]).kill_on_drop(true);
    if handler.is_file() {
        command.arg("--handler").arg(handler);
    }
    command
}

/// A browser that only writes down the address.
const BROWSER: &str = "printf %s \"$1\" > \"$0.opened\"";

struct Running {
    process: Child,
    _output: Lines<BufReader<ChildStdout>>,
    /// The lines after the walk.
    printed: Vec<String>,
}

impl Running {
    /// Starts it with this browser and this folder for its files, and waits for the end of its walk.
    async fn start(browser: &Path, folder: &Path) -> Self {
        let mut command = sandbox(&["--open"]);
        command.env("BROWSER", browser).env("TMPDIR", folder);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the sandbox");
        let mut output = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut lines = Vec::new();
        while let Some(line) = output.next_line().await.expect("its output") {
            lines.push(line);
            if lines.last().is_some_and(|line| line == END) {
                break;
            }
        }
        let walked = lines.iter().rposition(|line| line.starts_with("          ")).expect("the walk");
        assert!(lines.iter().all(|line| !line.contains("FAILED")), "{lines:#?}");
        Self { process, _output: output, printed: lines.split_off(walked + 1) }
    }

    /// Ends it like Ctrl-C.
    async fn interrupt(mut self) -> ExitStatus {
        let id = self.process.id().expect("a running process").to_string();
        Command::new("kill").args(["-INT", &id]).status().await.expect("kill");
        self.process.wait().await.expect("its end")
    }

    /// The address after `label`.
    fn address(&self, label: &str) -> &str {
        let line = self.printed.iter().find(|line| line.contains(label)).expect(label);
        let (_, rest) = line.split_once("http").expect("an address");
        let end = rest.find([' ', '\'']).unwrap_or(rest.len());
        &line[line.len() - rest.len() - 4..][..end + 4]
    }
}

#[tokio::test]
async fn after_its_walk_everything_that_the_sandbox_prints_works_in_chromium_until_ctrl_c() {
    let files = tempfile::tempdir().expect("a folder");
    let browser = files.path().join("browser");
    write_program(&browser, BROWSER);
    let own = tempfile::tempdir().expect("a folder");
    let running = Running::start(&browser, own.path()).await;
    assert!(running.printed.len() <= 25, "{:#?}", running.printed);
    assert!(running.printed.iter().all(|line| line.len() <= 80), "{:#?}", running.printed);
    let tools = root().join("tests/tools");
    let mut command = Command::new("node");
    command.arg(tools.join("sandbox.mjs")).current_dir(&tools).kill_on_drop(true);
    for (name, label) in [
        ("START", "  http"),
        ("SETUP", "Setup page"),
        ("CONSENT_URL", "Consent link"),
        ("POWER_AUTOMATE", "Power Automate"),
        ("WORKFRONT", "Workfront"),
    ] {
        command.env(name, running.address(label));
    }
    command.env("PICTURES", root().join(pictures()));
    let output = command.output().await.expect("node");
    let written = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && written[0].ends_with("ok\n"), "{written:?}");
    faults_are_explained(running.address("curl -X POST")).await;
    let opened = std::fs::read_to_string(files.path().join("browser.opened")).expect("an opened page");
    assert_eq!(opened, running.address("  http"));
    assert!(running.interrupt().await.success());
    let left = std::fs::read_dir(own.path()).expect("a folder").count();
    assert_eq!(left, 0, "Ctrl-C removes its files");
}

/// One fault at a time; every answer says what it does and how long Evergrant waits.
async fn faults_are_explained(address: &str) {
    let http = HttpClient::default();
    let (address, _) = address.split_once('?').expect("a query");
    for (query, answer) in [
        ("kind=forbidden", "Key Vault answers 403, as without a role or right. All other faults are off."),
        ("kind=status-500", "DocuSign's token endpoint answers 500 with an HTML page. All other faults are off."),
        ("kind=none", "All faults are off."),
    ] {
        let text = http.post_form(&format!("{address}?{query}"), &[], &[]).await.text();
        assert!(text.starts_with(answer) && text.contains(" s"), "{text}");
    }
    let refused = http.post_form(&format!("{address}?kind=made-up"), &[], &[]).await;
    assert!(refused.status == 400 && refused.text().contains("consent-withdrawn"), "{}", refused.text());
}

#[tokio::test]
async fn a_closed_pipe_ends_the_sandbox_without_a_panic() {
    let mut process = sandbox(&["--once"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the sandbox");
    drop(process.stdout.take());
    let output = process.wait_with_output().await.expect("its end");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !errors.contains("panicked"), "{} {errors}", output.status);
}

/// The folder for the pictures.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the app")]
fn pictures() -> std::ffi::OsString {
    std::env::var_os("EVERGRANT_PICTURES").unwrap_or_else(|| "target/pictures".into())
}
