//! `docs/troubleshooting.md`: an entry is a table row whose first cell quotes messages in code spans.

use readers::files::{files, read};
use readers::markdown::{Cell, Page};
use regex::Regex;

use crate::commands::deployment_scripts;
use readers::rust::SOURCES;
use readers::shell;

#[test]
fn quoted_messages_are_in_the_product() {
    let mut messages: Vec<String> = SOURCES.iter().flat_map(|source| source.texts.clone()).collect();
    messages.extend(files("templates").iter().map(|name| read(name)));
    for script in deployment_scripts() {
        messages.extend(shell::sources(&script, "string").into_iter().map(ToOwned::to_owned));
    }
    let placeholder = Regex::new(r#"\$?\{[^}]*\}|\$\w+|[`"]"#).unwrap();
    let messages: Vec<Vec<String>> = messages
        .iter()
        .map(|message| placeholder.split(message).map(|part| part.trim().to_owned()).collect())
        .collect();
    let exists = |quote: &str| {
        // One message has all parts of the quote, or the quote has all parts of one message.
        let quoted: Vec<&str> = quote.split('…').map(str::trim).collect();
        let has_all = |message: &&Vec<String>| quoted.iter().all(|part| message.iter().any(|own| own.contains(part)));
        let is_inside =
            |message: &&Vec<String>| message.concat().len() > 8 && message.iter().all(|part| quote.contains(part));
        messages.iter().any(|message| has_all(&message) || is_inside(&message))
    };
    let tables =
        Page::read("docs/troubleshooting.md").tables.into_iter().filter(|table| table.section != "what-others-say");
    let is_entry = |row: &Vec<Cell>| row[0].spans.first().is_some_and(|span| row[0].text.starts_with(span));
    let entries: Vec<_> = tables.flat_map(|table| table.rows.into_iter().skip(1)).filter(is_entry).collect();
    assert!(entries.len() > 50, "{} entries", entries.len());
    for entry in entries {
        let stale: Vec<_> = entry[0].spans.iter().filter(|quote| !exists(quote)).collect();
        assert!(stale.is_empty(), "the product has no message {stale:?}");
        assert!(entry.iter().all(|cell| !cell.text.trim().is_empty()), "an empty cell: {}", entry[0].text);
    }
}
