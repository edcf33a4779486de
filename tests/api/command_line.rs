//! Help, completions, manual and colors: what every command has in common.

use std::collections::VecDeque;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sandbox::Sandbox;
use sandbox::fault::Fault;

use crate::support::{TestEnvironment, handler, run};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The headings under which help lists commands.
const HEADINGS: [&str; 4] = ["Set up:\n", "Operate:\n", "Reference:\n", "Commands:\n"];

/// The names of the commands in a help text.
fn subcommands(help: &str) -> Vec<String> {
    let lists = HEADINGS.iter().filter_map(|heading| help.split_once(heading)).map(|(_, list)| list.lines());
    let lines = lists.flat_map(|list| list.take_while(|line| !line.is_empty()));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(ToOwned::to_owned).collect()
}

/// Every command with its help, evergrant itself first.
async fn helps() -> Vec<(Vec<String>, String)> {
    let secrets = ["DOCUSIGN_SECRET_KEY", "EVERGRANT_CLIENTS", "IDENTITY_HEADER"];
    let env = secrets.map(|name| (name, "hunter2-marker"));
    let mut helps = Vec::new();
    let mut waiting = VecDeque::from([Vec::new()]);
    while let Some(command) = waiting.pop_front() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let output = run(&arguments, &env).await;
        assert!(output.status.success() && output.stderr.is_empty(), "{command:?}");
        let help = stdout(&output);
        waiting.extend(subcommands(&help).into_iter().map(|name| [command.clone(), vec![name]].concat()));
        helps.push((command, help));
    }
    helps
}

#[tokio::test]
async fn every_command_has_help_with_an_example_in_80_columns_and_no_secret() {
    let helps = helps().await;
    assert!(helps.len() > 14, "{}", helps.len());
    for (command, help) in helps {
        let too_long = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(too_long, None, "{command:?}");
        assert!(!help.contains("hunter2"), "{command:?}: {help}");
        let examples = help.split("Example:\n").nth(1).unwrap_or_else(|| panic!("{command:?} has no example: {help}"));
        let typed = format!("evergrant {}", command.join(" "));
        assert!(examples.contains(typed.trim_end()), "{command:?}: {examples}");
    }
}

#[tokio::test]
async fn completions_are_for_the_shell_and_know_the_commands() {
    for shell in SHELLS {
        let script = stdout(&run(&["completions", shell], &[]).await);
        for word in ["evergrant", "consent-url", "redirect-uri"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    assert_eq!(run(&["completions", "cmd"], &[]).await.status.code(), Some(2));
    let script = run(&["completions", "bash"], &[]).await.stdout;
    let (parsed, errors) = fed("bash", &["-n"], &script);
    assert!(parsed && errors.is_empty(), "{errors}");
    // And they complete: `evergrant client ro` is rotate.
    let ask = b"\nCOMP_WORDS=(evergrant client ro); COMP_CWORD=2; _evergrant evergrant ro client; [ \"${COMPREPLY[*]}\" = rotate ]\n";
    assert!(fed("bash", &["--norc"], &[&script, &ask[..]].concat()).0);
}

#[tokio::test]
async fn every_command_has_a_manual_page_that_renders() {
    for (command, _) in helps().await {
        let arguments: Vec<&str> = ["man"].into_iter().chain(command.iter().map(String::as_str)).collect();
        let output = run(&arguments, &[]).await;
        let page = stdout(&output);
        let name = [&["evergrant".to_owned()], &command[..]].concat().join("-");
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXTRA"] {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{command:?} lacks {section}");
        }
        if Command::new("groff").arg("--version").output().is_ok() {
            let (rendered, errors) = fed("groff", &["-man", "-Tutf8", "-ww", "-z"], &output.stdout);
            assert!(rendered && errors.is_empty(), "{command:?}: {errors}");
        }
    }
    assert_eq!(run(&["man", "no-such-command"], &[]).await.status.code(), Some(2));
}

