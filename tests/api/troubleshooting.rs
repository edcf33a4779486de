//! `docs/troubleshooting.md` has an entry for every sentence that tells people or clients of a failure.
//!
//! The sentences are taken from the source, so a new one without an entry fails; so does an entry whose sentence is gone. An
//! entry is a row of a table: what one sees stands in its first cell, in code spans.

mod literals;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::layout::sources;
use crate::support::root;
use literals::{Literal, literals};

/// Files of `src` that tell of no failure; and one that has nothing but advice, beside what the doctor found.
const SILENT: [&str; 6] = [
    "web/cookies.rs",
    "connector/definition.rs",
    "connector/mod.rs",
    "doctor/fixes.rs",
    "endpoints/metadata.rs",
    "endpoints/setup/text.rs",
];

/// Where a sentence with a full stop is advice on the page or line that has a title: the title is what has an entry.
const ADVISING: [&str; 4] =
    ["endpoints/authorize/page.rs", "endpoints/consent/message.rs", "doctor", "endpoints/setup/page.rs"];

/// Literals behind these are no failures: what cannot happen, reasons for lints, help, shapes of settings, good findings,
/// results of commands.
const GOOD_NEWS: [&str; 9] = [
    ".expect(",
    "reason =",
    "after_help =",
    "wanted:",
    "example:",
    "Finding::good(",
    "Finding::good(format!(",
    "println!(",
    "print!(",
];

/// Literals with spaces that tell of no failure.
const NO_FAILURES: [&str; 47] = [
    // Names of facts on pages, and steps that end with a command.
    "Connected as",
    "You signed in as",
    "Without consent",
    "Scopes asked for",
    "DocuSign's error",
    "DocuSign's message",
    "What failed",
    "What is wrong",
    "Make a new link with: evergrant consent-url",
    "a user without name",
    " … (cut)",
    "Not done",
    // What is sent or written, not told.
    "Basic realm=\"evergrant\", charset=\"UTF-8\"",
    "Bearer realm=\"evergrant\"",
    "Bearer realm=\"evergrant\", error=\"{error}\"",
    "text/plain; charset=utf-8",
    "text/html; charset=utf-8",
    "default-src 'none'; style-src {}; script-src {scripts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "evergrant doctor",
    "request answered",
    "evergrant sealing secret, version 1",
    "code verifier",
    "1 secret",
    "2 secrets",
    "1 API key",
    "{several} API keys",
    "client secret",
    "API key",
    "T: Deserialize<'de>",
    "default-src 'none'; sandbox",
    "attachment; filename=\"{name}\"",
    "attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}",
    "(a field)",
    "  \"{name}\": {value}",
    "signature impersonation spring_read spring_write",
    "look up",
    "{:<8} {:<9} {title}: {finding}",
    "\n                   → {fix}",
    // Guidance beside a result.
    "Open this link within a week, sign in as the user of DOCUSIGN_USER_ID and press Allow.",
    "The integration key must list this redirect URI: {}",
    "{setting}: SHA-256 of the public key {}",
    "DocuSign issued an access token.",
    "Evergrant is running.\n",
    "{WIPE}Waiting for: {what} ({seconds} s)",
    "{name} ({email})",
    "{} ({}), as {} <{}>",
    "{name} ({id})",
];

/// Files whose single words are causes in log lines, words of pages or errors of `DocuSign`'s.
const WORDS: [&str; 6] = [
    "endpoints/authorize/page.rs",
    "endpoints/consent/message.rs",
    "endpoints/consent/error.rs",
    "docusign/error.rs",
    "docusign/tokens/minter.rs",
    "endpoints/token/error.rs",
];

/// Literals in those files, and names in the doctor's, that are names of parameters, settings and the like.
const OTHER_WORDS: [&str; 21] = [
    // Verdicts and areas of the doctor's.
    "azure",
    "bad",
    "docusign",
    "good",
    "known",
    "note",
    "skipped",
    "doctor",
    "snake_case",
    // Scopes.
    "content",
    "spring_read",
    "spring_write",
    // Parameters.
    "client_credentials",
    "client_id",
    "client_secret",
    "code",
    "grant_type",
    "redirect_uri",
    "response_type",
    "state",
    "scope",
];

/// What has to have an entry: the telling part of a sentence, or a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    part: String,
    /// Something that varies stands before it.
    open_before: bool,
    /// It goes on: with something that varies, or with advice.
    open_after: bool,
}

/// So many bytes tell something.
const TELLING: usize = 12;

impl Told {
    fn word(word: &str) -> Self {
        Self { part: word.to_owned(), open_before: false, open_after: false }
    }

    /// The first part of `sentence` between what varies that tells something, or else the longest; as far as its first
    /// full stop, colon, semicolon or bracket.
    fn sentence(sentence: &str, varying: impl Fn(&str) -> Vec<String>) -> Self {
        let sentence = sentence.replace('`', "");
        let parts = varying(sentence.trim());
        let longest = parts.iter().map(String::len).max().unwrap_or_default();
        let telling = |part: &String| part.len() >= TELLING || part.len() == longest;
        let at = parts.iter().position(telling).expect("a part");
        let part = parts[at].trim();
        let stops = [":", ";", "(", ". "].iter().flat_map(|stop| part.match_indices(stop)).map(|(at, _)| at);
        let ends = stops.filter(|at| *at >= TELLING).min();
        Self {
            part: part[..ends.unwrap_or(part.len())].trim_end().to_owned(),
            open_before: at > 0,
            open_after: ends.is_some() || at + 1 < parts.len(),
        }
    }

