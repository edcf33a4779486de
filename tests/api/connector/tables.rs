//! `docs/connectors.md` lists the actions and triggers of the connectors.

use readers::generated::assert_part_written;
use serde_json::Value;

use super::{UPDATE, VARIANTS, connector, operations};

/// The lines around the tables.
const MARKS: [&str; 2] = [
    "<!-- connector tables: written by `EVERGRANT_UPDATE_DOCS=1 cargo test --test api connector` -->\n",
    "<!-- end of the connector tables -->\n",
];

/// The kind of an operation, for a row of the table; those that the platform calls by itself have none.
fn kind(operation: &Value) -> Option<&'static str> {
    let id = operation["operationId"].as_str().unwrap();
    match operation["x-ms-visibility"].as_str() {
        Some("internal") => None,
        _ if operation.get("x-ms-trigger").is_some() => Some("triggers"),
        _ if id.ends_with("AndWait") => Some("actions that wait"),
        _ => Some("actions"),
    }
}

fn table(title: &str, definition: &Value) -> String {
    let row = |wanted: &str| {
        let all = operations(definition).into_iter().filter(|(_, _, operation)| kind(operation) == Some(wanted));
        let summaries: Vec<&str> = all.map(|(_, _, operation)| operation["summary"].as_str().unwrap()).collect();
        if summaries.is_empty() { String::new() } else { format!("| {wanted} | {} |\n", summaries.join(", ")) }
    };
    let rows = ["triggers", "actions that wait", "actions"].map(row).concat();
    format!("## {title}\n\n| | |\n| --- | --- |\n{rows}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lists_every_action_and_trigger() {
    let clm = table("CLM", &connector(VARIANTS[1]).await.0);
    let tables = ["\n", &clm, "\n", &table("eSignature", &connector(VARIANTS[4]).await.0), "\n"].concat();
    assert_part_written("docs/connectors.md", MARKS, &tables, UPDATE);
}