/// Whether a program that reads `input` succeeds, and its standard error.
fn fed(program: &str, arguments: &[&str], input: &[u8]) -> (bool, String) {
    let mut child = Command::new(program);
    let child = child.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Commands that print something on stdout, without a secret that would be lost.
const PRINTING: [&[&str]; 17] = [
    &["--help"],
    &["--version"],
    &["client", "--help"],
    &["doctor"],
    &["doctor", "--json"],
    &["token"],
    &["token", "--show"],
    &["public-key"],
    &["consent-url"],
    &["client", "check"],
    &["config", "schema"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["man"],
    &["man", "client", "new"],
    &["connector", "power-automate", "--out", "{folder}"],
    &["connector", "power-automate", "--api-key", "--out", "{folder}"],
];

/// Exit code and stderr of a command with this stdout and stderr.
async fn with_output(
    command: &[&str],
    environment: &TestEnvironment,
    stdout: Stdio,
    stderr: Stdio,
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("connector").display().to_string();
    let command: Vec<&str> = command.iter().map(|word| if *word == "{folder}" { &*out } else { *word }).collect();
    let mut command = environment.command(&command);
    let output = command.stdout(stdout).stderr(stderr).spawn().unwrap().wait_with_output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
fn full_disk() -> Stdio {
    std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader has stopped, as `head -n 0` does.
fn closed_pipe() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_command_panics_if_its_output_is_closed_or_the_disk_is_full() {
    let sandbox = Sandbox::start().await;
    let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"));
    let broken = environment.clone().without("DOCUSIGN_ENVIRONMENT");
    let with = |environment, commands: &[&'static [&'static str]]| {
        commands.iter().map(|command| (*command, environment)).collect::<Vec<_>>()
    };
    let commands = [with(&environment, &PRINTING), with(&broken, &[&["doctor"], &["doctor", "--json"]])].concat();
    for (command, environment) in commands {
        let (code, stderr) = with_output(command, environment, full_disk(), Stdio::piped()).await;
        assert_eq!(code, Some(1), "{command:?}: {stderr}");
        let is_explained =
            stderr.contains("the output could not be written") || command.iter().any(|word| word.starts_with("--"));
        assert!(is_explained && !stderr.contains("panicked"), "{command:?}: {stderr}");
        let (code, stderr) = with_output(command, environment, closed_pipe(), Stdio::piped()).await;
        assert_eq!(code, Some(1), "{command:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("written"), "{command:?}: {stderr}");
        // Nor if its messages cannot be written.
        let (code, _) = with_output(command, environment, Stdio::null(), full_disk()).await;
        assert!(code.is_some_and(|code| code < 3), "{command:?}: {code:?}");
        let (code, _) = with_output(command, environment, Stdio::null(), closed_pipe()).await;
        assert!(code.is_some_and(|code| code < 3), "{command:?}: {code:?}");
    }
    for command in
        [&["client", "new", "c"][..], &["token", "--no-such-option"], &["man", "nothing"], &["serve", "--port", "1"]]
    {
        let (code, _) = with_output(command, &broken, full_disk(), full_disk()).await;
        assert!(matches!(code, Some(1 | 2)), "{command:?}: {code:?}");
    }
}

/// Runs a command on a terminal, which `script` from util-linux provides.
#[cfg(target_os = "linux")]
async fn on_a_terminal(command: &str, environment: impl Into<TestEnvironment>) -> String {
    let mut script = tokio::process::Command::new("script");
    script.args(["--quiet", "--command", &format!("{} {command}", handler().display()), "/dev/null"]);
    environment.into().with("PATH", "/usr/bin:/bin").with("TERM", "xterm").apply(&mut script);
    stdout(&script.stdin(Stdio::null()).output().await.unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn colors_are_for_terminals_unless_no_color_is_set() {
    let sandbox = Sandbox::start().await;
    let settings = sandbox.settings("http://127.0.0.1:1");
    let report = on_a_terminal("doctor", &settings).await;
    for word in ["\u{1b}[32mgood\u{1b}[0m     azure", "\u{1b}[33mnote\u{1b}[0m     "] {
        assert!(report.contains(word), "{report}");
    }
    let token = on_a_terminal("token", &settings).await;
    assert!(token.contains("\u{1b}[32mDocuSign issued an access token.\u{1b}[0m"), "{token}");
    assert!(!stdout(&run(&["doctor"], &settings).await).contains('\u{1b}'), "no terminal");
    let refused = TestEnvironment::from(&settings).with("NO_COLOR", "1");
    assert!(!on_a_terminal("doctor", refused).await.contains('\u{1b}'));
    let shown = on_a_terminal("token --show", &settings).await;
    assert!(sandbox.docusign.access_tokens().contains(&shown.trim().to_owned()), "nothing but the token: {shown}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_shows_on_a_terminal_what_it_waits_for() {
    let sandbox = Sandbox::start().await;
    let settings = sandbox.settings("http://127.0.0.1:1");
    sandbox.docusign.faults.set(Some(Fault::Latency(Duration::from_millis(900))));
    let (watched, scripted) = tokio::join!(on_a_terminal("doctor", &settings), run(&["doctor"], &settings));
    let waiting = "\r\u{1b}[KWaiting for: DocuSign's account server (1 s)";
    let (before, after) = watched.split_once(waiting).unwrap_or_else(|| panic!("{watched:?}"));
    // Finished results are printed above the progress line, which is removed before the next result.
    assert!(before.contains("Sealing key: signs") && !before.contains("account server"), "{watched:?}");
    let (waited, _) = after.split_once("\u{1b}[32mgood").unwrap();
    assert!(waited.ends_with("\r\u{1b}[K") && !waited.contains('\n'), "{watched:?}");
    assert!(after.contains("DocuSign's account server: answers"), "{watched:?}");
    assert!(scripted.status.success() && scripted.stderr.is_empty(), "no terminal");
    sandbox.docusign.faults.set(Some(Fault::Latency(Duration::from_millis(600))));
    let json = on_a_terminal("doctor --json", &settings).await;
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json:?}");
}
