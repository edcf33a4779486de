//! `tools/release-notes` prints a version's section of the changelog, and says what is wrong with it.

use std::process::Command;

use crate::support::root;

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- Not yet.\n\n## 1.2.0-rc.1\n\n### Fixes\n\n## 1.1.0 (2026-01-02)\n\n\
                         ### Features\n\n- The `one`.\n  With detail.\n\n## 1.0.0\n\n- First.\n";

/// Standard output, standard error and exit code.
fn release_notes(version: &str) -> (String, String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let changelog = folder.path().join("CHANGELOG.md");
    std::fs::write(&changelog, CHANGELOG).unwrap();
    let output = Command::new(root().join("tools/release-notes")).arg(version).arg(changelog).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (out, err, output.status.code())
}

#[test]
fn the_section_of_the_version_and_no_other() {
    let (out, err, code) = release_notes("1.1.0");
    assert_eq!((err.as_str(), code), ("", Some(0)));
    assert_eq!(out, "### Features\n\n- The `one`.\n  With detail.\n");
    assert_eq!(release_notes("1.0.0").0, "- First.\n");
}

#[test]
fn a_missing_or_empty_section_is_an_error() {
    for (version, wanted) in [("1.0.1", "has no section \"## 1.0.1\""), ("1.2.0-rc.1", "\"## 1.2.0-rc.1\"")] {
        let (out, err, code) = release_notes(version);
        assert_eq!((out.as_str(), code), ("", Some(1)), "{version}");
        assert!(err.starts_with("release-notes: ") && err.contains(wanted), "{err}");
    }
    assert!(release_notes("1.2.0-rc.1").1.contains("is empty"));
    for odd in ["", "v1.0.0", "1.0", "Unreleased", "1.0.0 x", ".*"] {
        let (out, err, code) = release_notes(odd);
        assert_eq!((out.as_str(), code), ("", Some(2)), "{odd}");
        assert!(err.contains("usage"), "{err}");
    }
}

#[test]
fn the_changelog_of_this_version_can_be_released() {
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let told = |heading: &str| changelog.lines().any(|line| line.starts_with(&format!("## {heading}")));
    assert!(told("Unreleased") || told(version), "CHANGELOG.md tells neither of {version} nor of what is to come");
}
