//! What the documentation tells people to type exists: scripts' options, variables, subcommands, outputs, roles, parameters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::links::pages;
use crate::support::{handler, root};

/// Built-in roles of Azure that a command may name.
const ROLES: [&str; 11] = [
    "Contributor",
    "Key Vault Crypto Officer",
    "Key Vault Crypto User",
    "Key Vault Secrets Officer",
    "Key Vault Secrets User",
    "Monitoring Metrics Publisher",
    "Owner",
    "Reader",
    "Role Based Access Control Administrator",
    "Storage Blob Data Contributor",
    "Storage Blob Data Owner",
];

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Every page with its path, lines that a backslash continues in one.
fn texts() -> Vec<(String, String)> {
    let name = |page: &PathBuf| page.strip_prefix(root()).unwrap().display().to_string();
    pages().iter().map(|page| (name(page), read(page).replace("\\\n", " "))).collect()
}

/// The lines of code blocks, and code spans.
fn code(page: &str) -> Vec<String> {
    let (mut code, mut prose, mut fenced) = (Vec::new(), String::new(), false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            code.push(line.to_owned());
        } else {
            prose.extend([line, "\n"]);
        }
    }
    let spans = prose.split("\n\n").flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
    code.extend(spans.map(|span| span.replace('\n', " ")));
    code
}

/// What stands before and behind `command` wherever it is called, with the page.
fn calls(command: &str) -> Vec<(String, String, String)> {
    let mut calls = Vec::new();
    for (page, text) in texts() {
        for line in code(&text) {
            let found = line.match_indices(command).map(|(at, _)| line.split_at(at));
            for (before, from) in found {
                let behind = &from[command.len()..];
                if behind.is_empty() || behind.starts_with([' ', ';']) {
                    let ours = behind.split([';', '&', '|', '#']).next().unwrap_or_default();
                    calls.push((page.clone(), before.to_owned(), ours.to_owned()));
                }
            }
        }
    }
    assert!(!calls.is_empty(), "{command} is documented nowhere");
    calls
}

/// The word that `text` begins with.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The words behind each `start`.
fn words_after<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
    text.split(start).skip(1).map(word).filter(|word| !word.is_empty()).collect()
}

/// What the template declares by lines that begin with `keyword`.
fn declared<'a>(template: &'a str, keyword: &str) -> BTreeSet<&'a str> {
    template.lines().filter_map(|line| line.strip_prefix(keyword)?.strip_prefix(' ')).map(word).collect()
}

/// The options among a script's case patterns.
fn options(script: &str) -> BTreeSet<String> {
    let text = read(script);
    let patterns = text.lines().filter_map(|line| line.split_once(')')).flat_map(|(pattern, _)| pattern.split('|'));
    patterns.map(str::trim).filter(|pattern| pattern.starts_with('-')).map(ToOwned::to_owned).collect()
}

#[test]
fn scripts_know_the_options_that_are_documented() {
    for script in ["deploy", "package"] {
        let known = options(script);
        for (page, _, behind) in calls(&format!("./{script}")) {
            for option in behind.split_whitespace().filter(|word| word.starts_with('-')) {
                assert!(known.contains(option), "{page}: ./{script} knows no {option}");
            }
        }
    }
}

#[test]
fn variables_given_to_the_script_are_read_by_the_parameter_file() {
    let read = read("infra/main.bicepparam");
    let known = words_after(&read, "readEnvironmentVariable('");
    let mut given = BTreeSet::new();
    for (page, before, _) in calls("./deploy") {
        for (name, _) in before.split_whitespace().rev().map_while(|word| word.split_once('=')) {
            assert!(known.contains(name), "{page}: {name} is read by nothing");
            given.insert(name.to_owned());
        }
    }
    assert!(given.contains("SIGNING_KEY_VERSION"), "{given:?}");
}

#[test]
fn documented_subcommands_and_their_options_exist() {
    let mut seen = BTreeSet::new();
    for (page, before, behind) in calls("evergrant") {
        let plain = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains(['.', '/', '=']);
        let words: Vec<&str> = behind.split_whitespace().take_while(plain).collect();
        let starts = before.is_empty() || before.ends_with("\"${settings[@]}\" ");
        if words.is_empty() || !starts || !seen.insert(behind.clone()) {
            continue;
        }
        let output = std::process::Command::new(handler()).args(&words).arg("--help").env_clear().output().unwrap();
        assert!(output.status.success(), "{page}: evergrant {} does not exist", words.join(" "));
        let help = String::from_utf8_lossy(&output.stdout);
        for option in behind.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{page}: evergrant {} knows no {option}", words.join(" "));
        }
    }
    assert!(seen.contains(" doctor") && seen.contains(" client check"), "{seen:?}");
}

#[test]
fn outputs_that_are_asked_for_exist() {
    let template = read("infra/main.bicep");
    let known = declared(&template, "output");
    let script = read("deploy");
    let recalled = script.lines().filter_map(|line| line.trim().strip_prefix("recall ")?.split(' ').nth(1));
    let asked: BTreeSet<&str> = words_after(&script, "$(output ").into_iter().chain(recalled).collect();
    assert!(asked.contains("setupUrl") && asked.contains("signingKeyId"), "{asked:?}");
    assert_eq!(asked.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "deploy");
    for (page, text) in texts() {
        let asked = words_after(&text, "properties.outputs.");
        assert_eq!(asked.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "{page}");
    }
}

#[test]
fn roles_that_commands_assign_are_built_into_azure() {
    let source = ("src/doctor/fixes.rs".to_owned(), read("src/doctor/fixes.rs").replace("\\\"", "\""));
    let mut found = 0;
    for (place, text) in texts().into_iter().chain([source]) {
        for behind in text.split("--role ").skip(1) {
            let quoted = behind.strip_prefix('"').and_then(|role| role.split_once('"')).map(|(role, _)| role);
            let role = quoted.unwrap_or_else(|| word(behind));
            assert!(ROLES.contains(&role), "{place}: {role} is no built-in role");
            found += 1;
        }
    }
    assert!(found > 4, "{found}");
}

#[test]
fn documented_parameters_exist_with_the_defaults_that_are_told() {
    let template = read("infra/main.bicep");
    let known = declared(&template, "param");
    for (page, text) in texts() {
        for line in code(&text) {
            let Some(parameter) = line.trim().strip_prefix("param ").map(word) else { continue };
            assert!(known.contains(parameter), "{page}: there is no parameter {parameter}");
        }
    }
    let default = |parameter: &str| {
        let start = format!("param {parameter} ");
        let line = template.lines().find(|line| line.starts_with(&start));
        line.and_then(|line| line.split_once(" = ")).map(|(_, value)| value.trim_matches('\''))
    };
    let page = read("docs/deploy.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| parameter | default |")).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let parameters: Vec<&str> = cells[1].split(", ").map(|name| name.trim_matches('`')).collect();
        for parameter in &parameters {
            assert!(known.contains(parameter), "there is no parameter {parameter}");
        }
        for (parameter, told) in parameters.iter().zip(cells[2].split(", ")) {
            // An empty text, or -1 where a number is wanted.
            let said = default(parameter).map(|value| if ["", "-1"].contains(&value) { "none" } else { value });
            assert_eq!(said, Some(told), "{parameter}");
        }
    }
}
