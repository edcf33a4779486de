//! Where `az` commands stand in this repository: Markdown, Bicep, workflows, and what program and scripts print.

use std::path::Path;

use super::shell::{az_commands, placeholder, without_angles};
use crate::support::root;

/// A command as somebody would type it.
#[derive(Debug)]
pub struct Command {
    /// The file it stands in.
    pub place: String,
    pub words: Vec<String>,
    /// It is only mentioned, or shortened by an ellipsis: what it leaves out is not missed.
    pub partial: bool,
}

/// Every command in the repository.
pub fn commands() -> Vec<Command> {
    let folders =
        ["docs", "infra", "src", "tools", ".github/workflows"].map(|folder| files(&root().join(folder), true));
    let mut found = Vec::new();
    for path in files(&root(), false).into_iter().chain(folders.concat()) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let pieces = match path.extension().and_then(|extension| extension.to_str()) {
            Some("md") => markdown(&text),
            Some("bicep" | "bicepparam") => bicep(&text),
            Some("rs") => rust(&text),
            Some("yml") => vec![Piece::Script(crate::workflows::shell_lines(&text).join("\n"))],
            Some("sh") | None => hints(&text),
            _ => continue,
        };
        let place = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        found.extend(pieces.iter().flat_map(|piece| piece.commands(&place)));
    }
    found
}

fn files(path: &Path, deep: bool) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let inside = |path: std::path::PathBuf| if path.is_dir() && deep { files(&path, true) } else { vec![path] };
    paths.into_iter().flat_map(inside).filter(|path| path.is_file()).collect()
}

/// A piece of text that holds commands.
#[derive(Debug, PartialEq)]
enum Piece {
    /// A block to be copied and run.
    Script(String),
    /// Code within a sentence.
    Mention(String),
}

impl Piece {
    fn commands(&self, place: &str) -> Vec<Command> {
        let (text, mention) = match self {
            Self::Script(text) => (text, false),
            Self::Mention(text) if text.starts_with("az ") => (text, true),
            Self::Mention(_) => return Vec::new(),
        };
        let command = |words: Vec<String>| {
            let (words, left_out): (Vec<_>, Vec<_>) =
                words.into_iter().partition(|word| !["…", "..."].contains(&word.as_str()));
            let bare = !words.iter().any(|word| word.starts_with('-'));
            Command { place: place.to_owned(), words, partial: !left_out.is_empty() || (mention && bare) }
        };
        // `az …` is about all of them.
        az_commands(text).into_iter().map(command).filter(|command| command.words.len() > 1).collect()
    }
}

/// Shell blocks, and code spans outside of blocks.
fn markdown(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut prose = String::new();
    let mut block: Option<(&str, bool, String)> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        match &mut block {
            Some((fence, shell, script)) if bare.starts_with(*fence) => {
                pieces.extend(shell.then(|| Piece::Script(std::mem::take(script))));
                block = None;
            }
            Some((_, _, script)) => {
                script.push_str(bare.strip_prefix("$ ").unwrap_or(line));
                script.push('\n');
            }
            None if bare.starts_with("```") || bare.starts_with("~~~") => {
                let language = bare[3..].trim().split(' ').next().unwrap_or_default();
                block = Some((&bare[..3], ["sh", "bash", "shell", "console"].contains(&language), String::new()));
            }
            None => prose.extend([line, "\n"]),
        }
    }
    pieces.extend(spans(&prose).into_iter().map(Piece::Mention));
    pieces
}

/// Code spans, which end with their paragraph at the latest.
fn spans(text: &str) -> Vec<String> {
    text.split("\n\n").flat_map(spans_of).collect()
}

fn spans_of(paragraph: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut rest = paragraph;
    while let Some(start) = rest.find('`') {
        let after = rest[start..].trim_start_matches('`');
        let fence = &rest[start..rest.len() - after.len()];
        let Some((span, beyond)) = after.split_once(fence) else { break };
        let words: Vec<&str> = span.split_whitespace().filter(|word| !["//", "///", "//!"].contains(word)).collect();
        // In a table, a pipe is written with a backslash.
        spans.push(words.join(" ").replace("\\|", "|"));
        rest = beyond;
    }
    spans
}

/// Code spans in comments and descriptions, and commands that literals tell.
fn bicep(text: &str) -> Vec<Piece> {
    // Literals have literals inside, but none goes beyond its line.
    let literals = text.lines().filter_map(|line| line.split_once('\'')?.1.rsplit_once('\'')).map(|(inside, _)| inside);
    spans(text).into_iter().chain(literals.filter_map(told)).map(Piece::Mention).collect()
}

/// Code spans in comments and string literals, and commands that literals tell.
fn rust(text: &str) -> Vec<Piece> {
    let (comments, literals) = comments_and_literals(text);
    let mut found = spans(&comments);
    for literal in literals {
        let literal = without_braces(&without_angles(&literal));
        found.extend(spans(&literal));
        found.extend(literal.lines().filter_map(told));
    }
    found.into_iter().map(Piece::Mention).collect()
}

/// What a shell script tells people to run: code spans, and commands within quotes.
fn hints(text: &str) -> Vec<Piece> {
    let quoted = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(|line| line.split('"'));
    spans(text).into_iter().chain(quoted.filter_map(told)).map(Piece::Mention).collect()
}

