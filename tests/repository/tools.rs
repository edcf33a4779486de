//! The scripts in `tools` and `tests/tools`: release notes, and the cost model behind tables in the documentation.

use std::process::Command;

use evergrant::docusign::tokens::freshness::{RENEW_NOW, RENEW_SOON};
use readers::files::{read, root};
use readers::programs::report;
use serde_json::Value;

/// Runs the cost model, with the arguments after its name.
fn cost_model(arguments: &[&str]) -> Result<String, String> {
    report(Command::new("python3").arg(root().join("tests/tools/costs.py")).args(arguments))
}

#[test]
fn the_cost_tables_match_the_model() {
    let copy = tempfile::NamedTempFile::new().unwrap();
    let check = |text: &str| {
        std::fs::write(copy.path(), text).unwrap();
        cost_model(&["--check", copy.path().to_str().unwrap()])
    };
    let page = read("docs/cost-and-scale.md");
    check(&page).unwrap();
    let changes = [("$0.", "$7."), ("| 1,000 |", "| 9,000 |"), ("bill:begin", "bill"), ("666 inst", "999 inst")];
    for (from, to) in changes {
        assert!(page.contains(from) && check(&page.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn the_cost_model_renews_tokens_when_evergrant_does() {
    let assumptions: Value = serde_json::from_str(&cost_model(&["--assumptions"]).unwrap()).unwrap();
    assert_eq!(assumptions["renew_soon"], RENEW_SOON);
    assert_eq!(assumptions["renew_now"], RENEW_NOW);
    assert_eq!(assumptions["token_life"], 3600);
}

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- Not yet.\n\n## 1.2.0-rc.1\n\n### Fixes\n\n## 1.1.0 (2026-01-02)\n\n\
                         ### Features\n\n- The `one`.\n  With detail.\n\n## 1.0.0\n\n- First.\n";

#[test]
fn release_notes_are_the_section_of_the_version_and_no_other() {
    let changelog = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(changelog.path(), CHANGELOG).unwrap();
    let cases = [
        ("1.1.0", 0, "### Features\n\n- The `one`.\n  With detail.\n", ""),
        ("1.0.0", 0, "- First.\n", ""),
        ("1.0.1", 1, "", "## 1.0.1"),
        ("1.2.0-rc.1", 1, "", "is empty"),
    ];
    let odd = ["", "v1.0.0", "1.0", "Unreleased", "1.0.0 x", ".*"].map(|version| (version, 2, "", "usage"));
    for (version, code, notes, complaint) in cases.into_iter().chain(odd) {
        let output =
            Command::new(root().join("tools/release-notes")).arg(version).arg(changelog.path()).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert_eq!((output.status.code(), out.as_str()), (Some(code), notes), "{version}");
        assert!(err.contains(complaint) && err.is_empty() == complaint.is_empty(), "{version}: {err}");
    }
}

#[test]
fn the_changelog_of_this_version_can_be_released() {
    let (changelog, version) = (read("CHANGELOG.md"), env!("CARGO_PKG_VERSION"));
    let has = |heading: &str| changelog.lines().any(|line| line.starts_with(&format!("## {heading}")));
    assert!(has("Unreleased") || has(version), "CHANGELOG.md has no section for {version} or unreleased changes");
}
