//! The recipes for callers in `examples/callers`, checked with linters, published schemas and the Azure CLI's parser. `tests/api`
//! runs them.

use readers::azure_cli::assert_accepted;
use readers::files::{files, is_a, read, root};
use readers::linters::{WORKFLOW_SCHEMA as SCHEMA, assert_found, check};
use readers::shell::{self, PLACEHOLDER};
use serde_json::Value;

const WORKFLOW: &str = "examples/callers/github-actions.yml";
const POD: &str = "examples/callers/kubernetes-pod.yaml";

#[test]
fn linters_and_schemas_accept_the_recipes() {
    for linter in ["actionlint", "zizmor", SCHEMA] {
        check(linter, &root().join(WORKFLOW)).unwrap();
    }
    check("kubernetes-validate", &root().join(POD)).unwrap();
}

#[test]
fn linters_and_schemas_find_errors_in_them() {
    assert_found(&[
        ("actionlint", WORKFLOW, "id-token: write", "id-tokens: write"),
        ("zizmor", WORKFLOW, "permissions: {}", "permissions: write-all"),
        (SCHEMA, WORKFLOW, "environment: production", "environment: [production]"),
        ("kubernetes-validate", POD, "audience: https", "audiences: https"),
        ("kubernetes-validate", POD, "expirationSeconds: 3600", "expirationSeconds: 1h"),
    ]);
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
        let may_vary = ["delegatedPermissionIds", "\"id\""].iter().any(|name| body.contains(name));
        assert!(may_vary || !body.contains(PLACEHOLDER), "{body}");
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
    for text in ["EVERGRANT_URL", "EVERGRANT_AUDIENCE", "/.default", "/gateway/clm/members/current"] {
        assert!([&csharp, &python].iter().all(|code| code.contains(&format!("\"{text}\""))), "{text}");
    }
    assert!(csharp.contains("Bearer") && python.contains("Bearer"));
    assert_eq!(csharp.matches('{').count(), csharp.matches('}').count());
}
