//! Checks commands with the real Azure CLI's parser, without running them: see `tests/tools/azure/parse.py`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::files::{root, skipped};
use crate::shell;

/// The Azure CLI's error for each command, in order; empty if the CLI is not installed.
///
/// A command is a list of words starting with `az`.
fn refusals(commands: &[Vec<String>]) -> Option<Vec<Option<String>>> {
    let tools = root().join("tests/tools/azure");
    let python = tools.join(".venv/bin/python");
    if !python.exists() {
        skipped("tests/tools/azure/.venv is missing, so no az command was checked; ./test installs it");
        return None;
    }
    let mut parser = Command::new(python)
        .arg(tools.join("parse.py"))
        .current_dir(root())
        // Keep the byte code of the first run, because later runs then take a fifth of the time.
        .env_remove("PYTHONDONTWRITEBYTECODE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = commands.iter().map(|words| serde_json::to_string(words).unwrap() + "\n").collect();
    parser.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    let answers = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), commands.len(), "the parser ended early: {}", String::from_utf8_lossy(&output.stderr));
    let refusals: Vec<_> = answers.iter().map(|answer| answer["message"].as_str().map(ToOwned::to_owned)).collect();
    assert_eq!(output.status.success(), refusals.iter().all(Option::is_none));
    Some(refusals)
}

/// Fails with every rejected command and the Azure CLI's error.
#[track_caller]
pub fn assert_accepted(commands: &[Vec<String>]) {
    let Some(refusals) = refusals(commands) else { return };
    let message = |(words, refusal): (&Vec<String>, &Option<String>)| {
        refusal.as_ref().map(|refusal| format!("{}\n    {refusal}\n", words.join(" ")))
    };
    let message: String = commands.iter().zip(&refusals).filter_map(message).collect();
    assert!(message.is_empty(), "rejected by the Azure CLI:\n{message}");
}

/// The same for documented commands, which may have `…` or only the name of a command.
#[track_caller]
pub fn assert_documented(commands: &[shell::Command]) {
    let words = |command: &shell::Command| command.words.iter().filter(|word| *word != "…").cloned().collect();
    let Some(refusals) = refusals(&commands.iter().map(words).collect::<Vec<_>>()) else { return };
    for (shell::Command { place, words, .. }, refusal) in commands.iter().zip(refusals) {
        // Shortened commands do not have all required arguments.
        let is_short = words.iter().any(|word| word == "…") || !words.iter().any(|word| word.starts_with('-'));
        let is_expected = |refusal: &str| refusal.contains("required") || refusal.contains("incorrect usage");
        let fault = refusal.filter(|refusal| !(is_short && is_expected(refusal)));
        assert_eq!(fault, None, "{place}: {}", words.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_commands_are_rejected() {
        let wrong = [
            ("az keyvault key create --vault-name v --nmae n", "unrecognized arguments: --nmae"),
            ("az keyvault key create --vault-name v --name n --kty RAS", "'RAS' is not a valid value for --kty"),
            ("az keyvault key show --vault-name v", "incorrect usage"),
            ("az functionapp restart --name n", "(--resource-group | --ids) are required"),
            ("az functionapp list-flexconsumption-location", "misspelled or not recognized"),
            ("az group show --name n --subscription s --lcoation l", "unrecognized arguments: --lcoation"),
            ("az keyvault key", "arguments are required"),
            ("az", "no command"),
        ];
        let commands = wrong.map(|(command, _)| command.split(' ').map(ToOwned::to_owned).collect());
        let Some(refusals) = refusals(&commands) else { return };
        for ((command, expected), refusal) in wrong.iter().zip(refusals) {
            assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains(expected)), "{command}: {refusal:?}");
        }
    }
}
