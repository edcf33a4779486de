//! Platforms hide the sentence of a refusal from the people who need it. So the log line of every refusal has the sentence of
//! the answer, the registered client that the request names, and a hint where the answer is deliberately unspecific.

use http::Method;
use sandbox::client::Answer;
use sandbox::{
    API_KEY, CLIENT_ID, CLIENT_SECRET, GATEWAY_API_KEY, GATEWAY_ID, INTEGRATION_USER, POWER_AUTOMATE_ID, Sandbox,
    WORKFRONT_ID, digest,
};
use serde_json::{Value, json};

use crate::support::{TestApp, basic, log_line, state_of};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A request that is refused, and the registered client that it names.
struct Refused {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    client_id: Option<&'static str>,
}

impl Refused {
    fn form(path: &str, body: &str, client_id: impl Into<Option<&'static str>>) -> Self {
        let headers = vec![(FORM.0, FORM.1.to_owned())];
        Self {
            method: Method::POST,
            path: path.to_owned(),
            headers,
            body: body.to_owned(),
            client_id: client_id.into(),
        }
    }

    fn get(path: impl Into<String>, client_id: impl Into<Option<&'static str>>) -> Self {
        let (path, client_id) = (path.into(), client_id.into());
        Self { method: Method::GET, path, headers: Vec::new(), body: String::new(), client_id }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    async fn send(&self, app: &TestApp) -> Answer {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.http.call(self.method.clone(), &app.url(&self.path), &headers, &self.body).await
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The form fields that authenticate a client.
fn as_client(client_id: &str) -> String {
    format!("client_id={client_id}&client_secret={}", encoded(CLIENT_SECRET))
}

fn token_refusals() -> Vec<Refused> {
    let token = |body: &str, client_id: Option<&'static str>| Refused::form("/oauth/token", body, client_id);
    let grant = "grant_type=client_credentials";
    let scripts = as_client(CLIENT_ID);
    let flow = as_client(POWER_AUTOMATE_ID);
    let right = basic(CLIENT_ID, CLIENT_SECRET);
    vec![
        token(&format!("{grant}&client_id={CLIENT_ID}&client_secret=wrong"), Some(CLIENT_ID)),
        token(&format!("{grant}&client_id={CLIENT_ID}"), Some(CLIENT_ID)),
        token(&format!("{grant}&client_id=unknown&client_secret=wrong"), None),
        token(grant, None),
        token(&scripts, Some(CLIENT_ID)),
        token(&format!("{scripts}&grant_type=password"), Some(CLIENT_ID)),
        token(&format!("{scripts}&grant_type=refresh_token"), Some(CLIENT_ID)),
        token(&format!("{flow}&{grant}"), Some(POWER_AUTOMATE_ID)),
        token(&format!("{flow}&grant_type=authorization_code"), Some(POWER_AUTOMATE_ID)),
        token(&format!("{flow}&grant_type=authorization_code&code=bad"), Some(POWER_AUTOMATE_ID)),
        token(&format!("{flow}&grant_type=refresh_token"), Some(POWER_AUTOMATE_ID)),
        token(&format!("{flow}&grant_type=refresh_token&refresh_token=bad"), Some(POWER_AUTOMATE_ID)),
        token(&format!("{scripts}&{grant}&scope=signature+extended"), Some(CLIENT_ID)),
        token(&format!("{scripts}&{grant}&scope=%22"), Some(CLIENT_ID)),
        token(&format!("{scripts}&{grant}&scope=signature,spring_read"), Some(CLIENT_ID)),
        token(&format!("{scripts}&{grant}&{grant}"), Some(CLIENT_ID)),
        token(&format!("{scripts}&client_id={CLIENT_ID}&{grant}"), Some(CLIENT_ID)),
        token(&format!("{scripts}&client_id={POWER_AUTOMATE_ID}&{grant}"), None),
        token(&format!("{scripts}&{grant}&code=%FF"), Some(CLIENT_ID)),
        token(&format!("{{\"grant_type\":\"client_credentials\",\"client_id\":\"{CLIENT_ID}\"}}"), Some(CLIENT_ID))
            .with("content-type", "application/json"),
        token("{\"grant_type\":\"client_credentials\"}", Some(CLIENT_ID))
            .with("content-type", "application/json")
            .with("authorization", right.clone()),
        token(&format!("{scripts}&{grant}"), Some(CLIENT_ID)).with("content-type", "text/plain"),
        token(grant, None).with("authorization", "Bearer x"),
        token(&format!("{scripts}&{grant}"), Some(CLIENT_ID)).with("authorization", "Bearer x"),
        token(&format!("{scripts}&{grant}"), Some(CLIENT_ID)).with("authorization", "Digest x"),
        token(&format!("{scripts}&{grant}"), Some(CLIENT_ID)).with("authorization", right.clone()),
        token(&format!("{grant}&client_id=other"), Some(CLIENT_ID)).with("authorization", right),
        token(grant, None).with("authorization", "Basic !"),
        token(grant, Some(CLIENT_ID)).with("authorization", basic(CLIENT_ID, "wrong")),
        token("", Some(CLIENT_ID)).with("authorization", basic(CLIENT_ID, "wrong")),
        token(&"x".repeat(70_000), None),
        Refused::form(&format!("/oauth/token?client_id={CLIENT_ID}&{grant}"), "", CLIENT_ID),
    ]
}

fn revoke_refusals() -> Vec<Refused> {
    let revoke = |body: &str, client_id: Option<&'static str>| Refused::form("/oauth/revoke", body, client_id);
    let scripts = as_client(CLIENT_ID);
    vec![
        revoke("token=x", None),
        revoke(&scripts, Some(CLIENT_ID)),
        revoke(&format!("{scripts}&token=x&token=x"), Some(CLIENT_ID)),
        revoke(&format!("token=x&client_id={CLIENT_ID}&client_secret=wrong"), Some(CLIENT_ID)),
        revoke(&format!("{{\"client_id\":\"{CLIENT_ID}\"}}"), Some(CLIENT_ID)).with("content-type", "application/json"),
        revoke("token=x", Some(CLIENT_ID)).with("authorization", basic(CLIENT_ID, "wrong")),
        revoke(&format!("{scripts}&token=x"), Some(CLIENT_ID)).with("authorization", "Bearer x"),
    ]
}

fn authorize_refusals(app: &TestApp) -> Vec<Refused> {
    let redirect_uri = encoded(&app.sandbox.power_platform.redirect_uri());
    let flow = format!("/oauth/authorize?client_id={POWER_AUTOMATE_ID}");
    let good = format!("{flow}&redirect_uri={redirect_uri}&state=s");
    let get = |path: String| Refused::get(path, POWER_AUTOMATE_ID);
    vec![
        Refused::get("/oauth/authorize", None),
        Refused::get("/oauth/authorize?client_id=unknown", None),
        Refused::get(format!("{flow}&client_id=unknown"), POWER_AUTOMATE_ID),
        Refused::get(format!("{flow}&client_id={CLIENT_ID}"), None),
        Refused::get(format!("/oauth/authorize/{POWER_AUTOMATE_ID}"), POWER_AUTOMATE_ID),
        get(flow.clone()),
        get(format!("{good}&redirect_uri={redirect_uri}")),
        get(format!("{flow}&redirect_uri=https://evil.example/")),
        get(format!("{flow}&redirect_uri=javascript:1")),
        get(good.clone()),
        get(format!("{good}&response_type=token")),
        get(format!("{good}&response_type=code&state=t")),
        get(format!("{good}&response_type=code&scope=signature+extended")),
        get(format!("{good}&response_type=code&scope=signature%2Bspring_read")),
        get(format!("{good}&response_type=code&code_challenge=x")),
        get(format!("{good}&response_type=code&code_challenge=x&code_challenge_method=S256")),
        get(format!("{good}&response_type=code&state={}", "x".repeat(5000)).replace("&state=s&", "&")),
    ]
}

fn api_refusals() -> Vec<Refused> {
    let gateway = |path: &str, client_id: Option<&'static str>| Refused::get(format!("/gateway/{path}"), client_id);
    let workfront = |path: &str, client_id: Option<&'static str>| Refused::get(format!("/workfront/{path}"), client_id);
    let user = sandbox::INTEGRATION_EMAIL;
    vec![
        gateway("clm/v2/folders", None),
        gateway("clm/v2/folders", None).with("x-api-key", "wrong"),
        gateway("clm/v2/folders", None).with("authorization", "Bearer wrong"),
        gateway("clm/v2/folders", None).with("x-api-key", GATEWAY_API_KEY).with("apikey", GATEWAY_API_KEY),
        gateway("other/v2", Some(GATEWAY_ID)).with("x-api-key", GATEWAY_API_KEY),
        gateway("clm/a//b", Some(GATEWAY_ID)).with("x-api-key", GATEWAY_API_KEY),
        gateway("clm/v2/00000000-0000-4000-8000-000000000000/folders", Some(WORKFRONT_ID))
            .with("x-api-key", API_KEY)
            .with("username", user),
        workfront("v1/nothing", None),
        workfront("v1/upload", None),
        workfront("v1/metadata?id=/", None),
        workfront("v1/metadata?id=/", None).with("apikey", "wrong").with("username", user),
        workfront("v1/metadata?id=/", None).with("apikey", API_KEY),
        workfront("v1/metadata?id=/", Some(WORKFRONT_ID))
            .with("apikey", API_KEY)
            .with("username", "stranger@example.org"),
        workfront("v1/metadata?id=/", Some(GATEWAY_ID)).with("apikey", GATEWAY_API_KEY).with("username", user),
        workfront("v1/metadata?id=d:1", Some(WORKFRONT_ID)).with("apikey", API_KEY).with("username", user),
        workfront("v1/open?client=unknown", None),
        workfront("v1/open?client=workfront&client=workfront&id=d:1", None),
    ]
}

async fn callback_refusals(app: &TestApp) -> Vec<Refused> {
    let state = state_of(&app.consent_url().await).to_owned();
    let callback = |query: String| Refused::get(format!("/consent/callback?{query}"), None);
    let sign_in = format!(
        "/oauth/authorize?response_type=code&client_id={POWER_AUTOMATE_ID}&redirect_uri={}",
        encoded(&app.sandbox.power_platform.redirect_uri())
    );
    let sign_in = app.http.get(&app.url(&sign_in)).await;
    let sign_in_state = state_of(sign_in.header("location")).to_owned();
    let cookie = sign_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let of_client =
        |rest: &str| Refused::get(format!("/consent/callback?state={sign_in_state}{rest}"), POWER_AUTOMATE_ID);
    vec![
        of_client("&code=x"),
        of_client("&error=unsupported_response_type").with("cookie", cookie),
        callback(String::new()),
        callback("state=wrong&code=x".to_owned()),
        callback(format!("state={state}")),
        callback(format!("state={state}&error=access_denied&error_message=no")),
        callback(format!("state={state}&state={state}&code=x")),
        callback(format!("state={state}&code=x&code=x")),
    ]
}

/// The text of a page without the escapes of HTML.
fn plain(text: &str) -> String {
    [("&#39;", "'"), ("&#34;", "\""), ("&quot;", "\""), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character))
}

/// Checks that the answer has `sentence`: in its JSON, in the address it leads to, or on its page.
#[track_caller]
fn assert_said(answer: &Answer, sentence: &str) {
    let (json, location) = (answer.json(), answer.header("location"));
    let in_json = json["error_description"].as_str().or(json["error"].as_str());
    let in_address = url::Url::parse(location).ok().and_then(|url| {
        url.query_pairs().find(|(name, _)| name == "error_description").map(|(_, value)| value.into_owned())
    });
    match in_json.map(ToOwned::to_owned).or(in_address) {
        Some(said) => assert_eq!(said, sentence),
        None => assert!(
            plain(&answer.text()).to_lowercase().contains(&sentence.to_lowercase()),
            "{sentence}: {}",
            answer.text()
        ),
    }
}

async fn line_of(app: &TestApp, answer: &Answer) -> Value {
    let request_id = answer.header("x-request-id").to_owned();
    log_line(&app.host, |line| line["request_id"] == request_id.as_str() && line["status"].is_number()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusals_sentence_and_client_are_in_its_log_line() {
    let app = TestApp::start().await;
    app.until_sealing_is_done().await;
    let mut refusals = token_refusals();
    refusals.extend(revoke_refusals());
    refusals.extend(authorize_refusals(&app));
    refusals.extend(api_refusals());
    refusals.extend(callback_refusals(&app).await);
    for refused in refusals {
        let answer = refused.send(&app).await;
        let line = line_of(&app, &answer).await;
        let what = format!(
            "{} {} {:?} {line}",
            refused.path,
            &refused.body.get(..200).unwrap_or(&refused.body),
            refused.headers
        );
        assert!(answer.status.as_u16() >= 300, "{what}");
        let sentence = line["error_description"].as_str().unwrap_or_default();
        assert!(sentence.contains(' '), "no sentence: {what}");
        assert_said(&answer, sentence);
        assert_eq!(line["client_id"].as_str(), refused.client_id, "{what}");
        assert!(!line.to_string().contains(CLIENT_SECRET), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_too_wide_is_named() {
    let app = TestApp::start().await;
    let answer = app.token(&[("scope", "signature extended organization_read")]).await;
    let expected = "the scope is wider than the client's: extended organization_read";
    assert_eq!(answer.json()["error_description"], expected);
    assert_eq!(line_of(&app, &answer).await["error_description"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_outages_sentences_too() {
    let sandbox = Sandbox::start_without_consent().await;
    let app = TestApp::over(sandbox, &[]).await;
    let answer = app.token(&[]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(line_of(&app, &answer).await["error_description"], answer.json()["error_description"]);
}

/// A client whose secret is being rotated.
async fn app_with_two_secrets() -> TestApp {
    let sandbox = Sandbox::start().await;
    let mut clients = sandbox.clients();
    clients[0]["client_secret_sha256"] = json!([digest(CLIENT_SECRET), digest("rotated-secret")]);
    TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await
}

/// Sends these credentials in the body and by HTTP Basic. The caller learns only that they are wrong, and the log why.
async fn assert_hint(app: &TestApp, client_id: &str, secret: &str, hint: &str) {
    let in_body = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    let header = basic(client_id, secret);
    for answer in [app.form(&[], &in_body).await, app.form(&[("authorization", &header)], &in_body[..1]).await] {
        let line = line_of(app, &answer).await;
        let said = &answer.json()["error_description"];
        // So many failures are limited, and that says nothing about the credentials either.
        let expected = match answer.status.as_u16() {
            429 => "too many failed authentications; correct the credentials, then try again later",
            _ => "client authentication failed: unknown client or wrong secret",
        };
        assert_eq!(said, expected, "{client_id} {secret}");
        assert!(line["hint"].as_str().unwrap_or_default().contains(hint), "{client_id} {secret}: {line}");
        assert!(secret.len() < 8 || !line.to_string().contains(secret), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_is_wrong_with_a_secret_that_is_not_one_or_not_only_one() {
    let app = app_with_two_secrets().await;
    let long = "x y".repeat(1000);
    let digest = digest(CLIENT_SECRET);
    let (upper, prefixed, listed) = (digest.to_uppercase(), format!("sha256:{digest}"), format!("[\"{digest}\"]\n"));
    let placeholder = "placeholder instead of a client secret";
    for (secret, hint) in [
        ("{ClientSecret}", placeholder),
        ("%7BClientSecret%7D", placeholder),
        ("<client secret>", placeholder),
        ("${CLIENT_SECRET}", placeholder),
        ("your-client-secret", placeholder),
        ("********", placeholder),
        (&digest, "the digest of a client secret"),
        (&upper, "the digest of a client secret"),
        (&prefixed, "the digest of a client secret"),
        (&listed, "the digest of a client secret"),
        (&long, "far too long"),
        ("client_secret=rotated-secret", "other text around it"),
        ("Secret: rotated-secret\n", "other text around it"),
        ("rotated-\nsecret", "broken into lines"),
        ("wrong ", "blanks, line ends or quotes"),
        ("sandbox%20secret,%20worth%20nothing", "percent-encoded twice"),
        ("", "no client secret"),
    ] {
        assert_hint(&app, CLIENT_ID, secret, hint).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_is_wrong_with_a_framed_secret_a_foreign_one_or_a_client_id() {
    let app = app_with_two_secrets().await;
    for (before, after) in [
        ("", "\n"),
        (" ", ""),
        ("", "\r\n"),
        ("\"", "\""),
        ("\u{201c}", "\u{201d}"),
        ("\u{feff}", ""),
        ("", "\u{a0}"),
        ("'", "'"),
    ] {
        let framed = format!("{before}{CLIENT_SECRET}{after}");
        assert_hint(&app, CLIENT_ID, &framed, "blanks, line ends or quotes").await;
    }
    for (client_id, secret, hint) in [
        ("{ClientId}", CLIENT_SECRET, "placeholder instead of a client ID"),
        ("%7BClientId%7D", CLIENT_SECRET, "placeholder instead of a client ID"),
        ("<client id>", "{ClientSecret}", "placeholder instead of a client ID"),
        (CLIENT_SECRET, CLIENT_ID, "swapped"),
        ("gateway", "rotated-secret", "belongs to another registered client"),
        (WORKFRONT_ID, API_KEY, "API key instead of its secret"),
        ("unknown", "wrong", "no client with this client ID"),
        ("unknown", "", "no client with this client ID"),
        (" sandbox-client", CLIENT_SECRET, "the client ID has blanks"),
        ("Sandbox-Client", CLIENT_SECRET, "another letter case"),
    ] {
        assert_hint(&app, client_id, secret, hint).await;
    }
    let wrong = app.form(&[], &[("client_id", CLIENT_ID), ("client_secret", "hunter2")]).await;
    assert_eq!(line_of(&app, &wrong).await["hint"], Value::Null);
    let in_query = app.url(&format!("/oauth/token?grant_type=client_credentials&{}", as_client(CLIENT_ID)));
    let answer = app.http.post_form(&in_query, &[], &[]).await;
    assert!(line_of(&app, &answer).await["hint"].as_str().unwrap().contains("token_request_in_query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_what_is_wrong_with_a_key_or_a_token() {
    let app = TestApp::start().await;
    let (digest, docusign) =
        (digest(GATEWAY_API_KEY), app.token(&[]).await.json()["access_token"].as_str().unwrap().to_owned());
    for (header, value, hint) in [
        ("x-api-key", "{ApiKey}", "placeholder instead of an API key"),
        ("apikey", "YOUR_API_KEY", "placeholder instead of an API key"),
        ("x-api-key", digest.as_str(), "the digest of an API key"),
        ("x-api-key", CLIENT_SECRET, "a client secret instead of an API key"),
        ("x-api-key", "\"sandbox gateway key, worth nothing\"", "blanks, line ends or quotes"),
        ("authorization", &format!("Bearer {docusign}"), "not issued here"),
    ] {
        let answer = app.http.call(Method::GET, &app.url("/gateway/clm/v2/x"), &[(header, value)], "").await;
        assert_eq!(answer.status, 401);
        let line = line_of(&app, &answer).await;
        assert!(line["hint"].as_str().unwrap_or_default().contains(hint), "{header} {value}: {line}");
        assert!(!line.to_string().contains(value), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_authenticate_are_named() {
    let app = TestApp::start().await;
    let right = basic(CLIENT_ID, CLIENT_SECRET);
    let body = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    for (header, form, status, named) in [
        (right.as_str(), &body[..], 400, &["Basic", "client_secret in the body"][..]),
        ("Bearer x", &body[..], 400, &["Bearer", "client_secret in the body"]),
        ("Negotiate x", &body[..], 400, &["unknown scheme", "client_secret in the body"]),
        ("Basic x, Bearer y", &body[..], 400, &["several Authorization headers", "client_secret in the body"]),
        ("", &body[..], 400, &["empty", "client_secret in the body"]),
        ("Bearer x, Basic y", &body[..2], 401, &["several headers"]),
        ("Bearer x", &body[..2], 401, &["Bearer"]),
        ("Basic x", &body[..1], 401, &["not valid HTTP Basic", "client_id:client_secret"]),
    ] {
        let answer = app.form(&[("authorization", header)], form).await;
        let said = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, status, "{header}: {said}");
        assert!(named.iter().all(|named| said.contains(named)), "{header}: {said}");
        assert_eq!(line_of(&app, &answer).await["error_description"], said.as_str());
    }
}

/// What DocuSign was asked so far.
fn asked(app: &TestApp) -> (u32, usize) {
    (app.sandbox.docusign.exchanges(), app.sandbox.docusign.assertions().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_parameter_of_the_callback_is_refused_before_docusign_is_asked() {
    let app = TestApp::start().await;
    app.token(&[]).await;
    let consent = app.consent_url().await;
    let power = format!(
        "/oauth/authorize?response_type=code&client_id={POWER_AUTOMATE_ID}&redirect_uri={}",
        encoded(&app.sandbox.power_platform.redirect_uri())
    );
    let sign_in = app.http.get(&app.url(&power)).await;
    let open = app.http.get(&app.url(&format!("/workfront/v1/open?client={WORKFRONT_ID}&id=d:1"))).await;
    let cookie = |answer: &Answer| answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
    let states = [
        (state_of(&consent).to_owned(), String::new()),
        (state_of(sign_in.header("location")).to_owned(), cookie(&sign_in)),
        (state_of(open.header("location")).to_owned(), cookie(&open)),
    ];
    let before = asked(&app);
    for (state, cookie) in &states {
        for query in [
            format!("state={state}&state={state}&code=x"),
            format!("state={state}&state=other&code=x"),
            format!("state=&state={state}&code=x"),
            format!("state={state}&code=x&code=x"),
            format!("state={state}&code=x&code=y"),
            format!("state={state}&code=x&c%6Fde=y"),
            format!("state={state}&error=access_denied&error=access_denied"),
            format!("state={state}&code=x&error=&error=access_denied"),
        ] {
            let headers = [("cookie", cookie.as_str())];
            let answer =
                app.http.call(Method::GET, &app.url(&format!("/consent/callback?{query}")), &headers, "").await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text());
            assert!(answer.text().contains("This address is ambiguous"), "{}", answer.text());
            assert!(answer.header("location").is_empty() && answer.header("set-cookie").is_empty());
        }
    }
    assert_eq!(asked(&app), before);
    let good = sandbox::browser::Browser::default().sign_in(&consent, INTEGRATION_USER, "allow").await;
    assert_eq!(good.answer.status, 200, "the state still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn docusigns_error_is_logged_unless_it_does_not_look_like_one() {
    let app = TestApp::start().await;
    let state = state_of(&app.consent_url().await).to_owned();
    let long = "x".repeat(100);
    for (error, logged) in [
        ("unsupported_response_type", Some("unsupported_response_type")),
        ("hunter2", None),
        ("two words", None),
        (long.as_str(), None),
    ] {
        let query = format!("/consent/callback?state={state}&error={}", encoded(error));
        let line = line_of(&app, &app.http.get(&app.url(&query)).await).await;
        assert_eq!(line["docusign_error"].as_str(), logged, "{line}");
    }
}
