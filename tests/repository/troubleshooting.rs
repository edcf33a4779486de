//! `docs/troubleshooting.md`: an entry is a table row whose first cell quotes messages in code spans.

use readers::markdown::{Cell, Page};
use readers::messages::is_of_a_message;

#[test]
fn quoted_messages_are_in_the_product() {
    let tables =
        Page::read("docs/troubleshooting.md").tables.into_iter().filter(|table| table.section != "what-others-say");
    let is_entry = |row: &Vec<Cell>| row[0].spans.first().is_some_and(|span| row[0].text.starts_with(span));
    let entries: Vec<_> = tables.flat_map(|table| table.rows.into_iter().skip(1)).filter(is_entry).collect();
    assert!(entries.len() > 50, "{} entries", entries.len());
    for entry in entries {
        let stale: Vec<_> = entry[0].spans.iter().filter(|quote| !is_of_a_message(quote)).collect();
        assert!(stale.is_empty(), "the product has no message {stale:?}");
        assert!(entry.iter().all(|cell| !cell.text.trim().is_empty()), "an empty cell: {}", entry[0].text);
    }
}
