//! The error tables: clients may read their sentences, and `docs/troubleshooting.md` has a row for each error.

use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::minter::MintError;
use evergrant::identity::IdentityError;
use evergrant::oauth::subject::SubjectKind;
use evergrant::registry::error::RegistryError;
use evergrant::registry::issuers::error::IssuerError;
use evergrant::signing::SignError;
use evergrant::store::StoreError;
use evergrant::types::Explained;
use evergrant::web::obstacle::Obstacle;
use readers::generated::assert_part_written;

use crate::support::root;

/// The lines around the tables.
const MARKS: [&str; 2] = [
    "<!-- error tables: written by `EVERGRANT_UPDATE_DOCS=1 cargo test --test api error_tables` -->\n",
    "<!-- end of the error tables -->\n",
];

/// A table of the page, and the file of `src` with its errors.
struct Table {
    before: &'static str,
    /// The title of the first column, and its cell for an error.
    first: (&'static str, fn(&dyn Explained) -> String),
    errors: Vec<Box<dyn Explained>>,
    source: &'static str,
    /// Whether the page has it. The log lines and the health checks print the fixes of the others.
    on_the_page: bool,
    /// Variants that take their texts from another table.
    elsewhere: usize,
}

fn boxed<T: Explained + 'static>(errors: impl IntoIterator<Item = T>) -> Vec<Box<dyn Explained>> {
    errors.into_iter().map(|error| Box::new(error) as Box<dyn Explained>).collect()
}

/// A table whose first column has the `cause` of log lines.
fn by_cause(before: &'static str, errors: Vec<Box<dyn Explained>>, source: &'static str) -> Table {
    let first: (_, fn(&dyn Explained) -> String) = ("`cause`", |error| format!("`{}`", error.explain().code));
    Table { before, first, errors, source, on_the_page: true, elsewhere: 0 }
}

/// A table whose first column has the problem, which is not on the page.
fn by_problem(errors: Vec<Box<dyn Explained>>, source: &'static str) -> Table {
    let first: (_, fn(&dyn Explained) -> String) = ("problem", |error| format!("`{}`", problem(error)));
    Table { before: "", first, errors, source, on_the_page: false, elsewhere: 0 }
}

fn tables() -> [Table; 8] {
    let mint = boxed([MintError::Deadline, MintError::BrokenOff]);
    let exchange = boxed(ExchangeError::ALL).into_iter().chain(mint).collect();
    let calls = "A DocuSign API (eSignature or CLM) does not answer the gateway or Workfront's routes:";
    let signing = "A key does not sign. The `cause` is `signing_failed` or `sealing_key_unavailable`; the log line and the health \
                   checks name the problem:";
    [
        by_cause("DocuSign issues no access token:", exchange, "docusign/error_table.rs"),
        Table {
            before: signing,
            on_the_page: true,
            elsewhere: 2,
            ..by_problem(boxed(SignError::ALL), "signing/error_table.rs")
        },
        Table { elsewhere: 2, ..by_problem(boxed(StoreError::ALL), "store/error_table.rs") },
        by_problem(boxed(IdentityError::ALL), "identity.rs"),
        by_problem(boxed(Obstacle::ALL), "web/obstacle.rs"),
        Table { elsewhere: 1, ..by_problem(boxed(IssuerError::ALL), "registry/issuers/error.rs") },
        Table { elsewhere: 1, ..by_problem(boxed(RegistryError::ALL), "registry/error.rs") },
        Table { elsewhere: 2, ..by_cause(calls, boxed(ApiError::ALL), "docusign/api/error_table.rs") },
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

fn problem(error: &dyn Explained) -> String {
    error.explain().problem.replace(" (<answer>)", "").replace("<answer>", "…")
}

/// The fix for errors that share it.
fn fix(errors: &[&dyn Explained]) -> String {
    in_markdown(&errors[0].fix(&[]))
}

/// The rows of a table. Errors with the same fix share a row.
fn rows(Table { first: (_, cell), errors, .. }: &Table) -> Vec<[String; 2]> {
    let mut groups: Vec<Vec<&dyn Explained>> = Vec::new();
    for error in errors {
        match groups.iter_mut().find(|group| group[0].fix(&[]) == error.fix(&[])) {
            Some(group) => group.push(&**error),
            None => groups.push(vec![&**error]),
        }
    }
    let row = |group: &Vec<&dyn Explained>| {
        let first = group.iter().map(|error| cell(*error)).collect::<Vec<_>>().join(", ");
        [first, fix(group)]
    };
    groups.iter().map(row).collect()
}

fn render() -> String {
    let mut text = String::new();
    for table in tables().iter().filter(|table| table.on_the_page) {
        text.extend(["\n", table.before, "\n\n| ", table.first.0, " | fix |\n| --- | --- |\n"]);
        text.extend(rows(table).iter().map(|[first, fix]| format!("| {first} | {fix} |\n")));
    }
    text + "\n"
}

#[test]
fn the_troubleshooting_page_lists_every_error_with_its_fix() {
    let update = "EVERGRANT_UPDATE_DOCS=1 cargo test --test api error_tables";
    assert_part_written("docs/troubleshooting.md", MARKS, &render(), update);
}

#[test]
fn every_error_has_a_row() {
    for table in tables() {
        let source = std::fs::read_to_string(root().join("src").join(table.source)).unwrap();
        let rows = source.split("fn explain(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
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
fn client_sentences_use_only_the_characters_of_rfc_6749() {
    let of_users = ExchangeError::ALL.map(|error| error.client_sentence(SubjectKind::SignedInUser));
    let tables = tables();
    let of_all = tables.iter().flat_map(|table| &table.errors).map(|error| error.explain().client);
    for sentence in of_all.chain(of_users) {
        let fits = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '<' | '`');
        assert!(sentence.len() > 20 && sentence.chars().all(fits), "{sentence}");
    }
}

#[test]
fn texts_for_the_browser_name_no_settings_or_commands() {
    for error in tables().iter().flat_map(|table| &table.errors) {
        let person = error.explain().person;
        assert!(
            person.ends_with('.') && !person.contains(['_', '`', '<']) && !person.contains("evergrant"),
            "{person}"
        );
    }
}
