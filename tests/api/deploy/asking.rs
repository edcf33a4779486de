//! What `./deploy` asks for on a terminal, and what it names in a pipeline.

use std::path::{Path, PathBuf};

use readers::azure_cli;
use sandbox::process::write_program;
use sandbox::{SETUP_KEY, Sandbox};

use super::{GUID, Subscription, output_text};
use crate::support::{TestApp, start_host};

const USER: &str = "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f";

impl Subscription {
    /// The value of a parameter in the parameter file of the copy.
    fn parameter(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.checkout.join("infra/main.bicepparam")).unwrap();
        let start = format!("param {name} = ");
        text.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_answers_are_enough_for_the_first_deployment() {
    let (sandbox, mut subscription) = (Sandbox::start().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[]).await;
    let app = TestApp::behind(sandbox, host);
    subscription.use_copy();
    subscription.fact("setup_url", &app.url("/setup"));
    let (opened, page) = (subscription.path("opened"), subscription.path("page"));
    let browse = format!("echo \"$1\" >{}; curl --silent --location \"$1\" >{}", opened.display(), page.display());
    subscription.shim("browser", &browse);
    subscription.environment = vec![("BROWSER", "browser".to_owned())];
    let answers = [
        ("Resource group", ""),
        ("Region", "westeurope"),
        ("demo or production", "demo"),
        ("Integration key", GUID),
        ("User ID", USER),
        ("alerts", ""),
    ];
    let package = subscription.path("evergrant.zip");
    let output = subscription.deploy_in_terminal(&answers, &["--package", package.to_str().unwrap(), "--open"]).await;
    let text = output_text(&output);
    assert!(output.status.success() && !text.contains("never asked"), "{text}");
    let link = text.trim_end().lines().last().unwrap().to_owned();
    assert_eq!(app.http.get(&link).await.status, 200, "{text}");
    let page = subscription.read("page");
    assert!(page.contains("Setup") && !subscription.read("opened").contains(SETUP_KEY), "{page}");
    let written = ["docusignEnvironment", "docusignIntegrationKey", "docusignUserId", "alertEmail"];
    let written = written.map(|name| subscription.parameter(name).trim_matches('\'').to_owned());
    assert_eq!(written, ["demo", GUID, USER, ""]);
    let calls = subscription.calls();
    assert!(subscription.called("group create --name evergrant --location westeurope"), "{calls:#?}");
    azure_cli::assert_accepted(&calls);
    let seen = format!("{calls:?}{}", subscription.read("curled"));
    assert!(!seen.contains(SETUP_KEY), "other programs must not see the key");
    // The answers are in the file now, so the next deployment asks nothing.
    let given = ["-g", "evergrant", "--package", package.to_str().unwrap()];
    let output = subscription.deploy_in_terminal(&[], &given).await;
    assert!(output.status.success(), "{}", output_text(&output));
    // A CI system keeps what its terminal shows.
    subscription.environment.push(("CI", "true".to_owned()));
    let output = subscription.deploy_in_terminal(&[], &given).await;
    let text = output_text(&output);
    assert!(output.status.success() && !text.contains(SETUP_KEY), "{text}");
    assert_eq!(text.trim_end().lines().last().unwrap(), app.url("/setup"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_are_asked_again_at_once() {
    let mut subscription = Subscription::new();
    subscription.use_copy();
    let (group, region, environment, key) =
        ("Resource group", "Region, by", "demo or production [demo]", "Integration key");
    let (user, alerts) = ("User ID of", "alerts (may be left empty)");
    let rows = [
        (group, "my group", "letters, digits"),
        (group, "my-group.", "without a dot at the end"),
        (group, "my-group", ""),
        (region, "moonbase", "a name or a number from the list"),
        (region, "0", "a name or a number from the list"),
        (region, "99", "a name or a number from the list"),
        (region, "East US", ""),
        (environment, "test", "demo (a developer account) or production"),
        (environment, "Production", ""),
        (key, "", "Expected a GUID"),
        (key, "1b2c3d4e", "Expected a GUID"),
        (key, " {1B2C3D4E-0000-4000-8000-5f6a7b8c9d0e} ", ""),
        (user, "ada@contoso.com", "API Username"),
        (user, GUID, "This is the integration key"),
        (user, USER, ""),
        (alerts, "ada", "Expected an address"),
        (alerts, "o'ada@contoso.com", ""),
    ];
    let answers = rows.map(|(question, answer, _)| (question, answer));
    let output = subscription.deploy_in_terminal(&answers, &["--what-if"]).await;
    let text = output_text(&output);
    assert!(output.status.success() && !text.contains("never asked"), "{text}");
    let mut rest = text.as_str();
    for (_, answer, problem) in rows.iter().filter(|(_, _, problem)| !problem.is_empty()) {
        rest = rest.split_once(problem).unwrap_or_else(|| panic!("{answer}: {problem}: {text}")).1;
    }
    let written = ["docusignEnvironment", "docusignIntegrationKey", "docusignUserId", "alertEmail"];
    let written = written.map(|name| subscription.parameter(name));
    assert_eq!(written, ["'production'", &format!("'{GUID}'"), &format!("'{USER}'"), r"'o\'ada@contoso.com'"]);
    // The region list fits into the terminal.
    let list =
        text.lines().skip_while(|line| !line.starts_with("Regions")).take_while(|line| !line.starts_with("Region,"));
    assert!(list.clone().count() > 1 && list.clone().all(|line| line.trim_end().len() <= 80), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_gets_the_name_of_everything_that_is_missing() {
    let subscription = Subscription::new();
    let (script, parameters) = (subscription.checkout.join("deploy"), subscription.path("main.bicepparam"));
    let given = ["--parameters", parameters.to_str().unwrap()];
    let settings = ["DOCUSIGN_ENVIRONMENT", "DOCUSIGN_INTEGRATION_KEY", "DOCUSIGN_USER_ID"];
    for (arguments, missing) in [(&[][..], "--resource-group NAME"), (&["-g", "evergrant"], "--location REGION")] {
        let output = subscription.run(script.to_str().unwrap(), &[&given, arguments].concat()).await;
        let text = output_text(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(settings.iter().all(|name| text.contains(name)) && text.contains(missing), "{text}");
    }
    // Values are checked here too, and never printed.
    let mut subscription = subscription;
    subscription.environment =
        vec![("DOCUSIGN_USER_ID", "ada-lovelace".to_owned()), ("DOCUSIGN_ENVIRONMENT", "test".to_owned())];
    let output = subscription.deploy(&["--location", "westeurope"]).await;
    let text = output_text(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("Expected a GUID") && text.contains("Expected demo"), "{text}");
    assert!(!text.contains("ada-lovelace") && !text.contains("DOCUSIGN_INTEGRATION_KEY"), "{text}");
    assert!(!subscription.called("group create"));
}

/// Answers go only where a value is missing, whatever the parameter file looks like.
#[tokio::test(flavor = "multi_thread")]
async fn values_in_the_parameter_file_are_not_asked_for() {
    let mut subscription = Subscription::new();
    subscription.use_copy();
    subscription.fact("group", "westeurope");
    subscription.environment = vec![("MY_USER", USER.to_owned())];
    let file = subscription.checkout.join("infra/main.bicepparam");
    for (line, question, expected) in [
        (format!("param docusignUserId = '{GUID}'"), None, format!("'{GUID}'")),
        (format!("  param   docusignUserId='{GUID}' // ours"), None, String::new()),
        (
            "param docusignUserId = readEnvironmentVariable('MY_USER')".to_owned(),
            None,
            "readEnvironmentVariable('MY_USER')".to_owned(),
        ),
        (
            format!("param docusignUserId = readEnvironmentVariable('NONE', '{GUID}')"),
            None,
            format!("readEnvironmentVariable('NONE', '{GUID}')"),
        ),
        ("param docusignUserId = ids.robot".to_owned(), None, "ids.robot".to_owned()),
        ("param docusignUserId = ''".to_owned(), Some(()), format!("'{USER}'")),
        ("param docusignUserId = 'robot'".to_owned(), Some(()), format!("'{USER}'")),
        ("param docusignUserId = readEnvironmentVariable('NONE', '')".to_owned(), Some(()), format!("'{USER}'")),
        (String::new(), Some(()), format!("'{USER}'")),
    ] {
        let text = format!(
            "using 'main.bicep'\r\nparam docusignEnvironment = 'demo'\r\nparam docusignIntegrationKey = '{GUID}'\r\n{line}\r\nparam alertEmail = 'a@b.example'\r\n"
        );
        std::fs::write(&file, &text).unwrap();
        let answers = question.map(|()| ("User ID", USER));
        let output = subscription.deploy_in_terminal(answers.as_slice(), &["-g", "evergrant", "--what-if"]).await;
        let shown = output_text(&output);
        assert!(output.status.success() && !shown.contains("never asked"), "{line}: {shown}");
        assert_eq!(shown.contains("User ID"), question.is_some(), "{line}: {shown}");
        if line.starts_with("param") {
            assert_eq!(subscription.parameter("docusignUserId"), expected, "{line}");
            let written = std::fs::read_to_string(&file).unwrap();
            assert!(
                written.lines().count() == text.lines().count() && written.matches("\r\n").count() == 5,
                "{written:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_shown_before_the_group_exists() {
    let mut subscription = Subscription::new();
    subscription.use_copy();
    let parameters = subscription.checkout.join("infra/main.bicepparam");
    let given = ["--location", "East US", "--what-if", "--parameters", parameters.to_str().unwrap()];
    let output = subscription.deploy(&given).await;
    assert!(output.status.success(), "{}", output_text(&output));
    assert!(subscription.called("deployment sub what-if"));
    azure_cli::assert_accepted(&subscription.calls());
    for command in ["group create", "deployment group create", "functionapp deployment", "storage"] {
        assert!(!subscription.called(command), "{command}");
    }
    let preview = subscription.read("parameters");
    for line in ["using 'group.bicep'", "param resourceGroupName = 'evergrant'", "param location = 'eastus'"] {
        assert!(preview.lines().any(|found| found == line), "{line}: {preview}");
    }
    let left: Vec<_> =
        std::fs::read_dir(parameters.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("preview")), "{left:?}");
}

/// A folder with the tools that the script uses before it looks for the Azure CLI.
fn few_tools(subscription: &Subscription) -> PathBuf {
    let tools = subscription.path("tools");
    std::fs::create_dir(&tools).unwrap();
    for name in ["bash", "dirname", "mktemp", "rm", "sed", "grep", "head", "tr", "printenv", "env", "cat"] {
        let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
        std::os::unix::fs::symlink(found.iter().find(|path| path.exists()).unwrap(), tools.join(name)).unwrap();
    }
    tools
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_tool_is_named_with_the_command_of_the_platform() {
    let subscription = Subscription::new();
    let tools = few_tools(&subscription);
    let script = subscription.checkout.join("deploy");
    let (path, key) = (format!("PATH={}", tools.display()), format!("DOCUSIGN_INTEGRATION_KEY={GUID}"));
    let user = format!("DOCUSIGN_USER_ID={GUID}");
    let arguments = [&path, "DOCUSIGN_ENVIRONMENT=demo", &key, &user, script.to_str().unwrap(), "-g", "evergrant"];
    for (kernel, release, also, hint) in [
        ("Darwin", "24.5.0", "", "brew install azure-cli"),
        ("Linux", "6.6.87-microsoft-standard-WSL2", "apt-get", "inside WSL"),
        ("Linux", "6.8.0", "apt-get", "InstallAzureCLIDeb"),
        ("Linux", "6.8.0", "dnf", "dnf install azure-cli"),
        ("Linux", "6.8.0", "", "pipx install azure-cli"),
        ("MINGW64_NT-10.0", "3.4", "", "WSL"),
    ] {
        write_program(&tools.join("uname"), &format!("[ \"$1\" = -s ] && echo {kernel} || echo {release}"));
        if !also.is_empty() {
            write_program(&tools.join(also), "");
        }
        let output = subscription.run("env", &arguments).await;
        let text = output_text(&output);
        assert!(output.status.code() == Some(1) && text.contains("the Azure CLI is missing"), "{kernel}: {text}");
        assert!(text.contains(hint) && text.contains("https://shell.azure.com"), "{kernel} {also}: {text}");
        if !also.is_empty() {
            std::fs::remove_file(tools.join(also)).unwrap();
        }
    }
}
