//! Workfront's document webhooks: Adobe's ten tests with both kinds of authentication, and CLM's permissions, errors and
//! outages.

mod lists;
mod odd_answers;
mod operations;
mod records;
mod stage;
mod uploads;

use http::Method;
use sandbox::bulk::{Source, Summary};
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::workfront::{Documents, Ids, Mode, walk};
use sandbox::{
    API_KEY, CLOSED_EMAIL, GATEWAY_API_KEY, INTEGRATION_EMAIL, OTHER_EMAIL, OTHER_USER, Sandbox, TWINS_EMAIL,
    WORKFRONT_ID, digest,
};
use serde_json::{Value, json};

use crate::support::{LARGE_BODIES, TestApp, assert_error, log_line, rss, start_host, until, whole_log};

const ALL: &str = "signature impersonation spring_read spring_write";

async fn app() -> TestApp {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.consent(OTHER_USER, ALL);
    TestApp::over(sandbox, &[]).await
}

/// Documents as a user, by API key.
fn of(app: &TestApp, username: &str) -> Documents {
    app.sandbox.workfront.with_api_key(API_KEY, username)
}

fn ids<'a>(document: &'a str, version: &'a str) -> Ids<'a> {
    Ids { document, version }
}

async fn contracts(documents: &Documents) -> String {
    titled(&documents.files("/", None, None).await, "Contracts")["id"].as_str().unwrap().to_owned()
}

fn titled(answer: &Answer, title: &str) -> Value {
    let list = answer.json();
    list.as_array().unwrap().iter().find(|item| item["title"] == title).cloned().unwrap_or_default()
}

