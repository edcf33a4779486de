//! The cards of the setup page: what they show, in every format, and the files on them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use regex::Regex;
use sandbox::{SETUP_KEY, Sandbox};
use serde_json::{Value, json};

use crate::local::{LocalApp, client};
use crate::support::{TestApp, TestEnvironment, run, whole_log};

/// The text of a page's HTML.
pub fn unescaped(html: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#39;", "'"), ("&#34;", "\""), ("&#38;", "&")];
    entities.iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

async fn setup(app: &TestApp, accept: &str) -> String {
    let headers = [("x-functions-key", SETUP_KEY), ("accept", accept)];
    app.http.call(Method::GET, &app.url("/setup"), &headers, "").await.text()
}

/// All texts in `value`, without those of the members that differ with each report or are for machines.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(members) => {
            let shown = members.iter().filter(|(name, _)| !["message", "title", "file_name"].contains(&name.as_str()));
            shown.flat_map(|(_, value)| texts(value)).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_text_and_json_have_the_same_values() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let json: Value = serde_json::from_str(&setup(&app, "application/json").await).unwrap();
    let others = [setup(&app, "text/plain").await, unescaped(&setup(&app, "text/html").await)];
    for part in ["docusign", "account", "connect", "endpoints", "public_keys", "docusign_redirect_uri"] {
        let values = texts(&json[part]);
        assert!(!values.is_empty(), "{part}");
        for value in values {
            // The page has the file in the place of the command that writes it.
            let is_file = |other: &str| value.starts_with("evergrant connector ") && other.contains("<html");
            let missing = others.iter().find(|other| !other.contains(value.trim_end()) && !is_file(other));
            assert!(missing.is_none(), "{part}: {value} is not in {missing:?}");
        }
    }
    assert_eq!(json["account"]["name"], "Example Ltd");
    let message = json["docusign"]["message"].as_str().unwrap();
    let user_id = json["docusign"]["user_id"].as_str().unwrap();
    for part in [&app.sandbox.signing_key.public_pem(), &app.url("/consent/callback"), "/oauth/auth?", user_id] {
        assert!(message.contains(part.trim_end()), "{part}: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_no_other_route_and_no_key() {
    let app = TestApp::over(Sandbox::start().await, &[]).await;
    let url = app.url(&format!("/setup?code={SETUP_KEY}"));
    let page = app.http.call(Method::GET, &url, &[("accept", "text/html")], "").await.text();
    assert!(!page.contains(SETUP_KEY));
    assert!(page.contains(r#"href="">Check again</a>"#));
    assert!(!page.contains("<form") && !page.contains("<button"), "it changes nothing");
    let links = Regex::new(r#"(?:href|src|action)="([^"]*)""#).unwrap();
    let ours = app.host.url();
    for link in links.captures_iter(&page).map(|found| unescaped(&found[1])) {
        let leads_elsewhere = link.starts_with("http") && !link.starts_with(&ours);
        assert!(link.is_empty() || link.starts_with("data:") || leads_elsewhere, "{link}");
    }
    let folded = Regex::new(r"(?s)<details>\s*<summary>\d+ checks passed</summary>").unwrap();
    assert!(folded.is_match(&page), "{page}");
    // It would wait for itself if it asked every route.
    let asked = whole_log(&app).await;
    let routes = ["/setup", "/oauth/token", "/oauth/authorize/{client_id?}", "/.well-known/oauth-authorization-server"];
    let foreign = asked.iter().filter_map(|line| line["route"].as_str()).find(|route| {
        !routes.iter().any(|known| known.starts_with(route) || route.starts_with(known)) && *route != "/"
    });
    assert_eq!(foreign, None);
}

/// The files on the page, by their names.
fn files(page: &str) -> Vec<(String, Vec<u8>)> {
    let link = Regex::new(r#"download="([^"]+)" href="data:[a-z/-]+;base64,([^"]+)""#).unwrap();
    let found = link.captures_iter(page);
    found.map(|found| (found[1].to_owned(), STANDARD.decode(unescaped(&found[2])).unwrap())).collect()
}

/// Unpacks `archive` with the system's own tool, which tests it.
fn unpacked(archive: &[u8], folder: &Path) {
    let file = folder.join("connector.zip");
    std::fs::write(&file, archive).unwrap();
    for arguments in [["-tq", "connector.zip"], ["-q", "connector.zip"]] {
        let output = std::process::Command::new("unzip").args(arguments).current_dir(folder).output().expect("unzip");
        assert!(output.status.success(), "{output:?}");
    }
    std::fs::remove_file(file).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn files_on_the_page_are_those_of_the_commands_byte_by_byte() {
    let odd = r#"it's-a\"client"#;
    let power_automate = client(odd, &json!({"profile": "power_automate"}));
    let by_key = client("by-key", &json!({"api_key_sha256": [sandbox::digest("key")]}));
    let sealed = json!({"profile": "power_automate", "access_token": "sealed", "gateway_allow": ["* /clm/"]});
    let sends = json!({"api_key_sha256": [sandbox::digest("another")], "scope": "signature"});
    let clients = json!([power_automate, by_key, client("sealed", &sealed), client("sends", &sends)]).to_string();
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients)]).await;
    let url = format!("{}/setup", app.issuer);
    let page = app.http.call(Method::GET, &url, &[("accept", "text/html")], "").await.text();
    let report = app.http.call(Method::GET, &url, &[("accept", "application/json")], "").await.json();
    let found = files(&page);
    let key = report["public_keys"][0]["pem"].as_str().unwrap();
    let power_automate = &report["connect"]["power_automate"];
    let (connections, others) = (&power_automate["connections"], &power_automate["connectors"]);
    let connectors = [&connections[0]["connector"], &connections[1]["connector"], &others[0], &others[1]];
    let names_of_all = [
        "evergrant-signing.pem",
        "it_s-a__client-connector.zip",
        "sealed-connector.zip",
        "clm-by-key-connector.zip",
        "esignature-by-key-connector.zip",
    ];
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names_of_all);
    assert_eq!(found[0].1, key.as_bytes());
    for ((name, archive), connector) in found[1..].iter().zip(connectors) {
        assert_eq!(connector["file_name"], *name);
        let [on_the_page, written] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        unpacked(archive, on_the_page.path());
        let command = shlex::split(connector["command"].as_str().unwrap()).unwrap();
        let (out, arguments) = command.split_last().unwrap();
        assert_eq!(format!("{out}.zip"), *name);
        let mut arguments: Vec<_> = arguments[1..].iter().map(String::as_str).collect();
        arguments.push(written.path().to_str().unwrap());
        assert!(run(&arguments, TestEnvironment::default()).await.status.success());
        assert_eq!(names(on_the_page.path()), names(written.path()));
        for file in names(written.path()) {
            let [one, other] = [&on_the_page, &written].map(|folder| std::fs::read(folder.path().join(&file)).unwrap());
            assert!(one == other, "{name}: {file}");
        }
    }
}
