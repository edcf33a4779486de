//! `./deploy`, with a simulated Azure CLI and the sandbox in place of the deployed app.

mod asking;
mod package;
mod registry;

use std::path::PathBuf;
use std::process::Output;

use readers::azure_cli;
use sandbox::process::write_program;
use sandbox::{SETUP_KEY, Sandbox};
use tempfile::TempDir;

use crate::support::{handler, root, start_host};

/// The simulated resource group in Azure.
struct Subscription {
    facts: TempDir,
    /// The folder with the script.
    checkout: PathBuf,
    /// Additional environment variables for the script.
    environment: Vec<(&'static str, String)>,
}

const GUID: &str = "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e";

impl Subscription {
    fn new() -> Self {
        let this = Self { facts: TempDir::new().unwrap(), checkout: root(), environment: Vec::new() };
        this.fact("function_key", SETUP_KEY);
        this.fact("bicep", "Bicep CLI version 0.36.1 (a1b2c3d4e5)");
        this.fact("clients.json", "[]");
        std::fs::copy(root().join("infra/main.bicepparam"), this.path("main.bicepparam")).unwrap();
        this.fact("vaults", "contoso");
        // The handler in the package, replaced by a link because the real one is large.
        this.fact("evergrant", &format!("#!/bin/sh\nexec {} \"$@\"\n", handler().display()));
        let zipped = std::process::Command::new("python3")
            .current_dir(this.facts.path())
            .args(["-m", "zipfile", "-c", "evergrant.zip", "evergrant"])
            .status();
        assert!(zipped.unwrap().success());
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.facts.path().join(name)
    }

    fn fact(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The arguments of all calls of the Azure CLI so far.
    fn calls(&self) -> Vec<Vec<String>> {
        self.read("calls").lines().map(|line| line.split('\x1f').map(ToOwned::to_owned).collect()).collect()
    }

    fn called(&self, command: &str) -> bool {
        self.calls().iter().any(|call| call.join(" ").starts_with(&format!("az {command}")))
    }

    /// Runs the script from a copy of what it needs, which it may write to.
    fn use_copy(&mut self) {
        self.checkout = self.path("checkout");
        std::fs::create_dir(&self.checkout).unwrap();
        let mut copy = std::process::Command::new("cp");
        let copied =
            copy.current_dir(root()).args(["-r", "deploy", "tools", "infra", "Cargo.toml"]).arg(&self.checkout);
        assert!(copied.status().unwrap().success());
    }

    /// Puts a program in front of the others on the PATH.
    fn shim(&self, name: &str, script: &str) {
        let folder = self.path("shims");
        std::fs::create_dir_all(&folder).unwrap();
        write_program(&folder.join(name), script);
    }

    /// Runs a program with the simulated Azure CLI.
    async fn run(&self, program: &str, arguments: &[&str]) -> Output {
        // A wrapper records the arguments of the real curl, because every user of the machine can see them.
        let recorded = self.path("curled").display().to_string();
        self.shim("curl", &format!("printf '%s\\n' \"$@\" >>{recorded}\nexec /usr/bin/curl \"$@\""));
        let azure_cli = root().join("tests/tools/azure");
        let shims = self.path("shims");
        let path = format!("{}:{}:/usr/local/bin:/usr/bin:/bin", shims.display(), azure_cli.display());
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).env_clear().env("PATH", path).env("STUB_AZURE", self.facts.path()).kill_on_drop(true);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().await.unwrap()
    }

