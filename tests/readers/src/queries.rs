//! The queries of alerts and documents, and Microsoft's own parser for them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::files::{files, is_a, read, root, skipped};
use crate::markdown::pages;

/// Every query with the file that it is in.
#[must_use]
pub fn queries() -> Vec<(String, String)> {
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
#[must_use]
pub fn problems(queries: &[&str]) -> Option<Vec<Vec<String>>> {
    let tools = root().join("tests/tools");
    if !tools.join("node_modules/@kusto/language-service-next").exists() {
        skipped("@kusto/language-service-next is not installed, so queries were not checked; ./test installs it");
        return None;
    }
    let tables: Value = serde_json::from_str(&read("tests/repository/queries/tables.json")).unwrap();
    let mut node = Command::new("node");
    node.arg("queries.mjs").current_dir(tools).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let input = json!({"tables": tables, "queries": queries}).to_string();
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
