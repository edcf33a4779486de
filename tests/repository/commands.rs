//! Checks that everything in documented commands exists: commands, options, variables, outputs, roles and parameters.

use std::collections::{BTreeMap, BTreeSet};

use readers::azure_cli::refusals;
use readers::files::{files, is_a, read};
use readers::markdown::{Page, Table, pages};
use regex::{Captures, Regex};
use serde_json::Value;

use readers::rust::{SOURCES, settings};
use readers::shell::{self, Command, PLACEHOLDER};
use readers::yaml;

/// Azure's built-in roles that commands use.
const ROLES: &str = "Contributor|Key Vault Crypto Officer|Key Vault Crypto User|Key Vault Secrets Officer|Key Vault Secrets User\
                     |Managed HSM Crypto User|Monitoring Metrics Publisher|Owner|Reader|Role Based Access Control Administrator\
                     |Storage Blob Data Contributor|Storage Blob Data Owner|Storage Blob Data Reader";

/// The commands in the pages' shell blocks and code spans.
fn documented() -> Vec<Command> {
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

/// All commands of the Azure CLI.
fn az_commands() -> Vec<Command> {
    let mut found = documented();
    for source in SOURCES.iter() {
        found.extend(hints(&format!("src/{}", source.name), &source.texts.join("\n")));
    }
    let ours = ["deploy", "package", "test"].map(ToOwned::to_owned).to_vec();
    for name in [ours, files("infra"), files("tools"), files(".github")].concat() {
        found.extend(match name.rsplit('.').next() {
            Some("bicep" | "bicepparam") => hints(&name, &read(&name)),
            Some("yml") => shell::commands(&name, &yaml::scripts(&yaml::parse(&read(&name)))),
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

/// `./deploy` and its parts.
pub fn deployment_scripts() -> Vec<String> {
    let parts = files("tools").into_iter().filter(|name| is_a("sh", name));
    ["deploy".to_owned()].into_iter().chain(parts).map(|name| read(&name)).collect()
}

/// The template's declarations in lines that start with `keyword`, by name.
fn declared(keyword: &str) -> BTreeMap<String, String> {
    let line = Regex::new(&format!(r"(?m)^{keyword} (\w+) [\w\[\]]+(?: = '?(.*?)'?)?$")).unwrap();
    let value = |found: &Captures<'_>| found.get(2).map_or("", |value| value.as_str()).to_owned();
    line.captures_iter(&read("infra/main.bicep")).map(|found| (found[1].to_owned(), value(&found))).collect()
}

#[test]
fn the_azure_cli_accepts_every_command() {
    let commands = az_commands();
    for place in ["docs/", "infra/", "src/", ".github/", "deploy", "tools/"] {
        assert!(commands.iter().any(|command| command.place.starts_with(place)), "none in {place}");
    }
    let words = |command: &Command| command.words.iter().filter(|word| *word != "…").cloned().collect();
    let Some(refusals) = refusals(&commands.iter().map(words).collect::<Vec<Vec<String>>>()) else { return };
    for (Command { place, words, .. }, refusal) in commands.iter().zip(refusals) {
        // Shortened commands do not have all required arguments.
        let is_short = words.iter().any(|word| word == "…") || !words.iter().any(|word| word.starts_with('-'));
        let is_expected = |refusal: &str| refusal.contains("required") || refusal.contains("incorrect usage");
        let fault = refusal.filter(|refusal| !(is_short && is_expected(refusal)));
        assert_eq!(fault, None, "{place}: {}", words.join(" "));
        // The parser does not check Azure's built-in roles.
        let mut roles = words.windows(2).filter(|pair| pair[0] == "--role").map(|pair| &pair[1]);
        assert!(roles.all(|role| ROLES.split('|').any(|known| known == role)), "{place}: {}", words.join(" "));
    }
}

#[test]
fn hints_are_found_in_comments_and_messages() {
    let text = "Asks `az a\nb`, not az no.\nDo it: az c --d. Then wait.\n  az e --f ${g:-<h>}; or leave it.\n'So: az i ${j(k, '/')} --l'";
    let found: Vec<String> = hints("", text).iter().map(|hint| hint.words.join(" ")).collect();
    assert_eq!(found, ["az a b", "az c --d", "az e --f placeholder", "or leave it", "az i placeholder --l"]);
}

#[test]
fn documented_options_and_variables_exist_in_the_scripts() {
    let parameters = read("infra/main.bicepparam");
    for script in ["deploy", "package"] {
        let text = read(script);
        let patterns = shell::sources(&text, "case_item").into_iter().filter_map(|item| item.split(')').next());
        let known: BTreeSet<&str> = patterns.flat_map(|pattern| pattern.split('|').map(str::trim)).collect();
        for command in documented() {
            let Some(words) = command.words_of(&format!("./{script}")) else { continue };
            let is_known = |word: &String| !word.starts_with('-') || known.contains(word.as_str());
            let is_read = |name: &String| parameters.contains(&format!("readEnvironmentVariable('{name}'"));
            assert!(words.iter().all(is_known) && command.variables.iter().all(is_read), "{command:?}");
        }
    }
}

#[test]
fn documented_subcommands_and_their_options_exist() {
    let mut seen = BTreeSet::new();
    for command in documented() {
        let Some(words) = command.words_of("evergrant").filter(|words| seen.insert(words.join(" "))) else { continue };
        let is_plain =
            |word: &&String| word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains(['.', '/', '=']);
        let mut evergrant = std::process::Command::new(env!("CARGO_BIN_EXE_evergrant"));
        let help = evergrant.args(words.iter().take_while(is_plain)).arg("--help").env_clear().output().unwrap();
        let text = String::from_utf8_lossy(&help.stdout);
        let is_known = |option: &String| !option.starts_with("--") || text.contains(option);
        assert!(help.status.success() && words.iter().all(is_known), "there is no {command:?}");
    }
    assert!(seen.contains("doctor"), "{seen:?}");
}

#[test]
fn requested_outputs_exist() {
    let name = Regex::new(r"(?:\$\(output |recall \S+ |properties\.outputs\.)(\w+)").unwrap();
    let words = documented().into_iter().map(|command| command.words.join(" "));
    let texts = words.chain(deployment_scripts()).collect::<Vec<_>>().join("\n");
    let (known, asked) = (declared("output"), name.captures_iter(&texts).map(|found| found[1].to_owned()));
    let (good, unknown): (Vec<_>, Vec<_>) = asked.partition(|name| known.contains_key(name));
    assert!(good.len() > 5 && unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_setting_is_documented_and_sampled() {
    let spans: BTreeSet<String> = pages().into_iter().flat_map(|page| page.spans).collect();
    let sample: Value = serde_json::from_str(&read("local.settings.sample.json")).unwrap();
    let sampled: BTreeSet<String> = sample["Values"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(settings().difference(&sampled).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in the sample");
    assert_eq!(sampled.difference(&spans).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in the pages");
}

#[test]
fn documented_parameters_exist_with_their_documented_defaults() {
    let (known, line, pages) = (declared("param"), Regex::new(r"(?m)^\s*param (\w+)").unwrap(), pages());
    for (_, text) in pages.iter().flat_map(|page| &page.blocks) {
        assert!(line.captures_iter(text).all(|found| known.contains_key(&found[1])), "{text}");
    }
    let has_defaults = |table: &&Table| table.rows[0][0].text == "parameter";
    let rows = pages.iter().flat_map(|page| &page.tables).filter(has_defaults).flat_map(|table| &table.rows[1..]);
    assert!(rows.clone().count() > 5);
    for (parameter, documented) in rows.flat_map(|row| row[0].spans.iter().zip(row[1].text.split(", "))) {
        // An empty text, or -1 for numbers.
        let default = known.get(parameter).map(|value| match value.as_str() {
            "" | "-1" => "none",
            value if value.starts_with("instanceMemoryMB ==") => "by memory",
            value => value,
        });
        assert_eq!(default, Some(documented), "{parameter}");
    }
}
