//! The tables of errors: their sentences are fit for clients, and `docs/troubleshooting.md` has a row for each.
//!
//! `EVERGRANT_UPDATE_DOCS=1 cargo test --test api error_tables` writes the rows.

use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::minter::MintError;
use evergrant::oauth::client::SubjectKind;
use evergrant::signing::SignError;
use evergrant::types::Explained;

use crate::support::root;

const PAGE: &str = "docs/troubleshooting.md";
const BEGIN: &str = "<!-- error tables: written by `EVERGRANT_UPDATE_DOCS=1 cargo test --test api error_tables` -->\n";
const END: &str = "<!-- end of the error tables -->\n";

/// A table of errors, in the file of `src` that has one row for each.
struct Table {
    before: &'static str,
    columns: &'static [Column],
    errors: Vec<Box<dyn Explained>>,
    source: &'static str,
    /// Variants that have the words of another table.
    elsewhere: usize,
}

/// What a column is called, and what it has of an error.
type Column = (&'static str, fn(&dyn Explained) -> String);

const CODE: Column = ("in the log", |error| format!("`{}`", error.explain().code));
const PROBLEM: Column = ("what is wrong", |error| error.explain().problem.replace("<status>", "…"));
const QUOTED: Column = ("in the log", |error| format!("`{}`", PROBLEM.1(error)));
const CLIENT: Column = ("the client reads", |error| format!("`{}`", error.explain().client));
const FIX: Column = ("what fixes it", |error| in_markdown(&error.fix_with_command(&[])));

fn boxed<T: Explained + 'static>(errors: impl IntoIterator<Item = T>) -> Vec<Box<dyn Explained>> {
    errors.into_iter().map(|error| Box::new(error) as Box<dyn Explained>).collect()
}

fn tables() -> [Table; 3] {
    let mint = boxed([MintError::Deadline, MintError::BrokenOff]);
    [
        Table {
            before: "DocuSign issues no access token. The first column is the `cause` in the log:",
            columns: &[CODE, PROBLEM, CLIENT, FIX],
            errors: boxed(ExchangeError::ALL).into_iter().chain(mint).collect(),
            source: "docusign/error_table.rs",
            elsewhere: 0,
        },
        Table {
            before: "A key does not sign. The log has `signing_failed` for the signing key and `sealing_key_unavailable` for the \
                     sealing key, with these words. Clients read `the signing key cannot be used at the moment; the operator \
                     finds the cause in the log`, or the same of the sealing key:",
            columns: &[QUOTED, FIX],
            errors: boxed(SignError::ALL),
            source: "signing/error_table.rs",
            elsewhere: 0,
        },
        Table {
            before: "DocuSign's APIs, eSignature and CLM, do not answer the gateway or Workfront's routes:",
            columns: &[CODE, PROBLEM, CLIENT, FIX],
            errors: boxed(ApiError::ALL),
            source: "docusign/api/error_table.rs",
            elsewhere: 2,
        },
    ]
}

/// Settings in code spans.
fn in_markdown(text: &str) -> String {
    let is_setting = |word: &str| word.contains('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let mut markdown = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            markdown.extend(["`", part, "`"]);
            continue;
        }
        for piece in part.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let quote = if is_setting(word) { "`" } else { "" };
            markdown.extend([quote, word, quote, &piece[word.len()..]]);
        }
    }
    markdown
}

/// The rows of a table; errors that differ in the first columns only share one.
fn rows(Table { columns, errors, .. }: &Table) -> Vec<Vec<String>> {
    // The last columns, from the client's sentence on, say what to do.
    let own = columns.len().saturating_sub(2).max(1);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for error in errors {
        let row: Vec<String> = columns.iter().map(|(_, cell)| cell(&**error)).collect();
        match rows.iter_mut().find(|above| above[own..] == row[own..]) {
            Some(above) => (0..own).for_each(|at| above[at].extend(["; ", &row[at]])),
            None => rows.push(row),
        }
    }
    rows
}

fn render() -> String {
    let mut text = BEGIN.to_owned();
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    for table in tables() {
        let head: Vec<String> = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let rule = vec!["---".to_owned(); head.len()];
        text.extend(["\n", table.before, "\n\n", &line(&head), &line(&rule)]);
        text.extend(rows(&table).iter().map(|row| line(row)));
    }
    text + "\n" + END
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the app")]
fn the_troubleshooting_page_has_the_tables_as_they_are() {
    let path = root().join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the begin of the tables");
    let (_, after) = rest.split_once(END).expect("the end of the tables");
    let wanted = [before, &render(), after].concat();
    if std::env::var_os("EVERGRANT_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "{PAGE} is out of date: EVERGRANT_UPDATE_DOCS=1 cargo test --test api error_tables");
    }
}

#[test]
fn every_variant_has_a_row() {
    for table in tables() {
        let source = std::fs::read_to_string(root().join("src").join(table.source)).unwrap();
        let rows = source.split("fn explain").nth(1).unwrap().split("fn details").next().unwrap();
        let others = table.errors.iter().filter(|error| ["deadline", "broken_off"].contains(&error.explain().code));
        let listed = table.errors.len() - others.count();
        assert_eq!(rows.matches(" => ").count() - table.elsewhere, listed, "ALL of {}", table.source);
        let mut problems: Vec<_> = table.errors.iter().map(|error| error.problem()).collect();
        problems.sort();
        problems.dedup();
        assert_eq!(problems.len(), table.errors.len(), "{}: no two errors are the same", table.source);
    }
}

#[test]
fn sentences_for_clients_keep_to_the_characters_of_rfc_6749() {
    let of_users = ExchangeError::ALL.map(|error| error.client_sentence(SubjectKind::SignedInUser));
    let tables = tables();
    let of_all = tables.iter().flat_map(|table| &table.errors).map(|error| error.explain().client);
    for sentence in of_all.chain(of_users) {
        let fits = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '<' | '`');
        assert!(sentence.len() > 20 && sentence.chars().all(fits), "{sentence}");
    }
}

#[test]
fn people_at_a_browser_read_no_names_of_settings_and_commands() {
    for error in tables().iter().flat_map(|table| &table.errors) {
        let person = error.explain().person;
        assert!(
            person.ends_with('.') && !person.contains(['_', '`', '<']) && !person.contains("evergrant"),
            "{person}"
        );
    }
}
