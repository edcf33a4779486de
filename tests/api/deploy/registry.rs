//! How `./deploy` uploads the client registry to its blob.

use readers::azure_cli;

use super::{Subscription, output_text};

const URL: &str = "https://contoso.blob.core.windows.net/evergrant-registry/clients.json";

/// A registry with these clients, each with a redirect URI.
fn clients(ids: &[&str]) -> String {
    let client = |id: &&str| {
        format!(
            r#"{{"client_id": "{id}", "client_secret_sha256": ["{}"], "grant_types": ["authorization_code"], "redirect_uris": ["https://{id}.example/callback"]}}"#,
            sandbox::digest("a secret")
        )
    };
    format!("[{}]", ids.iter().map(client).collect::<Vec<_>>().join(", "))
}

impl Subscription {
    /// A deployed app that reads its registry from a blob.
    fn with_registry(file: &str) -> Self {
        let this = Self::new();
        this.fact("group", "westeurope");
        this.fact("app", "evergrant-old");
        this.fact("settings", &format!("EVERGRANT_CLIENTS={URL}\nDOCUSIGN_SCOPES=signature impersonation"));
        this.fact("registry_url", URL);
        this.fact("clients.json", file);
        this
    }

    async fn upload(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.deploy(&[&["--clients-only", "--looks", "2"], arguments].concat()).await;
        (output.status.success(), output_text(&output))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_only_uploads_the_registry_and_deploys_nothing() {
    let subscription = Subscription::with_registry(&clients(&["flows"]));
    let (uploaded, text) = subscription.upload(&[]).await;
    assert!(uploaded && text.contains("The registry is valid; clients: 1"), "{text}");
    assert_eq!(subscription.read("registry.json"), clients(&["flows"]));
    let again = subscription.upload(&[]).await.1;
    assert!(again.contains("is the same as"), "{again}");
    subscription.fact("clients.json", &clients(&["flows", "workfront"]));
    assert!(subscription.upload(&[]).await.0);
    assert_eq!(subscription.read("registry.json"), clients(&["flows", "workfront"]));
    let calls = subscription.calls();
    let uploads: Vec<String> =
        calls.iter().map(|call| call.join(" ")).filter(|call| call.contains("blob upload")).collect();
    assert!(
        uploads.len() == 2 && uploads[0].contains("--if-none-match *") && uploads[1].contains("--if-match"),
        "{uploads:?}"
    );
    assert!(uploads.iter().all(|call| call.contains("--auth-mode login")), "{uploads:?}");
    for command in ["deployment group create", "functionapp deployment", "group create", "bicep"] {
        assert!(!subscription.called(command), "{command}");
    }
    azure_cli::assert_accepted(&calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_loses_neither_clients_nor_changes_of_others() {
    let subscription = Subscription::with_registry(&clients(&["flows"]));
    subscription.fact("registry.json", &clients(&["flows", "workfront"]));
    for mode in [&["--clients-only"][..], &[]] {
        let output = subscription.deploy(mode).await;
        let text = output_text(&output);
        assert!(output.status.code() == Some(1) && text.contains("does not have: workfront"), "{text}");
    }
    assert!(!subscription.called("deployment group create") && !subscription.called("storage blob upload"));
    let (dropped, text) = subscription.upload(&["--drop-clients"]).await;
    assert!(dropped && subscription.read("registry.json") == clients(&["flows"]), "{text}");
    // What the last upload wrote may be removed.
    let without_redirect =
        clients(&["flows"]).replace("https://flows.example/callback", "https://new.example/callback");
    subscription.fact("clients.json", &without_redirect);
    assert!(subscription.upload(&[]).await.0);
    // What a command added in Azure may not.
    subscription
        .fact("registry.json", &without_redirect.replace("https://new", "https://added.example/\", \"https://new"));
    subscription.fact("registry.metadata", "");
    let (uploaded, text) = subscription.upload(&[]).await;
    assert!(!uploaded && text.contains("was changed there") && text.contains("https://added.example/"), "{text}");
    let (kept, text) = subscription.upload(&["--keep-clients"]).await;
    assert!(kept && subscription.read("registry.json").contains("https://added.example/"), "{text}");
    // Another writer between reading and writing.
    subscription.fact("registry.json", &clients(&["flows"]));
    subscription.fact("clients.json", &clients(&["flows", "workfront"]));
    subscription.fact("writer", "echo '[]' >registry.json");
    let (uploaded, text) = subscription.upload(&[]).await;
    assert!(!uploaded && text.contains("at the same time") && subscription.read("registry.json") == "[]\n", "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_registry_that_the_app_accepts_is_uploaded() {
    let subscription = Subscription::with_registry(&clients(&["flows"]));
    // The app has fewer scopes than the parameter file.
    let scope = clients(&["flows"]).replace("\"redirect_uris\"", "\"scope\": \"spring_read\", \"redirect_uris\"");
    for (registry, words) in
        [("[", "clients.json"), (scope.as_str(), "it has spring_read, which DOCUSIGN_SCOPES does not have")]
    {
        subscription.fact("clients.json", registry);
        let (uploaded, text) = subscription.upload(&[]).await;
        assert!(!uploaded && text.contains("is not a valid registry") && text.contains(words), "{text}");
    }
    assert!(!subscription.called("storage"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_deployment_uploads_the_registry_before_the_package() {
    let subscription = Subscription::with_registry(&clients(&["flows"]));
    subscription.fact("message", "functionapp deployment source config-zip\nfar enough");
    subscription.deploy(&[]).await;
    assert_eq!(subscription.read("registry.json"), clients(&["flows"]));
    // Without a file, the registry in Azure stays; a new one is empty.
    std::fs::remove_file(subscription.path("clients.json")).unwrap();
    let text = output_text(&subscription.deploy(&[]).await);
    assert!(text.contains("stays as it is") && subscription.read("registry.json") == clients(&["flows"]), "{text}");
    std::fs::remove_file(subscription.path("registry.json")).unwrap();
    subscription.deploy(&[]).await;
    assert_eq!(subscription.read("registry.json"), "[]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_registry_from_being_written_is_explained() {
    let show = "storage blob show";
    for (command, message, words) in [
        (
            show,
            "You do not have the required permissions needed to perform this operation.",
            "Storage Blob Data Contributor",
        ),
        (
            show,
            "This request is not authorized to perform this operation. ErrorCode:AuthorizationFailure",
            "inside the network",
        ),
        (show, "Please run 'az login' to setup account.", "Sign in: az login"),
        (show, "Connection refused", "the Azure CLI failed"),
        ("functionapp list", "(ResourceGroupNotFound) Resource group 'x' could not be found.", "the Azure CLI failed"),
    ] {
        let subscription = Subscription::with_registry(&clients(&["flows"]));
        subscription.fact("message", &format!("{command}\n{message}"));
        let (uploaded, text) = subscription.upload(&[]).await;
        assert!(
            !uploaded && text.contains(words) && text.contains(message) != words.contains("network"),
            "{message}: {text}"
        );
    }
    let subscription = Subscription::with_registry(&clients(&["flows"]));
    subscription.fact("registry_url", "");
    subscription.fact("settings", "EVERGRANT_CLIENTS=[]");
    let (uploaded, text) = subscription.upload(&[]).await;
    assert!(!uploaded && text.contains("in an app setting"), "{text}");
    subscription.fact("app", "");
    let (uploaded, text) = subscription.upload(&[]).await;
    assert!(!uploaded && text.contains("there is no Evergrant"), "{text}");
}
