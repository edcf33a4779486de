//! Redirect URIs that registered clients ask for and that are not registered: the operator finds them on the setup page, and no
//! stranger can make much of them.

use http::Method;
use sandbox::client::Answer;
use sandbox::proxy::StorageWay;
use sandbox::{SETUP_KEY, Sandbox};
use serde_json::{Value, json};

use crate::local::{LocalApp, client};
use crate::setup_cards::unescaped;
use crate::support::{TestApp, log_line, start_host};

const ASKED: &str = "https://global.consent.azure-apim.net/redirect/contoso-5f6a7b8c9d0e?x=1&y='2'";

async fn report(app: &LocalApp) -> Value {
    let url = format!("{}/setup", app.issuer);
    app.http.call(Method::GET, &url, &[("accept", "application/json")], "").await.json()
}

fn uris(report: &Value) -> Vec<&str> {
    let requests = report["redirect_requests"].as_array().unwrap_or_else(|| panic!("{report:#}"));
    requests.iter().map(|request| request["redirect_uri"].as_str().unwrap()).collect()
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_asked_for_is_listed_for_a_day_with_the_command_that_adds_it() {
    let app = LocalApp::start().await;
    for _ in 0..3 {
        assert_refused(&app.get(&app.authorize_url("web", &[("redirect_uri", ASKED)])).await);
    }
    let found = report(&app).await;
    // The checks asked for a foreign redirect URI too, which is not listed.
    assert_eq!(uris(&found), [ASKED]);
    let request = &found["redirect_requests"][0];
    let command = request["command"].as_str().unwrap();
    let words = shlex::split(command).unwrap();
    let expected = ["evergrant", "client", "add-redirect-uri", "web", ASKED, "--in", "infra/clients.json"];
    assert_eq!(words, expected, "{command}");
    assert_eq!(request["client_id"], "web");
    assert_eq!(found["redirect_requests_complete"], true);
    let url = format!("{}/setup", app.issuer);
    let text = app.http.call(Method::GET, &url, &[("accept", "text/plain")], "").await.text();
    assert!(text.contains(command), "{text}");
    let page = app.http.call(Method::GET, &url, &[("accept", "text/html")], "").await.text();
    assert!(unescaped(&page).contains(command), "{page}");
    app.advance(24 * 3600 + 1);
    assert_eq!(uris(&report(&app).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_an_operator_could_register_is_listed() {
    let app = LocalApp::start().await;
    let long = format!("https://client.example/{}", "x".repeat(1000));
    for (client_id, redirect_uri) in [
        ("unknown", ASKED),
        ("machine", ASKED),
        ("web", "http://client.example/cb"),
        ("web", "https://client.example/cb#x"),
        ("web", "https://client.example/<script>"),
        ("web", "javascript:alert(1)"),
        ("web", "https://foreign.invalid/callback"),
        ("web", &long),
        ("web", ""),
    ] {
        let answer = app.get(&app.authorize_url(client_id, &[("redirect_uri", redirect_uri)])).await;
        assert_refused(&answer);
    }
    assert_eq!(uris(&report(&app).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_written_seldom_and_hides_no_other_client() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let clients = json!([client("web", &json!({})), client("other", &json!({}))]).to_string();
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients)]).await;
    let ask = async |client_id: &str, redirect_uri: &str| {
        let query = format!("response_type=code&client_id={client_id}&redirect_uri={redirect_uri}");
        assert_refused(&app.http.get(&app.url(&format!("/oauth/authorize?{query}"))).await);
    };
    ask("other", "https://other.example/new").await;
    for number in 0..200 {
        ask("web", &format!("https://flood.example/{number}")).await;
    }
    let setup = async |url: String| {
        let headers = [("accept", "application/json"), ("x-functions-key", SETUP_KEY)];
        app.http.call(Method::GET, &format!("{url}/setup"), &headers, "").await.json()
    };
    let expected = ["199", "198", "197", "196", "195"].map(|number| format!("https://flood.example/{number}"));
    let found = setup(app.host.url()).await;
    let of = |client_id| {
        let requests = found["redirect_requests"].as_array().unwrap().iter();
        requests.filter(|request| request["client_id"] == client_id).count()
    };
    assert_eq!((of("web"), of("other")), (5, 1), "{found:#}");
    assert!(expected.iter().all(|uri| uris(&found).contains(&uri.as_str())), "{found:#}");
    let writes = app.sandbox.azurite.as_ref().unwrap().requests("PUT", "requested-redirects/");
    assert!((1..=6).contains(&writes), "{writes} writes for 201 requests");
    // Another instance has at least what was written first.
    let second = start_host(&app.sandbox, 0, &[("EVERGRANT_CLIENTS", clients.as_str())]).await;
    assert!(uris(&setup(second.url()).await).contains(&"https://other.example/new"));
    // Without the store, the refusal is the same, and the page has what this instance knows.
    app.sandbox.proxy.lead_storage(StorageWay::Cut);
    ask("other", "https://other.example/newer").await;
    let found = setup(app.host.url()).await;
    assert!(uris(&found).contains(&"https://other.example/newer"), "{found:#}");
    assert_eq!(found["redirect_requests_complete"], false);
    let failed = log_line(&app.host, |line| line["what"] == "record a redirect URI").await;
    assert!(failed["request_id"].is_string() && failed["trace_id"].is_string(), "{failed}");
}
