//! `POST /oauth/token` with `client_credentials`, RFC 6749 §2.3, §3.2, §4.4, §5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, Scope, TokenResponse as _, TokenUrl};
use sandbox::client::Answer;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, assert_error, basic, log_line};

const FORM: &str = "application/x-www-form-urlencoded";

#[track_caller]
fn assert_token(answer: &Answer) -> Value {
    let json = answer.json();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(json["token_type"], "Bearer");
    assert!(json["expires_in"].as_u64().is_some_and(|seconds| (3500..=3570).contains(&seconds)), "{json}");
    assert!(json.get("refresh_token").is_none(), "RFC 6749 section 4.4.3");
    json
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_t8_t17_both_client_authentication_methods_get_a_token_and_no_refresh_token() {
    let app = TestApp::start().await;
    let posted = assert_token(&app.token(&[]).await);
    let authorization = basic(CLIENT_ID, CLIENT_SECRET);
    let form = [("grant_type", "client_credentials")];
    let by_basic = assert_token(&app.form(&[("authorization", &authorization)], &form).await);
    assert_eq!(posted["access_token"], by_basic["access_token"], "the second is from the cache");
    assert_eq!(posted["scope"], "signature spring_read spring_write");
    let also_named = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID)];
    assert_token(&app.form(&[("authorization", &authorization)], &also_named).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oauth_library_gets_a_token_with_either_method() {
    let app = TestApp::start().await;
    for method in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
            .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()))
            .set_auth_type(method)
            .set_token_uri(TokenUrl::new(app.url("/oauth/token")).unwrap());
        let http = app.http.clone();
        let send = move |request: oauth2::HttpRequest| {
            let http = http.clone();
            async move {
                let request = request.map(|body| http_body_util::Full::new(bytes::Bytes::from(body)));
                let answer = http.send(request).await.ok_or_else(|| std::io::Error::other("no answer"))?;
                let mut response = oauth2::HttpResponse::new(answer.body.to_vec());
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                Ok::<_, std::io::Error>(response)
            }
        };
        let asked = client.exchange_client_credentials().add_scope(Scope::new("signature".to_owned()));
        let answer = asked.request_async(&send).await.unwrap();
        assert!(answer.access_token().secret().starts_with("ds-at-"));
        assert!(answer.expires_in().unwrap().as_secs() > 3500);
        assert_eq!(answer.scopes().unwrap().len(), 1);
    }
}

/// The client's credentials in a form.
const ID_AND_SECRET: &str = "client_id=sandbox-client&client_secret=sandbox+secret%2C+worth+nothing";

const GRANT: &str = "grant_type=client_credentials";

