//! Checks the architecture: the modules and their dependencies, pure modules, and names.

use std::collections::BTreeSet;

use readers::files::{files, read, root};
use readers::markdown::{Page, pages};
use readers::modules::{Graph, cycles, uses_inside};
use readers::rust::{SOURCES, Source, definitions, spawned};
use regex::Regex;

/// Files and folders below `src/` without IO, clock, environment and async.
const PURE: &str = include_str!("pure.txt");
const IMPURE: &str = "async fn|.await|std::fs|std::env|std::net|std::time::SystemTime|rustix|Instant|tokio::net|tokio::time\
                      |tokio::spawn|reqwest|azure_|Stopwatch|SystemClock|random::<";

/// Modules of `endpoints` that never use each other.
const SLICES: &str = "authorize consent gateway home metadata not_configured revoke setup token triggers workfront";

/// Rows of the checklist for authorization servers: authorization endpoint (A), token endpoint (T), PKCE (P), security
/// best practice (S), metadata (M), issuer (I), revocation (R), bearer tokens (B). The name of a test contains its
/// rows, such as `_b2_b3_`.
const ROWS: [(&str, u8); 8] = [("A", 16), ("T", 18), ("P", 6), ("S", 15), ("M", 4), ("I", 2), ("R", 5), ("B", 3)];

/// The lines of `modules.txt` of a kind: code or a module, and the files or folders that may have it.
fn rules(kind: &str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = include_str!("modules.txt").lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let lines = lines.inspect(|words| assert!(["", "#", "code", "module"].contains(&words[0]), "{words:?}"));
    lines.filter(move |words| words[0] == kind).map(|words| (words[1], words[2..].to_vec()))
}

#[test]
fn pure_modules_are_pure() {
    for place in PURE.split_whitespace() {
        let mut inside = SOURCES.iter().filter(|source| source.name.starts_with(place)).peekable();
        assert!(inside.peek().is_some(), "src/{place} is gone");
        for source in inside {
            let found: Vec<_> = IMPURE.split('|').filter(|word| source.code.contains(word)).collect();
            assert!(found.is_empty(), "{} has {found:?}", source.name);
        }
    }
}

#[test]
fn modules_use_only_allowed_modules() {
    let is_in = |place: &str, code: &str| {
        SOURCES.iter().any(|source| source.name.starts_with(place) && source.code.contains(code))
    };
    for (code, places) in rules("code") {
        assert!(places.iter().all(|place| is_in(place, code)), "{code} is no longer in all of {places:?}");
    }
    for (module, users) in rules("module") {
        assert!(users.iter().chain([&module]).all(|place| is_in(place, "")), "{module} or one of {users:?} is gone");
    }
    for source in SOURCES.iter() {
        let may_not = |allowed: &[&str]| !allowed.iter().any(|place| source.name.starts_with(place));
        for (word, _) in rules("code").filter(|(_, allowed)| may_not(allowed)) {
            assert!(!source.code.contains(word), "{} has {word}", source.name);
        }
        let uses = |room: &str| source.paths.iter().any(|path| format!("{path}::").starts_with(&format!("{room}::")));
        for (room, _) in rules("module").filter(|(_, allowed)| may_not(allowed)) {
            assert!(!uses(room), "{} uses {room}", source.name);
        }
        for slice in SLICES.split(' ').filter(|slice| may_not(&["app", "server", "cli", &format!("endpoints/{slice}")]))
        {
            assert!(!uses(&format!("endpoints::{slice}")), "{} uses {slice}", source.name);
        }
    }
}

#[test]
fn the_source_has_few_modules_and_no_cycles() {
    let graph = uses_inside("");
    // A newcomer can read 22 names at a glance.
    assert!((5..=22).contains(&graph.len()), "{}: {:?}", graph.len(), graph.keys());
    assert_eq!(cycles(graph), Graph::new());
}

#[test]
fn the_modules_of_every_folder_have_no_cycles() {
    let folder = |source: &Source| Some(source.name.rsplit_once('/')?.0.to_owned() + "/");
    let folders: BTreeSet<String> = SOURCES.iter().filter_map(folder).collect();
    assert!(folders.len() > 30, "{folders:?}");
    for folder in folders {
        assert_eq!(cycles(uses_inside(&folder)), Graph::new(), "{folder}");
    }
}

#[test]
fn no_type_name_is_defined_twice() {
    let mut places = definitions();
    assert!(places.len() > 400, "{}", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:?}");
}

#[test]
fn the_architecture_is_short_and_names_only_existing_files() {
    assert!(read("ARCHITECTURE.md").lines().count() < 150);
    let path = Regex::new(r"^[\w.-]+(/[\w.-]*)+$|^[\w-]+\.(rs|md|toml|json|yml|yaml)$").unwrap();
    let exists = |name: &String| [root(), root().join("src")].iter().any(|folder| folder.join(name).exists());
    let page = Page::read("ARCHITECTURE.md");
    let lost: Vec<_> = page.spans.iter().filter(|span| path.is_match(span) && !exists(span)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn every_row_of_the_checklist_has_a_test_or_a_reason() {
    let name = Regex::new(r"fn (\w+)\(").unwrap();
    let code: String = ["src", "tests/api"].iter().flat_map(|folder| files(folder)).map(|name| read(&name)).collect();
    let tests: Vec<String> = name.captures_iter(&code).map(|found| format!("_{}_", &found[1])).collect();
    let pages = pages();
    let rows = pages.iter().flat_map(|page| &page.tables).flat_map(|table| &table.rows);
    let explained: BTreeSet<&str> = rows.flat_map(|row| row[0].text.split(", ")).collect();
    for (letter, last) in ROWS {
        for row in (1..=last).map(|number| format!("{letter}{number}")) {
            let is_tested = tests.iter().any(|name| name.contains(&format!("_{}_", row.to_lowercase())));
            assert_ne!(
                is_tested,
                explained.contains(row.as_str()),
                "{row} needs either a test or a reason for having none"
            );
        }
    }
}

/// Spawned code that writes no log line on behalf of a request.
const WITHOUT_SPAN: [&str; 2] = ["cli/status/handover.rs", "web/streams.rs"];

#[test]
fn every_spawned_task_keeps_the_span_of_its_request() {
    let tasks: Vec<_> = spawned().filter(|(name, _)| !WITHOUT_SPAN.contains(name)).collect();
    let without = |task: &str| ["in_current_span()", ".instrument("].iter().all(|span| !task.contains(span));
    let lost: Vec<_> = tasks.iter().filter(|(_, task)| without(task)).collect();
    assert!(tasks.len() > 5 && lost.is_empty(), "{lost:?}");
}
