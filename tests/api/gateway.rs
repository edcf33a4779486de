//! `/gateway/…`: authorization, forwarding in both directions, and that calls stay on the account's own hosts.

mod answers;
mod headers;
mod paths;
mod transfers;

use http::{Method, Request};
use sandbox::bulk::{Source, Summary};
use sandbox::client::{Answer, Download};
use sandbox::clm::{ACCOUNT_ID, ACCOUNT_NUMBER};
use sandbox::fault::Fault;
use sandbox::{CLIENT_SECRET, GATEWAY_API_KEY, GATEWAY_ID, INTEGRATION_USER, OTHER_EMAIL, OTHER_USER, Sandbox, digest};
use serde_json::{Value, json};

use sandbox::host::Phase;

use crate::support::{LARGE_BODIES, TestApp, assert_error, assert_outage, log_line, rss, start_host, until, whole_log};

const KEY: (&str, &str) = ("x-api-key", GATEWAY_API_KEY);

async fn get(app: &TestApp, path: &str) -> Answer {
    app.http.call(Method::GET, &app.url(path), &[KEY], "").await
}

/// A sealed access token of the gateway's client.
pub async fn sealed_access_token(app: &TestApp) -> String {
    let form = [("grant_type", "client_credentials"), ("client_id", GATEWAY_ID), ("client_secret", CLIENT_SECRET)];
    app.form(&[], &form).await.json()["access_token"].as_str().unwrap().to_owned()
}

