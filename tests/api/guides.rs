//! A real shell runs the commands of each guide in their order. Where a guide deploys, the sandbox's app starts again with
//! the guide's registry.

use std::os::unix::fs::symlink;

use readers::markdown::Page;
use regex::Regex;
use sandbox::browser::Browser;
use sandbox::clm::ACCOUNT_ID;
use sandbox::process::write_program;
use sandbox::{INTEGRATION_USER, OTHER_USER, SETUP_KEY, digest};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{TestApp, TestEnvironment, handler, start_host};
use crate::vendor_sdks::{Credential, run_examples};

/// The URL of Evergrant in the guides.
pub const SAMPLE_URL: &str = "https://contoso-evergrant.azurewebsites.net";
/// What Power Automate's Security page shows, once the connector is created.
const REDIRECT_URL: &str = "https://global.consent.azure-apim.net/redirect/contoso-5f6a7b8c9d0e";
/// What Workfront shows.
const WORKFRONT_REDIRECT_URI: &str = "https://contoso.workfront.example/redirect";
/// Programs of other vendors, which succeed without doing anything.
const STUBS: [&str; 6] = ["az", "cargo", "func", "npx", "pac", "paconn"];

/// Someone who follows a guide in a folder that looks like the repository.
struct Reader {
    guide: Page,
    folder: TempDir,
    app: TestApp,
    /// Placeholders, and the values that the reader knows by now.
    known: Vec<(&'static str, String)>,
    /// What the commands printed on stdout.
    printed: String,
}

impl Reader {
    async fn of(guide: &str) -> Self {
        let app = TestApp::start().await;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for directory in ["bin", "infra", "target/debug", "target/package/app"] {
            std::fs::create_dir_all(path(directory)).unwrap();
        }
        for (name, text) in [("infra/clients.json", "[]"), ("report.pdf", "%PDF-1.7"), ("state", "")] {
            std::fs::write(path(name), text).unwrap();
        }
        for name in ["bin/evergrant", "target/debug/evergrant"] {
            symlink(handler(), path(name)).unwrap();
        }
        for stub in STUBS {
            write_program(&path("bin").join(stub), "exit 0");
        }
        write_program(&path("deploy"), "exec evergrant client check infra/clients.json");
        let clm = &app.sandbox.clm;
        let contracts = clm.folder_at("/Contracts").unwrap();
        let document = clm.add_document("Agreement.txt", &contracts, "an agreement");
        let known = vec![
            ("<environment>", "an environment".to_owned()),
            ("<API account ID>", ACCOUNT_ID.to_owned()),
            ("<Workfront Redirect URI>", WORKFRONT_REDIRECT_URI.to_owned()),
            ("<folder ID>", contracts),
            ("<document ID>", document),
        ];
        Self { guide: Page::read(guide), folder, app, known, printed: String::new() }
    }

    /// Follows the guide to its end.
    async fn follow(&mut self) {
        for block in self.guide.blocks_in(&["sh"]).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>() {
            self.run(&block).await;
            if block.contains("connector create") || block.contains("paconn create") {
                self.known.push(("<redirect URL>", REDIRECT_URL.to_owned()));
            }
            if block.contains("./deploy") {
                self.deploy().await;
            }
        }
        self.assert_entries_are_as_shown();
    }

    async fn run(&mut self, block: &str) {
        let clm = self.app.sandbox.clm.discovery_url();
        let block = block.replace(SAMPLE_URL, &self.app.host.url()).replace("https://auth.springcm.com", &clm);
        let block = self.known.iter().fold(block, |text, (name, value)| text.replace(name, value));
        let unknown = Regex::new("<[A-Za-z][^<>\n]*>").unwrap().find(&block).map(|found| found.as_str());
        assert_eq!(unknown, None, "{} uses it before the reader can know it", self.guide.name);
        let script = format!(
            "set -eu\ncurl() {{ command curl --silent --show-error --fail-with-body \"$@\"; }}\n. ./state\n{block}\n\
             declare -p key secret url >state 2>/dev/null || true"
        );
        let mut shell = tokio::process::Command::new("bash");
        self.app.environment.apply(shell.args(["-c", &script]).current_dir(&self.folder));
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.folder.path().join("bin").display());
        let output = shell.env("PATH", path).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = &self.guide.name;
        assert!(output.status.success(), "{name}:\n{block}\n{}{}", text(&output.stdout), text(&output.stderr));
        self.printed += &text(&output.stdout);
    }

