//! The values of the setup page, from the registry and the account: what to enter, what to paste, and nothing secret.

use evergrant::config::{RegistryPlace, Settings};
use evergrant::docusign::api::account::{Account, ClmHosts};
use evergrant::docusign::api::addresses::ApiBase;
use evergrant::endpoints::setup::account::AccountReport;
use evergrant::endpoints::setup::endpoint_urls::EndpointUrls;
use evergrant::endpoints::setup::report::{ClientReport, RegistryReport};
use evergrant::oauth::client::ClientRegistry;
use evergrant::types::BaseUrl;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::config::DIGEST;
use crate::local::{LocalApp, client};
use crate::support::TestEnvironment;

const ISSUER: &str = "https://evergrant.example";
const URI: &str = "https://client.example/cb";

fn issuer() -> BaseUrl {
    BaseUrl::parse(ISSUER).unwrap()
}

fn registry(clients: &Value) -> ClientRegistry {
    Settings::read_clients(&TestEnvironment::default().with("EVERGRANT_CLIENTS", &clients.to_string())).unwrap()
}

/// The report of a client with these fields.
fn report(more: &Value) -> Value {
    let mut client = json!({"client_id": "c", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]});
    client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let clients = registry(&json!([client]));
    serde_json::to_value(ClientReport::of(clients.find("c").unwrap(), &issuer())).unwrap()
}

#[test]
fn a_client_is_reported_as_it_is_registered_and_without_its_digests() {
    let signing_in = json!(["authorization_code", "refresh_token"]);
    let key = sandbox::digest("key");
    for (fields, expected) in [
        (
            json!({}),
            json!({"profile": "standard", "subject": "integration_user", "secrets": 1, "api_keys": 0, "grant_types": ["client_credentials"]}),
        ),
        (json!({"client_secret_sha256": [DIGEST, key]}), json!({"secrets": 2})),
        (
            json!({"client_secret_sha256": [], "grant_types": signing_in, "redirect_uris": [URI]}),
            json!({"secrets": 0, "redirect_uris": [URI], "authorization_url": "https://evergrant.example/oauth/authorize"}),
        ),
        (
            json!({"profile": "workfront", "grant_types": signing_in, "redirect_uris": [URI], "access_token": "sealed", "subject": "signed_in_user"}),
            json!({"profile": "workfront", "sealed_access_tokens": true, "subject": "signed_in_user",
                   "authorization_url": "https://evergrant.example/oauth/authorize/c"}),
        ),
        (
            json!({"profile": "power_automate", "grant_types": signing_in, "redirect_uris": [URI]}),
            json!({"authorization_url": "https://evergrant.example/oauth/authorize", "sealed_access_tokens": false}),
        ),
        (
            json!({"client_secret_sha256": [], "grant_types": [], "api_key_sha256": [key], "gateway_allow": ["GET /clm/", "esignature:read"]}),
            json!({"api_keys": 1, "secrets": 0, "grant_types": [], "gateway_allow": ["GET /clm/", "esignature:read"]}),
        ),
        (json!({"scope": "signature"}), json!({"scope": "signature"})),
        (json!({"scope": null}), json!({"scope": "signature impersonation spring_read spring_write"})),
    ] {
        let found = report(&fields);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{fields} {name}: {found}");
        }
        assert!(!found.to_string().contains(DIGEST) && !found.to_string().contains(&key), "{found}");
        let signs_in = fields["grant_types"] == signing_in;
        assert_eq!(found.get("authorization_url").is_some(), signs_in, "{found}");
    }
}

#[test]
fn endpoints_are_below_the_public_url() {
    let endpoints = serde_json::to_value(EndpointUrls::of(&issuer())).unwrap();
    let expected = json!({
        "authorization": "https://evergrant.example/oauth/authorize", "token": "https://evergrant.example/oauth/token",
        "revocation": "https://evergrant.example/oauth/revoke",
        "metadata": "https://evergrant.example/.well-known/oauth-authorization-server",
        "gateway": "https://evergrant.example/gateway", "workfront": "https://evergrant.example/workfront/v1",
    });
    assert_eq!(endpoints, expected);
}

