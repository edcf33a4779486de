//! The recipes of `examples/callers`, run as they are written against issuers under their real names. The clients are made by the
//! commands that the recipes name.

use std::path::Path;

use http::Method;
use readers::files::{read, root};
use regex::Regex;
use sandbox::issuers::{APP_ID, IDENTITY_OBJECT, PERSON_OBJECT, REPOSITORY, TENANT};
use sandbox::process::write_program;
use sandbox::{INTEGRATION_EMAIL, Sandbox, free_port};
use serde_json::Value;
use tokio::process::Command;

use crate::stock_clients::tools;
use crate::support::{TestApp, run, start_host};

const POD: &str = "examples/callers/kubernetes-pod.yaml";
const WORKFLOW: &str = "examples/callers/github-actions.yml";

/// The value of a key in a YAML file in which it is unique.
fn value(file: &str, key: &str) -> String {
    let line = Regex::new(&format!(r"(?m)^\s*-?\s*{key}: (\S+)")).unwrap();
    let text = read(file);
    let found: Vec<_> = line.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    assert!(found.iter().all(|value| *value == found[0]), "{key}: {found:?}");
    found.first().unwrap_or_else(|| panic!("{file} has no {key}")).clone()
}

/// The script in a YAML block that starts with `start`, without its indentation.
fn script(file: &str, start: &str) -> String {
    let text = read(file);
    let block = text.split_once(start).unwrap_or_else(|| panic!("{file} has no {start}")).1.trim_start_matches('\n');
    let indentation = block.len() - block.trim_start_matches(' ').len();
    let lines = block.lines().take_while(|line| line.starts_with(&" ".repeat(indentation)));
    lines.flat_map(|line| [&line[indentation..], "\n"]).collect()
}

/// Runs a program, and returns its exit code and output.
async fn output(command: &mut Command) -> (Option<i32>, String) {
    let output = command.kill_on_drop(true).output().await.expect("a program; ./test installs what the tests need");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), printed.concat())
}

fn bash(script: &str) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    bash
}

