//! Checks the queries of alerts and documents with Microsoft's own parser, against the columns of Azure's tables.

use std::io::Write as _;
use std::process::{Command, Stdio};

use readers::files::{files, is_a, read, root, skipped};
use readers::markdown::pages;
use regex::Regex;
use serde_json::{Value, json};

use readers::rust::SOURCES;

/// Every query with the file that it is in.
fn queries() -> Vec<(String, String)> {
    let alerts = files("infra/queries").into_iter().filter(|name| is_a("kql", name));
    // The template inserts both.
    let query = |name: &str| read(name).replace("APP_NAME", "evergrant").replace("PERCENT", "5");
    let alerts = alerts.map(|name| (name.clone(), query(&name)));
    let blocks = pages().into_iter().flat_map(|page| {
        let blocks = page.blocks_in(&["kusto", "kql"]).into_iter().map(|block| (page.name.clone(), block.to_owned()));
        blocks.collect::<Vec<_>>()
    });
    alerts.chain(blocks).collect()
}

/// What the parser says against each query, all in one process. The columns are those of Microsoft's reference of tables.
fn problems(queries: &[&str]) -> Option<Vec<Vec<String>>> {
    let tools = root().join("tests/tools");
    if !tools.join("node_modules/@kusto/language-service-next").exists() {
        skipped("@kusto/language-service-next is not installed, so queries were not checked; ./test installs it");
        return None;
    }
    let tables: Value = serde_json::from_str(include_str!("queries/tables.json")).unwrap();
    let mut node = Command::new("node");
    node.arg("queries.mjs").current_dir(tools).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let input = json!({"tables": tables, "queries": queries}).to_string();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    serde_json::from_slice(&node.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn every_query_fits_its_tables_and_a_misspelled_column_does_not() {
    let queries = queries();
    assert!(queries.len() >= 6, "{queries:?}");
    // One word of each query is misspelled: a column, or a table.
    let word = Regex::new(r"\b(OperationName|HttpStatusCode|Message)\b").unwrap();
    let misspelled: Vec<String> = queries.iter().map(|(_, query)| word.replace(query, "${1}s").into_owned()).collect();
    let texts = queries.iter().map(|(_, query)| query.as_str()).chain(misspelled.iter().map(String::as_str));
    let Some(mut found) = problems(&texts.collect::<Vec<_>>()) else { return };
    let of_misspelled = found.split_off(queries.len());
    for (((file, query), problems), of_misspelled) in queries.iter().zip(found).zip(of_misspelled) {
        assert!(problems.is_empty(), "{file}: {problems:#?}\n{query}");
        assert!(of_misspelled.iter().any(|problem| problem.contains("KS142")), "{file}: {of_misspelled:?}\n{query}");
    }
}

#[test]
fn alert_queries_name_real_events_and_functions_and_work_in_a_new_workspace() {
    let source: String = SOURCES.iter().map(|source| source.code.as_str()).collect();
    let query = read("infra/queries/failed-mints.kql");
    let asked = Regex::new(r"has_any \(([^)]*)\)").unwrap().captures(&query).unwrap()[1].to_owned();
    for event in asked.split(", ") {
        assert!(source.contains(&format!("event={event}")), "{event}");
    }
    assert!(root().join("consent-callback/function.json").exists());
    for name in files("infra/queries") {
        let query = read(&name);
        // The template inserts the name. A new workspace has no tables yet, and a union without tables is not an error.
        assert!(["APP_NAME", "union isfuzzy=true", "datatable("].iter().all(|part| query.contains(part)), "{name}");
    }
}
