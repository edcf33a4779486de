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
pub fn shell_lines(text: &str) -> Vec<&str> {
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
        lines.extend(bare.strip_prefix("run:").map(str::trim).filter(|line| *line != "|"));
    }
    lines
}

fn workflow(name: &str) -> String {
    std::fs::read_to_string(root().join(".github/workflows").join(name)).unwrap()
}

/// A job's text.
fn job(workflow: &str, name: &str) -> String {
    jobs(workflow).into_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no job {name}")).1
}

/// A job's shell lines that are not empty.
fn commands_of(job: &str) -> Vec<&str> {
    shell_lines(job).into_iter().filter(|line| !line.is_empty()).collect()
}

/// A job's steps, each from its dash on.
fn steps(job: &str) -> Vec<&str> {
    job.split("\n      - ").skip(1).collect()
}

/// Where the one step stands that holds `words`.
fn position(steps: &[&str], words: &str) -> usize {
    let found: Vec<usize> = (0..steps.len()).filter(|at| steps[*at].contains(words)).collect();
    assert_eq!(found.len(), 1, "steps with {words}");
    found[0]
}

/// Runs a step's shell as the hosted runner does, after `before`.
fn run_step(step: &str, before: &str, folder: &Path, tag: &str) -> (String, Option<i32>) {
    let script = format!("{before}\n{}", shell_lines(step).join("\n"));
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", &script]).current_dir(folder).env("GITHUB_REF_NAME", tag).env("RUNNER_TEMP", folder);
    let output = bash.output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
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
fn every_push_is_tested_packed_twice_and_its_templates_compiled() {
    let text = workflow("ci.yml");
    assert!(text.contains("\non:\n  push:\n    branches: [main]\n  pull_request:\n"));
    assert_eq!(commands_of(&job(&text, "test")), ["./test"]);
    let package = job(&text, "package");
    let zip = "target/package/evergrant.zip";
    let same = format!("cmp here/{zip} some/where-else/{zip}");
    assert_eq!(commands_of(&package), ["here/package", "some/where-else/package", &same]);
    for folder in ["here", "some/where-else"] {
        let path = format!("path: {folder}");
        assert!(package.lines().any(|line| line.trim() == path), "{path}");
    }
    let compiled = [
        "az bicep version",
        "az bicep lint --file infra/main.bicep",
        "az bicep build --file infra/main.bicep --stdout >/dev/null",
        "az bicep build-params --file infra/main.bicepparam --stdout >/dev/null",
    ];
    assert_eq!(commands_of(&job(&text, "templates")), compiled);
}

#[test]
fn no_step_is_left_out_or_may_fail() {
    for path in workflows() {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["continue-on-error", " if: ", "- if:", "|| true"] {
            assert!(!text.contains(word), "{word} in {}", path.display());
        }
    }
}

#[test]
fn scripts_that_workflows_call_can_be_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut scripts = std::collections::BTreeSet::new();
    for path in workflows() {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in shell_lines(&text) {
            let command = line.split(' ').next().unwrap_or_default();
            // Two check-outs lie in folders of their own.
            let command = ["./", "here/", "some/where-else/"]
                .iter()
                .find_map(|start| command.strip_prefix(start))
                .or(command.starts_with("tools/").then_some(command));
            scripts.extend(command.map(ToOwned::to_owned));
        }
    }
    assert_eq!(scripts.iter().collect::<Vec<_>>(), ["package", "test", "tools/release-notes"]);
    for script in scripts {
        let mode = std::fs::metadata(root().join(&script)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} is not executable");
    }
}

#[test]
fn a_release_is_what_was_tested_and_built_of_the_tagged_version() {
    let text = workflow("release.yml");
    assert!(text.contains("\non:\n  push:\n    tags: [\"v*\"]\n"));
    let build = job(&text, "build");
    let steps = steps(&build);
    let lines = shell_lines(&build);
    for wanted in ["./test", "./package"] {
        assert!(lines.contains(&wanted), "{wanted}");
    }
    let collect = steps[position(&steps, "name: Collect")];
    for file in ["target/package/evergrant.zip ", "target/package/evergrant.zip.sha256 ", "\"$RUNNER_TEMP/notes.md\" "]
    {
        assert!(collect.contains(file), "{file}");
    }
    let version = steps[position(&steps, "tools/release-notes")];
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tools")).unwrap();
    std::os::unix::fs::symlink("/bin/echo", folder.path().join("tools/release-notes")).unwrap();
    // They stand for what tells the version.
    let known = "cargo() { :; }; jq() { echo 1.2.3; }";
    let notes = folder.path().join("notes.md");
    for wrong in ["v1.2.4", "1.2.3", "v1.2.3-rc.1"] {
        let (told, code) = run_step(version, known, folder.path(), wrong);
        assert!(code == Some(1) && told.contains(wrong) && !notes.exists(), "{told}");
    }
    assert_eq!(run_step(version, known, folder.path(), "v1.2.3"), (String::new(), Some(0)));
    assert_eq!(std::fs::read_to_string(notes).unwrap(), "1.2.3\n", "notes are those of the version");
}

#[test]
fn a_release_is_verified_attested_and_published_with_its_notes_in_this_order() {
    let text = workflow("release.yml");
    let publish = job(&text, "publish");
    let steps = steps(&publish);
    let attests: Vec<usize> = (0..steps.len()).filter(|at| steps[*at].starts_with("uses: actions/attest@")).collect();
    let [provenance, contents] = attests[..] else { panic!("not two attestations: {attests:?}") };
    for at in [provenance, contents] {
        assert!(steps[at].lines().any(|line| line.trim() == "subject-path: evergrant.zip"), "{}", steps[at]);
    }
    assert!(!steps[provenance].contains("sbom-path") && steps[contents].contains("sbom-path: evergrant.cdx.json"));
    let verified = position(&steps, "run: sha256sum --check evergrant.zip.sha256");
    let released = position(&steps, "gh release create");
    assert!(verified < provenance && contents < released);
    let folder = tempfile::tempdir().unwrap();
    for (tag, prerelease) in [("v1.2.3", ""), ("v1.2.3-rc.1", "--prerelease ")] {
        let (told, code) = run_step(steps[released], "gh() { echo \"$@\"; }", folder.path(), tag);
        let wanted = format!(
            "release create {tag} --verify-tag --title Evergrant {} --notes-file notes.md {prerelease}evergrant.zip \
             evergrant.zip.sha256 evergrant.cdx.json\n",
            &tag[1..]
        );
        assert_eq!((told, code), (wanted, Some(0)));
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
