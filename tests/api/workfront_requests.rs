//! Workfront's requests in unusual forms: credentials next to others, repeated parameters, and deletions that fail.

use std::time::Duration;

use http::Method;
use sandbox::fault::Fault;
use sandbox::{API_KEY, CLIENT_SECRET, GATEWAY_ID, INTEGRATION_EMAIL, OTHER_EMAIL, OTHER_USER, Sandbox};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{TestApp, assert_error, log_line};

const KEY: [(&str, &str); 2] = [("apikey", API_KEY), ("username", INTEGRATION_EMAIL)];

async fn app() -> TestApp {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.consent(OTHER_USER, "signature impersonation spring_read spring_write");
    TestApp::over(sandbox, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_fails_can_be_tried_again_at_once() {
    let app = app().await;
    let clm = &app.sandbox.clm;
    let [robot, other] = [INTEGRATION_EMAIL, OTHER_EMAIL].map(|user| app.sandbox.workfront.with_api_key(API_KEY, user));
    let contracts = clm.folder_at("/Contracts").unwrap();
    let ids = |name: &str| clm.add_document(name, &contracts, "x");
    for (number, (fault, expected)) in [
        (Fault::Status(403), 403),
        (Fault::Status(404), 404),
        (Fault::Status(409), 200),
        (Fault::Status(422), 200),
        (Fault::Status(429), 500),
        (Fault::Status(500), 500),
        (Fault::Status(503), 500),
        (Fault::Cut, 500),
        (Fault::Hang, 500),
    ]
    .into_iter()
    .enumerate()
    {
        let id = ids(&format!("failing {number}.txt"));
        clm.deletion_faults.once(fault.clone());
        let failed = robot.delete("id", &format!("d:{id}")).await;
        assert_eq!(failed.status, expected, "{fault:?}: {}", failed.text());
        assert_ne!(failed.json()["status"], "success", "{fault:?}");
        assert!(!failed.text().contains("already being"), "{fault:?}: {}", failed.text());
        let again = robot.delete("id", &format!("d:{id}")).await;
        assert_eq!(again.json(), json!({"status": "success"}), "{fault:?}: {}", again.text());
        assert_eq!(clm.is_in_trash(&id), Some(true), "{fault:?}");
    }
    // A reader who may not delete holds no one off, and gets the same reason each time.
    let id = ids("read-only.txt");
    clm.make_read_only(&id, OTHER_USER);
    for _ in 0..2 {
        assert_error(&other.delete("id", &format!("d:{id}")).await, 403, "does not allow");
    }
    assert_eq!(robot.delete("id", &format!("d:{id}")).await.json(), json!({"status": "success"}));
    assert_error(&robot.delete("id", &format!("d:{id}")).await, 404, "deleted");
    assert_eq!(clm.is_in_trash(&id), Some(true), "deleting twice does not delete permanently");
    // A caller who disconnects does not leave a claim behind.
    let id = ids("left alone.txt");
    clm.deletion_faults.once(Fault::Latency(Duration::from_secs(1)));
    clm.deletion_faults.once(Fault::Status(500));
    let url = app.url(&format!("/workfront/v1/delete?id=d:{id}"));
    assert!(timeout(Duration::from_millis(300), app.http.call(Method::PUT, &url, &KEY, "")).await.is_err());
    for _ in 0..100 {
        let again = robot.delete("id", &format!("d:{id}")).await;
        if again.json()["status"] == "success" || again.status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(clm.is_in_trash(&id), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_parameter_is_refused_before_docusign_is_asked() {
    let app = app().await;
    let asked = || (app.sandbox.clm.calls().len(), app.sandbox.docusign.user_lookups());
    let before = asked();
    let one = "d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    let other = "d:6e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    let send = async |method: &str, path: &str, query: &str, kind: &str, body: &str| {
        let url = app.url(&format!("/workfront/v1/{path}?{query}"));
        let headers = [KEY[0], KEY[1], ("content-type", kind)];
        app.http.call(method.parse().unwrap(), &url, &headers, body).await
    };
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let routes = [
        ("GET", "metadata", "id"),
        ("GET", "files", "parentId"),
        ("GET", "files", "max"),
        ("GET", "search", "query"),
        ("GET", "download", "id"),
        ("GET", "thumbnail", "size"),
        ("POST", "uploadInit", "filename"),
        ("POST", "createFolder", "name"),
        ("PUT", "upload", "id"),
        ("PUT", "delete", "documentId"),
        ("PUT", "rename", "name"),
        ("GET", "customAction", "name"),
    ];
    for (method, path, name) in routes {
        let twice = format!("{name}={one}&{name}={other}");
        let object = format!("{{\"{name}\":\"{one}\",\"{name}\":\"{other}\"}}");
        let single = format!("{{\"{name}\":\"{other}\"}}");
        let mut places = vec![(twice.as_str(), form, "")];
        if path != "upload" && method != "GET" {
            places.extend([("", form, twice.as_str()), ("", json, &object)]);
            places.push(("Q", json, &single));
        }
        for (query, kind, body) in places {
            let query = if query == "Q" { format!("{name}={one}") } else { query.to_owned() };
            let answer = send(method, path, &query, kind, body).await;
            assert_error(&answer, 400, "two different values");
        }
    }
    let ambiguous = send("PUT", "delete", &format!("id={one}&folderId={other}"), form, "").await;
    assert_eq!(ambiguous.status, 400, "{}", ambiguous.text());
    let open = app.http.get(&app.url(&format!("/workfront/v1/open?client=workfront&id={one}&id={other}"))).await;
    assert_eq!((open.status.as_u16(), open.header("location")), (404, ""), "{}", open.text());
    assert!(open.text().contains("more than once"), "{}", open.text());
    let unreadable = send("PUT", "delete", "", json, "{\"id\": ").await;
    assert_error(&unreadable, 400, "JSON");
    let line = log_line(&app.host, |line| line["operation"] == "rename").await;
    assert_eq!(line["event"], "call_refused");
    assert_eq!(asked(), before, "DocuSign was not asked");
    // Equal repetitions are accepted.
    for (method, query, kind, body) in [
        ("GET", "id=/&id=%2F&access_type=a&access_type=b", form, ""),
        ("GET", "id=/", form, "id=/&id=/"),
        ("GET", "id=/", json, "{\"id\": \"/\", \"id\": \"/\"}"),
    ] {
        assert_eq!(send(method, "metadata", query, kind, body).await.status, 200, "{query} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_basic_header_does_no_harm() {
    let app = app().await;
    let form = [("grant_type", "client_credentials"), ("client_id", GATEWAY_ID), ("client_secret", CLIENT_SECRET)];
    let sealed = app.form(&[], &form).await.json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {sealed}");
    let joined = format!("Basic Zml4ZWQ6, {bearer}");
    let reversed = format!("{bearer},Basic Zml4ZWQ6");
    let gateway = app.url("/gateway/clm/members/current");
    let call = async |url: &str, headers: &[(&str, &str)]| app.http.call(Method::GET, url, headers, "").await.status;
    for headers in [
        &[("authorization", "Basic Zml4ZWQ6"), ("authorization", &bearer)][..],
        &[("authorization", &bearer), ("authorization", "Basic Zml4ZWQ6")],
        &[("authorization", &joined)],
        &[("authorization", &reversed)],
    ] {
        assert_eq!(call(&gateway, headers).await, 200, "{}", headers.len());
    }
    let twice = format!("{bearer}, {bearer}");
    assert_eq!(call(&gateway, &[("authorization", &twice)]).await, 400);
    let metadata = app.url("/workfront/v1/metadata?id=/");
    assert_eq!(call(&metadata, &[KEY[0], KEY[1], ("authorization", "Basic Zml4ZWQ6")]).await, 200);
    assert_eq!(call(&metadata, &[KEY[0], KEY[1], ("authorization", &joined)]).await, 403, "two credentials");
}