#[test]
fn what_follows_a_change_depends_on_where_the_registry_is() {
    let blob = "https://contoso.blob.core.windows.net/registry/clients.json".parse().unwrap();
    for (place, shown, words) in [
        (RegistryPlace::Setting, "infra/clients.json", "deploy the registry"),
        (RegistryPlace::File("clients.json".to_owned()), "clients.json", "within 30 seconds"),
        (RegistryPlace::File("my clients.json".to_owned()), "'my clients.json'", "within 30 seconds"),
        (RegistryPlace::Blob(blob), "https://contoso.blob.core.windows.net/registry/clients.json", "within 30 seconds"),
    ] {
        let report = RegistryReport::of(&place);
        assert_eq!(report.place, shown);
        assert!(report.after_a_change().contains(words), "{shown}");
        assert_eq!(report.is_read_again, place != RegistryPlace::Setting);
        assert_eq!(serde_json::to_value(&report).unwrap()["in"], shown);
    }
}

fn account() -> Account {
    let base = |url: &str| ApiBase::parse(url, "", &[]).unwrap();
    Account {
        name: "Example Ltd".to_owned(),
        id: "3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa".to_owned(),
        esign: base("https://demo.docusign.net/restapi"),
        platform: base("https://api-d.docusign.com"),
    }
}

/// The report of an account whose CLM is at these addresses.
fn with_clm(object: &str, upload: &str) -> AccountReport {
    let base = |url: &str| ApiBase::parse(url, "", &[]).unwrap();
    let hosts = ClmHosts { object: base(object), upload: base(upload), download: base(upload) };
    AccountReport::of(&account(), Some(&hosts))
}

