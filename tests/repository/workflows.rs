//! Checks the workflows for hosted runners with linters from `tests/tools` and our own rules.

use std::process::Command;

use readers::files::{files, read, root};
use readers::linters::{WORKFLOW_SCHEMA as SCHEMA, assert_found, check};
use readers::programs::report;
use readers::workflows::{run, scripts, steps};
use readers::yaml;
use regex::Regex;
use serde_json::json;

const CI: &str = ".github/workflows/ci.yml";
const RELEASE: &str = ".github/workflows/release.yml";

/// The lines against our rules: every pin has its version as a comment, every job has permissions, and no step may be skipped or
/// fail.
fn against_rules(text: &str) -> Vec<&str> {
    let version = Regex::new(r"@[0-9a-f]{40} # v\d").unwrap();
    let may_fail = Regex::new(r"^[ -]+(if|continue-on-error):|\|\| true").unwrap();
    let is_wrong = |line: &&str| line.contains("uses:") && !version.is_match(line) || may_fail.is_match(line);
    let jobs = yaml::parse(text)["jobs"].as_object().unwrap().len();
    let lacks = (text.matches("\n    permissions:\n").count() != jobs).then_some("a job without permissions");
    text.lines().filter(is_wrong).chain(lacks).collect()
}

const TIMEOUTS: &str = "custom.github-workflows-require-timeout";

#[test]
fn linters_and_rules_accept_every_workflow() {
    for name in files(".github/workflows") {
        for linter in [SCHEMA, TIMEOUTS] {
            check(linter, &root().join(&name)).unwrap();
        }
        assert_eq!(against_rules(&read(&name)), [""; 0], "{name}");
    }
    check("vendor.dependabot", &root().join(".github/dependabot.yml")).unwrap();
    check("zizmor", &root().join(".github")).unwrap();
}

#[test]
fn linters_and_rules_find_errors() {
    assert_found(&[
        (SCHEMA, CI, "runs-on:", "run-on:"),
        (TIMEOUTS, CI, "timeout-minutes", "# timeout"),
        ("zizmor", CI, "permissions: {}", "# permissions"),
        ("zizmor", CI, "concurrency:", "env:"),
        ("zizmor", CI, "    name: The", "    # The"),
        ("zizmor", CI, "actions/checkout@", "actions/checkout@v7 # "),
        ("zizmor", CI, "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", CI, "run: ./test", "run: |\n          ./test ${{ github.sha }}"),
    ]);
    let (good, step) = (read(CI), "run: ./test");
    for (right, wrong) in [
        (" # v7.0.1", ""),
        ("    permissions:\n", "    defaults:\n"),
        (step, "run: ./test\n        if: always()"),
        (step, "run: ./test || true"),
    ] {
        assert!(good.contains(right) && !against_rules(&good.replacen(right, wrong, 1)).is_empty(), "{wrong}");
    }
}

#[test]
fn every_push_is_tested_packaged_twice_and_its_templates_compiled() {
    let ci = yaml::parse(&read(CI));
    assert_eq!(scripts(&ci["jobs"]["test"]), "az bicep install\n./test\n");
    let package = scripts(&ci["jobs"]["package"]);
    let [first, second, compare] = package.lines().collect::<Vec<_>>()[..] else { panic!("{package}") };
    assert!(first != second && first.ends_with("/package") && second.ends_with("/package"), "{package}");
    let [here, elsewhere] = [first, second].map(|made| made.replace("/package", "/target/package/evergrant.zip"));
    assert_eq!(compare, format!("cmp {here} {elsewhere}"));
    let templates = scripts(&ci["jobs"]["templates"]);
    let is_done = |verb: &&str| templates.contains(&format!("az bicep {verb} --file infra/main.bicep"));
    assert!(["lint", "build", "build-params"].iter().all(is_done), "{templates}");
    for script in ["deploy", "package", "test", "tools/release-notes"] {
        report(Command::new("test").arg("-x").arg(root().join(script))).unwrap();
    }
}

#[test]
fn a_release_is_tested_and_built_from_the_tagged_version() {
    let (text, folder) = (read(RELEASE), tempfile::tempdir().unwrap());
    assert!(!text.contains("actions/cache") && !text.contains("cache:"), "no other run can change it");
    let release = yaml::parse(&text);
    let (steps, positions) = steps(&release, "build");
    let order = ["tools/release-notes", "./test", "./package"].map(|words| positions(words)[0]);
    assert!(order.is_sorted(), "{order:?}");
    std::fs::create_dir(folder.path().join("tools")).unwrap();
    std::os::unix::fs::symlink("/bin/echo", folder.path().join("tools/release-notes")).unwrap();
    let notes = folder.path().join("notes.md");
    for (tag, code) in [("v1.2.4", 1), ("1.2.3", 1), ("v1.2.3-rc.1", 1), ("v1.2.3", 0)] {
        // These simulate the tools that print the version.
        let (_, ended) = run("cargo() { :; }; jq() { echo 1.2.3; }", &steps[order[0]], folder.path(), tag);
        assert_eq!((ended, notes.exists()), (Some(code), code == 0), "{tag}");
    }
    assert_eq!(std::fs::read_to_string(notes).unwrap(), "1.2.3\n", "the notes are from the version");
}

#[test]
fn a_release_is_verified_attested_and_published_in_this_order_by_the_only_job_with_write_access() {
    let release = yaml::parse(&read(RELEASE));
    for (name, job) in release["jobs"].as_object().unwrap() {
        let may_write = job["permissions"].as_object().unwrap().values().any(|permission| permission == "write");
        assert_eq!(may_write, name == "publish", "{name}");
    }
    let publish = release["jobs"]["publish"].to_string();
    assert!(!publish.contains("actions/checkout"), "the job with write access runs no code of the repository");
    let ((steps, positions), zip, sbom) = (steps(&release, "publish"), "evergrant.zip", "evergrant.cdx.json");
    let [provenance, contents] = positions("/attest@")[..] else { panic!("not two attestations") };
    assert_eq!(steps[provenance]["with"], json!({"subject-path": zip}));
    assert_eq!(steps[contents]["with"], json!({"subject-path": zip, "sbom-path": sbom}));
    let released = positions("gh release create")[0];
    let order = [positions("sha256sum --check evergrant.zip.sha256")[0], provenance, contents, released];
    assert!(order.is_sorted(), "{order:?}");
    let folder = tempfile::tempdir().unwrap();
    for (tag, is_early) in [("v1.2.3", false), ("v1.2.3-rc.1", true)] {
        let (call, code) = run("gh() { echo \"$@\"; }", &steps[released], folder.path(), tag);
        assert_eq!((code, call.contains("--prerelease")), (Some(0), is_early), "{call}");
        for part in [tag, "--verify-tag", "--notes-file notes.md", zip, "evergrant.zip.sha256", sbom] {
            assert!(call.contains(part), "{part}: {call}");
        }
    }
}
