//! The workflows for hosted runners, which cannot run here: what linters and rules of our own can tell of them.
//!
//! The linters are in `tests/tools`; `./test` installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::root;

fn workflows() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(".github/workflows")).unwrap();
    let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!paths.is_empty());
    paths
}

/// What a linter prints, if it has anything against a file.
fn lint(program: &str, arguments: &[&str], path: &Path) -> Result<(), String> {
    let program = root().join("tests/tools/.venv/bin").join(program);
    assert!(program.exists(), "{} is missing: run ./test, which installs it", program.display());
    let output = Command::new(program).args(arguments).arg(path).output().unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() { Ok(()) } else { Err(told.concat()) }
}

fn schema(name: &str, path: &Path) -> Result<(), String> {
    lint("check-jsonschema", &["--builtin-schema", name], path)
}

fn security(path: &Path) -> Result<(), String> {
    lint("zizmor", &["--offline", "--persona", "auditor", "--quiet", "--no-progress"], path)
}

/// The steps' shell lines.
fn shell_lines(text: &str) -> Vec<&str> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut block = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let bare = line.trim_start().trim_start_matches("- ");
        if block.is_some_and(|outer| line.trim().is_empty() || depth(line) > outer) {
            lines.push(line.trim());
            continue;
        }
        block = bare.starts_with("run:").then(|| depth(line));
        lines.extend(bare.strip_prefix("run:").map(str::trim));
    }
    lines
}

/// Each job's name and text.
fn jobs(text: &str) -> Vec<(&str, String)> {
    let mut jobs: Vec<(&str, String)> = Vec::new();
    for line in text.split_once("\njobs:\n").unwrap().1.lines() {
        match (line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#'])), jobs.last_mut()) {
            (Some(name), _) => jobs.push((name.trim_end_matches(':'), String::new())),
            (None, Some((_, body))) => body.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    jobs
}

/// The rules that no linter has.
fn house_rules(text: &str) -> Result<(), String> {
    let fault = |told: String| Err(told);
    if !text.contains("\npermissions: {}\n") || !text.contains("\nconcurrency:\n") {
        return fault("no top-level permissions or concurrency".to_owned());
    }
    for line in text.lines().filter(|line| line.contains("uses:")) {
        let pinned = line.split_once('@').and_then(|(_, pin)| pin.split_once(" # v"));
        let hex = |pin: &str| pin.len() == 40 && pin.chars().all(|c| c.is_ascii_hexdigit());
        if !pinned.is_some_and(|(pin, version)| hex(pin) && version.starts_with(|c: char| c.is_ascii_digit())) {
            return fault(format!("not pinned to a commit with its version behind it: {line}"));
        }
    }
    for (name, body) in jobs(text) {
        for wanted in ["\n    permissions:\n", "\n    timeout-minutes: ", "    name: "] {
            if !body.contains(wanted) {
                return fault(format!("{name} lacks {}", wanted.trim()));
            }
        }
    }
    match shell_lines(text).iter().find(|line| line.contains("${{")) {
        Some(line) => fault(format!("an expression becomes shell code: {line}")),
        None => Ok(()),
    }
}

#[test]
fn workflows_are_as_github_reads_them() {
    for path in workflows() {
        assert_eq!(schema("vendor.github-workflows", &path), Ok(()), "{}", path.display());
        assert_eq!(schema("custom.github-workflows-require-timeout", &path), Ok(()), "{}", path.display());
    }
    assert_eq!(schema("vendor.dependabot", &root().join(".github/dependabot.yml")), Ok(()));
}

#[test]
fn workflows_give_attackers_nothing() {
    assert_eq!(security(&root().join(".github")), Ok(()));
    for path in workflows() {
        assert_eq!(house_rules(&std::fs::read_to_string(&path).unwrap()), Ok(()), "{}", path.display());
    }
}

#[test]
fn a_release_uses_no_cache_and_only_what_publishes_may_write() {
    let text = std::fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    assert!(!text.contains("actions/cache") && !text.contains("cache:"));
    for (name, body) in jobs(&text) {
        assert_eq!(body.contains(": write"), name == "publish", "{name}");
        assert!(name != "publish" || !body.contains("checkout"), "what may write runs no code of the repository");
    }
}

#[test]
fn linters_and_rules_refuse_what_is_wrong() {
    let good = std::fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ci.yml");
    let refused = |from: &str, to: &str, check: &dyn Fn(&Path) -> Result<(), String>| {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "{from}");
        std::fs::write(&path, wrong).unwrap();
        assert!(check(&path).is_err(), "{to} is let through");
    };
    let rules = |path: &Path| house_rules(&std::fs::read_to_string(path).unwrap());
    refused("runs-on:", "run-on:", &|path| schema("vendor.github-workflows", path));
    refused("timeout-minutes", "# timeout", &|path| schema("custom.github-workflows-require-timeout", path));
    refused("persist-credentials: false", "persist-credentials: true", &security);
    refused("run: ./test", "run: ./test ${{ github.head_ref }}", &security);
    refused("run: ./test", "run: |\n          ./test ${{ github.sha }}", &rules);
    refused("permissions: {}", "# permissions", &rules);
    refused("    permissions:\n", "    env:\n", &rules);
    refused("timeout-minutes", "# timeout", &rules);
    refused("actions/checkout@", "actions/checkout@v7 # ", &rules);
    refused(" # v7.0.1", "", &rules);
}
