//! Connects as in `apiProperties.json`, with the real authorization server.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sandbox::browser::Browser;
use sandbox::clm::{ACCOUNT_ID, Clm};
use sandbox::{CLIENT_SECRET, GATEWAY_API_KEY, INTEGRATION_USER, POWER_AUTOMATE_ID, Sandbox, digest};
use serde_json::Value;

use super::platform::Platform;
use super::{read, write};
use crate::support::{TestApp, root};

/// The CLM site that the user enters.
const SITE: &str = "uatna11.springcm.com";

/// Replaces `{Placeholders}`, form-encoded. The platform's encoding is not documented.
fn expand(template: &str, values: &HashMap<&str, String>) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string())
    })
}

/// The connector for `app`, connected to it and to the sandbox's CLM.
pub async fn connect(app: &TestApp, more: &[&str]) -> (Platform, Value) {
    let folder = tempfile::tempdir().unwrap();
    let url = app.host.url();
    let output =
        write(folder.path(), &[&["--public-url", &url, "--client-id", POWER_AUTOMATE_ID], more].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let mut platform = Platform::new(read(folder.path()));
    let clm: &Clm = &app.sandbox.clm;
    platform.hosts = [("api", clm.api_url()), ("apiupload", clm.upload_url()), ("apidownload", clm.download_url())]
        .map(|(part, here)| (format!("https://{part}{SITE}"), here))
        .to_vec();
    platform.connection = [("token:site", SITE), ("token:accountId", ACCOUNT_ID)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let answer = sign_in(app, &platform.properties).await;
    platform.set_access_token(answer["access_token"].as_str().unwrap());
    (platform, answer)
}

/// The connector for an app's gateway, with an API key. It has neither CLM's hosts nor the account. The client is the one from
/// its README.
pub async fn with_api_key() -> (TestApp, Platform) {
    let kept = root().join("connectors/power-automate-api-key/README.md");
    let readme = std::fs::read_to_string(kept).unwrap();
    let entry = readme.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let clients = format!("[{}]", entry.replace("<64 hex digits>", &digest(GATEWAY_API_KEY)));
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_CLIENTS", &clients)]).await;
    let folder = tempfile::tempdir().unwrap();
    let url = app.host.url();
    let output = write(folder.path(), &["--api-key", "--public-url", &url]).await;
    assert!(output.status.success(), "{output:?}");
    let mut platform = Platform::new(read(folder.path()));
    let host = url.trim_start_matches("http://");
    platform.hosts = vec![(format!("https://{host}"), url.clone())];
    let name = &platform.definition["securityDefinitions"]["api_key"]["name"];
    assert_eq!(name, "X-API-Key");
    platform.credential = ("x-api-key", GATEWAY_API_KEY.to_owned());
    (app, platform)
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
