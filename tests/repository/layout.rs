//! Checks the architecture: the modules and their dependencies, pure modules, and no OpenSSL.

use std::collections::{BTreeMap, BTreeSet};

use readers::files::{files, read, root};
use readers::markdown::{Page, pages};
use regex::Regex;

use readers::rust::{SOURCES, Source};

/// Files and folders below `src/` without IO, clock, environment and async.
const PURE: &str = "
    cli/client/diff.rs cli/client/entry.rs cli/client/next_step.rs cli/client/registry.rs cli/status/azure_error.rs
    config connector doctor/check.rs doctor/connectivity.rs doctor/fixes.rs doctor/lines.rs doctor/responder.rs
    doctor/body_sizes.rs docusign/api/addresses.rs docusign/api/error.rs docusign/api/error_table.rs
    docusign/api/rate_limit.rs docusign/error.rs docusign/error_table.rs docusign/lifetimes.rs
    docusign/requested_scope.rs docusign/tokens/assertion.rs docusign/tokens/freshness.rs
    docusign/tokens/replacements.rs docusign/tokens/slot.rs docusign/userinfo.rs endpoints/authorize/page.rs
    endpoints/authorize/request.rs endpoints/authorize/target.rs endpoints/caller/credentials.rs
    endpoints/consent/allow.rs endpoints/consent/error.rs endpoints/consent/page.rs endpoints/consent/outcome.rs
    endpoints/consent/query.rs endpoints/gateway/error.rs endpoints/gateway/headers.rs endpoints/gateway/target.rs
    endpoints/forward_mode.rs endpoints/home.rs endpoints/metadata.rs endpoints/not_configured
    endpoints/setup/account.rs endpoints/setup/action.rs endpoints/setup/connect.rs endpoints/setup/connector.rs
    endpoints/setup/docusign.rs endpoints/setup/download.rs endpoints/setup/endpoint_urls.rs
    endpoints/setup/requests.rs endpoints/setup/shell.rs endpoints/setup/own_host.rs endpoints/setup/page.rs
    endpoints/setup/report.rs endpoints/setup/text.rs endpoints/token/error.rs endpoints/token/request.rs
    endpoints/triggers/answer.rs endpoints/triggers/crowded_time.rs endpoints/triggers/cursor.rs
    endpoints/triggers/error.rs endpoints/triggers/item.rs endpoints/triggers/key.rs endpoints/triggers/moment.rs
    endpoints/triggers/pages.rs endpoints/triggers/pattern.rs endpoints/triggers/poll.rs
    endpoints/triggers/reader.rs endpoints/triggers/request.rs endpoints/triggers/watermark.rs
    endpoints/workfront/error.rs endpoints/workfront/item.rs endpoints/workfront/naming.rs
    endpoints/workfront/request.rs memory/failed_attempts.rs memory/failures.rs memory/tidy_map.rs oauth
    registry/error.rs registry/issuers/error.rs sealing/claims.rs sealing/mod.rs sealing/presented.rs
    sealing/secret.rs secret/mod.rs server/paths.rs signing/error.rs signing/error_table.rs signing/answers.rs
    signing/key_file signing/key_id.rs signing/public_key.rs store/error.rs store/error_table.rs
    store/redirect_list.rs types.rs web/host_headers.rs web/content_disposition.rs web/cookies.rs
    web/unique_fields.rs web/json.rs web/obstacle.rs web/page.rs web/response.rs web/retry_after.rs web/upstream.rs
";
const IMPURE: &str = "async fn|.await|std::fs|std::env|std::net|std::time::SystemTime|rustix|Instant|tokio::net|tokio::time\
                      |tokio::spawn|reqwest|azure_|Stopwatch|SystemClock|random::<";

/// Code that only these modules may contain.
const ONLY_IN: [(&str, &[&str]); 8] = [
    ("hyper::", &["server"]),
    ("std::env::var", &["main.rs"]),
    ("SystemTime::now", &["clock.rs"]),
    ("rustix::time", &["clock.rs"]),
    ("KeyVaultSigner::new", &["app"]),
    ("BlobStore::new", &["app"]),
    ("MemoryStore::new", &["app"]),
    ("LocalSigner::from_pem", &["config/keys.rs"]),
];

/// Modules that only these modules may use.
const USED_BY: [(&str, &[&str]); 3] =
    [("app", &["cli", "app"]), ("server", &["cli", "app", "server"]), ("cli", &["cli"])];

/// Modules of `endpoints` that never use each other.
const SLICES: [&str; 11] = [
    "authorize",
    "consent",
    "gateway",
    "home",
    "metadata",
    "not_configured",
    "revoke",
    "setup",
    "token",
    "triggers",
    "workfront",
];

/// The most modules directly below `src/`.
const MAX_MODULES: usize = 22;

