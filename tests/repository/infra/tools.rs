//! The tools that find faults in Bicep files without Azure. The compiler is not among them: it cannot be had from a package
//! registry.

use std::path::Path;
use std::process::Command;

use crate::support::{root, skipped};

/// Runs `command` over the templates; what it says, and whether it ended well.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.current_dir(root()).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

fn bicep_check() -> Option<std::path::PathBuf> {
    let tool = root().join("../shared/tools/bicep-check/check.py");
    if !tool.exists() {
        skipped(
            "the checker for Bicep types is not beside this folder, so the templates were not held against Azure's types",
        );
    }
    tool.exists().then_some(tool)
}

#[test]
fn the_types_of_azure_fit() {
    let Some(tool) = bicep_check() else { return };
    let (good, told) = run(Command::new("python3").arg(&tool).args(["-W", "infra"]));
    assert!(good, "{told}");
    // It finds what is wrong, so that its silence means something.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&root().join("infra"), copy.path());
    let vault = copy.path().join("modules/vault.bicep");
    let text = std::fs::read_to_string(&vault).unwrap().replace("enablePurgeProtection", "enablePurgeProtektion");
    std::fs::write(&vault, text).unwrap();
    let (good, told) = run(Command::new("python3").arg(&tool).arg("-W").arg(copy.path()));
    assert!(!good && told.contains("enablePurgeProtektion"), "{told}");
}

#[test]
fn api_versions_are_the_newest_stable_ones() {
    let Some(tool) = bicep_check() else { return };
    let types = std::fs::read_to_string(tool.with_file_name("types.json")).unwrap();
    let types: serde_json::Value = serde_json::from_str(&types).unwrap();
    let index = types["index"].as_object().unwrap();
    for template in super::templates() {
        let declared = template
            .text
            .lines()
            .filter(|line| line.starts_with("resource "))
            .filter_map(|line| line.split('\'').nth(1));
        for (kind, version) in declared.filter_map(|declared| declared.split_once('@')) {
            let known = index.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, versions)| versions);
            let Some(versions) = known.and_then(serde_json::Value::as_array) else { continue };
            let stable =
                versions.iter().filter_map(|version| version.as_str()).filter(|name| !name.ends_with("preview"));
            // Of diagnostic settings there is none newer than an old one but previews.
            let newest = stable.max().filter(|_| !kind.ends_with("diagnosticSettings"));
            assert_eq!(version, newest.unwrap_or(version), "{}: {kind}", template.file);
        }
    }
}

#[test]
fn checkov_reads_every_template_and_has_nothing_against_it() {
    let checkov = root().join("tests/tools/infra/.venv/bin/checkov");
    if !checkov.exists() {
        skipped("checkov is not installed, so the templates were not checked by it; ./test installs it");
        return;
    }
    let mut command = Command::new(checkov);
    command.args(["--framework", "bicep", "--skip-download", "--compact", "--quiet", "--directory", "infra"]);
    // The first run leaves its byte code for the next ones.
    let (good, told) = run(command.env_remove("PYTHONDONTWRITEBYTECODE"));
    assert!(good && told.contains("Failed checks: 0"), "{told}");
    // A file it cannot read is no failure to it, but one to us.
    assert!(!told.contains("Parsing errors"), "{told}");
    assert!(!told.contains("Failed to run check"), "{told}");
    assert!(!told.contains("Passed checks: 0"), "{told}");
}

#[test]
fn every_rule_that_is_switched_off_has_a_reason() {
    let mut skips = 0;
    for template in super::templates() {
        for line in template.text.lines().filter(|line| line.contains("checkov:skip=")) {
            let reason =
                line.split_once("checkov:skip=").and_then(|(_, rest)| rest.split_once(':')).map(|(_, reason)| reason);
            assert!(reason.is_some_and(|reason| reason.len() > 15), "{}: {line}", template.file);
            skips += 1;
        }
        for (number, line) in template.text.lines().enumerate().filter(|(_, line)| line.contains("#disable-next-line"))
        {
            let before = template.text.lines().nth(number.saturating_sub(1)).unwrap_or_default();
            assert!(line.contains("//") || before.contains("//"), "{}: {line}", template.file);
        }
    }
    assert!(skips > 10, "the skips are not found any more");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