/// A command that a line begins with, or that follows a colon, up to the end of its sentence.
fn told(line: &str) -> Option<String> {
    let line = line.trim();
    let start = if line.starts_with("az ") { 0 } else { line.find(": az ")? + 2 };
    let command = &line[start..];
    let sentence_ends = |(at, _): &(usize, &str)| command[at + 2..].starts_with(|c: char| c.is_uppercase());
    let end = command.match_indices(". ").find(sentence_ends).map_or(command.len(), |(at, _)| at);
    Some(command[..end].trim_end_matches('.').to_owned())
}

fn comments_and_literals(text: &str) -> (String, Vec<String>) {
    let (mut comments, mut literals) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        if from.starts_with("//") {
            let line = from.lines().next().unwrap_or_default();
            comments.extend([line, "\n"]);
            rest = &from[line.len()..];
        } else if from.starts_with('"') {
            let hashes = before.len() - before.trim_end_matches('#').len();
            let raw = before.trim_end_matches('#').ends_with('r');
            let (literal, length) = if raw { raw_literal(from, hashes) } else { literal(from) };
            literals.push(literal);
            rest = &from[length..];
        } else {
            // A quote that is a character, not the beginning of a literal.
            rest = ["'\"'", "'\\\"'", "'/'"].iter().find_map(|quote| from.strip_prefix(*quote)).unwrap_or(&from[1..]);
        }
    }
    (comments, literals)
}

fn raw_literal(from: &str, hashes: usize) -> (String, usize) {
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = from[1..].find(&end).unwrap_or(from.len() - 1);
    (from[1..=inside].to_owned(), (1 + inside + end.len()).min(from.len()))
}

fn literal(from: &str) -> (String, usize) {
    let mut literal = String::new();
    let mut chars = from.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (literal, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => literal.push('\n'),
                Some((_, escaped)) => literal.push(escaped),
                None => {}
            },
            _ => literal.push(c),
        }
    }
    (literal, from.len())
}

/// `{name}` of a format string becomes a word.
fn without_braces(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, beyond)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&placeholder(name.split(':').next().unwrap_or_default()));
        rest = beyond;
    }
    out + rest
}

#[test]
fn finds_blocks_and_spans_of_markdown() {
    let text = "Run `az a\n--b` or ``az c`` in ```x`.\n\n1. Then:\n   ```sh\n   az d \\\n     --e\n   ```\n\n```json\naz no\n```\n| `az f \\| g` |\n";
    let mention = |text: &str| Piece::Mention(text.to_owned());
    let wanted = vec![
        Piece::Script("   az d \\\n     --e\n".to_owned()),
        mention("az a --b"),
        mention("az c"),
        mention("az f | g"),
    ];
    assert_eq!(markdown(text), wanted);
}

#[test]
fn finds_hints_in_rust() {
    let text = "/// Asks `az a`.\nlet c = '\"'; let d = format!(\"run \\\n    `az b --id {key_id}`\"); \
                let e = r#\"az c --d \"<x>\"\"#; // `az f`\nlet g = \"Do it: az g \\\n --h. Then wait. No.\";\n";
    let pieces = rust(text);
    let found: Vec<_> = pieces.iter().flat_map(|piece| piece.commands("")).map(|c| c.words[1..].join(" ")).collect();
    let key = placeholder("key_id");
    assert_eq!(found, ["a", "f", &format!("b --id {key}"), "c --d placeholder", "g --h"]);
}

#[test]
fn finds_hints_in_shell_scripts() {
    let text = "# Then: az no\nfail \"Bring it back: az a --b ${c:-<d>}; or leave it.\" \"Or: az e --f $g\"\n  the one `az h` tells\n";
    let found: Vec<_> =
        hints(text).iter().flat_map(|piece| piece.commands("")).map(|c| c.words[1..].join(" ")).collect();
    assert_eq!(found, ["h", "a --b placeholder", "e --f placeholder"]);
}

#[test]
fn commands_come_from_every_kind_of_place() {
    let found = commands();
    for place in [
        "docs/deploy.md",
        "infra/main.bicep",
        "src/doctor/fixes.rs",
        ".github/workflows/ci.yml",
        "deploy",
        "tools/azure.sh",
    ] {
        assert!(found.iter().any(|command| command.place == place), "none in {place}");
    }
}

#[test]
fn finds_commands_in_bicep() {
    let text = "@description('Run `az a`.')\noutput next string = 'Then: az b --id ${last(split(x, '/'))} --c d'\n";
    let found: Vec<_> =
        bicep(text).iter().flat_map(|piece| piece.commands("")).map(|c| c.words[1..].join(" ")).collect();
    assert_eq!(found, ["a", "b --id placeholder --c d"]);
}

#[test]
fn an_ellipsis_or_a_mere_mention_makes_a_command_partial() {
    let partial = |piece: &Piece| piece.commands("").iter().map(|command| command.partial).collect::<Vec<_>>();
    assert_eq!(partial(&Piece::Mention("az a b".to_owned())), [true]);
    assert_eq!(partial(&Piece::Mention("az a --b".to_owned())), [false]);
    assert_eq!(partial(&Piece::Script("az a\naz b --c …".to_owned())), [false, true]);
    assert!(partial(&Piece::Mention("az …".to_owned())).is_empty());
}
