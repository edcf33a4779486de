//! `docs/reference/`: each page lists what the code has, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use evergrant::server::{Methods, ROUTES};
use http::Method;
use proc_macro2::{TokenStream, TokenTree};
use regex::{Captures, Regex};
use sandbox::markdown::{Cell, Page};
use sandbox::repository::{files, is_a, read};
use serde_json::Value;

use crate::rust::SOURCES;

/// Variables that only libraries and the terminal output read.
const LIBRARY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "IDENTITY_HEADER", "NO_COLOR", "NO_PROXY", "SSL_CERT_FILE", "TERM"];

/// Numbers that users hardly notice: sizes of buffers and caches, tries of a race, what pages and the terminal show.
const INTERNAL: &str = "ANSWER_LIMIT BACKLOG BINDING_BYTES BROWSER_START BUFFER_BYTES CALM_PASSES CELLS CELL_BITS \
                        CLOCK_BAD CLOCK_NOTE COLUMNS CONTEXT COORDINATE DATE DAY DEFAULT_BODY_LIMIT \
                        DEFAULT_EXPIRES_IN DEFAULT_PORT DEFAULT_RESULTS DELETION_LIFETIME DEVELOPER_TOOLS_TIMEOUT \
                        FIRST_LOOK HEAD_START HOUR IDLE INDENT KEY_BITS KEY_BYTES LAST LEFT_FOR_THE_CALL \
                        MAX_ANSWER_BYTES MAX_BYTES MAX_CHARACTERS MAX_CODES MAX_COLUMNS MAX_CONCURRENT_GROUPS \
                        MAX_DEPTH MAX_DRAINED_BYTES MAX_DRAIN_TIME MAX_EMAIL_BYTES MAX_ERROR_BYTES \
                        MAX_EXAMINED_BYTES MAX_EXPIRES_IN_SECONDS MAX_GENERATIONS MAX_ID_BYTES MAX_JTI_BYTES \
                        MAX_KNOWN_SCOPES MAX_LISTED MAX_NAMED MAX_NAMED_BYTES MAX_NEWER MAX_NUMBER_BYTES \
                        MAX_NUMBER_DIGITS MAX_OFFSET MAX_PAGES MAX_PAGE_ITEMS MAX_PASSES MAX_QUERY_BYTES \
                        MAX_READINGS MAX_REPEATED_BYTES MAX_REQUEST_BYTES MAX_SESSIONS MAX_SHOWN MAX_SHOWN_CHARS \
                        MAX_SINCE_BYTES MAX_STATUS_BYTES MAX_TEXT MAX_TRIES MAX_WORD MAX_WORDS MAX_WRITES MIB \
                        MINUTE MIN_ATTEMPTS MIN_CACHED_LISTS MIN_CACHED_NAMES MIN_CACHED_NUMBERS MIN_CACHED_USERS \
                        MIN_CACHED_WORKFLOWS MIN_RECORDS MIN_SETS MIN_SLOTS NAME_CHARS OTHER_MEMBERS \
                        OTHER_NUMBER_LIFETIME PARENT_CHECK_INTERVAL PARTS PATIENCE PAUSE POOL_IDLE_TIMEOUT \
                        PUBLIC_ID_BYTES RECORD_LIFETIME RENDERING_PAUSE REQUEST_TIMEOUT RESEALING_TIMEOUT \
                        RETRY_AFTER SECOND SHOW_AFTER STANDSTILL_CHECKS STEP TIDY_FROM_STATES UNIX_DAY \
                        UPLOAD_ID_CHARS USUAL_LINE USUAL_WAIT VERSION_NEEDED WRITE_PAUSE";

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
    assert!(missing.is_empty() && gone.is_empty(), "not on the page: {missing:?}; not in the code: {gone:?}");
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

