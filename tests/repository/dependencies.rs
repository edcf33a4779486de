//! Checks that ARCHITECTURE.md has a reason for every dependency and no others, and that every build unwinds.

use std::collections::BTreeSet;
use std::process::Command;

use readers::files::{files, read, root};
use readers::markdown::Page;
use regex::Regex;
use serde_json::Value;

#[test]
fn every_dependency_has_a_reason() {
    // The Debian packages of `bench/run`, apart from Rust, C, Node.js and Python.
    let mut needed = BTreeSet::from(["valgrind", "wrk"].map(ToOwned::to_owned));
    let arguments = ["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"];
    let metadata = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap().stdout;
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let crates = packages.flat_map(|package| package["dependencies"].as_array().unwrap());
    let others = crates.filter(|dependency| dependency["path"].is_null());
    needed.extend(others.map(|dependency| dependency["name"].as_str().unwrap().to_owned()));
    for package in ["bench/peers/package.json", "tests/tools/package.json"]
        .map(|name| serde_json::from_str::<Value>(&read(name)).unwrap())
    {
        let lists = ["dependencies", "devDependencies"].into_iter().filter_map(|list| package[list].as_object());
        needed.extend(lists.flat_map(|list| list.keys().cloned()));
    }
    let folders = ["bench/peers", "tests/tools", "tests/tools/azure", "tests/tools/infra", "tools/package"];
    for text in folders.map(|folder| read(&format!("{folder}/requirements.txt"))) {
        needed.extend(text.lines().filter_map(|line| Some(line.split_once("==")?.0.to_owned())));
    }
    let tables = Page::read("ARCHITECTURE.md").tables;
    let rows = tables.iter().find(|table| table.rows[0][0].text == "crate").unwrap().rows.iter().skip(1);
    let names = rows.flat_map(|row| row[0].text.rsplit(": ").next().unwrap().split(", "));
    let listed: BTreeSet<String> = names.map(ToOwned::to_owned).collect();
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
