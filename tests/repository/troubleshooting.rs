//! `docs/troubleshooting.md`: an entry is a row of a table, whose first cell quotes what people see in code spans.

use regex::Regex;
use sandbox::markdown::{Cell, Page};
use sandbox::repository::{files, read};

use crate::rust::SOURCES;
use crate::shell;

#[test]
fn entries_quote_what_is_still_said() {
    let mut said: Vec<String> = SOURCES.iter().flat_map(|source| source.texts.clone()).collect();
    said.extend(files("templates").iter().map(|name| read(name)));
    for script in ["deploy", "tools/azure.sh", "tools/common.sh"] {
        said.extend(shell::sources(&read(script), "string").into_iter().map(ToOwned::to_owned));
    }
    let varying = Regex::new(r#"\$?\{[^}]*\}|\$\w+|[`"]"#).unwrap();
    let said: Vec<Vec<String>> =
        said.iter().map(|text| varying.split(text).map(|part| part.trim().to_owned()).collect()).collect();
    let is_said = |quote: &str| {
        // All that is quoted is in one text; or all of a text, but for what varies, is in the quote.
        let parts: Vec<&str> = quote.split('…').map(str::trim).collect();
        let has_all = |text: &&Vec<String>| parts.iter().all(|part| text.iter().any(|piece| piece.contains(part)));
        let is_inside = |text: &&Vec<String>| text.concat().len() > 8 && text.iter().all(|piece| quote.contains(piece));
        said.iter().any(|text| has_all(&text) || is_inside(&text))
    };
    let tables =
        Page::read("docs/troubleshooting.md").tables.into_iter().filter(|table| table.section != "what-others-say");
    let is_entry = |row: &Vec<Cell>| row[0].spans.first().is_some_and(|span| row[0].text.starts_with(span));
    for row in tables.flat_map(|table| table.rows.into_iter().skip(1)).filter(is_entry) {
        let stale: Vec<_> = row[0].spans.iter().filter(|quote| !is_said(quote)).collect();
        assert!(stale.is_empty(), "nothing says {stale:?} any more");
        assert!(row.iter().all(|cell| !cell.text.trim().is_empty()), "a cell is empty: {}", row[0].text);
    }
}
