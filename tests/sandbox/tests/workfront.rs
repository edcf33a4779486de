//! The simulated Workfront makes the calls in Adobe's documentation, checked with a server that records them.

use std::sync::{Arc, Mutex};

use http::Request;
use hyper::body::Incoming;
use sandbox::bulk::{Source, Summary};
use sandbox::server::{self, Reply, Server, json, reply};
use sandbox::workfront::Ids;
use sandbox::{API_KEY, OTHER_EMAIL, Sandbox};
use serde_json::json;

type Notes = Arc<Mutex<Vec<String>>>;

const IDS: Ids<'_> = Ids { document: "wf-1", version: "wf-2" };

/// Accepts one key and records method, target, credentials and length of every call.
async fn documents(notes: &Notes) -> Server {
    let notes = Arc::clone(notes);
    Server::start(0, move |request| answer(Arc::clone(&notes), request)).await
}

async fn answer(notes: Notes, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let text = |name: &str| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("-").to_owned()
    };
    let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let content = Summary::of(&server::read(body).await);
    let credentials = format!("{} {}", text("apikey"), text("username"));
    let note = format!("{} {target} {credentials} {}", head.method, content.length);
    if let Ok(mut notes) = notes.lock() {
        notes.push(note);
    }
    Ok(match head.uri.path() {
        _ if text("apikey") != API_KEY => json(403, &json!({"status": "error", "error": "no"})),
        "/uploadInit" => json(200, &json!({"id": "u:1", "kind": "file"})),
        "/upload" => json(200, &json!({"result": "success", "sha256": content.sha256})),
        _ => reply(200, "text/plain", "here"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_api_key_every_call_has_key_and_user_and_nothing_is_refreshed() {
    let (sandbox, notes) = (Sandbox::start().await, Notes::default());
    let server = documents(&notes).await;
    let workfront = &sandbox.workfront;
    workfront.use_base_url(Some(&server.url()));
    let documents = workfront.with_api_key(API_KEY, OTHER_EMAIL);
    documents.metadata("/").await;
    documents.files("f:1 2", Some(10), Some(20)).await;
    let sent = documents.upload("f:1", "a b.txt", IDS, Source::pattern(3 << 20)).await;
    assert_eq!(sent.json()["sha256"], json!(Summary::of_pattern(3 << 20).sha256));
    documents.create_folder_by_form("f:1", "new").await;
    workfront.request_parameters.lock().unwrap().push(("tenant".to_owned(), "1".to_owned()));
    assert_eq!(documents.download("d:1").await.answer.text(), "here");
    documents.service_info().await;
    assert_eq!(workfront.with_api_key("another key", OTHER_EMAIL).delete("documentId", "d:1").await.status, 403);
    let ours = format!("{API_KEY} {OTHER_EMAIL}");
    let expected = [
        format!("GET /metadata?id=%2F {ours} 0"),
        format!("GET /files?parentId=f%3A1+2&max=10&offset=20 {ours} 0"),
        format!("POST /uploadInit?parentId=f%3A1&filename=a+b.txt&documentId=wf-1&documentVersionId=wf-2 {ours} 0"),
        format!("PUT /upload?id=u%3A1 {ours} {}", 3 << 20),
        format!("POST /createFolder {ours} 23"),
        format!("GET /download?id=d%3A1&tenant=1 {ours} 0"),
        "GET /serviceInfo?tenant=1 - - 0".to_owned(),
        format!("PUT /delete?documentId=d%3A1&tenant=1 another key {OTHER_EMAIL} 0"),
    ];
    assert_eq!(*notes.lock().unwrap(), expected);
    assert_eq!((workfront.refreshes(), workfront.calls()), (0, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_offers_both_kinds_of_authentication_and_shows_the_response() {
    let (sandbox, notes) = (Sandbox::start().await, Notes::default());
    let server = documents(&notes).await;
    sandbox.workfront.use_base_url(Some(&server.url()));
    let site = sandbox.workfront.site.url();
    let mut browser = sandbox::browser::Browser::default();
    assert!(browser.open(&site).await.answer.text().contains("Add service: DocuSign CLM"));
    let connect = format!("{site}/connect-with-key");
    let refused = browser.submit(&connect, &[("key", "another key"), ("username", OTHER_EMAIL)]).await.answer;
    assert!(refused.text().contains("403") && refused.status == 400);
    let added = browser.submit(&connect, &[("key", API_KEY), ("username", OTHER_EMAIL)]).await.answer;
    assert!(added.text().contains("Service added for other@example.org."), "{}", added.text());
    let form = [("parentId", "f:1"), ("filename", "a.txt"), ("content", "words")];
    let sent = browser.submit(&format!("{site}/upload"), &form).await.answer.text();
    assert!(sent.contains("upload: 200 OK") && sent.contains("Refreshed 0 times."), "{sent}");
    assert_eq!(browser.open(&format!("{site}/download?id=d:1")).await.answer.text(), "here");
}