fn titles(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    list.as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn adobes_ten_tests_pass_with_both_kinds_of_authentication() {
    let app = TestApp::start().await;
    for mode in [Mode::OAuth2, Mode::ApiKey] {
        for (number, step) in walk(&app.sandbox, mode).await.into_iter().enumerate() {
            assert!(step.good, "{mode:?} {}. {}: {}", number + 1, step.what, step.seen);
        }
    }
    let line = log_line(&app.host, |line| line["operation"] == "uploadInit").await;
    assert_eq!((line["client_id"].as_str(), line["route"].as_str()), (Some(WORKFRONT_ID), Some("/workfront/{*path}")));
    let log = serde_json::to_string(&whole_log(&app).await).unwrap();
    for secret in [API_KEY, OTHER_EMAIL, "Agreement"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_access_get_403_and_every_user_has_their_own_rights() {
    let app = app().await;
    let workfront = &app.sandbox.workfront;
    for (documents, message) in [
        (workfront.unauthenticated(), "neither"),
        (workfront.with_api_key("another key", OTHER_EMAIL), "API key is unknown"),
        (workfront.with_api_key(API_KEY, ""), "username is missing"),
        (workfront.with_api_key(API_KEY, "unknown@example.org"), "no active DocuSign user"),
        (workfront.with_api_key(API_KEY, CLOSED_EMAIL), "no active DocuSign user"),
        (workfront.with_api_key(API_KEY, TWINS_EMAIL), "several DocuSign users"),
        (workfront.with_api_key(API_KEY, "not an address"), "no active DocuSign user"),
        (workfront.with_api_key(GATEWAY_API_KEY, INTEGRATION_EMAIL), "profile workfront"),
    ] {
        assert_error(&documents.metadata("/").await, 403, message);
    }
    // The integration user can see an item that CLM hides from the other user.
    let (robot, other) = (of(&app, INTEGRATION_EMAIL), of(&app, &OTHER_EMAIL.to_uppercase()));
    let folder = contracts(&robot).await;
    let board = titled(&robot.files(&folder, None, None).await, "Board only")["id"].as_str().unwrap().to_owned();
    assert_eq!(robot.metadata(&board).await.status, 200);
    assert!(titled(&other.files(&folder, None, None).await, "Board only").is_null());
    assert_error(&other.metadata(&board).await, 404, "no item");
    assert_error(&other.files(&board, None, None).await, 404, "no item");
    let secret = app.sandbox.clm.add_document("secret plans.txt", &board[2..], "secret");
    assert_eq!(titles(&robot.search("secret plans").await), ["secret plans.txt"]);
    assert_eq!(titles(&other.search("secret plans").await).len(), 0);
    let id = format!("d:{secret}");
    assert_eq!(robot.download(&id).await.answer.text(), "secret");
    for answer in [other.download(&id).await, other.thumbnail(&id, None).await] {
        assert_error(&answer.answer, 404, "no item");
    }
    for answer in [other.delete("documentId", &id).await, other.rename(&id, "x.txt").await] {
        assert_error(&answer, 404, "no item");
    }
    // Read-only items.
    let archive = titled(&other.files(&folder, None, None).await, "Archive");
    assert_eq!(archive["readOnly"], true);
    let archive = archive["id"].as_str().unwrap();
    assert_error(&other.create_folder(archive, "new").await, 403, "does not allow");
    assert_error(&other.upload_init(archive, "new.txt", ids("1", "2")).await, 403, "may not add");
    assert_eq!(robot.create_folder(archive, "new").await.status, 200);
    // A user without consent: no call is made as another user.
    app.sandbox.docusign.withdraw_consent(OTHER_USER);
    let host = start_host(&app.sandbox, 0, &[]).await;
    assert_error(&other.metadata("/").await, 403, "has not consented");
    drop(host);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_listed_and_searched_page_by_page() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let info = app.sandbox.workfront.unauthenticated().service_info().await;
    assert_eq!((info.status.as_u16(), info.json()["webhookVersion"].as_str()), (200, Some("1.2")));
    let root = documents.metadata("/").await.json();
    assert_eq!((root["kind"].as_str(), root["id"].as_str()), (Some("folder"), Some("/")));
    assert!(root.get("size").is_none());
    let folder = contracts(&documents).await;
    let clm_folder = clm.folder_at("/Contracts").unwrap();
    for number in 0..210 {
        clm.add_document(&format!("Paged {number:03}.txt"), &clm_folder, "x");
    }
    let all = titles(&documents.files(&folder, None, None).await);
    assert_eq!(all.len(), 1 + 23 + 210, "folders first, then documents, all of them without paging parameters");
    assert_eq!(all[0], "Archive");
    for (max, offset) in [(1, 0), (2, 0), (50, 0), (100, 1), (150, 20), (10, 230), (5, 400), (0, 0)] {
        let page = titles(&documents.files(&folder, Some(max), Some(offset)).await);
        let (start, end) = ((offset as usize).min(all.len()), (offset + max) as usize);
        assert_eq!(page, all[start..end.min(all.len())], "max {max}, offset {offset}");
    }
    app.sandbox.clm.slow_searches.store(true, std::sync::atomic::Ordering::SeqCst);
    let found = titles(&documents.search("paged 20").await);
    assert_eq!(found.len(), 10, "{found:?}");
    app.sandbox.clm.slow_searches.store(false, std::sync::atomic::Ordering::SeqCst);
    let page = [("query", "paged"), ("max", "150"), ("offset", "100")];
    assert_eq!(titles(&documents.call(Method::GET, "search", &page).await).len(), 110);
    let within = [("query", "agreement"), ("parentId", &folder)];
    assert_eq!(titles(&documents.call(Method::GET, "search", &within).await).len(), 23);
    assert_eq!(documents.search(" ").await.json(), json!([]));
    assert_eq!(titles(&documents.search("Contracts").await), ["Contracts"], "folders too");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_documents_can_be_created_renamed_and_deleted() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let folder = contracts(&documents).await;
    // Parameters in the query or in the body.
    let made = documents.create_folder(&folder, "Made & new").await.json();
    assert_eq!((made["title"].as_str(), made["kind"].as_str()), (Some("Made & new"), Some("folder")));
    assert_error(&documents.create_folder_by_form(&folder, "Made & new").await, 500, "with this name");
    assert_error(&documents.create_folder(&folder, "a/b").await, 500, "does not accept this name");
    let id = made["id"].as_str().unwrap();
    assert!(id.len() <= 255);
    assert_eq!(documents.rename(id, "Renamed").await.json(), json!({"status": "success"}));
    assert_eq!(documents.metadata(id).await.json()["title"], "Renamed");
    assert_eq!(documents.delete("folderId", id).await.json(), json!({"status": "success"}));
    assert_eq!(clm.is_in_trash(&id[2..]), Some(true));
    assert_error(&documents.delete("folderId", id).await, 404, "deleted");
    assert_eq!(clm.is_in_trash(&id[2..]), Some(true), "deleting twice does not delete permanently");
    assert_error(&documents.delete("folderId", "/").await, 403, "root");
    let document = format!("d:{}", clm.documents_at("/Contracts/Agreement 05.txt")[0]);
    for name in ["Zero.txt", "ZERO.txt"] {
        assert_eq!(documents.rename(&document, name).await.json(), json!({"status": "success"}));
    }
    for (name, message) in [("Agreement 06.txt", "with this name"), ("a/b", "does not accept this name")] {
        let refused = documents.rename(&document, name).await;
        assert_eq!((refused.status.as_u16(), refused.json()["status"].as_str()), (200, Some("failure")), "{name}");
        assert!(refused.json()["error"].as_str().unwrap().contains(message), "{}", refused.text());
    }
    assert_eq!(documents.delete("id", &document).await.json(), json!({"status": "success"}));
    for answer in [documents.metadata(&document).await, documents.delete("documentId", &document).await] {
        assert_error(&answer, 404, "deleted");
    }
    assert_eq!(documents.custom_action("x", ids("1", "2")).await.json()["status"], "failure");
    for id in ["", "x", "d:x", "f:../x", "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "u:AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(documents.metadata(id).await.status, 404, "{id}");
    }
    let wrong = documents.call(Method::POST, "metadata", &[("id", "/")]).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "GET"));
    for odd in ["18446744073709551615", "-1", "x"] {
        let query = [("parentId", "/"), ("max", "1"), ("offset", odd)];
        assert_eq!(titles(&documents.call(Method::GET, "files", &query).await).len(), 1, "{odd}");
    }
    assert_error(&documents.call(Method::GET, "view", &[("id", "/")]).await, 404, "no such operation");
    assert_eq!(
        documents.call(Method::GET, "/metadata", &[("id", "/")]).await.status,
        200,
        "a double slash is accepted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_become_documents_and_versions_and_incomplete_ones_leave_nothing() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let folder = contracts(&documents).await;
    let before = clm.documents_in_all();
    // Announced: visible to its user only, and not created yet.
    let begun = documents.upload_init(&folder, "Ärger & Söhne (1).docx", ids("doc-1", "v-1")).await.json();
    let id = begun["id"].as_str().unwrap().to_owned();
    assert_eq!((begun["title"].as_str(), begun["kind"].as_str()), (Some("Ärger & Söhne (1).docx"), Some("file")));
    assert!(id.len() <= 255 && begun["viewLink"].as_str().unwrap().starts_with("http"));
    assert_eq!(documents.metadata(&id).await.json()["size"], 0);
    assert_eq!(of(&app, INTEGRATION_EMAIL).metadata(&id).await.status, 404, "another user's announcement");
    assert_eq!(documents.download(&id).await.answer.status, 404);
    assert_eq!(clm.documents_in_all(), before);
    // An interrupted body leaves nothing, and the same id can be tried again.
    clm.cut_upload_after(1 << 20);
    assert_error(&documents.put_content(&id, Source::pattern(4 << 20)).await, 500, "cannot be reached");
    documents.put_content(&id, Source::pattern(4 << 20).breaking_after(1 << 20)).await;
    documents.put_content(&id, Source::pattern(4 << 20).chunked().breaking_after(1 << 20)).await;
    until(|| clm.open_uploads() == 0).await;
    assert_eq!((clm.documents_in_all(), clm.open_uploads()), (before, 0));
    assert_eq!(documents.put_content(&id, Source::pattern(4 << 20)).await.json(), json!({"result": "success"}));
    // The id keeps working for every user who may see the document, on every instance.
    let known = clm.documents_at("/Contracts/Ärger & Söhne (1).docx");
    assert_eq!(clm.content(&known[0]).unwrap().newest, Summary::of_pattern(4 << 20));
    for user in [OTHER_EMAIL, INTEGRATION_EMAIL] {
        let metadata = of(&app, user).metadata(&id).await.json();
        assert_eq!((metadata["id"].as_str(), metadata["size"].as_u64()), (Some(id.as_str()), Some(4 << 20)));
        let expected = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(metadata["mimeType"], expected);
        assert_eq!(of(&app, user).download(&id).await.content, Summary::of_pattern(4 << 20));
    }
    let disposition = documents.download(&id).await.answer.header("content-disposition").to_owned();
    assert!(disposition.starts_with("attachment; filename=\"") && disposition.contains("%C3%84rger"), "{disposition}");
    // Uploading the same Workfront document again adds a version, even with another name. Another document is a name conflict.
    let put = documents.upload(&folder, "Ärger & Söhne (2).docx", ids("doc-1", "v-2"), "second").await;
    assert_eq!(put.json()["result"], "success", "{}", put.text());
    assert_eq!(clm.content(&known[0]).unwrap().versions, 2);
    assert_eq!(documents.download(&id).await.answer.text(), "second");
    let clash = documents.upload_init(&folder, "ÄRGER & söhne (1).docx", ids("doc-2", "v-1")).await;
    assert_error(&clash, 500, "with this name");
    let name = "a,b=c +%26.txt";
    assert_eq!(documents.upload(&folder, name, ids("doc-3", "1"), "x").await.json()["result"], "success");
    assert_error(&documents.upload_init(&folder, name, ids("doc-4", "1")).await, 500, "with this name");
    // Again with the id of the first upload: the newest content counts.
    assert_eq!(documents.put_content(&id, "third").await.json()["result"], "success");
    assert_eq!(clm.content(&known[0]).unwrap().versions, 3);
    // If the document was deleted, the upload creates a new document with the same id.
    documents.delete("id", &id).await;
    assert_error(&documents.metadata(&id).await, 404, "deleted");
    assert_eq!(documents.put_content(&id, "fourth").await.json()["result"], "success");
    assert_eq!(documents.download(&id).await.answer.text(), "fourth");
    assert_eq!(clm.content(&known[0]).unwrap().versions, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_follow_the_rights_and_the_content_of_the_folder() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let folder = contracts(&documents).await;
    assert_eq!(documents.upload(&folder, "x.docx", ids("doc-1", "v-1"), "x").await.json()["result"], "success");
    // Uploads that CLM rejects.
    for name in ["", "a/b.txt", "a*.txt", " a.txt"] {
        assert_error(&documents.upload_init(&folder, name, ids("d", "v")).await, 500, "does not accept this name");
    }
    let empty = documents.upload(&folder, "empty.txt", ids("doc-5", "1"), "").await;
    assert_eq!((empty.json()["result"].as_str(), empty.status.as_u16()), (Some("fail"), 200), "{}", empty.text());
    for parent in ["f:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722", "x"] {
        assert_eq!(documents.upload_init(parent, "a.txt", ids("d", "v")).await.status, 404, "{parent}");
    }
    // In another folder, the same Workfront document is a new document. After a deletion, it is new again.
    let archive = clm.add_folder("Elsewhere", &clm.folder_at("/Contracts").unwrap());
    let elsewhere = format!("f:{archive}");
    assert_eq!(documents.upload(&elsewhere, "x.docx", ids("doc-1", "v-3"), "y").await.json()["result"], "success");
    assert_eq!(clm.documents_at("/Contracts/Elsewhere/x.docx").len(), 1);
    let there = format!("d:{}", clm.documents_at("/Contracts/Elsewhere/x.docx")[0]);
    documents.delete("documentId", &there).await;
    assert_eq!(documents.upload(&elsewhere, "x.docx", ids("doc-1", "v-4"), "z").await.json()["result"], "success");
    assert_eq!(clm.documents_at("/Contracts/Elsewhere/x.docx").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_deletions_do_not_delete_permanently() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let id = clm.documents_at("/Contracts/Agreement 03.txt").pop().unwrap();
    documents.metadata("/").await;
    clm.faults.set(Some(Fault::Latency(std::time::Duration::from_millis(200))));
    let item = format!("d:{id}");
    let (one, other) = tokio::join!(documents.delete("id", &item), documents.delete("id", &item));
    clm.faults.set(None);
    let mut statuses = [one.json()["status"].to_string(), other.json()["status"].to_string()];
    statuses.sort();
    assert_eq!(statuses, ["\"failure\"", "\"success\""], "{} {}", one.text(), other.text());
    assert_eq!(clm.is_in_trash(&id), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_announcements_with_the_same_name_become_one_document() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let folder = contracts(&documents).await;
    let one = documents.upload_init(&folder, "same.txt", ids("1", "1")).await.json();
    let other = documents.upload_init(&folder, "same.txt", ids("2", "1")).await.json();
    assert_eq!(documents.put_content(one["id"].as_str().unwrap(), "one").await.json()["result"], "success");
    let refused = documents.put_content(other["id"].as_str().unwrap(), "other").await.json();
    assert_eq!(refused["result"], "fail", "{refused}");
    assert_eq!(clm.documents_at("/Contracts/same.txt").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_uploads_of_the_same_document_become_one() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let folder = contracts(&documents).await;
    let begun = documents.upload_init(&folder, "twice.bin", ids("t", "1")).await.json();
    let id = begun["id"].as_str().unwrap();
    let slow = || Source::pattern(1 << 20).slow(std::time::Duration::from_millis(10));
    let (one, other) = tokio::join!(documents.put_content(id, slow()), documents.put_content(id, slow()));
    let results = [one.json(), other.json()].map(|json| json["result"].as_str().unwrap().to_owned());
    assert!(results.contains(&"success".to_owned()), "{results:?}");
    let live: Vec<String> = clm.documents_at("/Contracts/twice.bin");
    assert_eq!(live.len(), 1, "{results:?}");
    assert_eq!(documents.metadata(id).await.json()["size"], 1 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn clms_errors_and_outages_have_clear_messages() {
    let app = app().await;
    let (documents, clm) = (of(&app, OTHER_EMAIL), &app.sandbox.clm);
    let id = format!("d:{}", clm.documents_at("/Contracts/Agreement 02.txt")[0]);
    assert_eq!(documents.metadata(&id).await.status, 200);
    clm.never_render(&id[2..]);
    assert_error(&documents.thumbnail(&id, Some(200)).await.answer, 404, "no image");
    clm.render(&id[2..]);
    let image = documents.thumbnail(&id, Some(600)).await.answer;
    assert_eq!((image.status.as_u16(), image.header("content-type")), (200, "image/png"));
    assert_eq!(image.header("content-security-policy"), "default-src 'none'; sandbox");
    let folder = contracts(&documents).await;
    assert_error(&documents.thumbnail(&folder, None).await.answer, 404, "no content");
    for (status, code, expected, message) in [
        (429, 103, 500, "limits the rate"),
        (403, 103, 403, "does not allow"),
        (404, 104, 404, "no item"),
        (500, 100, 500, "cannot be reached"),
        (422, 1012, 500, "checked out"),
    ] {
        clm.refuse_next(status, code);
        assert_error(&documents.metadata(&id).await, expected, message);
    }
    // CLM no longer accepts the token, so the call is retried with a new one.
    let before = app.sandbox.docusign.exchanges();
    app.sandbox.docusign.invalidate_access_tokens();
    assert_eq!(documents.metadata(&id).await.status, 200);
    assert_eq!(app.sandbox.docusign.exchanges(), before + 1);
    for fault in [Fault::Cut, Fault::Status(503), Fault::Body("{".to_owned())] {
        clm.faults.set(Some(fault.clone()));
        assert_eq!(documents.metadata(&id).await.status, 500, "{fault:?}");
    }
    clm.faults.set(None);
    clm.cut_download_after(4);
    assert!(!documents.download(&id).await.complete, "an incomplete body is not returned as a complete one");
    until(|| clm.open_downloads() == 0).await;
    assert_eq!(documents.download(&id).await.answer.text(), "agreement number 2");
    // Cached users still work while the user list is down.
    app.sandbox.docusign.esign_faults.set(Some(Fault::Status(500)));
    assert_eq!(documents.metadata(&id).await.status, 200);
    assert_error(&of(&app, "new@example.org").metadata(&id).await, 500, "cannot be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_documents_are_streamed() {
    const LARGE_DOCUMENT_BYTES: u64 = 160 << 20;
    let sandbox = Sandbox::start().await;
    sandbox.docusign.consent(OTHER_USER, ALL);
    let app = TestApp::over(sandbox, &[LARGE_BODIES]).await;
    let documents = of(&app, OTHER_EMAIL);
    let folder = contracts(&documents).await;
    let put =
        documents.upload(&folder, "large.bin", ids("l", "1"), Source::pattern(LARGE_DOCUMENT_BYTES).chunked()).await;
    assert_eq!(put.json()["result"], "success", "{}", put.text());
    let id = format!("d:{}", app.sandbox.clm.documents_at("/Contracts/large.bin")[0]);
    let down = documents.download(&id).await;
    assert!(down.complete && down.content == app.sandbox.clm.content(&id[2..]).unwrap().newest);
    assert!(rss(&app) < 60, "{} MiB", rss(&app));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registration_decides_who_may_call_and_as_which_user() {
    let sandbox = Sandbox::start().await;
    let client = |id: &str, key: &str, more: Value| {
        let mut client = json!({"client_id": id, "client_secret_sha256": [], "grant_types": [],
                                "api_key_sha256": [digest(key)], "profile": "workfront"});
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client
    };
    let clients = json!([
        client("system", "system", json!({})),
        client("some", "some", json!({"subject": "signed_in_user", "api_key_usernames": ["robot@example.org"]})),
        client("standard", "standard", json!({"profile": "standard", "gateway_allow": ["* /clm/"]})),
        client("read", "read", json!({"subject": "signed_in_user", "scope": "spring_read"})),
    ]);
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let documents = |key: &str, username: &str| app.sandbox.workfront.with_api_key(key, username);
    // With a system-wide client, all users act as the integration user, but they must exist.
    let system = documents("system", OTHER_EMAIL);
    let folder = contracts(&system).await;
    assert!(!titled(&system.files(&folder, None, None).await, "Board only").is_null());
    assert_error(&documents("system", "unknown@example.org").metadata("/").await, 403, "no active");
    assert_eq!(documents("some", INTEGRATION_EMAIL).metadata("/").await.status, 200);
    assert_error(&documents("some", OTHER_EMAIL).metadata("/").await, 403, "may not name");
    assert_error(&documents("standard", INTEGRATION_EMAIL).metadata("/").await, 403, "profile workfront");
    let read = documents("read", INTEGRATION_EMAIL);
    assert_eq!(read.metadata("/").await.status, 200);
    assert_error(&read.create_folder("/", "x").await, 403, "does not allow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_downloads_with_the_rights_of_its_user_after_signing_in() {
    let app = app().await;
    let (documents, clm) = (of(&app, INTEGRATION_EMAIL), &app.sandbox.clm);
    let board = clm.folder_at("/Contracts/Board only").unwrap();
    let plans = clm.add_document("plans.html", &board, "<script>alert(1)</script>");
    let link = documents.metadata(&format!("d:{plans}")).await.json()["downloadLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&app.url("/workfront/v1/open?")), "{link}");
    // The link alone gives no access and is not secret.
    let answer = app.http.get(&link).await;
    assert_eq!(answer.status, 302);
    assert!(answer.header("location").starts_with(&app.sandbox.docusign_url()));
    assert!(answer.header("set-cookie").contains("HttpOnly; SameSite=Lax"));
    let mut robot = sandbox::browser::Browser::default();
    let page = robot.sign_in(&link, sandbox::INTEGRATION_USER, "allow").await;
    assert_eq!((page.answer.status.as_u16(), page.answer.text().as_str()), (200, "<script>alert(1)</script>"));
    let headers = &page.answer;
    assert_eq!(headers.header("content-disposition"), "attachment; filename=\"plans.html\"");
    assert_eq!(headers.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(headers.header("x-content-type-options"), "nosniff");
    assert_eq!(robot.open(&link).await.answer.status, 200, "without signing in again");
    // Another user can see only their own documents in CLM.
    let mut other = sandbox::browser::Browser::default();
    let page = other.sign_in(&link, OTHER_USER, "allow").await;
    assert_eq!(page.answer.status, 404);
    assert!(page.answer.text().contains("This document cannot be found"), "{}", page.answer.text());
    // A session without access is not kept, so the next click starts a new sign-in.
    assert_eq!(other.sign_in(&link, sandbox::INTEGRATION_USER, "allow").await.answer.status, 200);
    let mut denied = sandbox::browser::Browser::default();
    app.sandbox.docusign.withdraw_consent(OTHER_USER);
    let page = denied.sign_in(&link, OTHER_USER, "deny").await;
    assert!(page.answer.status.is_client_error(), "{}", page.answer.text());
    for query in ["", "?client=workfront", "?client=unknown&id=d:1", "?client=sandbox-client&id=/"] {
        let page = robot.open(&app.url(&format!("/workfront/v1/open{query}"))).await;
        assert_eq!(page.answer.status, 404, "{query}");
    }
    // A forged cookie is ignored.
    let forged = [("cookie", "evergrant-session=eyJhbGciOiJub25lIn0.e30.")];
    assert_eq!(app.http.call(Method::GET, &link, &forged, "").await.status, 302);
}