#[test]
fn an_accounts_servers_are_given_as_connectors_ask_for_them() {
    let none = AccountReport::of(&account(), None);
    assert_eq!(none.esignature_server.as_deref(), Some("demo.docusign.net"));
    assert_eq!((none.clm_site, none.clm_url, none.clm_content_on_api_host), (None, None, false));
    for (object, upload, site, on_api_host) in [
        (
            "https://apiuatna11.springcm.com/v2/1",
            "https://apiuploaduatna11.springcm.com/v2/1",
            Some("uatna11.springcm.com"),
            false,
        ),
        (
            "https://apina11.springcm.com/v2/1",
            "https://apina11.springcm.com/content/v2/1",
            Some("na11.springcm.com"),
            true,
        ),
        ("https://clm.springcm.com/v2/1", "https://upload.springcm.com/v2/content/1", None, false),
    ] {
        let report = with_clm(object, upload);
        assert_eq!(
            (report.clm_site.as_deref(), report.clm_content_on_api_host),
            (site, on_api_host),
            "{object} {upload}"
        );
        assert_eq!(report.clm_url.as_deref(), Some(object));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Commands of the page are pasted into a shell.
    #[test]
    fn any_path_of_a_registry_is_one_word_of_a_shell(path in "[^\\x00]{1,24}|[ -~]{1,24}|(\\$\\(id\\)|`id`|'|\"|;|&|\\||\n| |\\\\){1,8}") {
        let place = RegistryReport::of(&RegistryPlace::File(path.clone())).place;
        prop_assert_eq!(shlex::split(&place), Some(vec![path]));
    }

    #[test]
    fn no_client_shows_a_digest(secrets in 0..3_usize, keys in 0..3_usize, uris in 0..3_usize) {
        let digests = |kind: &str, count| (0..count).map(|number| sandbox::digest(&format!("{kind}{number}"))).collect::<Vec<_>>();
        let (secrets, keys) = (digests("secret", secrets), digests("key", keys));
        let uris: Vec<String> = (0..uris).map(|number| format!("{URI}{number}")).collect();
        let found = report(&json!({"client_secret_sha256": secrets, "api_key_sha256": keys, "redirect_uris": uris, "grant_types": ["refresh_token"]}));
        prop_assert!(secrets.iter().chain(&keys).all(|digest| !found.to_string().contains(digest.as_str())));
        prop_assert_eq!((&found["secrets"], &found["api_keys"]), (&json!(secrets.len()), &json!(keys.len())));
    }
}

/// The setup page of an app in a format.
async fn setup(app: &LocalApp, accept: &str) -> String {
    app.http.call(http::Method::GET, &format!("{}/setup", app.issuer), &[("accept", accept)], "").await.text()
}

/// What the heading of a card says about it: done, to do, or nothing.
fn state<'a>(page: &'a str, card: &str) -> &'a str {
    let heading =
        page.split(&format!("<h2 id=\"{card}\">")).nth(1).and_then(|rest| rest.split("</h2>").next()).unwrap();
    heading.split("<span class=\"state").nth(1).and_then(|rest| rest.split(['<', '>']).nth(1)).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_done_to_do_or_unknown_by_its_checks() {
    let app = LocalApp::start().await;
    let page = setup(&app, "text/html").await;
    assert_eq!([state(&page, "docusign"), state(&page, "consent")], ["Done", "Done"]);
    app.docusign.withdraw_consent(sandbox::INTEGRATION_USER);
    let page = setup(&app, "text/html").await;
    assert_eq!([state(&page, "docusign"), state(&page, "consent")], ["Done", "To do"]);
    // DocuSign names one fault at a time: whether it knows the integration key is not checked, but the public key is missing.
    app.docusign.delete_public_keys();
    let page = setup(&app, "text/html").await;
    assert_eq!([state(&page, "docusign"), state(&page, "consent")], ["To do", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_that_registers_a_client_is_shown_only_where_there_is_none() {
    let app =
        LocalApp::with(&[("EVERGRANT_CLIENTS", "[]"), ("DOCUSIGN_SCOPES", "signature click.manage spring_read")]).await;
    let connect = |text: String| serde_json::from_str::<Value>(&text).unwrap()["connect"].clone();
    let none = connect(setup(&app, "application/json").await);
    for (platform, words) in [
        (
            "power_automate",
            "evergrant client new power-automate --profile power_automate --scope \"spring_read\" --redirect-uri ",
        ),
        (
            "workfront",
            "evergrant client new workfront --profile workfront --subject signed_in_user --scope \"spring_read\"",
        ),
        ("script", "evergrant client new nightly-report --scope \"signature click.manage spring_read\" --in "),
    ] {
        let command = none[platform]["register"].as_str().unwrap();
        assert!(command.starts_with(words) && command.contains(" --in "), "{command}");
        assert!(!command.contains("impersonation"), "no client needs it: {command}");
    }
    let clients = json!([
        client("script", &json!({"grant_types": ["client_credentials"]})),
        client("flows", &json!({"profile": "power_automate"})),
        client("documents", &json!({"profile": "workfront", "access_token": "sealed"})),
    ]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let all = connect(setup(&app, "application/json").await);
    for (platform, client_id) in [("power_automate", "flows"), ("workfront", "documents"), ("script", "script")] {
        assert_eq!(all[platform].get("register"), None, "{platform}");
        assert_eq!(all[platform]["connections"][0]["client_id"], client_id);
    }
}

/// The fields of a connection but for those of the DocuSign account, as `name: value`; an address without the app's.
fn fields(connection: &Value, issuer: &str) -> Vec<String> {
    const OF_ACCOUNT: [&str; 3] = ["CLM site", "eSignature server", "API account ID"];
    let fields = connection["fields"].as_array().unwrap().iter();
    let named = fields.map(|field| (field["name"].as_str().unwrap(), field["value"].as_str().unwrap()));
    named
        .filter(|(name, _)| !OF_ACCOUNT.contains(name))
        .map(|(name, value)| format!("{name}: {}", value.replace(issuer, "")))
        .collect()
}

/// The clients of one platform, and what is entered there for each.
async fn assert_entered(platform: &str, cases: &[(Value, &[&str])]) -> Value {
    let clients: Vec<Value> = cases.iter().map(|(client, _)| client.clone()).collect();
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &Value::Array(clients).to_string())]).await;
    let report: Value = serde_json::from_str(&setup(&app, "application/json").await).unwrap();
    let connections = report["connect"][platform]["connections"].clone();
    for ((client, expected), connection) in cases.iter().zip(connections.as_array().unwrap()) {
        assert_eq!(connection["client_id"], client["client_id"]);
        assert_eq!(fields(connection, &app.issuer), *expected, "{client}");
    }
    connections
}

const SAID_SECRET: &str = "Client secret: printed once, when the client was registered";
const SAID_KEY: &str = "API key: printed once, when the client was registered";
const NO_SECRET: &str = "Client secret: none: a public client, with PKCE";

/// A client without a secret that has an API key.
fn keyed(client_id: &str, more: &Value) -> Value {
    let mut entry = client(client_id, &json!({"client_secret_sha256": [], "grant_types": [], "redirect_uris": []}));
    entry["api_key_sha256"] = json!([sandbox::digest(client_id)]);
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_get_the_token_url_the_gateway_or_both() {
    let issuer = json!([{"issuer": "https://issuer.example", "audience": "a", "subject": "b"}]);
    let mut job = client(
        "job",
        &json!({"grant_types": ["client_credentials"], "redirect_uris": [], "trust": issuer, "scope": "signature"}),
    );
    job.as_object_mut().unwrap().shift_remove("client_secret_sha256");
    let connections = assert_entered(
        "script",
        &[
            (
                client("machine", &json!({"grant_types": ["client_credentials"], "scope": "signature"})),
                &["Token URL: /oauth/token", "Client ID: machine", SAID_SECRET, "Scope: signature"],
            ),
            (
                client("web", &json!({"scope": "signature"})),
                &[
                    "Authorization URL: /oauth/authorize",
                    "Token URL: /oauth/token",
                    "Client ID: web",
                    SAID_SECRET,
                    "Scope: signature",
                ],
            ),
            (
                client("native", &json!({"client_secret_sha256": [], "scope": "signature"})),
                &[
                    "Authorization URL: /oauth/authorize",
                    "Token URL: /oauth/token",
                    "Client ID: native",
                    NO_SECRET,
                    "Scope: signature",
                ],
            ),
            (keyed("archive", &json!({})), &["Gateway: /gateway", SAID_KEY, "Header: x-api-key"]),
            (
                job,
                &[
                    "Token URL: /oauth/token",
                    "Client ID: job",
                    "Client secret: none: the client proves itself by its trust",
                    "Scope: signature",
                ],
            ),
        ],
    )
    .await;
    let tries: Vec<bool> =
        connections.as_array().unwrap().iter().map(|connection| connection["try_out"].is_string()).collect();
    assert_eq!(tries, [true, false, false, false, true], "a command tries client credentials");
    let command = connections[0]["try_out"].as_str().unwrap();
    assert!(
        command.starts_with("curl -u machine:\"$secret\" -d grant_type=client_credentials http://127.0.0.1:"),
        "{command}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn power_automate_gets_the_names_of_its_security_page() {
    let flows = |more: Value| {
        let mut entry = client("flows", &json!({"profile": "power_automate", "scope": "signature"}));
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let start =
        ["Identity Provider: Generic OAuth 2", "Client ID: flows", SAID_SECRET, "Authorization URL: /oauth/authorize"];
    let end = ["Token URL: /oauth/token", "Refresh URL: /oauth/token", "Scope: signature"];
    let key = json!([sandbox::digest("flows")]);
    let connections = assert_entered(
        "power_automate",
        &[
            (flows(json!({})), &[&start[..], &end].concat()),
            (keyed("key", &json!({"profile": "power_automate"})), &[SAID_KEY]),
            (
                flows(json!({"client_id": "both", "api_key_sha256": key})),
                &[&start[..1], &["Client ID: both"], &start[2..], &end, &[SAID_KEY]].concat(),
            ),
        ],
    )
    .await;
    let has_connector =
        |position: usize| connections[position]["connector"]["command"].as_str().unwrap_or_default().to_owned();
    assert!(has_connector(0).contains("--api esignature --client-id flows"), "{}", has_connector(0));
    assert_eq!(has_connector(1), "", "the connector for API keys belongs to no one client");
}

#[tokio::test(flavor = "multi_thread")]
async fn workfront_gets_both_kinds_of_services() {
    let base = "Base API URL: /workfront/v1";
    let oauth = [
        "Authentication Type: OAuth2",
        "Authentication URL: /oauth/authorize/documents",
        "Token Endpoint URL: /oauth/token",
        "Client ID: documents",
        SAID_SECRET,
    ];
    let by_key = ["Authentication Type: ApiKey", SAID_KEY];
    let documents = client("documents", &json!({"profile": "workfront", "access_token": "sealed"}));
    let mut both = documents.clone();
    both["client_id"] = json!("both");
    both["api_key_sha256"] = json!([sandbox::digest("both")]);
    let both_oauth = oauth.map(|field| field.replace("documents", "both"));
    let both_oauth: Vec<&str> = both_oauth.iter().map(String::as_str).collect();
    assert_entered(
        "workfront",
        &[
            (documents, &[&[base][..], &oauth].concat()),
            (keyed("key", &json!({"profile": "workfront"})), &[&[base][..], &by_key].concat()),
            (both, &[&[base][..], &both_oauth, &by_key].concat()),
        ],
    )
    .await;
}
