//! Every dependency has its reason in ARCHITECTURE.md, and every reason its dependency.

use std::collections::BTreeSet;
use std::process::Command;

use sandbox::repository::{entries, read, root};
use serde_json::Value;

/// Folders with a `package.json` or a `requirements.txt`.
const TOOLS: [&str; 5] = ["bench/peers", "tests/tools", "tests/tools/azure", "tests/tools/infra", "tools/package"];

/// What `bench/run` installs from Debian, apart from Rust, C, Node.js and Python.
const DEBIAN: [&str; 2] = ["valgrind", "wrk"];

/// The crates that `Cargo.toml` files name, except the workspace's own.
fn crates() -> Vec<String> {
    let arguments = ["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let dependencies = packages.iter().flat_map(|package| package["dependencies"].as_array().unwrap());
    let others = dependencies.filter(|dependency| dependency["path"].is_null());
    others.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

/// The packages that a `package.json` names.
fn npm(text: &str) -> Vec<String> {
    let package: Value = serde_json::from_str(text).unwrap();
    let lists = ["dependencies", "devDependencies"].into_iter().filter_map(|list| package[list].as_object());
    lists.flat_map(|list| list.keys().cloned()).collect()
}

/// The packages that a `requirements.txt` names.
fn pypi(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.split_once("==")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_dependency_has_a_reason() {
    let lists = TOOLS.into_iter().flat_map(entries);
    let installed = lists.flat_map(|name| match name.rsplit('/').next() {
        Some("package.json") => npm(&read(&name)),
        Some("requirements.txt") => pypi(&read(&name)),
        _ => Vec::new(),
    });
    let needed: BTreeSet<String> = installed.chain(crates()).chain(DEBIAN.map(ToOwned::to_owned)).collect();
    let page = read("ARCHITECTURE.md");
    let (_, table) = page.split_once("| crate | reason |").unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names = cells.map(|cell| cell.rsplit(":* ").next().unwrap()).filter(|cell| *cell != "---");
    let listed: BTreeSet<String> = names.flat_map(|names| names.split(", ")).map(ToOwned::to_owned).collect();
    let differences: Vec<_> = needed.symmetric_difference(&listed).collect();
    assert!(needed.len() > 50 && differences.is_empty(), "{differences:?}");
}