    /// Starts the app with the registry as it is now.
    async fn deploy(&mut self) {
        let before = self.app.host.url();
        let registry = self.read("infra/clients.json");
        self.app.host = start_host(&self.app.sandbox, 0, &[("EVERGRANT_CLIENTS", &registry)]).await;
        self.app.environment = TestEnvironment::from(&self.app.sandbox.settings(&self.app.host.url()));
        let state = self.read("state").replace(&before, &self.app.host.url());
        std::fs::write(self.folder.path().join("state"), state).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// The registry's entries, without their digests.
    fn entries(&self) -> Vec<Value> {
        let digests = Regex::new(r#""[0-9a-f]{64}""#).unwrap();
        let registry = self.read("infra/clients.json");
        serde_json::from_str(&digests.replace_all(&registry, r#""<64 hex digits>""#)).unwrap()
    }

    /// The guide shows the entries that its commands write.
    #[track_caller]
    fn assert_entries_are_as_shown(&self) {
        let written = self.entries();
        for block in self.guide.blocks_in(&["json"]) {
            let shown: Value = serde_json::from_str(block).unwrap();
            for shown in shown.as_array().cloned().unwrap_or_else(|| vec![shown.clone()]) {
                if let Some(entry) = written.iter().find(|entry| entry["client_id"] == shown["client_id"]) {
                    assert_eq!(*entry, shown, "{}", self.guide.name);
                }
            }
        }
    }

    /// The secrets that were printed, each of which is in the registry by its digest.
    fn secrets(&self) -> Vec<&str> {
        let registry = self.read("infra/clients.json");
        let secrets: Vec<&str> = self.printed.lines().filter(|line| registry.contains(&digest(line))).collect();
        assert!(!secrets.is_empty(), "{}", self.printed);
        secrets
    }

    /// Makes a connection as the platform does, and refreshes it once.
    async fn connect(&self, path_and_query: &str, user: &str, redirect_uri: &str, client_id: &str) -> Value {
        let secret = self.secrets()[0];
        let visit = Browser::stopping_at(redirect_uri).sign_in(&self.app.url(path_and_query), user, "allow").await;
        let code = visit.parameter("code").unwrap_or_else(|| panic!("no code: {}", visit.answer.text()));
        let credentials = [("client_id", client_id), ("client_secret", secret)];
        let code = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", redirect_uri)];
        let first = self.app.form(&[], &[&credentials[..], &code].concat()).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let refresh_token = first.json()["refresh_token"].as_str().unwrap().to_owned();
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let second = self.app.form(&[], &[&credentials[..], &refresh].concat()).await;
        assert_eq!(second.status, 200, "{}", second.text());
        second.json()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_docusign_administrator_compares_the_key_with_the_setup_page() {
    let mut reader = Reader::of("docs/docusign-admin.md").await;
    reader.run("evergrant public-key >evergrant-signing.pem").await;
    reader.follow().await;
    let setup = reader.app.http.get(&reader.app.url(&format!("/setup?code={SETUP_KEY}"))).await.text();
    let sha256 = Regex::new("[0-9a-f]{64}").unwrap().find(&reader.printed).unwrap().as_str();
    assert!(setup.contains(sha256), "{}", reader.printed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_for_power_automate_lead_to_a_connection() {
    for guide in ["docs/power-automate.md", "connectors/power-automate/README.md"] {
        let mut reader = Reader::of(guide).await;
        reader.follow().await;
        reader.deploy().await;
        let query = format!("client_id=power-automate&response_type=code&redirect_uri={REDIRECT_URL}&state=s");
        let path = format!("/oauth/authorize?{query}");
        let answer = reader.connect(&path, INTEGRATION_USER, REDIRECT_URL, "power-automate").await;
        assert_eq!(answer["scope"], "spring_read spring_write");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_for_workfront_leads_to_a_service_of_both_types() {
    let mut reader = Reader::of("docs/workfront.md").await;
    reader.follow().await;
    let path = "/oauth/authorize/workfront?state=s";
    let answer = reader.connect(path, OTHER_USER, WORKFRONT_REDIRECT_URI, "workfront").await;
    let files = reader.app.url("/workfront/v1/files?parentId=/");
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let get = async |headers: &[(&str, &str)]| reader.app.http.call(http::Method::GET, &files, headers, "").await;
    let listed = get(&[("authorization", &bearer)]).await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    let refused = get(&[("apiKey", reader.secrets()[1]), ("username", "someone@contoso.com")]).await;
    assert!(refused.text().contains("no active DocuSign user"), "the key is good, and the domain: {}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_for_scripts_leads_to_a_token_and_to_documents() {
    let mut reader = Reader::of("docs/gateway.md").await;
    reader.follow().await;
    assert!(reader.printed.contains("\"access_token\""), "{}", reader.printed);
    assert_eq!(reader.read("report-copy.pdf"), "an agreement");
    assert_eq!(reader.app.sandbox.clm.documents_at("/Contracts/report.pdf").len(), 1);
    let key = Regex::new(r#"key="([^"]+)""#).unwrap().captures(&reader.read("state")).unwrap()[1].to_owned();
    run_examples(&reader.app, reader.folder.path(), &Credential::ApiKey(key)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_guides_can_be_followed() {
    for guide in
        ["docs/connections.md", "docs/local.md", "connectors/README.md", "connectors/power-automate-api-key/README.md"]
    {
        Reader::of(guide).await.follow().await;
    }
}

/// A connector that is written without `--client-id` fits the client that the guides register.
#[tokio::test(flavor = "multi_thread")]
async fn the_connector_names_the_client_of_the_guides() {
    let mut reader = Reader::of("docs/power-automate.md").await;
    reader.follow().await;
    reader.run(&format!("evergrant connector power-automate --out default --public-url {SAMPLE_URL}")).await;
    let client_id = reader.entries()[0]["client_id"].as_str().unwrap().to_owned();
    for folder in ["default", "clm-connector"] {
        let properties: Value = serde_json::from_str(&reader.read(&format!("{folder}/apiProperties.json"))).unwrap();
        let settings = &properties["properties"]["connectionParameters"]["token"]["oAuthSettings"];
        assert_eq!(settings["clientId"], *client_id, "{folder}");
    }
}