    async fn deploy(&self, arguments: &[&str]) -> Output {
        let package = self.path("evergrant.zip");
        let parameters = self.path("main.bicepparam");
        let given = ["--resource-group", "evergrant", "--pause", "0", "--looks", "3"];
        let files = ["--parameters", parameters.to_str().unwrap(), "--package", package.to_str().unwrap()];
        let docusign = [
            "DOCUSIGN_ENVIRONMENT=demo",
            &format!("DOCUSIGN_INTEGRATION_KEY={GUID}"),
            &format!("DOCUSIGN_USER_ID={GUID}"),
        ]
        .map(ToOwned::to_owned);
        let docusign: Vec<&str> = docusign
            .iter()
            .map(String::as_str)
            .filter(|setting| !self.environment.iter().any(|(name, _)| setting.starts_with(&format!("{name}="))))
            .collect();
        let script = self.checkout.join("deploy");
        self.run("env", &[&docusign[..], &[script.to_str().unwrap()], &given, &files, arguments].concat()).await
    }

    /// Runs the script in a terminal of 80 columns, with nothing set, and types the answers to its questions.
    async fn deploy_in_terminal(&self, answers: &[(&str, &str)], arguments: &[&str]) -> Output {
        let (script, answers) = (self.checkout.join("deploy"), serde_json::to_string(answers).unwrap());
        let terminal = root().join("tests/tools/terminal.py");
        let given = [terminal.to_str().unwrap(), &answers, script.to_str().unwrap(), "--pause", "0", "--looks", "3"];
        self.run("python3", &[&given, arguments].concat()).await
    }
}

fn output_text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_deployment_creates_everything_and_runs_the_health_checks() {
    let (sandbox, subscription) = (Sandbox::start().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[]).await;
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let output = subscription.deploy(&["--location", "westeurope"]).await;
    let text = output_text(&output);
    assert!(output.status.success(), "{text}");
    for words in
        ["Deployed, and everything works", "good     azure     Signing key", "BEGIN PUBLIC KEY", "/consent/callback"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let order = ["group create", "deployment group create", "functionapp deployment source config-zip"];
    let calls: Vec<String> = subscription.calls().iter().map(|call| call.join(" ")).collect();
    let places = order.map(|command| calls.iter().position(|call| call.starts_with(&format!("az {command}"))));
    assert!(places.is_sorted() && places[0].is_some(), "{calls:#?}");
    azure_cli::assert_accepted(&subscription.calls());
    let curled = subscription.read("curled");
    assert!(curled.contains("/setup"), "curl was called");
    let everything = format!("{text}{calls:?}{curled}");
    assert!(!everything.contains(SETUP_KEY), "the function key must not be visible");
    // Deploying again: the group exists already.
    let again = subscription.deploy(&[]).await;
    assert!(again.status.success());
    assert_eq!(subscription.calls().iter().filter(|call| call.join(" ").starts_with("az group create")).count(), 1);
}

/// All health checks of the setup page pass without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_with_a_lost_route_fails_and_names_the_function() {
    let (sandbox, subscription) = (Sandbox::start().await, Subscription::new());
    let lost = |root: &std::path::Path| std::fs::remove_dir_all(root.join("revoke-function")).unwrap();
    let (host, _files) = crate::doctor::routes::host(&sandbox, lost).await;
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let output = subscription.deploy(&["--location", "westeurope"]).await;
    let text = output_text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for words in ["status 404 without x-request-id", "(revoke-function,", "missing or disabled", "fix the routes above"]
    {
        let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(words), "{words}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deploying_again_keeps_the_keys_in_use_by_default() {
    let mut subscription = Subscription::new();
    let (old, new) = ("a".repeat(32), "b".repeat(32));
    subscription.fact("group", "westeurope");
    subscription.fact("app", "evergrant-old");
    subscription.fact(
        "settings",
        &format!(
            "EVERGRANT_SIGNING_KEY_ID=https://contoso.vault.azure.net/keys/evergrant-signing/{old}\n\
             EVERGRANT_SIGNING_KEY_ID_NEXT=https://contoso.vault.azure.net/keys/evergrant-signing/{new}\n\
             EVERGRANT_SEALING_KEY_ID=https://contoso.vault.azure.net/keys/evergrant-sealing/{old}"
        ),
    );
    subscription.fact("message", "functionapp deployment source config-zip\nfar enough");
    subscription.deploy(&[]).await;
    let expected = format!("SEALING_KEY_VERSION={old}\nSIGNING_KEY_VERSION={old}\nSIGNING_KEY_VERSION_NEXT={new}\n");
    assert_eq!(subscription.read("environment"), expected);
    // The last step of a rotation: the next key becomes the current one, and there is no next key.
    subscription.environment = vec![("SIGNING_KEY_VERSION", new.clone()), ("SIGNING_KEY_VERSION_NEXT", String::new())];
    subscription.deploy(&[]).await;
    let expected = format!("SEALING_KEY_VERSION={old}\nSIGNING_KEY_VERSION={new}\nSIGNING_KEY_VERSION_NEXT=\n");
    assert_eq!(subscription.read("environment"), expected);
    // A new vault has its own keys.
    subscription.environment.clear();
    subscription.fact("vaults", "another");
    assert!(output_text(&subscription.deploy(&[]).await).contains("the vault contoso is not in the group"));
    assert_eq!(subscription.read("environment"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_use_are_kept_even_if_the_app_was_deleted() {
    let mut subscription = Subscription::new();
    let (signing, sealing, chosen) = ("c".repeat(32), "d".repeat(32), "e".repeat(32));
    subscription.fact("group", "westeurope");
    subscription.fact("app", "");
    subscription.fact("signingKeyId", &format!("https://contoso.vault.azure.net/keys/evergrant-signing/{signing}"));
    subscription.fact("sealingKeyId", &format!("https://contoso.vault.azure.net/keys/evergrant-sealing/{sealing}"));
    subscription.fact("message", "functionapp deployment source config-zip\nfar enough");
    subscription.deploy(&[]).await;
    let expected = format!("SEALING_KEY_VERSION={sealing}\nSIGNING_KEY_VERSION={signing}\n");
    assert_eq!(subscription.read("environment"), expected);
    // Explicit arguments take precedence.
    subscription.environment = vec![("SIGNING_KEY_VERSION", chosen.clone())];
    subscription.deploy(&[]).await;
    assert!(subscription.read("environment").contains(&format!("SIGNING_KEY_VERSION={chosen}\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_azure_reports_as_unhealthy_is_left_to_the_health_checks() {
    let (sandbox, subscription) = (Sandbox::start().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[]).await;
    subscription.fact("group", "westeurope");
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let upload = "functionapp deployment source config-zip";
    subscription.fact("message", &format!("{upload}\nDeployment was successful but the app appears to be unhealthy."));
    let output = subscription.deploy(&[]).await;
    assert!(output.status.success() && output_text(&output).contains("everything works"), "{}", output_text(&output));
    // Any other failure is retried and finally reported.
    subscription.fact("message", &format!("{upload}\nStatus code 500"));
    let output = subscription.deploy(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output_text(&output).contains("upload 4 of 5 failed") && output_text(&output).contains("Status code 500"));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_or_ambiguous_input_is_reported_before_anything_is_changed() {
    let mut subscription = Subscription::new();
    subscription.fact("group", "westeurope");
    subscription.environment = vec![("DOCUSIGN_USER_ID", String::new())];
    let output = subscription.deploy(&[]).await;
    assert!(output_text(&output).contains("docusignUserId is not in "), "{}", output_text(&output));
    subscription.environment.clear();
    subscription.fact("bicep", "Bicep CLI version 0.29.47 (132ade51bc)");
    assert!(output_text(&subscription.deploy(&[]).await).contains("az bicep upgrade"));
    subscription.fact("bicep", "Bicep CLI version 0.36.1 (a1b2c3d4e5)");
    subscription.fact("app", "one\ntwo");
    assert!(output_text(&subscription.deploy(&[]).await).contains("more than one Evergrant: one two"));
    assert!(!subscription.called("deployment group create"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_registry_or_package_is_rejected_before_anything_is_deployed() {
    let subscription = Subscription::new();
    subscription.fact("group", "westeurope");
    subscription.fact("clients.json", r#"[{"client_id": "flows", "redirect_uri": "https://client.example/"}]"#);
    let text = output_text(&subscription.deploy(&[]).await);
    assert!(text.contains("would keep the app from starting"), "{text}");
    assert!(text.contains("client_secret_sha256 (client flows) is missing"), "{text}");
    subscription.fact("clients.json", "[]");
    subscription.fact("evergrant.zip", "no zip");
    let text = output_text(&subscription.deploy(&[]).await);
    assert!(text.contains("is not a package of Evergrant"), "{text}");
    assert!(!subscription.called("deployment group create"));
}

/// The registry is checked against the scopes that the app will have, however the parameter file is written.
#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_checked_against_the_scopes_of_the_parameter_file() {
    let mut subscription = Subscription::new();
    subscription.fact("group", "westeurope");
    subscription.fact("message", "deployment group create\nfar enough");
    subscription.environment = vec![("MY_SCOPES", "signature click.manage".to_owned())];
    let client = r#"[{"client_id":"c","client_secret_sha256":["DIGEST"],"grant_types":["client_credentials"],"scope":"click.manage"}]"#;
    subscription.fact("clients.json", &client.replace("DIGEST", &sandbox::digest("a secret")));
    let line = "param docusignScopes = 'signature impersonation spring_read spring_write'";
    let original = subscription.read("main.bicepparam");
    let with = |text: &str| original.replace(line, text);
    let json = r#"{"parameters":{"docusignScopes":{"value":"signature click.manage"}}}"#;
    let wide = "param docusignScopes = 'signature click.manage'";
    for (name, text, passes) in [
        ("the default", original.clone(), false),
        ("a wider scope", with(wide), true),
        ("CRLF", with(wide).replace('\n', "\r\n"), true),
        ("CRLF and the default", original.replace('\n', "\r\n"), false),
        ("a comment", with(&format!("{wide} // and more")), true),
        ("a comment and the default", with(&format!("{line} // click.manage")), false),
        ("the environment", with("param docusignScopes = readEnvironmentVariable('MY_SCOPES', '')"), true),
        (
            "the environment's default",
            with("param docusignScopes = readEnvironmentVariable('NO_SCOPES', 'signature')"),
            false,
        ),
        ("JSON", json.to_owned(), true),
        ("JSON and the default", json.replace("click.manage", "spring_read"), false),
        ("no scopes", with(""), false),
        ("an expression", with("param docusignScopes = '${base} click.manage'"), false),
    ] {
        subscription.fact("main.bicepparam", &text);
        let text = output_text(&subscription.deploy(&[]).await);
        assert_eq!(text.contains("The registry is valid"), passes, "{name}: {text}");
        let refused = text.contains("(client c) is invalid: it has click.manage, which DOCUSIGN_SCOPES does not have");
        assert_eq!(refused, !passes, "{name}: {text}");
        let guessed = matches!(name, "no scopes" | "an expression");
        assert_eq!(text.contains("could not find the scopes: checked against the default"), guessed, "{name}: {text}");
        assert_eq!(text.contains("Scopes are checked against docusignScopes in "), !guessed, "{name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_changes_nothing() {
    let subscription = Subscription::new();
    subscription.fact("group", "westeurope");
    let output = subscription.deploy(&["--what-if"]).await;
    assert!(output.status.success() && output_text(&output).contains("24 to create"), "{}", output_text(&output));
    assert!(subscription.called("deployment group what-if"));
    azure_cli::assert_accepted(&subscription.calls());
    for command in ["group create", "deployment group create", "functionapp deployment"] {
        assert!(!subscription.called(command), "{command}");
    }
}

/// The command of the Azure CLI that fails, its message, and words of the fix.
type AzureError = (&'static str, &'static str, &'static str);

const CREATE: &str = "deployment group create";

/// Each message is repeated with its fix, and nothing is uploaded after it.
async fn assert_explained(errors: &[AzureError]) {
    for (command, message, words) in errors {
        let subscription = Subscription::new();
        subscription.fact("group", "westeurope");
        subscription.fact("message", &format!("{command}\n{message}"));
        let output = subscription.deploy(&[]).await;
        let text = output_text(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(words) && text.contains(message), "{words}: {text}");
        assert!(!subscription.called("functionapp deployment"), "nothing is uploaded after a failure");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_azure_refuses_is_explained() {
    assert_explained(&[
        ("account show", "Please run 'az login' to setup account.", "Sign in: az login"),
        ("account show", "AADSTS50076: you must use multi-factor authentication. az login", "such as a second factor"),
        ("account show", "AADSTS7000222: The provided client secret keys are expired.", "az login --service-principal"),
        ("account show", "AADSTS700082: The refresh token has expired due to inactivity.", "Sign in: az login"),
        ("account show", "(SubscriptionNotFound) The subscription of 'x' doesn't exist in cloud.", "az account list"),
        (
            "group exists",
            "AADSTS53003: Access has been blocked by Conditional Access policies. Run: az login",
            "A conditional access policy refuses this sign-in",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_named() {
    assert_explained(&[
        (
            CREATE,
            "(AuthorizationFailed) The client 'me' does not have authorization to perform action \
             'Microsoft.Authorization/roleAssignments/write' over scope",
            "Role Based Access Control Administrator",
        ),
        (CREATE, "(AuthorizationFailed) The client does not have authorization to perform action", "You lack a role"),
        (
            CREATE,
            "(RoleAssignmentUpdateNotPermitted) Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            "left over from an earlier identity",
        ),
        (CREATE, "(RoleAssignmentExists) The role assignment already exists.", "left over from an earlier identity"),
        (
            CREATE,
            "(InvalidTemplateDeployment) RequestDisallowedByPolicy: Resource 'x' was disallowed by policy.",
            "An Azure Policy denies a resource",
        ),
        (CREATE, "(ScopeLocked) The scope is locked.", "az lock list --resource-group evergrant"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_and_a_quota_that_is_used_up_are_named() {
    assert_explained(&[
        (
            CREATE,
            "{\"code\":\"ConflictError\",\"message\":\"A vault with the same name already exists in deleted state. You need to \
             either recover or purge existing key vault.\"}",
            "az keyvault recover --name",
        ),
        (
            CREATE,
            "StorageAccountAlreadyTaken: The storage account named x is already taken.",
            "another storageAccountName",
        ),
        (CREATE, "Conflict: Website with given name x already exists.", "another functionAppName"),
        (CREATE, "(VaultAlreadyExists) The vault name is already in use.", "another keyVaultName"),
        (CREATE, "This region has quota of 0 instances for your subscription.", "list-flexconsumption-locations"),
        (
            CREATE,
            "(MissingSubscriptionRegistration) The subscription is not registered to use namespace",
            "az provider register",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_or_a_deletion_in_progress_is_explained_and_an_unknown_error_is_repeated() {
    assert_explained(&[
        (
            CREATE,
            "(DeploymentActive) The deployment with resource id 'x' cannot be saved, because this would overwrite an existing \
             deployment which is still active.",
            "az deployment group cancel --resource-group evergrant --name evergrant",
        ),
        (
            CREATE,
            "(AnotherOperationInProgress) Another operation is in progress.",
            "Another deployment to this resource group",
        ),
        (
            "group exists",
            "(ResourceGroupBeingDeleted) The group is deprovisioning.",
            "The resource group is being deleted",
        ),
        (CREATE, "Bicep CLI not found. Install it now by running \"az bicep install\".", "az bicep install"),
        (CREATE, "Something new.", "Something new."),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_without_flex_consumption_is_rejected_before_anything_is_created() {
    let subscription = Subscription::new();
    let output = subscription.deploy(&["--location", "moonbase"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output_text(&output).contains("the region moonbase has no Flex Consumption"), "{}", output_text(&output));
    assert!(!subscription.called("group create"));
    // Names with spaces and capitals are the same region.
    let output = subscription.deploy(&["--location", "eastus", "--what-if"]).await;
    assert!(!output_text(&output).contains("has no Flex Consumption"), "{}", output_text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn deployed_clients_are_not_removed_by_mistake() {
    let subscription = Subscription::new();
    subscription.fact("group", "westeurope");
    subscription.fact("app", "evergrant-old");
    subscription.fact("settings", r#"EVERGRANT_CLIENTS=[{"client_id":"flows"},{"client_id": "workfront"}]"#);
    let client =
        r#"[{"client_id": "workfront", "client_secret_sha256": ["DIGEST"], "grant_types": ["client_credentials"]}]"#;
    subscription.fact("clients.json", &client.replace("DIGEST", &sandbox::digest("a secret")));
    subscription.fact("message", "deployment group create\nfar enough");
    let output = subscription.deploy(&[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output_text(&output).contains("does not have: flows"), "{}", output_text(&output));
    assert!(!subscription.called("deployment group create"));
    // A missing registry file must not remove all clients.
    let output = subscription.deploy(&["--clients", "/nowhere/clients.json"]).await;
    assert!(output_text(&output).contains("does not have: flows workfront"), "{}", output_text(&output));
    let before = subscription.calls().len();
    subscription.deploy(&["--drop-clients", "--subscription", "Contoso"]).await;
    assert!(subscription.called("deployment group create"));
    // --subscription applies to every call.
    let named = |call: &Vec<String>| call.windows(2).any(|pair| pair == ["--subscription", "Contoso"]);
    let calls = subscription.calls().split_off(before);
    assert!(calls.iter().filter(|call| call[1] != "version").all(named), "{calls:#?}");
    azure_cli::assert_accepted(&subscription.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn open_steps_at_docusign_are_reported_and_not_a_failure() {
    let (sandbox, subscription) = (Sandbox::start_without_consent().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[]).await;
    subscription.fact("group", "westeurope");
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let output = subscription.deploy(&[]).await;
    let text = output_text(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("bad      docusign  Consent for every scope")
            && text.contains("Fix the other failed checks above"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_azure_checks_are_repeated_and_then_a_failure() {
    let (sandbox, subscription) = (Sandbox::start().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[]).await;
    sandbox.key_vault.deny(true);
    subscription.fact("group", "westeurope");
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let output = subscription.deploy(&[]).await;
    let text = output_text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("run 3 of 3") && text.contains("az role assignment create"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_the_app_are_shown_with_the_page_that_lists_them() {
    let (sandbox, subscription) = (Sandbox::start().await, Subscription::new());
    let host = start_host(&sandbox, 0, &[("DOCUSIGN_ACCOUNT_ID", "12345678")]).await;
    subscription.fact("group", "westeurope");
    subscription.fact("setup_url", &format!("{}/setup", host.url()));
    let output = subscription.deploy(&["--looks", "9"]).await;
    let text = output_text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for words in [
        "run 3 of 9: the settings are wrong",
        "DOCUSIGN_ACCOUNT_ID is invalid: it is a plain number",
        &format!("until then, {}/setup lists them", host.url()),
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("run 4 of 9"), "it does not pass by itself: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_reported_and_nothing_is_called() {
    let subscription = Subscription::new();
    for arguments in [
        &["--what-iff"][..],
        &["--looks", "0"],
        &["--looks", "abc"],
        &["--pause", "x"],
        &["--location"],
        &["--parameters", "/nowhere"],
    ] {
        let output = subscription.deploy(arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", output_text(&output));
    }
    assert!(subscription.calls().is_empty());
}