/// What bash completes after each command, by the command's name in the completion script.
fn completions() -> BTreeMap<String, Names> {
    let mut evergrant = Command::new(env!("CARGO_BIN_EXE_evergrant"));
    let script = String::from_utf8(evergrant.args(["completions", "bash"]).output().unwrap().stdout).unwrap();
    let case = Regex::new(r#"(?m)^\s+(evergrant\w*)\)\n\s+opts="([^"]*)""#).unwrap();
    let words = |text: &str| text.split(' ').map(ToOwned::to_owned).collect();
    case.captures_iter(&script).map(|found| (found[1].to_owned(), words(&found[2]))).collect()
}

/// Every command with its options. A command that only has commands is left out.
fn commands() -> BTreeMap<String, Names> {
    let words = completions();
    let (mut commands, mut waiting) = (BTreeMap::new(), vec![("evergrant".to_owned(), "evergrant".to_owned())]);
    while let Some((command, key)) = waiting.pop() {
        let key_of = |word: &str| format!("{key}__subcmd__{}", word.replace('-', "__subcmd__"));
        let is_command = |word: &&String| *word != "help" && words.contains_key(&key_of(word));
        let inside: Vec<_> = words[&key].iter().filter(is_command).collect();
        let is_option = |word: &&String| word.starts_with("--") && !["--help", "--version"].contains(&word.as_str());
        let options: Names = words[&key].iter().filter(is_option).cloned().collect();
        waiting.extend(inside.iter().map(|word| (format!("{command} {word}"), key_of(word))));
        if inside.is_empty() || !options.is_empty() {
            commands.insert(command, options);
        }
    }
    commands
}

#[test]
fn the_commands_page_lists_every_command_with_its_options() {
    let (rows, commands) = (rows("commands", "command"), commands());
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

/// The events of log lines, by the places that name one.
fn events() -> Names {
    let code: String = SOURCES.iter().map(|source| source.code.as_str()).collect();
    let place = Regex::new(r#"(?:\bevent=|\bevent:Some\(|AnswerRecord::of\(|\\"event\\":\\)([^;,]*)"#).unwrap();
    let name = Regex::new(r#""(\w+)\\?"|\b([A-Z]+_[A-Z_]+)\b"#).unwrap();
    let text_of = |constant: &str| {
        let definition = Regex::new(&format!(r#"const {constant}:&str="(\w+)""#)).unwrap();
        definition.captures(&code).unwrap_or_else(|| panic!("{constant} is no text"))[1].to_owned()
    };
    let named = |found: Captures<'_>| found.get(1).map_or_else(|| text_of(&found[2]), |text| text.as_str().to_owned());
    let names_in = |place: &str| name.captures_iter(place).map(named).collect::<Names>();
    // A variable gets its name elsewhere.
    let places = place.captures_iter(&code).filter(|found| !found[1].starts_with("event)"));
    let events: Vec<Names> = places.map(|found| names_in(&found[1])).collect();
    assert!(events.iter().all(|names| !names.is_empty()), "a place names no event");
    events.into_iter().flatten().collect()
}

/// The fields that telemetry writes itself.
fn own_fields() -> Names {
    let field = Regex::new(r#"\\"(\w+)\\":|\b(?:push_key\([^,]*,|add\()"(\w+)""#).unwrap();
    let telemetry = SOURCES.iter().filter(|source| source.name.starts_with("telemetry/"));
    let fields = telemetry.flat_map(|source| field.captures_iter(&source.code));
    fields.filter_map(|found| Some(found.get(1).or(found.get(2))?.as_str().to_owned())).collect()
}

/// Adds the fields of every log line and span in `stream`: what the macros of `tracing` are given.
fn add_fields(stream: TokenStream, fields: &mut Names) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        if let [.., TokenTree::Ident(place), _, _, TokenTree::Ident(_), TokenTree::Punct(_)] = &tokens[..at]
            && place == "tracing"
        {
            let inside: Vec<String> = group.stream().into_iter().map(|token| token.to_string()).collect();
            fields.extend(inside.split(|token| token == ",").filter_map(field));
        }
        add_fields(group.stream(), fields);
    }
}

/// The field that an argument of a macro of `tracing` adds; none for the target, the level and the enclosing span.
fn field(argument: &[String]) -> Option<String> {
    let argument = argument.strip_prefix(&["%".to_owned()]).unwrap_or(argument);
    let is_text = argument.first()?.starts_with('"');
    let is_none = argument[0] == "$" || argument.get(1).is_some_and(|token| token == ":");
    let name = argument.iter().take_while(|token| *token != "=").map(String::as_str).collect();
    if is_none { None } else { Some(if is_text { "message".to_owned() } else { name }) }
}

#[test]
fn the_log_page_lists_every_event_and_field() {
    let rows_of_events = ["answered requests", "other events"].into_iter().flat_map(|first| rows("logs", first));
    assert_same(&listed(&rows_of_events.collect::<Vec<_>>()), &events());
    let mut fields = own_fields();
    for name in files("src").iter().filter(|name| is_a("rs", name)) {
        add_fields(read(name).parse().unwrap(), &mut fields);
    }
    assert!(fields.remove("trace_flags"), "a field of a span that no line has");
    assert_same(&listed(&rows("logs", "field")), &fields);
}

/// The constants that count something, by file and name, with every way to write them.
fn numbers() -> BTreeMap<(&'static str, String), Names> {
    let constant = r"const (\w+):(?:Duration|Lifetime|u16|u32|u64|usize)=(?:\w+::(\w+)\()?([\w*]+)\)?;";
    let (constant, mut numbers) = (Regex::new(constant).unwrap(), BTreeMap::new());
    for source in SOURCES.iter() {
        for found in constant.captures_iter(&source.code) {
            let factors = found[3].split('*').map(|factor| factor.replace('_', "").parse().unwrap_or(f64::NAN));
            let spellings = spellings(factors.product(), found.get(2).map(|unit| unit.as_str()));
            numbers.insert((source.name.as_str(), found[1].to_owned()), spellings);
        }
    }
    numbers
}

/// A number that is not given as a time may count seconds, bytes or anything else.
fn spellings(number: f64, unit: Option<&str>) -> Names {
    let millis = if unit == Some("from_millis") { number } else { number * 1e3 };
    let times = [(" ms", 1.0), (" s", 1e3), (" min", 6e4), (" h", 36e5), (" day", 864e5), (" days", 864e5)];
    let sizes = [("", 1.0), (" KiB", 1024.0), (" MiB", 1_048_576.0)];
    let sizes = sizes.into_iter().filter(|_| unit.is_none()).map(|(unit, size)| format!("{}{unit}", number / size));
    times.into_iter().map(|(unit, time)| format!("{}{unit}", millis / time)).chain(sizes).collect()
}

#[test]
fn the_limits_page_has_the_numbers_of_the_code_that_it_links() {
    let link = Regex::new(r"\]\(\.\./\.\./src/([^)]+)\)").unwrap();
    let quantity = Regex::new(r"\b\d+(?:,\d{3})*(?:\.\d+)?(?: (?:ms|s|min|h|days?|KiB|MiB)\b)?").unwrap();
    let status = Regex::new(r"^[45]\d\d$").unwrap();
    let (page, numbers, mut seen) = (read("docs/reference/limits.md"), numbers(), BTreeSet::new());
    let is_head = |line: &str| line.starts_with("| what |") || line.starts_with("| ---");
    for row in page.lines().filter(|line| line.starts_with("| ") && !is_head(line)) {
        let files: Vec<_> = link.captures_iter(row).map(|found| found.get(1).unwrap().as_str()).collect();
        let limit = row.split(" | ").nth(1).unwrap().replace(',', "");
        for quantity in quantity.find_iter(&limit).map(|found| found.as_str()).filter(|text| !status.is_match(text)) {
            let is_it = |name: &&(&str, String)| files.contains(&name.0) && numbers[*name].contains(quantity);
            let found: Vec<_> = numbers.keys().filter(is_it).collect();
            assert!(!found.is_empty(), "{quantity} is not in {files:?}");
            seen.extend(found);
        }
    }
    let unseen = numbers.keys().filter(|name| !seen.contains(name)).map(|(_, name)| name.clone()).collect();
    assert_same(&INTERNAL.split_whitespace().map(ToOwned::to_owned).collect(), &unseen);
}
