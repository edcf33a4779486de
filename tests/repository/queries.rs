//! Checks the queries of alerts and documents with Microsoft's own parser, against the columns of Azure's tables.

use readers::files::{files, read, root};
use readers::queries::{problems, queries};
use readers::rust::SOURCES;
use regex::Regex;

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
