//! What the scripts in `tools` and `tests/tools` do: release notes, and the models behind tables of the documentation.

use std::process::Command;

use evergrant::docusign::tokens::freshness::{RENEW_NOW, RENEW_SOON};
use sandbox::process::report;
use sandbox::repository::{read, root};

fn run(model: &str, arguments: &[&str]) -> Result<String, String> {
    report(Command::new("python3").current_dir(root().join("tests/tools")).arg(model).args(arguments))
}

#[test]
fn the_tables_are_those_of_the_models() {
    let page = tempfile::NamedTempFile::new().unwrap();
    let check = |model: &str, text: String| {
        std::fs::write(page.path(), text).unwrap();
        run(model, &["--check", page.path().to_str().unwrap()])
    };
    for (model, name, faults) in [
        ("costs.py", "docs/cost-and-scale.md", [("$0.", "$7."), ("costs:begin", "costs")]),
        ("instances.py", "docs/many-instances.md", [("| 1,000 |", "| 9,000 |"), ("latency:begin", "latency")]),
    ] {
        check(model, read(name)).unwrap();
        for (from, to) in faults {
            assert!(check(model, read(name).replace(from, to)).is_err(), "{name}: {to}");
        }
    }
}

#[test]
fn tokens_are_renewed_when_the_model_says() {
    let seconds = run("instances.py", &["--seconds"]).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(seconds, format!("3600 {RENEW_SOON} {RENEW_NOW}"));
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
    assert!(has("Unreleased") || has(version), "CHANGELOG.md has neither {version} nor what is to come");
}
