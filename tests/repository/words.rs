//! Keeps unnatural and outdated words out of everything that users and contributors read. A hit is reported with file and line.

use std::fs::read_to_string;
use std::sync::LazyLock;

use readers::files::{entries, files, root};
use regex::Regex;

/// Folders with files to check, in addition to the files in the root.
const FOLDERS: [&str; 9] = ["src", "templates", "docs", "connectors", "infra", "tests", "tools", "bench", ".github"];

/// Files by others or by programs, and those with the words.
const SKIPPED: [&str; 6] =
    ["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "package-lock.json", "repository/words.rs", "repository/words.txt"];

/// What separates words in an identifier.
static SEAM: LazyLock<Regex> = LazyLock::new(|| Regex::new("([a-z])([A-Z])|[0-9_]").unwrap());

/// Every phrase. It may span two lines, but it does not continue after a full stop or the end of a text.
static PHRASES: LazyLock<Regex> = LazyLock::new(|| {
    let phrases: Vec<_> = retired().map(|(phrase, _)| phrase.replace(' ', "[^a-z.,;:()\"`]+")).collect();
    Regex::new(&format!("(?i)(?-u:\\b)(?:{})(?-u:\\b)", phrases.join("|"))).unwrap()
});

/// The phrases to avoid, with what to write instead.
fn retired() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("words.txt").lines().filter_map(|line| line.split_once(": "))
}

/// The phrases in a text, each with its line.
fn hits(text: &str) -> Vec<(usize, String)> {
    let text = SEAM.replace_all(text, "$1 $2");
    let line = |at: usize| text[..at].lines().count();
    PHRASES.find_iter(&text).map(|found| (line(found.start() + 1), found.as_str().to_lowercase())).collect()
}

#[test]
fn no_text_contains_a_retired_word() {
    let in_root = entries("").into_iter().filter(|name| root().join(name).is_file() && name != ".git");
    let mut found = Vec::new();
    for name in in_root.chain(FOLDERS.iter().flat_map(|folder| files(folder))) {
        // Pictures are not text.
        let text = read_to_string(root().join(&name)).unwrap_or_default();
        if !SKIPPED.iter().any(|end| name.ends_with(end)) {
            found.extend(hits(&text).into_iter().map(|(line, phrase)| format!("{name}:{line}: {phrase}")));
        }
    }
    assert!(found.is_empty(), "{} retired words:\n{}\nsee tests/repository/words.txt", found.len(), found.join("\n"));
}

#[test]
fn words_are_found_in_sentences_identifiers_and_across_lines() {
    for (text, expected) in [
        ("It tells.\nNobody\n", vec![(1, "tells"), (2, "nobody")]),
        ("fn told_twice() { isTold(TOLD_2) }", vec![(1, "told"), (1, "told"), (1, "told")]),
        ("/// good for\n/// ever", vec![(1, "for\n/// ever")]),
        ("storytellers understood; what is made. Of these, forever, Standstill", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(line, phrase)| (line, phrase.to_owned())).collect();
        assert_eq!(hits(text), expected, "{text}");
    }
}
