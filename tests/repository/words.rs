//! Keeps unnatural and outdated words out of everything that users and contributors read. A hit is reported with file and line.

use std::fs::read_to_string;

use readers::files::{entries, files, root};
use readers::phrases::Phrases;

/// Folders with files to check, in addition to the files in the root.
const FOLDERS: [&str; 9] = ["src", "templates", "docs", "connectors", "infra", "tests", "tools", "bench", ".github"];

/// Files by others or by programs, and those with the words.
const SKIPPED: &str =
    "Cargo.lock LICENSE-APACHE LICENSE-MIT package-lock.json repository/words.txt readers/src/phrases.rs";

/// Words and phrases to avoid, and what to write instead.
const RETIRED: &str = include_str!("words.txt");

#[test]
fn no_text_contains_a_retired_word() {
    let in_root = entries("").into_iter().filter(|name| root().join(name).is_file() && name != ".git");
    let phrases = Phrases::new(RETIRED.lines().filter_map(|line| Some(line.split_once(": ")?.0)));
    let instead = |phrase: String| RETIRED.lines().find(|line| line.starts_with(&format!("{phrase}: ")));
    let mut found = Vec::new();
    for name in in_root.chain(FOLDERS.iter().flat_map(|folder| files(folder))) {
        // Pictures are not text.
        let text = read_to_string(root().join(&name)).unwrap_or_default();
        if !SKIPPED.split(' ').any(|end| name.ends_with(end)) {
            let hits = phrases.find_in(&text).into_iter();
            found.extend(hits.map(|(line, phrase)| format!("{name}:{line}: {}", instead(phrase).unwrap_or_default())));
        }
    }
    assert!(found.is_empty(), "{} retired words, and what to write instead:\n{}", found.len(), found.join("\n"));
}