    /// Is `span` this, or its beginning and more?
    fn is(&self, span: &str) -> bool {
        let span = span.strip_prefix("… ").unwrap_or(span);
        let found = if self.open_before { span.find(&self.part) } else { span.starts_with(&self.part).then_some(0) };
        let rest = found.map(|at| &span[at + self.part.len()..]);
        rest.is_some_and(|rest| rest.is_empty() || (self.open_after && !rest.starts_with(char::is_alphanumeric)))
    }
}

/// The parts of a format string between its placeholders.
fn between_braces(sentence: &str) -> Vec<String> {
    sentence.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after).to_owned()).collect()
}

/// The parts of a double-quoted shell string between its variables.
fn between_variables(sentence: &str) -> Vec<String> {
    let name = |c: char| c.is_alphanumeric() || "_{}:-<>/%".contains(c);
    sentence
        .split('$')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.trim_start_matches(name) }.to_owned())
        .collect()
}

fn sentences() -> BTreeSet<Told> {
    let mut found = BTreeSet::new();
    for (path, code) in code(&[""]) {
        let advising = ADVISING.iter().any(|place| path.starts_with(place));
        let told = |literal: &Literal<'_>| {
            let advice = advising && literal.text.trim_end().ends_with('.');
            let good = GOOD_NEWS.iter().any(|before| literal.before.ends_with(before));
            literal.text.trim().contains(' ') && !advice && !good && !NO_FAILURES.contains(&literal.text.as_str())
        };
        let all = literals(&code).into_iter().filter(told);
        found.extend(all.map(|literal| Told::sentence(&literal.text, between_braces)));
    }
    found
}

/// Words of the log and names of checks: what is written in small letters.
fn words() -> BTreeSet<Told> {
    let small = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let mut found = BTreeSet::new();
    for (_, code) in code(&WORDS).into_iter().chain(code(&["doctor"])) {
        let all = literals(&code).into_iter().map(|literal| literal.text);
        let words = all.filter(|text| small(text) && !OTHER_WORDS.contains(&text.as_str()));
        found.extend(words.map(|text| Told::word(&text)));
    }
    found
}

/// What `./deploy`, and what it reads in, says before it ends without success.
fn deploy_says() -> BTreeSet<Told> {
    let script = ["deploy", "tools/azure.sh"].map(|path| std::fs::read_to_string(root().join(path)).unwrap()).concat();
    let mut found = BTreeSet::new();
    for begin in ["fail \"", "misused \"", "hint=\""] {
        for rest in script.split(begin).skip(1) {
            let said = rest.split(['"', '(']).next().unwrap_or_default();
            let said = said.strip_suffix('$').unwrap_or(said);
            if said.contains(' ') {
                found.insert(Told::sentence(said, between_variables));
            }
        }
    }
    found
}

/// Files of `src` with their code.
fn code(places: &[&str]) -> Vec<(PathBuf, String)> {
    let src = root().join("src");
    let all = places.iter().flat_map(|place| sources(&src.join(place)));
    let inside = all.map(|(path, code)| (path.strip_prefix(&src).unwrap().to_owned(), code));
    inside
        .filter(|(path, _)| !path.ends_with("tests.rs") && SILENT.iter().all(|silent| !path.ends_with(silent)))
        .collect()
}

/// The code spans in the first cells of the tables, but for the sections that are about other things.
fn entries() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let mut found = BTreeSet::new();
    for section in page.split("\n## ").skip(1).filter(|section| !section.starts_with("What others say")) {
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
            assert!(cells.len() > 1 && cells.iter().all(|cell| !cell.trim().is_empty()), "a cell is empty: {row}");
            found.extend(cells[0].split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        }
    }
    found
}

fn everything_told() -> BTreeSet<Told> {
    [sentences(), words(), deploy_says()].into_iter().flatten().collect()
}

#[test]
fn every_sentence_that_tells_of_a_failure_has_an_entry() {
    let (told, entries) = (everything_told(), entries());
    assert!(told.len() > 200, "only {} sentences were found", told.len());
    let missing: Vec<_> =
        told.iter().filter(|told| !entries.iter().any(|entry| told.is(entry))).map(|told| &told.part).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no entry for {} of them: {missing:#?}", missing.len());
}

#[test]
fn every_entry_is_about_something_that_is_still_told() {
    let told = everything_told();
    let stale: Vec<_> = entries().into_iter().filter(|entry| !told.iter().any(|told| told.is(entry))).collect();
    assert!(stale.is_empty(), "nothing says this any more: {stale:#?}");
}

#[test]
fn a_sentence_is_known_by_its_telling_part() {
    let told = |sentence: &str| Told::sentence(sentence, between_braces);
    assert!(told("DocuSign throttles").is("DocuSign throttles"));
    assert!(!told("client_id is missing").is("client_id is missing in the query"));
    assert!(
        told("no such {thing} here; look again").is("no such … here; look again")
            || told("no such {thing}").is("no such …")
    );
    assert!(
        told("{setting} is not right").is("… is not right") && !told("{setting} is not right").is("… is not righteous")
    );
    assert!(told("Key Vault refuses: grant the role").is("Key Vault refuses"));
    assert!(!told("Key Vault refuses: grant the role").is("Key Vault refusesome"));
    let said = Told::sentence("there is no group $group, so ${all:-none} is new. Or is it?", between_variables);
    assert_eq!((said.part.as_str(), said.open_before), ("there is no group", false));
}
