//! Checks that ARCHITECTURE.md has a reason for every dependency and no others, and that every build unwinds.

use std::collections::BTreeSet;

use readers::dependencies::dependencies;
use readers::files::{files, read};
use readers::markdown::Page;
use regex::Regex;

#[test]
fn every_dependency_has_a_reason() {
    let tables = Page::read("ARCHITECTURE.md").tables;
    let rows = tables.iter().find(|table| table.rows[0][0].text == "crate").unwrap().rows.iter().skip(1);
    let names = rows.flat_map(|row| row[0].text.rsplit(": ").next().unwrap().split(", "));
    let (needed, listed): (_, BTreeSet<String>) = (dependencies(), names.map(ToOwned::to_owned).collect());
    let differences: Vec<_> = needed.symmetric_difference(&listed).collect();
    assert!(needed.len() > 50 && differences.is_empty(), "{differences:?}");
}

#[test]
fn every_build_unwinds() {
    // With `panic = "abort"`, a bug would close the connection, and the Functions host would send the request again.
    let setting = Regex::new(r#"panic\s*=\s*"?abort|-C\s*panic"#).unwrap();
    let scripts = ["Cargo.toml", "package", "deploy", "test"].map(str::to_owned);
    let others = [".cargo", ".github", ".ci", "tools"].into_iter().flat_map(files);
    for name in scripts.into_iter().chain(others) {
        assert!(!setting.is_match(&read(&name)), "{name}");
    }
    assert!(setting.is_match("[profile.release]\npanic = \"abort\""));
}
