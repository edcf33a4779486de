//! Checks that everything in documented commands exists: commands, options, variables, outputs, roles and parameters.

use std::collections::BTreeSet;

use readers::azure_cli::assert_documented;
use readers::commands::{az_commands, deployment_scripts, documented};
use readers::files::read;
use readers::markdown::{Table, pages};
use readers::rust::settings;
use readers::shell;
use readers::templates::declared;
use regex::Regex;
use serde_json::Value;

/// Azure's built-in roles that commands use.
const ROLES: &str = include_str!("roles.txt");

#[test]
fn the_azure_cli_accepts_every_command() {
    let commands = az_commands();
    for place in ["docs/", "infra/", "src/", ".github/", "deploy", "tools/"] {
        assert!(commands.iter().any(|command| command.place.starts_with(place)), "none in {place}");
    }
    assert_documented(&commands);
    // The parser does not check Azure's built-in roles.
    for command in &commands {
        let mut roles = command.words.windows(2).filter(|pair| pair[0] == "--role").map(|pair| &pair[1]);
        assert!(roles.all(|role| ROLES.lines().any(|known| known == role)), "{command:?}");
    }
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
        let is_plain = |word: &&String| word.starts_with(char::is_lowercase) && !word.contains(['.', '/', '=']);
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