/// An app with the clients of all recipes, each registered with its preset.
async fn start() -> TestApp {
    let (sandbox, port) = (Sandbox::start().await, free_port());
    let url = format!("http://127.0.0.1:{port}");
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("clients.json").display().to_string();
    let audience = format!("api://{APP_ID}");
    let entra = |object: &'static str| ["--trust", "entra", "--tenant", TENANT, "--object-id", object, "--audience"];
    let service_account =
        format!("system:serviceaccount:{}:{}", value(POD, "namespace"), value(POD, "serviceAccountName"));
    let (workflow, environment) = (value(WORKFLOW, "CLIENT_ID"), value(WORKFLOW, "environment"));
    let (pod_audience, issuer) = (value(POD, "audience"), sandbox.issuers.kubernetes.issuer.url().to_owned());
    let (identity, person) = (entra(IDENTITY_OBJECT), entra(PERSON_OBJECT));
    let gateway = ["--allow", "GET /clm/"];
    for arguments in [
        [&["identity"], &identity[..], &[&audience], &gateway].concat(),
        [&["person"], &person[..], &[&audience], &gateway].concat(),
        [&[workflow.as_str()], &["--trust", "github", "--repository", REPOSITORY, "--environment", &environment][..]]
            .concat(),
        [
            &["pod"],
            &["--trust", "kubernetes", "--issuer", &issuer, "--subject", &service_account, "--audience", &pod_audience]
                [..],
            &gateway,
        ]
        .concat(),
    ] {
        let arguments = [&["client", "new"], &arguments[..], &["--in", &place]].concat();
        let made = run(&arguments, &[("EVERGRANT_PUBLIC_URL", url.as_str())]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let clients = std::fs::read_to_string(place).unwrap();
    let host = start_host(&sandbox, port, &[("EVERGRANT_CLIENTS", &clients)]).await;
    TestApp::behind(sandbox, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipes_work_as_they_are_written() {
    let app = start().await;
    logic_app(&app).await;
    function_in_python(&app).await;
    workflow(&app).await;
    pod(&app).await;
    person(&app).await;
}

/// Calls what the Logic App calls, as Azure Logic Apps does it: with a token of the identity for the audience.
async fn logic_app(app: &TestApp) {
    let bicep = read("examples/callers/logic-app.bicep");
    let found = |pattern: &str| Regex::new(pattern).unwrap().captures(&bicep).expect("the pattern")[1].to_owned();
    let url = app.url(&found(r"uri: '\$\{evergrantUrl\}(/[^']+)'"));
    assert_eq!(found("method: '([A-Z]+)'"), "GET");
    assert!(bicep.contains("type: 'ManagedServiceIdentity'"));
    for (resource, status) in [(format!("api://{APP_ID}"), 200), ("api://AzureADTokenExchange".to_owned(), 401)] {
        let bearer = format!("Bearer {}", app.sandbox.issuers.entra.identity_token(&resource));
        let answer = app.http.call(Method::GET, &url, &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, status, "{resource}: {}", answer.text());
    }
    // An app registration may ask for the second version.
    let bearer = format!("Bearer {}", app.sandbox.issuers.entra.identity_token_v2());
    let answer = app.http.call(Method::GET, &url, &[("authorization", &bearer)], "").await;
    assert_eq!(answer.json()["Email"], INTEGRATION_EMAIL, "{}", answer.text());
}

async fn function_in_python(app: &TestApp) {
    for (audience, expected) in [(format!("api://{APP_ID}"), "200 {"), ("api://another-app".to_owned(), "401 {")] {
        let mut python = Command::new(tools().join(".venv/bin/python"));
        python.arg(tools().join("clients/azure_function.py")).env("PYTHONDONTWRITEBYTECODE", "1");
        python.envs(app.sandbox.identity_settings()).env("EVERGRANT_URL", app.host.url());
        let (code, printed) = output(python.env("EVERGRANT_AUDIENCE", audience)).await;
        assert!(code == Some(0) && printed.starts_with(expected), "{printed}");
        assert_eq!(printed.contains(INTEGRATION_EMAIL), expected.starts_with("200"), "{printed}");
    }
}

async fn workflow(app: &TestApp) {
    let environment = app.sandbox.job_settings().clone();
    let script = script(WORKFLOW, "run: |");
    let mut step = bash(&script);
    step.envs(environment.clone()).env("EVERGRANT_URL", app.host.url()).env("DOCUSIGN_URL", app.sandbox.docusign_url());
    let (code, printed) = output(step.env("CLIENT_ID", value(WORKFLOW, "CLIENT_ID"))).await;
    assert!(code == Some(0) && printed.ends_with("\nIntegration Robot\n"), "{printed}");
    // The runner hides what was masked before.
    let (masks, rest): (Vec<&str>, Vec<&str>) = printed.lines().partition(|line| line.starts_with("::add-mask::"));
    assert_eq!((masks.len(), rest), (2, vec!["Integration Robot"]));
    let mut other = bash(&script);
    other.envs(environment).env("EVERGRANT_URL", app.host.url()).env("DOCUSIGN_URL", app.sandbox.docusign_url());
    let (code, printed) = output(other.env("CLIENT_ID", "pod")).await;
    assert!(code != Some(0) && printed.contains("invalid_client"), "{printed}");
}

async fn pod(app: &TestApp) {
    let text = read(POD);
    let (mount, path) = (value(POD, "mountPath"), value(POD, "path"));
    let seconds: u64 = value(POD, "expirationSeconds").parse().unwrap();
    let kubernetes = &app.sandbox.issuers.kubernetes;
    let (namespace, account) = (value(POD, "namespace"), value(POD, "serviceAccountName"));
    let token = kubernetes.projected(&namespace, &account, &value(POD, "audience"), seconds);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(path), token).unwrap();
    let script = script(POD, "- |\n");
    assert!(seconds >= 600, "Kubernetes refuses less");
    assert!(script.contains(&mount) && text.contains(&format!("name: {account}\n")), "{text}");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script.replace(&mount, &folder.path().display().to_string()));
    let (code, printed) = output(shell.env("EVERGRANT_URL", app.host.url())).await;
    let answer: Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{code:?} {printed}"));
    assert_eq!(answer["Email"], INTEGRATION_EMAIL);
}

/// With an Azure CLI that is signed in as a person of the tenant.
async fn person(app: &TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let token = app.sandbox.issuers.entra.person_token();
    let asked = format!("account get-access-token --resource api://{APP_ID} --query accessToken --output tsv");
    write_program(&folder.path().join("az"), &format!("[ \"$*\" = '{asked}' ] && echo '{token}'"));
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut script = Command::new(Path::new(&root()).join("examples/callers/person.sh"));
    script.env("PATH", path).env("EVERGRANT_URL", app.host.url()).env("EVERGRANT_AUDIENCE", format!("api://{APP_ID}"));
    let (code, printed) = output(&mut script).await;
    assert!(code == Some(0) && printed.contains(INTEGRATION_EMAIL), "{printed}");
}
