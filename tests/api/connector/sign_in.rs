//! Connects as in `apiProperties.json`, with the real authorization server.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sandbox::browser::Browser;
use sandbox::clm::{ACCOUNT_ID, Clm};
use sandbox::{CLIENT_SECRET, GATEWAY_API_KEY, INTEGRATION_USER, POWER_AUTOMATE_ID, Sandbox, digest};
use serde_json::{Value, json};

use super::platform::Platform;
use super::{VARIANTS, files, read, uses_gateway, write};
use crate::support::TestApp;

/// The CLM site that the user enters.
const SITE: &str = "uatna11.springcm.com";
/// The eSignature server that the user enters.
const SERVER: &str = "demo.docusign.net";

/// Replaces `{Placeholders}`, form-encoded. The platform's encoding is not documented.
fn expand(template: &str, values: &HashMap<&str, String>) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string())
    })
}

/// An app whose only client is the one of the variant's README.
pub async fn app_for(variant: &str) -> TestApp {
    let sandbox = Sandbox::start().await;
    let readme = String::from_utf8_lossy(&files(variant).await["README.md"]).into_owned();
    let rules: Vec<&str> = readme.split("--allow \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let scope = readme.split("--scope \"").nth(1).unwrap().split('"').next().unwrap();
    let clients = match readme.split("```json\n").nth(1) {
        Some(entry) => format!("[{}]", entry.split("```").next().unwrap().replace("<64 hex digits>", &digest(GATEWAY_API_KEY))),
        None => json!([{
            "client_id": POWER_AUTOMATE_ID, "client_secret_sha256": [digest(CLIENT_SECRET)], "profile": "power_automate",
            "grant_types": ["authorization_code", "refresh_token"], "subject": "integration_user", "scope": scope,
            "redirect_uris": [sandbox.power_platform.redirect_uri()], "gateway_allow": rules,
            "access_token": if uses_gateway(variant) { "sealed" } else { "docusign" },
        }])
        .to_string(),
    };
    TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients)]).await
}

/// The CLM connector for `app` without the gateway, connected to it and to the sandbox's CLM.
pub async fn connect(app: &TestApp, more: &[&str]) -> (Platform, Value) {
    connect_to(app, VARIANTS[0], more).await
}

/// The variant of the connector for `app`, connected to it and to the sandbox's DocuSign, with the answer to the sign-in.
pub async fn connect_to(app: &TestApp, variant: &str, more: &[&str]) -> (Platform, Value) {
    let folder = tempfile::tempdir().unwrap();
    let url = app.host.url();
    let arguments: Vec<&str> =
        ["--public-url", &url].into_iter().chain(variant.split(' ')).chain(more.iter().copied()).collect();
    let output = write(folder.path(), &arguments).await;
    assert!(output.status.success(), "{output:?}");
    let mut platform = Platform::new(read(folder.path()));
    if uses_gateway(variant) {
        platform.hosts = vec![(format!("https://{}", url.trim_start_matches("http://")), url)];
    } else {
        platform.hosts = hosts(app);
        let values = [("token:site", SITE), ("token:server", SERVER), ("token:accountId", ACCOUNT_ID)];
        platform.connection = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    }
    if platform.definition["securityDefinitions"]["api_key"]["name"] == "X-API-Key" {
        platform.credential = ("x-api-key", GATEWAY_API_KEY.to_owned());
        return (platform, Value::Null);
    }
    let answer = sign_in(app, &platform.properties).await;
    platform.set_access_token(answer["access_token"].as_str().unwrap());
    (platform, answer)
}

/// DocuSign's hosts, and where the sandbox has them.
fn hosts(app: &TestApp) -> Vec<(String, String)> {
    let clm: &Clm = &app.sandbox.clm;
    let clm = [("api", clm.api_url()), ("apiupload", clm.upload_url()), ("apidownload", clm.download_url())];
    let clm = clm.map(|(part, here)| (format!("https://{part}{SITE}"), here));
    clm.into_iter().chain([(format!("https://{SERVER}"), app.sandbox.docusign.url())]).collect()
}

async fn sign_in(app: &TestApp, properties: &Value) -> Value {
    let settings = &properties["properties"]["connectionParameters"]["token"]["oAuthSettings"];
    let template = |name: &str| settings["customParameters"][name]["value"].as_str().unwrap_or_default().to_owned();
    let scopes: Vec<&str> = settings["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let redirect_uri = app.sandbox.power_platform.redirect_uri();
    let mut values = HashMap::from([
        ("ClientId", settings["clientId"].as_str().unwrap().to_owned()),
        ("ClientSecret", CLIENT_SECRET.to_owned()),
        ("RedirectUrl", redirect_uri.clone()),
        ("Scopes", scopes.join(&template("scopeListDelimiter"))),
        ("State", "a state".to_owned()),
    ]);
    let url = template("authorizationUrlTemplate") + &expand(&template("authorizationUrlQueryStringTemplate"), &values);
    let visit = Browser::stopping_at(&redirect_uri).sign_in(&url, INTEGRATION_USER, "allow").await;
    assert_eq!(visit.parameter("state").as_deref(), Some("a state"), "{}", visit.url);
    values.insert("Code", visit.parameter("code").expect("a code"));
    let post = async |url: &str, body: String| {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = app.http.call(http::Method::POST, url, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let first = post(&template("tokenUrlTemplate"), expand(&template("tokenBodyTemplate"), &values)).await;
    values.insert("RefreshToken", first["refresh_token"].as_str().expect("a refresh token").to_owned());
    post(&template("refreshUrlTemplate"), expand(&template("refreshBodyTemplate"), &values)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_connect_and_refresh_with_the_secret() {
    let app = TestApp::start().await;
    let (platform, answer) = connect(&app, &[]).await;
    assert_eq!(answer["scope"], "spring_read spring_write");
    assert!(answer["refresh_token"].is_string(), "the platform stores the result of a refresh");
    let issued = app.sandbox.docusign.access_tokens();
    let is_ours = |access_token: &String| platform.credential.1 == format!("Bearer {access_token}");
    assert!(issued.iter().any(is_ours), "DocuSign's own");
}
