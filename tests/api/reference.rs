//! `docs/reference/settings.md`: its examples work, and it says which settings are required and what the defaults are.

use evergrant::config::Settings;
use readers::markdown::{Cell, Page};

use crate::support::TestEnvironment;

/// The rows of the page that have an example; the platform replaces a Key Vault reference with the secret.
fn rows() -> Vec<Vec<Cell>> {
    let tables = Page::read("docs/reference/settings.md").tables.into_iter().filter(|table| table.rows[0].len() == 4);
    let rows = tables.flat_map(|table| table.rows.into_iter().skip(1));
    rows.filter(|row| !row[3].text.starts_with("@Microsoft")).collect()
}

/// The settings of some of the rows, by the text of one of their cells.
fn settings(column: usize, with: impl Fn(&[Cell]) -> bool) -> TestEnvironment {
    let environment = TestEnvironment::default().with_file("clients.json", "[]");
    rows().iter().filter(|row| with(row)).fold(environment, |env, row| env.with(&row[0].text, &row[column].text))
}

fn is_required(row: &[Cell]) -> bool {
    row[1].text == "required"
}

#[test]
fn the_examples_of_the_settings_page_work_together() {
    assert!(Settings::read(&settings(3, |_| true)).is_ok());
}

#[test]
fn the_settings_page_says_which_settings_are_required() {
    let required = settings(3, is_required);
    assert!(Settings::read(&required).is_ok());
    for row in rows().iter().filter(|row| is_required(row)) {
        assert!(Settings::read(&required.clone().without(&row[0].text)).is_err(), "{}", row[0].text);
    }
}

#[test]
fn the_settings_page_has_the_defaults() {
    let defaults: Vec<_> = rows().into_iter().filter(|row| !row[1].spans.is_empty()).collect();
    let required = settings(3, is_required);
    let read = |env: &TestEnvironment| format!("{:?}", Settings::read(env).unwrap());
    for row in defaults {
        assert_eq!(read(&required.clone().with(&row[0].text, &row[1].text)), read(&required), "{}", row[0].text);
        assert_ne!(read(&required.clone().with(&row[0].text, &row[3].text)), read(&required), "{}", row[0].text);
    }
}