async fn send(app: &TestApp, method: Method, path: &str, source: Source) -> Download {
    let request = Request::builder().method(method).uri(app.url(path)).header(KEY.0, KEY.1);
    let request = match source.known_length() {
        Some(length) => request.header("content-length", length),
        None => request,
    };
    app.http.stream(request.body(source.body(())).unwrap()).await.unwrap_or_else(|| Download::missing(path))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_forwarded_with_docusigns_token_and_without_the_callers_credentials() {
    let app = TestApp::start().await;
    let echo = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x?from=2031-01-01&q=a%20b");
    let headers = [
        KEY,
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("cookie", "c=1"),
        ("username", OTHER_EMAIL),
        ("x-functions-key", "function-key"),
        ("x-docusign-authentication", "{}"),
        ("x-docusign-edit", "{\"LockToken\":\"1\",\"LockDurationInSeconds\":\"60\"}"),
        ("content-transfer-encoding", "base64"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("x-request-id", "mine"),
    ];
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"] {
        let body = if method == "GET" { "" } else { "{\"a\":1}" };
        let answer = app.http.call(method.parse().unwrap(), &app.url(&echo), &headers, body).await;
        assert_eq!(answer.status, 200, "{method}: {}", answer.text());
        let received = answer.json();
        assert_eq!(received["method"], method);
        assert_eq!(received["path"], format!("/restapi/v2.1/accounts/{ACCOUNT_ID}/x"));
        assert_eq!(received["query"], "from=2031-01-01&q=a%20b");
        assert_eq!(received["bearer"], json!({"present": true, "good": true, "user": INTEGRATION_USER}));
        assert_eq!(received["body"]["sha256"], Summary::of(body.as_bytes()).sha256);
        let empty = app.http.call(method.parse().unwrap(), &app.url(&echo), &headers, "").await.json();
        let has_length = empty["headers"].as_array().unwrap().iter().any(|header| header[0] == "content-length");
        assert_eq!(has_length, matches!(method, "POST" | "PUT" | "PATCH" | "REPORT"), "{method}: {empty}");
        let headers = received["headers"].as_array().unwrap();
        let mut names: Vec<&str> = headers.iter().filter_map(|header| header[0].as_str()).collect();
        names.retain(|name| !matches!(*name, "host" | "content-length" | "user-agent"));
        names.sort_unstable();
        let expected =
            ["accept", "content-transfer-encoding", "content-type", "traceparent", "x-docusign-edit", "x-request-id"];
        assert_eq!(names, expected, "{method}");
        // Rate limits are returned; hop-by-hop headers and headers of DocuSign's own site are not.
        assert_eq!(answer.header("x-ratelimit-remaining"), "2999");
        assert_eq!(answer.header("x-burstlimit-limit"), "500");
        assert_eq!(answer.header("x-docusign-tracetoken").len(), 32);
        for dropped in ["x-secret-hop", "set-cookie", "keep-alive"] {
            assert_eq!(answer.header(dropped), "", "{dropped}");
        }
        let passed_on = headers.iter().find(|header| header[0] == "x-request-id").unwrap();
        assert_eq!(passed_on[1], answer.header("x-request-id"), "the same id on both sides");
        assert_eq!((answer.header("x-content-type-options"), answer.header("cache-control")), ("nosniff", "no-store"));
    }
    assert_eq!(app.http.call(Method::TRACE, &app.url(&echo), &[KEY], "").await.status, 405);
    let line = log_line(&app.host, |line| line["route"] == "/gateway/{*path}").await;
    assert_eq!((line["client_id"].as_str(), line["grant_id"].as_str()), (Some(GATEWAY_ID), Some("api_key")));
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_b3_rejected_callers_get_the_reason_as_in_rfc_6750() {
    let app = TestApp::start().await;
    let url = app.url("/gateway/clm/members/current");
    let sealed = sealed_access_token(&app).await;
    let call = async |headers: &[(&str, &str)]| app.http.call(Method::GET, &url, headers, "").await;
    let bearer = format!("Bearer {sealed}");
    assert_eq!(call(&[("authorization", &bearer)]).await.json()["Email"], "robot@example.org");
    // Without credentials the challenge has no error code, otherwise it has one.
    let answer = call(&[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer realm=\"evergrant\""));
    let docusigns = app.token(&[]).await.json()["access_token"].as_str().unwrap().to_owned();
    let altered = format!("{bearer}x");
    for headers in [
        [("authorization", format!("Bearer {docusigns}").as_str())],
        [("authorization", &altered)],
        [("x-api-key", "another key")],
        [("apikey", CLIENT_SECRET)],
    ] {
        let answer = call(&headers).await;
        assert_error(&answer, 401, "invalid_token");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"evergrant\", error=\"invalid_token\"",
            "{headers:?}"
        );
    }
    let both = call(&[("authorization", &bearer), KEY]).await;
    assert_error(&both, 400, "invalid_request");
    // A token in the query or in a form is ignored.
    let in_query = app.http.get(&format!("{url}?access_token={sealed}")).await;
    assert_eq!((in_query.status.as_u16(), in_query.header("www-authenticate")), (401, "Bearer realm=\"evergrant\""));
    // A revoked token is invalid.
    let form = [("token", sealed.as_str()), ("client_id", GATEWAY_ID), ("client_secret", CLIENT_SECRET)];
    assert_eq!(app.http.post_form(&app.url("/oauth/revoke"), &[], &form).await.status, 200);
    assert_eq!(call(&[("authorization", &bearer)]).await.status, 401);
    assert!(whole_log(&app).await.iter().all(|line| !line.to_string().contains(&sealed)), "no token in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_make_the_calls_in_its_rules_as_its_user() {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.consent(OTHER_USER, "signature impersonation spring_read spring_write");
    let (reader, users, none) = (digest("reader"), digest("users"), digest("none"));
    let base = |id: &str, key: &str, more: Value| {
        let mut client =
            json!({"client_id": id, "client_secret_sha256": [], "grant_types": [], "api_key_sha256": [key]});
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    };
    let clients = json!([
        base("reader", &reader, json!({"gateway_allow": ["GET /clm/folders/*", "GET,HEAD /clm-download/"]})),
        base(
            "users",
            &users,
            json!({"subject": "signed_in_user", "gateway_allow": ["* /clm/"],
                                     "api_key_usernames": ["@example.org"]})
        ),
        base("none", &none, json!({})),
    ]);
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let call = async |method: Method, path: &str, headers: &[(&str, &str)]| {
        let answer = app.http.call(method, &app.url(path), headers, "").await;
        (answer.status.as_u16(), answer.json())
    };
    let reader = [("x-api-key", "reader")];
    let root = app.sandbox.clm.folder_at("/").unwrap();
    assert_eq!(call(Method::GET, &format!("/gateway/clm/folders/{root}"), &reader).await.0, 200);
    for (method, path) in [
        (Method::DELETE, format!("/gateway/clm/folders/{root}")),
        (Method::GET, format!("/gateway/clm/folders/{root}/documents")),
        (Method::GET, format!("/gateway/clm/v2/{ACCOUNT_ID}/folders/{root}")),
        (Method::GET, "/gateway/clm/members/current".to_owned()),
        (Method::GET, format!("/gateway/clm/FOLDERS/{root}")),
        (Method::POST, format!("/gateway/clm-upload/folders/{root}/documents?name=x")),
    ] {
        let answer = app.http.call(method, &app.url(&path), &reader, "").await;
        let json = assert_error(&answer, 403, "insufficient_scope");
        assert!(json["error_description"].as_str().unwrap().contains("gateway_allow"), "{path}");
    }
    assert_eq!(call(Method::GET, "/gateway/clm/members/current", &[("x-api-key", "none")]).await.0, 403);
    // A key for users needs the name of an existing user that it may act as.
    let me = "/gateway/clm/members/current";
    let (status, json) = call(Method::GET, me, &[("x-api-key", "users"), ("username", "OTHER@example.org")]).await;
    assert_eq!((status, json["Email"].as_str()), (200, Some("other@example.org")));
    for username in ["unknown@example.org", "leaver@example.org", "team@example.org", "ada@contoso.com", ""] {
        assert_eq!(call(Method::GET, me, &[("x-api-key", "users"), ("username", username)]).await.0, 401, "{username}");
    }
    let lookups = app.sandbox.docusign.user_lookups();
    assert_eq!(call(Method::GET, me, &[("x-api-key", "users"), ("username", OTHER_EMAIL)]).await.0, 200);
    assert_eq!(app.sandbox.docusign.user_lookups(), lookups, "users are cached");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_is_retried_once_with_a_new_token() {
    let app = TestApp::start().await;
    let path = "/gateway/clm/members/current";
    assert_eq!(get(&app, path).await.status, 200);
    let before = app.sandbox.docusign.exchanges();
    app.sandbox.docusign.invalidate_access_tokens();
    assert_eq!(get(&app, path).await.status, 200);
    assert_eq!(app.sandbox.docusign.exchanges(), before + 1);
    // A lasting 401: the caller's credentials are valid, and there are few mints.
    for _ in 0..4 {
        app.sandbox.clm.refuse_next(401, 103);
    }
    assert_eq!(get(&app, path).await.status, 403);
    assert_eq!(get(&app, path).await.status, 403);
    assert_eq!(get(&app, path).await.status, 403);
    assert!(app.sandbox.docusign.exchanges() <= before + 2, "{}", app.sandbox.docusign.exchanges());
    assert_eq!(get(&app, path).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_end_early_are_replaced_as_often_as_that_helps() {
    let app = TestApp::start().await;
    let path = "/gateway/clm/members/current";
    let echo = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x");
    for round in 0..5 {
        app.sandbox.docusign.invalidate_access_tokens();
        let answers = futures_util::future::join_all((0..8).map(|_| get(&app, path))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses, [200; 8], "{round}");
    }
    for round in 0..4 {
        app.sandbox.docusign.invalidate_access_tokens();
        assert_outage(&send(&app, Method::POST, &echo, Source::pattern(1 << 20)).await.answer);
        let again = send(&app, Method::POST, &echo, Source::pattern(1 << 20)).await.answer;
        assert_eq!(again.status, 200, "{round}: {}", again.text());
    }
    assert!(app.sandbox.docusign.exchanges() <= 10, "{}", app.sandbox.docusign.exchanges());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accounts_own_number_is_accepted_and_other_numbers_are_not() {
    let app = TestApp::start().await;
    for path in [
        format!("/gateway/esign/v2.1/accounts/{ACCOUNT_NUMBER}/x"),
        format!("/gateway/esign/v2.1/accounts/%31{}/x", &ACCOUNT_NUMBER[1..]),
        format!("/gateway/clm/v2/{ACCOUNT_NUMBER}/members/current"),
    ] {
        let answer = get(&app, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains(ACCOUNT_NUMBER), "the account's id is passed on: {}", answer.text());
    }
    for number in ["87654321", "1", "0", "123456789012345678901", "012345678", "12345678.0", "-12345678"] {
        for path in [format!("esign/v2.1/accounts/{number}/users"), format!("clm/v2/{number}/members/current")] {
            assert_error(&get(&app, &format!("/gateway/{path}")).await, 403, "access_denied");
        }
    }
    app.sandbox.docusign.esign_faults.set(Some(Fault::Status(500)));
    assert_eq!(get(&app, &format!("/gateway/clm/v2/{ACCOUNT_NUMBER}/members/current")).await.status, 200, "cached");
    assert_outage(&get(&app, "/gateway/clm/v2/55555555/members/current").await);
    // What says nothing about the number is no proof that it is another account's.
    let limit = r#"{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED","message":"The maximum number of hourly API invocations has been exceeded."}"#;
    for (number, fault) in [
        ("55555551", Fault::Json(400, limit.to_owned())),
        ("55555552", Fault::Status(403)),
        ("55555553", Fault::Status(408)),
        ("55555554", Fault::Throttle(None)),
    ] {
        app.sandbox.docusign.esign_faults.set(Some(fault.clone()));
        let answer = get(&app, &format!("/gateway/clm/v2/{number}/members/current")).await;
        assert_eq!(answer.status, 503, "{fault:?}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_body_is_sent_again_and_a_large_one_must_be_resent_by_the_caller() {
    let app = TestApp::start().await;
    let echo = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x");
    assert_eq!(get(&app, &echo).await.status, 200);
    app.sandbox.docusign.invalidate_access_tokens();
    let small = send(&app, Method::POST, &echo, Source::pattern(1000)).await.answer;
    assert_eq!(small.json()["body"]["sha256"], Summary::of_pattern(1000).sha256, "{}", small.text());
    app.sandbox.docusign.invalidate_access_tokens();
    let large = send(&app, Method::POST, &echo, Source::pattern(1 << 20)).await.answer;
    assert_outage(&large);
    assert_eq!(large.header("retry-after"), "1");
    let again = send(&app, Method::POST, &echo, Source::pattern(1 << 20).chunked()).await.answer;
    assert_eq!(again.json()["body"]["sha256"], Summary::of_pattern(1 << 20).sha256, "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_during_an_outage_does_not_discard_the_token() {
    let app = TestApp::start().await;
    let path = "/gateway/clm/members/current";
    assert_eq!(get(&app, path).await.status, 200);
    app.sandbox.docusign.faults.set(Some(Fault::Status(500)));
    app.sandbox.clm.refuse_next(401, 103);
    assert_eq!(get(&app, path).await.status, 403);
    assert_eq!(get(&app, path).await.status, 200, "the token was valid");
    app.sandbox.docusign.faults.set(None);
}

/// Writes a whole request before it reads anything, as some clients do.
async fn write_then_read(address: &str, head: &str, length: usize) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..length / piece.len() {
        socket.write_all(&piece).await.expect("the body is drained");
    }
    let mut answer = vec![0; 4096];
    let read = socket.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_its_whole_body_first_can_read_the_error() {
    let app = TestApp::start().await;
    let Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    let (address, length) = (format!("127.0.0.1:{port}"), 12 << 20);
    for (request, status) in [
        ("POST /gateway/clm-upload/folders/1/documents", "401"),
        ("PUT /workfront/v1/upload?id=u:AAAAAAAAAAAAAAAAAAAAAA", "403"),
    ] {
        let head = format!("{request} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        let answer = write_then_read(&address, &head, length).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn manipulated_paths_and_hosts_are_rejected() {
    let app = TestApp::start().await;
    let account = ACCOUNT_ID.to_uppercase();
    assert_eq!(
        get(&app, &format!("/gateway/clm/v2/{account}/members/current")).await.status,
        200,
        "the spelling in CLM's addresses"
    );
    let (before, lookups) = (app.sandbox.clm.calls(), app.sandbox.docusign.user_lookups());
    let other = "11111111-6b1a-4c57-9a83-0d5e7b21c4aa";
    for path in [
        "clm/../esign/v2.1/accounts",
        "clm/%2e%2e/%2e%2e/x",
        "clm/folders/..%2f..%2fx",
        "clm/folders/..%5c..%5cx",
        "clm/folders//x",
        "clm/%252e%252e/x",
        "clm//127.0.0.1:1/x",
        "clm/http://127.0.0.1:1/x",
        "clm/folders/%00",
        "clm/folders/a%0d%0aHost:%20evil",
        "clm@127.0.0.1:1/x",
        "http://127.0.0.1:1/x",
        "..%2fsetup",
        "",
        "clm",
        "other/x",
        &format!("clm/v2/{other}/members/current"),
        &format!("esign/v2.1/accounts/{other}/users"),
        &format!("ESIGN/v2.1/accounts/{ACCOUNT_ID}/users"),
    ] {
        let answer = get(&app, &format!("/gateway/{path}")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403 | 404), "{path}: {} {}", answer.status, answer.text());
    }
    // A host from the caller is also ignored.
    for (name, value) in [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-original-url", "/evil")] {
        let answer =
            app.http.call(Method::GET, &app.url("/gateway/clm/members/current"), &[KEY, (name, value)], "").await;
        assert_eq!(answer.status, 200, "{name}");
    }
    assert_eq!(app.sandbox.clm.calls().len(), before.len() + 3, "{:?}", app.sandbox.clm.calls());
    assert_eq!(app.sandbox.docusign.user_lookups(), lookups);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_sent_to_docusigns_addresses_only() {
    let app = TestApp::start().await;
    let foreign = json!({"ApiBaseUrl": "https://clm.example.org", "ApiBaseUploadUrl": "https://clm.example.org",
                         "ApiBaseDownloadUrl": "https://clm.example.org"});
    for body in [foreign.to_string(), "<title>Sign in</title>".to_owned()] {
        app.sandbox.clm.faults.set(Some(sandbox::fault::Fault::Body(body)));
        let host = start_host(&app.sandbox, 0, &[]).await;
        let answer = app.http.call(Method::GET, &format!("{}/gateway/clm/x", host.url()), &[KEY], "").await;
        assert_outage(&answer);
    }
    app.sandbox.clm.faults.set(None);
    assert_eq!(get(&app, "/gateway/clm/members/current").await.status, 200, "discovered again in the end");
}

/// Large enough to see in the memory use if it were buffered.
const LARGE_BODY_BYTES: u64 = 192 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_streamed_in_both_directions() {
    let app = TestApp::over(Sandbox::start().await, &[LARGE_BODIES]).await;
    let folder = app.sandbox.clm.folder_at("/Contracts").unwrap();
    let upload = format!("/gateway/clm-upload/folders/{folder}/documents?name=large.bin");
    // With a length, the host would keep it in its memory.
    let up = send(&app, Method::POST, &upload, Source::pattern(LARGE_BODY_BYTES).chunked()).await.answer;
    assert_eq!(up.status, 201, "{}", up.text());
    let id = app.sandbox.clm.documents_at("/Contracts/large.bin").pop().unwrap();
    assert_eq!(app.sandbox.clm.content(&id).unwrap().newest.length, LARGE_BODY_BYTES);
    let request = Request::get(app.url(&format!("/gateway/clm-download/documents/{id}"))).header(KEY.0, KEY.1);
    let down = app.http.stream(request.body(Source::from("").body(())).unwrap()).await.unwrap();
    assert_eq!((down.complete, down.content.length), (true, LARGE_BODY_BYTES));
    assert_eq!(down.content, app.sandbox.clm.content(&id).unwrap().newest);
    assert_eq!(down.answer.header("content-length"), LARGE_BODY_BYTES.to_string());
    assert!(rss(&app) < 60, "{} MiB", rss(&app));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_transfer_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let clm = &app.sandbox.clm;
    let folder = clm.folder_at("/Contracts").unwrap();
    let upload = format!("/gateway/clm-upload/folders/{folder}/documents?name=half.bin");
    clm.cut_upload_after(2 << 20);
    assert_outage(&send(&app, Method::POST, &upload, Source::pattern(8 << 20)).await.answer);
    assert_eq!((clm.documents_at("/Contracts/half.bin").len(), clm.open_uploads()), (0, 0));
    for source in [Source::pattern(8 << 20), Source::pattern(8 << 20).chunked()] {
        send(&app, Method::POST, &upload, source.breaking_after(2 << 20)).await;
        until(|| clm.open_uploads() == 0).await;
        assert_eq!(clm.documents_at("/Contracts/half.bin").len(), 0);
    }
    // An interrupted download is reported as incomplete.
    let id = clm.add_synthetic_document("long.bin", &folder, 8 << 20);
    clm.cut_download_after(2 << 20);
    let request = Request::get(app.url(&format!("/gateway/clm-download/documents/{id}"))).header(KEY.0, KEY.1);
    let down = app.http.stream(request.body(Source::from("").body(())).unwrap()).await.unwrap();
    assert!(!down.complete && down.content.length < 8 << 20, "{:?}", down.content);
    until(|| clm.open_downloads() == 0).await;
    assert_eq!(get(&app, "/gateway/clm/members/current").await.status, 200, "the gateway still works");
}

#[tokio::test(flavor = "multi_thread")]
async fn docusigns_errors_are_forwarded_and_outages_get_503() {
    let app = TestApp::start().await;
    let path = "/gateway/clm/members/current";
    app.sandbox.clm.refuse_next(429, 103);
    let throttled = get(&app, path).await;
    assert_eq!((throttled.status.as_u16(), throttled.json()["Error"]["ErrorCode"].as_u64()), (429, Some(103)));
    assert!(!throttled.header("x-ratelimit-reset").is_empty() && !throttled.header("x-ratelimit-limit").is_empty());
    assert_eq!(get(&app, "/gateway/clm/documents/5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722").await.status, 404);
    app.sandbox.clm.faults.set(Some(sandbox::fault::Fault::Cut));
    assert_outage(&get(&app, path).await);
    app.sandbox.clm.faults.set(None);
    // Paths that only the connector has.
    let folder = app.sandbox.clm.folder_at("/Contracts").unwrap();
    let id = app.sandbox.clm.documents_at("/Contracts/Agreement 01.txt").pop().unwrap();
    assert_eq!(get(&app, &format!("/gateway/clm/documents/{id}/content")).await.text(), "agreement number 1");
    let pdf = [KEY, ("accept", "application/pdf")];
    let url = app.url(&format!("/gateway/clm/documents/{id}/pdf"));
    let mut answer = app.http.call(Method::GET, &url, &pdf, "").await;
    if answer.status == 404 {
        answer = app.http.call(Method::GET, &url, &pdf, "").await;
    }
    assert!(answer.text().starts_with("%PDF"), "{}", answer.text());
    let upload =
        send(&app, Method::POST, &format!("/gateway/clm/folders/{folder}/documents?name=n.txt"), "x".into()).await;
    assert_eq!(upload.answer.status, 201);
    app.sandbox.docusign.withdraw_consent(INTEGRATION_USER);
    let host = start_host(&app.sandbox, 0, &[]).await;
    assert_outage(&app.http.call(Method::GET, &format!("{}{path}", host.url()), &[KEY], "").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_repeated_once_if_its_connection_was_just_closed() {
    let app = TestApp::start().await;
    let esign = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x");
    for (path, faults) in [
        (esign.as_str(), &app.sandbox.docusign.esign_faults),
        ("/gateway/clm/members/current", &app.sandbox.clm.faults),
    ] {
        assert_eq!(get(&app, path).await.status, 200, "{path}");
        faults.once(Fault::Cut);
        assert_eq!(get(&app, path).await.status, 200, "{path}: the second try");
        faults.once(Fault::Cut);
        faults.once(Fault::Cut);
        assert_outage(&get(&app, path).await);
    }
    app.sandbox.docusign.esign_faults.once(Fault::Cut);
    let posted = app.http.call(Method::POST, &app.url(&esign), &[KEY], "{}").await;
    assert_outage(&posted);
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_manager_and_workflow_builder_are_called_at_their_own_host() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_platform_host().await;
    let scopes = "signature impersonation spring_read spring_write aow_manage adm_store_unified_repo_read";
    sandbox.docusign.consent(INTEGRATION_USER, scopes);
    let key = digest("platform");
    let clients = json!([{"client_id": "platform", "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
        "scope": "signature aow_manage adm_store_unified_repo_read", "api_key_sha256": [key],
        "gateway_allow": ["GET /navigator/v1/accounts/*/agreements", "* /maestro/"]}]);
    let app = TestApp::over(sandbox, &[("DOCUSIGN_SCOPES", scopes), ("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let call = async |method: Method, path: &str| {
        app.http.call(method, &app.url(&format!("/gateway/{path}")), &[("x-api-key", "platform")], "").await
    };
    let agreements = format!("/v1/accounts/{ACCOUNT_ID}/agreements");
    let workflow = format!("/v1/accounts/{ACCOUNT_ID}/workflows/1/actions/trigger");
    for (api, method, path) in [("navigator", Method::GET, &agreements), ("maestro", Method::POST, &workflow)] {
        let answer = call(method, &format!("{api}{path}?limit=2")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!((&answer.json()["path"], &answer.json()["query"]), (&json!(path), &json!("limit=2")));
        assert_eq!(answer.json()["bearer"]["user"], INTEGRATION_USER);
    }
    assert_error(&call(Method::POST, &format!("navigator{agreements}")).await, 403, "insufficient_scope");
    assert_error(&call(Method::GET, &format!("maestro{agreements}")).await, 404, "not_found");
    assert_error(
        &call(Method::GET, "maestro/v1/accounts/11111111-6b1a-4c57-9a83-0d5e7b21c4aa/workflows").await,
        403,
        "access_denied",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_separate_reading_from_changing() {
    let keyed = |id: &str, preset: &str| {
        json!({"client_id": id, "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
               "scope": "signature spring_read spring_write", "api_key_sha256": [digest(id)], "gateway_allow": [preset]})
    };
    let presets = ["clm:read", "clm:write", "esignature:read", "esignature:send"];
    let clients = Value::Array(presets.iter().map(|preset| keyed(&preset.replace(':', "-"), preset)).collect());
    let app = TestApp::over(Sandbox::start().await, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let folder = app.sandbox.clm.folder_at("/Contracts").unwrap();
    let envelopes = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/envelopes");
    for (method, path, allowed) in [
        ("GET", format!("/gateway/clm/folders/{folder}"), "clm:read"),
        ("GET", format!("/triggers/clm/documents?folder={folder}"), "clm:read"),
        ("POST", "/gateway/clm/documentsearchtasks".to_owned(), "clm:read"),
        ("POST", "/gateway/clm/folders".to_owned(), "clm:write"),
        ("PATCH", format!("/gateway/clm/folders/{folder}"), "clm:write"),
        ("GET", format!("{envelopes}?from_date=2020-01-01"), "esignature:read"),
        ("GET", "/triggers/esignature/envelopes".to_owned(), "esignature:read"),
        ("POST", envelopes.clone(), "esignature:send"),
    ] {
        for preset in presets {
            let headers = [("x-api-key", preset.replace(':', "-")), ("content-type", "application/json".to_owned())];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = app.http.call(method.parse().unwrap(), &app.url(&path), &headers, "{}").await;
            let is_refused = answer.json()["error"] == "insufficient_scope";
            assert_eq!(is_refused, preset != allowed, "{preset}: {method} {path} {} {}", answer.status, answer.text());
        }
    }
}
