//! The direct dependencies of the product, its tests and its tools.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::files::{read, root};

/// From `crates.io`, npm, `PyPI`, and those from Debian that only `bench/run` needs.
#[must_use]
pub fn dependencies() -> BTreeSet<String> {
    let all = [crates(), packages(), requirements(), ["valgrind", "wrk"].map(ToOwned::to_owned).into()];
    all.into_iter().flatten().collect()
}

fn crates() -> Vec<String> {
    let arguments = ["metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"];
    let metadata = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap().stdout;
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let crates = packages.flat_map(|package| package["dependencies"].as_array().unwrap());
    let others = crates.filter(|dependency| dependency["path"].is_null());
    others.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

fn packages() -> Vec<String> {
    let files = ["bench/peers/package.json", "tests/tools/package.json"];
    let packages = files.map(|name| serde_json::from_str::<Value>(&read(name)).unwrap());
    let lists = packages.iter().flat_map(|package| [&package["dependencies"], &package["devDependencies"]]);
    lists.filter_map(Value::as_object).flat_map(|list| list.keys().cloned()).collect()
}

fn requirements() -> Vec<String> {
    let folders = ["bench/peers", "tests/tools", "tests/tools/azure", "tests/tools/infra", "tools/package"];
    let texts = folders.map(|folder| read(&format!("{folder}/requirements.txt")));
    let names = texts.iter().flat_map(|text| text.lines()).filter_map(|line| Some(line.split_once("==")?.0));
    names.map(ToOwned::to_owned).collect()
}
