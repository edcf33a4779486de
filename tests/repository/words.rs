//! Keeps unnatural and outdated words out of everything that users and contributors read. A hit is reported with file and line.

use std::collections::HashMap;
use std::fs::read_to_string;

use sandbox::repository::{entries, files, root};

/// Words and phrases to avoid, and what to write instead. Case does not matter, and identifiers are split into words.
const RETIRED: [(&str, &str); 29] = [
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("tell", "show, print, report, return, explain"),
    ("tells", "shows, prints, reports, returns, explains"),
    ("told", "shown, printed, reported, returned, explained"),
    ("could be had", "could not get, available"),
    ("can be had", "could not get, available"),
    ("is had", "get, available"),
    ("whoever", "anyone who, the user, the caller"),
    ("whosoever", "anyone who, the user, the caller"),
    ("somebody", "the operator, an administrator, someone"),
    ("nobody", "no one, or name the role"),
    ("stands", "is"),
    ("stood", "was"),
    ("beside", "next to, in addition to, compared with"),
    ("anew", "again"),
    ("for ever", "forever"),
    ("want", "need, expect, require"),
    ("wants", "needs, expects, requires"),
    ("bears", "accepts, works"),
    ("at ease", "fine"),
    ("no matter", "fine, or leave it out"),
    ("comes about", "happens"),
    ("made of", "built from"),
    ("makes it of", "builds it from"),
    ("a wish", "the plain noun"),
    ("its own affair", "the plain noun"),
    ("its due", "the plain noun"),
];

/// Folders with files to check, in addition to the files in the root.
const FOLDERS: [&str; 9] = ["src", "templates", "docs", "connectors", "infra", "tests", "tools", "bench", ".github"];

/// Files by others or by programs, and this table.
const SKIPPED: [&str; 5] = ["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "package-lock.json", "repository/words.rs"];

/// Quotations of others: the end of a file's path, and the word that it may contain.
const QUOTED: [(&str, &str); 0] = [];

/// The words of a text in lower case, with their positions. Words end at every character that is not a letter, and before a
/// capital letter that follows a small one.
fn words<'a>(text: &[u8], lower: &'a [u8]) -> Vec<(usize, &'a [u8])> {
    let (mut words, mut start, mut before) = (Vec::new(), 0, b' ');
    for (at, &byte) in text.iter().chain(b" ").enumerate() {
        let ends = !byte.is_ascii_alphabetic() || (byte.is_ascii_uppercase() && before.is_ascii_lowercase());
        if ends && before.is_ascii_alphabetic() {
            words.push((start, &lower[start..at]));
        }
        if ends || !before.is_ascii_alphabetic() {
            start = at;
        }
        before = byte;
    }
    words
}

/// What to write instead, by the first word of a phrase.
type Phrases = HashMap<&'static [u8], Vec<(Vec<&'static [u8]>, &'static str, &'static str)>>;

fn phrases() -> Phrases {
    let mut phrases = Phrases::new();
    for (phrase, instead) in RETIRED {
        let parts: Vec<&[u8]> = phrase.split(' ').map(str::as_bytes).collect();
        phrases.entry(parts[0]).or_default().push((parts, phrase, instead));
    }
    phrases
}

/// The retired words and phrases in a text: line, phrase and what to write instead. A phrase may span two lines.
fn hits(phrases: &Phrases, text: &[u8]) -> Vec<(usize, &'static str, &'static str)> {
    let lower = text.to_ascii_lowercase();
    let words = words(text, &lower);
    let mut hits = Vec::new();
    for (index, (at, word)) in words.iter().enumerate() {
        for (parts, phrase, instead) in phrases.get(word).into_iter().flatten() {
            let follows = words[index..].iter().map(|(_, word)| *word).take(parts.len()).eq(parts.iter().copied());
            // A phrase does not continue after a full stop or the end of a text.
            let last = words.get(index + parts.len() - 1).map_or(*at, |(at, _)| *at);
            if follows && !text[*at..last].iter().any(|byte| b".,;:()\"`".contains(byte)) {
                let line = text[..*at].split(|byte| *byte == b'\n').count();
                hits.push((line, *phrase, *instead));
            }
        }
    }
    hits
}

#[test]
fn no_text_contains_a_retired_word() {
    let phrases = phrases();
    let in_root = entries("").into_iter().filter(|name| root().join(name).is_file() && name != ".git");
    let mut found = Vec::new();
    for name in in_root.chain(FOLDERS.iter().flat_map(|folder| files(folder))) {
        if SKIPPED.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        // Pictures are not text.
        let Ok(text) = read_to_string(root().join(&name)) else { continue };
        for (line, phrase, instead) in hits(&phrases, text.as_bytes()) {
            if !QUOTED.iter().any(|(end, quoted)| name.ends_with(end) && *quoted == phrase) {
                found.push(format!("{name}:{line}: \"{phrase}\": write {instead}"));
            }
        }
    }
    assert!(found.is_empty(), "{} retired words:\n{}", found.len(), found.join("\n"));
}

#[test]
fn words_are_found_in_sentences_identifiers_and_across_lines() {
    let phrases = phrases();
    for (text, expected) in [
        ("It tells.\nNobody\n", vec![(1, "tells"), (2, "nobody")]),
        ("fn told_twice() { isTold(TOLD_2) }", vec![(1, "told"), (1, "told"), (1, "told")]),
        ("/// good for\n/// ever", vec![(1, "for ever")]),
        ("storytellers understood; what is made. Of these, forever, Standstill", vec![]),
    ] {
        let found: Vec<_> = hits(&phrases, text.as_bytes()).into_iter().map(|(line, word, _)| (line, word)).collect();
        assert_eq!(found, expected, "{text}");
    }
}
