//! `docs/reference/`: each page lists what the code has, and nothing else.

use std::collections::BTreeSet;

use evergrant::server::{Methods, ROUTES};
use http::Method;
use readers::commands::commands_of;
use readers::files::read;
use readers::log_lines;
use readers::markdown::{Cell, Page};
use readers::rust::{SOURCES, numbers};
use regex::Regex;
use serde_json::Value;

/// Variables that only libraries and the terminal output read.
const LIBRARY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "IDENTITY_HEADER", "NO_COLOR", "NO_PROXY", "SSL_CERT_FILE", "TERM"];

/// Numbers that users hardly notice: sizes of buffers and caches, tries of a race, what pages and the terminal show.
const INTERNAL: &str = include_str!("numbers.txt");

type Names = BTreeSet<String>;

/// The rows of a page's tables whose first column is called `first`.
fn rows(page: &str, first: &str) -> Vec<Vec<Cell>> {
    let tables = Page::read(&format!("docs/reference/{page}.md")).tables.into_iter();
    let tables = tables.filter(|table| table.rows[0][0].text == first);
    let rows: Vec<_> = tables.flat_map(|table| table.rows.into_iter().skip(1)).collect();
    assert!(!rows.is_empty(), "{page}.md has no table of {first}");
    rows
}

/// The code spans in the first cells of these rows; each may occur only once.
fn listed(rows: &[Vec<Cell>]) -> Names {
    let spans: Vec<_> = rows.iter().flat_map(|row| &row[0].spans).cloned().collect();
    let names: Names = spans.iter().cloned().collect();
    assert_eq!(names.len(), spans.len(), "a name is listed twice: {spans:?}");
    names
}

fn assert_same(listed: &Names, existing: &Names) {
    let missing: Vec<_> = existing.difference(listed).collect();
    let gone: Vec<_> = listed.difference(existing).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in docs/reference: {missing:?}; not in the code: {gone:?}");
}

#[test]
fn the_settings_page_lists_every_variable_that_is_read() {
    let name = Regex::new("^[A-Z]+(_[A-Z]+)+$").unwrap();
    let config = SOURCES.iter().filter(|source| source.name.starts_with("config/"));
    let read = config.flat_map(|source| &source.texts).filter(|text| name.is_match(text)).cloned();
    let read = read.chain(LIBRARY_VARIABLES.map(ToOwned::to_owned)).collect();
    assert_same(&listed(&rows("settings", "name")), &read);
}

#[test]
fn the_clients_page_lists_every_field_with_its_default_and_words() {
    let schema: Value = serde_json::from_str(&read("docs/clients.schema.json")).unwrap();
    let client = &schema["$defs"]["client"];
    let (fields, rows) = (client["properties"].as_object().unwrap(), rows("clients", "field"));
    assert_same(&listed(&rows), &fields.keys().cloned().collect());
    for row in &rows {
        let (name, field) = (&row[0].text, &fields[&row[0].text]);
        let default = match field.get("default") {
            Some(Value::String(word)) => Some(word.clone()),
            Some(other) => Some(other.to_string()),
            None => client["required"].as_array().unwrap().contains(&name.as_str().into()).then(|| "required".into()),
        };
        assert!(default.is_none_or(|default| default == row[1].text), "{name}: {}", row[1].text);
        let words = [&field["enum"], &field["items"]["enum"]].into_iter().filter_map(Value::as_array).flatten();
        let missing: Vec<_> = words.filter_map(Value::as_str).filter(|word| !row[2].text.contains(word)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn the_commands_page_lists_every_command_with_its_options() {
    let (rows, commands) = (rows("commands", "command"), commands_of(&evergrant::cli::command()));
    assert_same(&listed(&rows), &commands.keys().cloned().collect());
    for (row, command) in rows.iter().flat_map(|row| row[0].spans.iter().map(move |command| (row, command))) {
        assert_same(&row[2].spans.iter().cloned().collect(), &commands[command]);
    }
}

#[test]
fn the_endpoints_page_lists_every_route_with_its_methods_and_lock() {
    let rows = rows("endpoints", "route");
    assert_same(&listed(&rows), &ROUTES.iter().map(|route| route.path.to_owned()).collect());
    for row in rows {
        let route = ROUTES.iter().find(|route| route.path == row[0].text).unwrap();
        let methods = match route.methods {
            Methods::Only(methods) => methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "),
            Methods::Any => "any".to_owned(),
        };
        assert_eq!(row[1].text, methods, "{}", route.path);
        let needs_key = read(&format!("{}/function.json", route.function)).contains(r#""authLevel": "function""#);
        assert_eq!(row[2].text == "function key", needs_key, "{}", route.path);
    }
}

#[test]
fn the_endpoints_page_lists_the_paths_below_gateway_triggers_and_workfront() {
    let word = Regex::new(r#"Self::\w+=>"([\w/-]+)""#).unwrap();
    let sources = [
        ("/gateway/", "oauth/client/gateway_rule.rs"),
        ("/triggers/", "endpoints/triggers/request.rs"),
        ("/workfront/v1/", "endpoints/workfront/request.rs"),
    ];
    let rows = rows("endpoints", "below");
    assert_same(&listed(&rows), &sources.iter().map(|(below, _)| (*below).to_owned()).collect());
    for (row, (_, file)) in rows.iter().zip(sources) {
        let code = &SOURCES.iter().find(|source| source.name == file).unwrap().code;
        let words = word.captures_iter(code).map(|found| found[1].to_owned()).collect();
        assert_same(&row[1].spans.iter().cloned().collect(), &words);
    }
}

#[test]
fn the_log_page_lists_every_event_and_field() {
    let rows_of_events = ["answered requests", "other events"].into_iter().flat_map(|first| rows("logs", first));
    assert_same(&listed(&rows_of_events.collect::<Vec<_>>()), &log_lines::events());
    assert_same(&listed(&rows("logs", "field")), &log_lines::fields());
}

#[test]
fn the_limits_page_has_the_numbers_of_the_code_that_it_links() {
    let quantity = Regex::new(r"\b\d+(?:,\d{3})*(?:\.\d+)?(?: (?:ms|s|min|h|days?|KiB|MiB)\b)?").unwrap();
    let status = Regex::new(r"^[45]\d\d$").unwrap();
    let (numbers, mut seen) = (numbers(), BTreeSet::new());
    for row in rows("limits", "what") {
        let links = row.iter().flat_map(|cell| &cell.links);
        let files: Vec<_> = links.filter_map(|link| link.strip_prefix("../../src/")).collect();
        let limit = row[1].text.replace(',', "");
        for quantity in quantity.find_iter(&limit).map(|found| found.as_str()).filter(|text| !status.is_match(text)) {
            let is_it = |name: &&(&str, String)| files.contains(&name.0) && numbers[*name].contains(quantity);
            let found: Vec<_> = numbers.keys().filter(is_it).collect();
            assert!(!found.is_empty(), "{quantity} is not in {files:?}");
            seen.extend(found);
        }
    }
    let unseen = numbers.keys().filter(|name| !seen.contains(name)).map(|(_, name)| name.clone()).collect();
    // A new constant belongs to the page or to numbers.txt.
    assert_same(&INTERNAL.split_whitespace().map(ToOwned::to_owned).collect(), &unseen);
}