/// Sends `body`, and checks that it is refused with this status and error.
async fn assert_refused(app: &TestApp, headers: &[(&str, &str)], body: &str, status: u16, error: &str) {
    let answer = app.http.call(Method::POST, &app.url("/oauth/token"), headers, body).await;
    assert_eq!(answer.status, status, "{headers:?} {body}");
    assert_error(&answer, status, error);
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(answer.header("www-authenticate").starts_with("Basic realm="), status == 401, "{headers:?} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_t10_t11_t15_malformed_requests_get_the_errors_of_the_rfc() {
    let app = TestApp::start().await;
    let good = format!("{GRANT}&{ID_AND_SECRET}");
    for (body, error) in [
        (format!("{good}&{GRANT}"), "invalid_request"),
        (format!("{good}&scope=signature&scope=signature"), "invalid_request"),
        (format!("{good}&code=1&code=2"), "invalid_request"),
        (ID_AND_SECRET.to_owned(), "invalid_request"),
        (format!("grant_type=&{ID_AND_SECRET}"), "invalid_request"),
        (format!("grant_type=password&{ID_AND_SECRET}"), "unsupported_grant_type"),
        (format!("grant_type=refresh_token&{ID_AND_SECRET}"), "unauthorized_client"),
        (format!("{good}&scope=signature+extended"), "invalid_scope"),
        (format!("{good}&scope=%22"), "invalid_scope"),
    ] {
        assert_refused(&app, &[("content-type", FORM)], &body, 400, error).await;
    }
    for (headers, body) in [
        (&[("content-type", "application/json")][..], "{}"),
        (&[("content-type", "application/json")], good.as_str()),
        (&[], good.as_str()),
    ] {
        assert_refused(&app, headers, body, 400, "invalid_request").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_t10_failed_authentications_get_the_errors_of_the_rfc() {
    let app = TestApp::start().await;
    for body in [
        "",
        "grant_type=client_credentials&client_id=x&client_secret=y",
        "grant_type=client_credentials&client_id=sandbox-client",
        "grant_type=client_credentials&client_id=sandbox-client&client_secret=",
    ] {
        assert_refused(&app, &[("content-type", FORM)], body, 401, "invalid_client").await;
    }
    let (right, wrong) = (basic(CLIENT_ID, CLIENT_SECRET), basic(CLIENT_ID, "wrong"));
    let no_colon = format!("Basic {}", STANDARD.encode("no colon"));
    let both_methods = format!("{GRANT}&{ID_AND_SECRET}");
    for (authorization, body, status, error) in [
        (wrong.as_str(), GRANT, 401, "invalid_client"),
        (&no_colon, GRANT, 401, "invalid_client"),
        ("Bearer x", GRANT, 401, "invalid_client"),
        (&right, &both_methods, 400, "invalid_request"),
        (&right, "grant_type=client_credentials&client_id=x", 400, "invalid_request"),
    ] {
        let headers = [("content-type", FORM), ("authorization", authorization)];
        assert_refused(&app, &headers, body, status, error).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_and_unknown_parameters_and_the_query_are_ignored() {
    let app = TestApp::start().await;
    assert_token(&app.token(&[("scope", ""), ("unknown", "1"), ("unknown", "2"), ("code", "")]).await);
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID)];
    let in_query = app.url("/oauth/token?client_secret=sandbox+secret%2C+worth+nothing");
    let answer = app.http.post_form(&in_query, &[], &form).await;
    assert_error(&answer, 401, "invalid_client");
    let charset = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];
    let body = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox+secret%2C+worth+nothing";
    assert_token(&app.http.call(Method::POST, &app.url("/oauth/token"), &charset, body).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrower_scope_is_minted_as_requested() {
    let app = TestApp::start().await;
    let json = assert_token(&app.token(&[("scope", "spring_read signature")]).await);
    assert_eq!(json["scope"], "signature spring_read");
    let assertions = app.sandbox.docusign.assertions();
    let claims = |assertion: &String| jsonwebtoken::dangerous::insecure_decode::<Value>(assertion).unwrap().claims;
    let scopes: Vec<Value> = assertions.iter().map(|assertion| claims(assertion)["scope"].clone()).collect();
    assert!(scopes.contains(&json!("signature impersonation spring_read")), "{scopes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chunked_bodies_are_read_and_oversized_ones_rejected() {
    let app = TestApp::start().await;
    let body = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox+secret%2C+worth+nothing";
    assert_eq!(raw_chunked(&app, &[&body[..20], &body[20..]]).await, 200);
    let padding = "x".repeat(70_000);
    let answer = app.token(&[("padding", &padding)]).await;
    assert_error(&answer, 413, "invalid_request");
    let line = log_line(&app.host, |line| line["status"] == 413).await;
    assert_eq!(line["client_id"], sandbox::CLIENT_ID, "{line}");
    let chunk = "x".repeat(9_000);
    assert_eq!(raw_chunked(&app, &[chunk.as_str(); 10]).await, 413);
    log_line(&app.host, |line| line["status"] == 413 && line["hint"].is_string()).await;
}

/// Posts a chunked form over a plain socket and returns the status.
async fn raw_chunked(app: &TestApp, chunks: &[&str]) -> u16 {
    use std::fmt::Write as _;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = app.host.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let mut request = format!(
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for chunk in chunks {
        write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
    }
    request.push_str("0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_rotating_its_secret_may_use_either() {
    let digests =
        ["first", "second"].map(|secret| evergrant::secret::hex(&evergrant::secret::sha256(secret.as_bytes())));
    let clients = json!([{
        "client_id": "rotating", "client_secret_sha256": digests, "grant_types": ["client_credentials"],
        "subject": "integration_user", "scope": "signature",
    }]);
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    for (secret, status) in [("first", 200), ("second", 200), ("third", 401)] {
        let form = [("grant_type", "client_credentials"), ("client_id", "rotating"), ("client_secret", secret)];
        assert_eq!(app.form(&[], &form).await.status, status, "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_paths_are_rejected_by_the_handler() {
    let app = TestApp::start().await;
    let sandbox::host::Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    let direct = |path: &str| format!("http://127.0.0.1:{port}{path}");
    for (method, path, status, allow) in [
        (Method::GET, "/oauth/token", 405, "POST"),
        (Method::PUT, "/oauth/token", 405, "POST"),
        (Method::POST, "/consent/callback", 405, "GET"),
        (Method::DELETE, "/healthz", 405, "GET, HEAD"),
        (Method::GET, "/", 200, ""),
        (Method::GET, "/healthz", 200, ""),
        (Method::GET, "/nothing", 404, ""),
        (Method::GET, "/oauth/token/", 404, ""),
        (Method::POST, "//oauth/token", 404, ""),
        (Method::POST, "/oauth/token//", 404, ""),
        (Method::GET, "/healthz/", 404, ""),
        (Method::GET, "/setup/", 404, ""),
        (Method::GET, "/oauth/authorize/", 400, ""),
        (Method::GET, "/oauth/authorize/some-client", 400, ""),
        (Method::GET, "/oauth/authorize/some-client/", 400, ""),
        (Method::POST, "/oauth/authorize/some-client/", 405, "GET"),
        (Method::GET, "/oauth/authorize//", 404, ""),
        (Method::GET, "/oauth/authorize/some-client//", 404, ""),
        (Method::GET, "/oauth/authorize//some-client", 404, ""),
        (Method::GET, "/oauth/authorize/some-client/x", 404, ""),
        (Method::GET, "/gateway", 404, ""),
        (Method::GET, "/gateway/", 404, ""),
        (Method::GET, "/workfront/", 404, ""),
        (Method::HEAD, "/healthz", 200, ""),
        (Method::OPTIONS, "/oauth/token", 405, "POST"),
        (Method::TRACE, "/gateway/clm/folders", 405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        (Method::DELETE, "/workfront/v1/files", 405, "GET, POST, PUT"),
    ] {
        let answer = app.http.call(method.clone(), &direct(path), &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (status, allow), "{method} {path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_nearly_right_is_answered_with_the_right_one() {
    let app = TestApp::start().await;
    let sandbox::host::Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    let long = format!("/Gateway/{}", "x".repeat(201));
    for (path, right) in [
        ("/oauth/token/", "/oauth/token"),
        ("/OAuth/Token", "/oauth/token"),
        ("/oauth/REVOKE//", "/oauth/revoke"),
        ("/Consent/Callback", "/consent/callback"),
        ("/setup/", "/setup"),
        ("/Healthz", "/healthz"),
        ("/HEALTHZ/?x=1", "/healthz"),
        ("/.Well-Known/oauth-authorization-server", "/.well-known/oauth-authorization-server"),
        ("/oauth/Authorize", "/oauth/authorize"),
        ("/oauth/Authorize/", "/oauth/authorize"),
        ("/oauth/Authorize/Some-Client", "/oauth/authorize/Some-Client"),
        ("/oauth/authorize//", "/oauth/authorize"),
        ("/oauth/Authorize/Some-Client/", "/oauth/authorize/Some-Client"),
        ("/Gateway/clm/folders", "/gateway/clm/folders"),
        ("/GATEWAY", "/gateway/"),
        ("/gateway", "/gateway/"),
        ("/Workfront/v1/uploadInit", "/workfront/v1/uploadInit"),
        ("/Gateway/a;b", "/gateway/"),
        (&long, "/gateway/"),
        ("/nothing", ""),
        ("/oauth/token/x", ""),
        ("/oauth/authorize/a/b", ""),
        ("/healthzz", ""),
        ("/%68ealthz", ""),
    ] {
        let answer = app.http.get(&format!("http://127.0.0.1:{port}{path}")).await;
        let expected = if right.is_empty() { String::new() } else { format!(" The right path is {right}.") };
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.text(), format!("There is nothing at this path.{expected}\n"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unusual_request_targets_get_a_response_and_do_no_harm() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let sandbox::host::Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    for (target, status) in [("CONNECT a:1", "404"), ("OPTIONS *", "404"), ("GET http://a/healthz", "200")] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!("{target} HTTP/1.1\r\nhost: a:1\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{target}: {answer}");
        assert!(answer.contains("x-request-id: "), "{target}: {answer}");
    }
    assert!(app.host.output().stderr.all().is_empty());
}

/// Sends the head of a request that waits for `100 Continue`, and reads the complete response.
async fn expect_continue(port: u16, path: &str, length: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\nconnection: close\r\n\
         expect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_100_continue_gets_the_error_without_sending_its_body() {
    let app = TestApp::start().await;
    let sandbox::host::Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    for (path, status) in [("/oauth/token", 413), ("/gateway/clm/folders", 401), ("/workfront/v1/upload", 405)] {
        let answer = expect_continue(port, path, 1_000_000).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        assert!(!answer.contains("100 Continue"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_utf_8_is_rejected() {
    let app = TestApp::start().await;
    let body = "grant_type=client_credentials&client_id=sandbox-client&client_secret=%ff";
    let headers = [("content-type", FORM)];
    assert_error(&app.http.call(Method::POST, &app.url("/oauth/token"), &headers, body).await, 400, "invalid_request");
}
