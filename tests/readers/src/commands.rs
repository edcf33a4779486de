//! The commands in documents, scripts, templates, workflows and messages, and those of `evergrant`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::files::{files, is_a, read};
use crate::markdown::{Page, pages};
use crate::rust::SOURCES;
use crate::shell::{self, Command, PLACEHOLDER};
use crate::workflows::scripts;
use crate::yaml;

/// The commands in the pages' shell blocks and code spans.
#[must_use]
pub fn documented() -> Vec<Command> {
    let prompt = Regex::new(r"(?m)^\s*\$ ").unwrap();
    let scripts = |page: &Page| {
        let blocks = page.blocks_in(&["sh", "bash", "shell", "console"]).join("\n");
        [&[prompt.replace_all(&blocks, "").into_owned()], &page.spans[..]].concat()
    };
    let commands = |page: &Page| scripts(page).iter().flat_map(|script| shell::commands(&page.name, script)).collect();
    pages().iter().flat_map::<Vec<Command>, _>(commands).collect()
}

/// The commands in a text: code spans, and commands at the start of a line or after a colon, up to the end of the sentence.
fn hints(place: &str, text: &str) -> Vec<Command> {
    let varying = Regex::new(r#"\$?\{[A-Za-z_]*[^{}"]*\}"#).unwrap();
    let text = varying.replace_all(text, PLACEHOLDER);
    let hint = Regex::new(r"(?m)`(az [^`]+)`|(?:^\s*|: )(az [a-z].*?)(?:\.?'?$|\. [A-Z])").unwrap();
    let hints = hint.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(2)));
    hints.flat_map(|found| shell::commands(place, &found.as_str().replace('\n', " "))).collect()
}

/// All commands of the Azure CLI in documents, scripts, templates, workflows and messages.
#[must_use]
pub fn az_commands() -> Vec<Command> {
    let mut found = documented();
    for source in SOURCES.iter() {
        found.extend(hints(&format!("src/{}", source.name), &source.texts.join("\n")));
    }
    let ours = ["deploy", "package", "test"].map(ToOwned::to_owned).to_vec();
    for name in [ours, files("infra"), files("tools"), files(".github")].concat() {
        found.extend(match name.rsplit('.').next() {
            Some("bicep" | "bicepparam") => hints(&name, &read(&name)),
            Some("yml") => shell::commands(&name, &scripts(&yaml::parse(&read(&name)))),
            Some("rs" | "toml" | "txt" | "json") => Vec::new(),
            _ => {
                let script = read(&name);
                let texts = [shell::sources(&script, "string"), shell::sources(&script, "heredoc_body")].concat();
                hints(&name, &texts.iter().map(|text| text.trim_matches('"')).collect::<Vec<_>>().join("\n"))
            }
        });
    }
    // `az …` means any command.
    found.retain(|command| command.words_of("az").is_some_and(|words| words.iter().any(|word| word != "…")));
    found
}

/// The texts of `./deploy` and its parts.
#[must_use]
pub fn deployment_scripts() -> Vec<String> {
    let parts = files("tools").into_iter().filter(|name| is_a("sh", name));
    ["deploy".to_owned()].into_iter().chain(parts).map(|name| read(&name)).collect()
}

/// A command and those inside it, by their full names, each with its options. A command that only has commands is left out.
/// clap adds `--help` and `--version` when it uses a command, so they are missing here.
#[must_use]
pub fn commands_of(command: &clap::Command) -> BTreeMap<String, BTreeSet<String>> {
    let options = command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?)));
    let (options, mut found): (BTreeSet<_>, _) = (options.collect(), BTreeMap::new());
    if !command.has_subcommands() || !options.is_empty() {
        found.insert(command.get_name().to_owned(), options);
    }
    for (name, options) in command.get_subcommands().flat_map(commands_of) {
        found.insert(format!("{} {name}", command.get_name()), options);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_found_in_comments_and_messages() {
        let text = "Asks `az a\nb`, not az no.\nDo it: az c --d. Then wait.\n  az e --f ${g:-<h>}; or leave it.\n'So: az i ${j(k, '/')} --l'";
        let found: Vec<String> = hints("", text).iter().map(|hint| hint.words.join(" ")).collect();
        assert_eq!(found, ["az a b", "az c --d", "az e --f placeholder", "or leave it", "az i placeholder --l"]);
    }
}