/// Rows of the checklist for authorization servers: authorization endpoint (A), token endpoint (T), PKCE (P), security
/// best practice (S), metadata (M), issuer (I), revocation (R), bearer tokens (B). The name of a test contains its
/// rows, such as `_b2_b3_`.
const ROWS: [(&str, u8); 8] = [("A", 16), ("T", 18), ("P", 6), ("S", 15), ("M", 4), ("I", 2), ("R", 5), ("B", 3)];

type Graph = BTreeMap<String, BTreeSet<String>>;

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
    for source in SOURCES.iter() {
        let may_not = |allowed: &[&str]| !allowed.iter().any(|place| source.name.starts_with(place));
        for (word, _) in ONLY_IN.iter().filter(|(_, allowed)| may_not(allowed)) {
            assert!(!source.code.contains(word), "{} has {word}", source.name);
        }
        let uses = |room: &str| source.paths.iter().any(|path| format!("{path}::").starts_with(&format!("{room}::")));
        for (room, _) in USED_BY.iter().filter(|(_, allowed)| may_not(allowed)) {
            assert!(!uses(room), "{} uses {room}", source.name);
        }
        for slice in SLICES.iter().filter(|slice| may_not(&["app", "server", "cli", &format!("endpoints/{slice}")])) {
            assert!(!uses(&format!("endpoints::{slice}")), "{} uses {slice}", source.name);
        }
    }
}

/// The first name in a path, without its extension.
fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The uses between the modules of a folder below `src/`. Its `mod.rs` is left out, because it combines the others.
fn uses_inside(folder: &str) -> Graph {
    let mut graph = Graph::new();
    for source in SOURCES.iter() {
        let Some(name) = source.name.strip_prefix(folder).filter(|name| *name != "mod.rs") else { continue };
        assert!(!source.code.contains("super::"), "{}: paths must start with crate", source.name);
        let paths = source.paths.iter().map(|path| path.replace("::", "/"));
        let used = paths.filter_map(|path| Some(first(path.strip_prefix(folder)?).to_owned()));
        graph.entry(first(name).to_owned()).or_default().extend(used.filter(|used| used != first(name)));
    }
    graph
}

/// The part of a graph with cycles.
fn cycles(mut graph: Graph) -> Graph {
    let mut before = usize::MAX;
    while graph.len() < before {
        before = graph.len();
        let known: BTreeSet<String> = graph.keys().cloned().collect();
        graph.retain(|_, to| {
            to.retain(|name| known.contains(name));
            !to.is_empty()
        });
    }
    graph
}

#[test]
fn the_source_has_few_modules_and_no_cycles() {
    let graph = uses_inside("");
    assert!((5..=MAX_MODULES).contains(&graph.len()), "{}: {:?}", graph.len(), graph.keys());
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
fn cycles_are_found() {
    let set = |to: &str| BTreeSet::from([to.to_owned()]);
    let graph = |edges: &[&str]| edges.iter().map(|edge| (edge[..1].to_owned(), set(&edge[1..]))).collect::<Graph>();
    assert_eq!(cycles(graph(&["ab", "bc", "cd"])), Graph::new());
    assert_eq!(cycles(graph(&["bc", "cb", "de"])), graph(&["bc", "cb"]));
}

#[test]
fn no_type_name_is_defined_twice() {
    let definition = Regex::new(r"\b(?:struct|enum|union|trait) (\w+)").unwrap();
    let mut places = BTreeMap::<&str, Vec<&str>>::new();
    for source in SOURCES.iter() {
        for found in definition.captures_iter(&source.code).filter_map(|found| found.get(1)) {
            places.entry(found.as_str()).or_default().push(&source.name);
        }
    }
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

#[test]
fn only_the_slot_counts_references() {
    let counts =
        |source: &Source| source.code.contains("strong_count") && !source.name.starts_with("docusign/tokens/slot");
    let found: Vec<_> = SOURCES.iter().filter(|source| counts(source)).map(|source| &source.name).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Spawned code that writes no log line on behalf of a request.
const WITHOUT_SPAN: [&str; 2] = ["cli/status/handover.rs", "web/streams.rs"];

#[test]
fn every_spawned_task_keeps_the_span_of_its_request() {
    let spawned = Regex::new(r"\btokio::spawn\([^;]*").unwrap();
    let mut count = 0;
    for source in SOURCES.iter().filter(|source| !WITHOUT_SPAN.contains(&source.name.as_str())) {
        for task in spawned.find_iter(&source.code).map(|found| found.as_str()) {
            let has_span = ["in_current_span()", ".instrument("].iter().any(|span| task.contains(span));
            assert!(has_span, "{}: {task}", source.name);
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn tls_uses_only_rustls() {
    let lock = read("Cargo.lock");
    for forbidden in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{forbidden}\"")), "{forbidden}");
    }
}
