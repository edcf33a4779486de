//! docs/many-instances.md: its tables are what `tests/tools/instances.py` makes of its model, which keeps to the code.

use std::process::{Command, Output};

use evergrant::docusign::tokens::freshness::{RENEW_NOW, RENEW_SOON};

use crate::support::root;

const PAGE: &str = "docs/many-instances.md";

fn instances(arguments: &[&str]) -> Output {
    Command::new("python3").current_dir(root()).arg("tests/tools/instances.py").args(arguments).output().unwrap()
}

#[test]
fn the_tables_of_many_instances_are_those_of_the_model() {
    let told = instances(&["--check", PAGE]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn tables_that_are_not_those_of_the_model_are_found() {
    let page = std::fs::read_to_string(root().join(PAGE)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let wrong = [
        ("more.md", page.replace("| 1,000 |", "| 9,000 |")),
        ("dearer.md", page.replace("$0.0000060", "$0.0000070")),
        ("none.md", page.replace("latency:begin", "latency")),
    ];
    for (name, text) in wrong {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        assert_eq!(instances(&["--check", path.to_str().unwrap()]).status.code(), Some(1), "{name}");
    }
}

#[test]
fn tokens_are_renewed_when_the_model_says() {
    let told = String::from_utf8(instances(&["--seconds"]).stdout).unwrap();
    let modelled: Vec<u64> = told.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert_eq!(modelled, [3600, RENEW_SOON, RENEW_NOW]);
}
