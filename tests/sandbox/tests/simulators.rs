//! Tests of the simulators, so that the tests of the app can rely on them.

use http::{Method, Request};
use sandbox::bulk::{Source, Summary};
use sandbox::client::{Answer, Download, HttpClient};
use sandbox::clm::{ACCOUNT_ID, Clm};
use sandbox::fault::Fault;
use sandbox::{CLOSED_EMAIL, CLOSED_USER, INTEGRATION_USER, OTHER_EMAIL, OTHER_USER, Sandbox, TWINS, TWINS_EMAIL};
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;
const SCOPE: &str = "signature spring_read spring_write";

struct Caller {
    http: HttpClient,
    bearer: String,
}

impl Caller {
    fn new(sandbox: &Sandbox, user: &str) -> Self {
        let bearer = format!("Bearer {}", sandbox.docusign.access_token_for(user, SCOPE));
        Self { http: HttpClient::default(), bearer }
    }

    async fn call(&self, method: Method, url: &str, body: &Value) -> Answer {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.http.call(method, url, &headers, &body).await
    }

    async fn get(&self, url: &str) -> Answer {
        self.call(Method::GET, url, &Value::Null).await
    }

    async fn send(&self, method: Method, url: &str, more: &[(&str, &str)], source: Source) -> Option<Download> {
        let mut request = Request::builder().method(method).uri(url).header("authorization", &self.bearer);
        if let Some(length) = source.known_length() {
            request = request.header("content-length", length);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.http.stream(request.body(source.body(())).ok()?).await
    }
}

fn object(clm: &Clm, path: &str) -> String {
    format!("{}/v2/{ACCOUNT_ID}/{path}", clm.api_url())
}

fn upload(clm: &Clm, path: &str) -> String {
    format!("{}/v2/{ACCOUNT_ID}/{path}", clm.upload_url())
}

fn download(clm: &Clm, id: &str) -> String {
    format!("{}/v2/{ACCOUNT_ID}/documents/{id}", clm.download_url())
}

fn code(answer: &Answer) -> (u16, Option<u64>) {
    (answer.status.as_u16(), answer.json()["Error"]["ErrorCode"].as_u64())
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_items_are_not_visible_and_read_only_items_cannot_be_changed() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let (robot, other) = (Caller::new(&sandbox, INTEGRATION_USER), Caller::new(&sandbox, OTHER_USER));
    let contracts = clm.folder_at("/Contracts").unwrap();
    let board = clm.folder_at("/Contracts/Board only").unwrap();
    let minutes = &clm.documents_at("/Contracts/Board only/Minutes.txt")[0];
    let folders = object(clm, &format!("folders/{contracts}/folders"));
    assert_eq!(robot.get(&folders).await.json()["Total"], 2);
    let seen = other.get(&folders).await.json();
    assert_eq!((&seen["Total"], &seen["Items"][0]["Name"]), (&json!(1), &json!("Archive")));
    assert_eq!(seen["Items"][0]["AccessLevel"]["Write"], false);
    for (path, expected) in [
        (format!("folders/{board}"), 109),
        (format!("folders/{board}/documents"), 109),
        ("folders/path?path=/Contracts/Board%20only".to_owned(), 109),
        (format!("documents/{minutes}"), 117),
        ("documents?path=/Contracts/Board%20only/Minutes.txt".to_owned(), 109),
    ] {
        assert_eq!(code(&other.get(&object(clm, &path)).await), (404, Some(expected)), "{path}");
        assert_eq!(robot.get(&object(clm, &path)).await.status, 200, "{path}");
    }
    assert_eq!(code(&other.get(&download(clm, minutes)).await), (404, Some(117)));
    for kind in ["documentsearchtasks", "foldersearchtasks"] {
        let found = other.call(Method::POST, &object(clm, kind), &json!({"Title": ""})).await.text();
        assert!(!found.contains("Board only") && !found.contains("Minutes"), "{found}");
    }
    let archive = clm.folder_at("/Contracts/Archive").unwrap();
    let charter = &clm.documents_at("/Contracts/Archive/Charter.txt")[0];
    let parent = json!({"Href": object(clm, &format!("folders/{archive}"))});
    for (method, path, body) in [
        (Method::POST, "folders".to_owned(), json!({"Name": "x", "ParentFolder": parent})),
        (Method::PATCH, format!("folders/{archive}"), json!({"Name": "x"})),
        (Method::DELETE, format!("folders/{archive}"), Value::Null),
        (Method::PATCH, format!("documents/{charter}"), json!({"Name": "x"})),
        (Method::POST, format!("documents/{charter}/lock"), Value::Null),
        (Method::DELETE, format!("documents/{charter}"), Value::Null),
    ] {
        assert_eq!(code(&other.call(method, &object(clm, &path), &body).await), (403, Some(103)), "{path}");
    }
    let url = upload(clm, &format!("folders/{archive}/documents?name=x.txt"));
    assert_eq!(other.send(Method::POST, &url, &[], Source::from("x")).await.unwrap().answer.status, 403);
    assert_eq!(other.get(&download(clm, charter)).await.text(), "how it began");
    clm.hide(&archive, OTHER_USER);
    assert_eq!(other.get(&object(clm, &format!("documents/{charter}"))).await.status, 404);
    clm.restore_rights(&archive, OTHER_USER);
    assert_eq!(
        other.call(Method::DELETE, &object(clm, &format!("documents/{charter}")), &Value::Null).await.status,
        200
    );
    assert_eq!(clm.is_in_trash(charter), Some(true));
    assert_eq!(
        other.call(Method::DELETE, &object(clm, &format!("documents/{charter}")), &Value::Null).await.status,
        204
    );
    assert_eq!(clm.is_in_trash(charter), None);
    let below = clm.add_document("below.txt", &clm.add_folder("Below", &archive), "words");
    for status in [200, 204] {
        assert_eq!(clm.is_in_trash(&below), Some(status == 204));
        let deleted = robot.call(Method::DELETE, &object(clm, &format!("folders/{archive}")), &Value::Null).await;
        assert_eq!(deleted.status, status);
    }
    assert_eq!((clm.is_in_trash(&archive), clm.is_in_trash(&below)), (None, None), "with everything below it");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_contents_are_streamed_and_interrupted_ones_leave_nothing() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let contracts = clm.folder_at("/Contracts").unwrap();
    let large = clm.add_synthetic_document("Scan.pdf", &contracts, 20 * MIB);
    let get =
        async |method: Method, id: &str| robot.send(method, &download(clm, id), &[], Source::from("")).await.unwrap();
    let got = get(Method::GET, &large).await;
    assert_eq!((got.complete, &got.content), (true, &clm.content(&large).unwrap().newest));
    assert_eq!(got.answer.header("content-length"), (20 * MIB).to_string());
    let head = get(Method::HEAD, &large).await;
    assert_eq!((head.content.length, head.answer.header("content-length")), (0, (20 * MIB).to_string().as_str()));
    assert_eq!(head.answer.header("x-springcm-content-sha256"), got.content.sha256_base64());
    clm.cut_download_after(5 * MIB);
    let cut = get(Method::GET, &large).await;
    assert_eq!((cut.complete, cut.content.length), (false, 5 * MIB));
    let before = clm.documents_in_all();
    let url = upload(clm, &format!("folders/{contracts}/documents?name=new.bin"));
    let broken = Source::pattern(9 * MIB).breaking_after(3 * MIB);
    assert!(robot.send(Method::POST, &url, &[], broken.clone()).await.is_none());
    assert!(robot.send(Method::POST, &url, &[], broken.chunked()).await.is_none());
    clm.cut_upload_after(MIB);
    assert!(robot.send(Method::POST, &url, &[], Source::pattern(64 * MIB)).await.is_none());
    for _ in 0..100 {
        if clm.open_uploads() == 0 && clm.open_downloads() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((clm.open_uploads(), clm.open_downloads(), clm.documents_in_all()), (0, 0, before));
    for source in [Source::pattern(9 * MIB), Source::pattern(9 * MIB).chunked()] {
        let made = robot.send(Method::POST, &url, &[], source).await.unwrap().answer;
        let id = made.json()["Uid"].as_str().unwrap().to_owned();
        assert_eq!((made.status.as_u16(), &made.json()["NativeFileSize"]), (201, &json!(9 * MIB)));
        assert_eq!(get(Method::GET, &id).await.content, Summary::of_pattern(9 * MIB), "the pattern is recognized");
    }
    let id = clm.documents_at("/Contracts/new.bin")[1].clone();
    let url = upload(clm, &format!("documents/{id}"));
    let name = [("content-disposition", "attachment; filename=\"new.bin\"")];
    let bytes = vec![7_u8; 5 << 20];
    let newer = robot.send(Method::POST, &url, &name, Source::from(bytes.clone())).await.unwrap();
    assert_eq!(newer.answer.status, 200);
    let content = clm.content(&id).unwrap();
    assert_eq!((content.versions, content.newest), (2, Summary::of(&bytes)));
    assert_eq!(code(&get(Method::GET, &id).await.answer), (404, Some(100)), "too large to keep");
}

#[tokio::test(flavor = "multi_thread")]
async fn renditions_are_available_later_or_never() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let picture = async |id: &str| {
        let headers = [("accept", "image/png")];
        let url = format!("{}?page=1&zoom=thumbnail", download(clm, id));
        robot.send(Method::GET, &url, &headers, Source::from("")).await.unwrap().answer
    };
    let documents = [1, 2].map(|number| clm.documents_at(&format!("/Contracts/Agreement 0{number}.txt"))[0].clone());
    assert_eq!(code(&picture(&documents[0]).await), (404, Some(119)));
    assert!(picture(&documents[0]).await.body.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
    clm.never_render(&documents[1]);
    for _ in 0..3 {
        assert_eq!(code(&picture(&documents[1]).await), (404, Some(119)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_pages_after_a_sign_in() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let id = &clm.documents_at("/Contracts/Board only/Minutes.txt")[0];
    let link =
        robot.get(&object(clm, &format!("documents/{id}"))).await.json()["PreviewUrl"].as_str().unwrap().to_owned();
    let sign_in = format!("{}/web/sign-in", clm.discovery_url());
    let back = link.strip_prefix(&clm.discovery_url()).unwrap();
    let mut browser = sandbox::browser::Browser::default();
    assert!(browser.open(&link).await.answer.text().contains("Sign in"));
    let page = browser.submit(&sign_in, &[("back", back), ("user", INTEGRATION_USER)]).await.answer.text();
    assert!(page.contains("Minutes.txt") && page.contains(&format!("/web/documents/download?id={id}")), "{page}");
    let file = browser.open(&link.replace("preview", "download")).await.answer;
    assert_eq!(
        (file.text().as_str(), file.header("content-disposition")),
        ("what the board said", "attachment; filename=\"Minutes.txt\"")
    );
    let mut browser = sandbox::browser::Browser::default();
    let page = browser.submit(&sign_in, &[("back", back), ("user", OTHER_USER)]).await.answer;
    assert_eq!(page.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_can_be_invalidated_and_rate_limits_return_when_they_end() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let member = object(clm, "members/current");
    clm.refuse_next(429, 103);
    let throttled = robot.get(&member).await;
    assert_eq!((code(&throttled), throttled.header("x-ratelimit-limit")), ((429, Some(103)), "1000"));
    assert!(throttled.header("x-ratelimit-reset").ends_with(" GMT"));
    assert_eq!(robot.get(&member).await.status, 200);
    sandbox.docusign.invalidate_access_tokens();
    assert_eq!(code(&robot.get(&member).await), (401, Some(103)));
    assert_eq!(Caller::new(&sandbox, INTEGRATION_USER).get(&member).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn esignature_finds_users_by_email_and_echoes_other_calls() {
    let sandbox = Sandbox::start().await;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let base = robot.get(&format!("{}/oauth/userinfo", sandbox.docusign_url())).await.json();
    let base = base["accounts"][0]["base_uri"].as_str().unwrap().to_owned();
    assert_eq!(base, sandbox.docusign_url());
    let api = format!("{base}/restapi/v2.1/accounts/{ACCOUNT_ID}");
    let users = async |query: &str| robot.get(&format!("{api}/users?{query}")).await.json();
    let other = users(&format!("email={}&status=Active", OTHER_EMAIL.to_uppercase())).await;
    assert_eq!((&other["users"][0]["userId"], &other["totalSetSize"]), (&json!(OTHER_USER), &json!("1")));
    let closed = users(&format!("email={CLOSED_EMAIL}")).await;
    assert_eq!(
        (&closed["users"][0]["userId"], &closed["users"][0]["userStatus"]),
        (&json!(CLOSED_USER), &json!("Closed"))
    );
    assert_eq!(users(&format!("email={CLOSED_EMAIL}&status=Active")).await["resultSetSize"], "0");
    let twins = users(&format!("email={TWINS_EMAIL}")).await;
    assert_eq!((&twins["resultSetSize"], &twins["users"][1]["userId"]), (&json!("2"), &json!(TWINS[1])));
    assert_eq!(sandbox.docusign.user_lookups(), 4);
    let elsewhere = robot.get(&format!("{base}/restapi/v2.1/accounts/{OTHER_USER}/users")).await;
    assert_eq!((elsewhere.status.as_u16(), &elsewhere.json()["errorCode"]), (400, &json!("ACCOUNT_LACKS_PERMISSIONS")));
    let sent = robot.send(Method::PUT, &format!("{api}/x?a=b"), &[], Source::pattern(MIB)).await.unwrap();
    let echo = sent.answer.json();
    assert_eq!(
        (&echo["method"], &echo["query"], &echo["bearer"]["user"]),
        (&json!("PUT"), &json!("a=b"), &json!(INTEGRATION_USER))
    );
    assert_eq!(echo["body"]["sha256"], json!(Summary::of_pattern(MIB).sha256));
    assert!(!sent.answer.text().contains("ds-at-") && sent.answer.header("x-secret-hop") == "1");
    sandbox.docusign.esign_faults.once(Fault::Status(500));
    assert_eq!(robot.get(&format!("{api}/users")).await.status, 500);
    sandbox.docusign.invalidate_access_tokens();
    for path in ["users", "envelopes"] {
        let answer = robot.get(&format!("{api}/{path}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errorCode"]), (401, &json!("USER_AUTHENTICATION_FAILED")));
    }
}

/// Requests that DocuSign's OpenAPI document does not allow.
#[tokio::test(flavor = "multi_thread")]
async fn esignature_refuses_unknown_and_malformed_parts_of_requests() {
    let sandbox = Sandbox::start().await;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let api = format!("{}/restapi/v2.1/accounts/{ACCOUNT_ID}", sandbox.docusign_url());
    let send =
        async |method: Method, path: &str, body: Value| robot.call(method, &format!("{api}/{path}"), &body).await;
    let document = json!({"documentId": "1", "name": "a.pdf", "documentBase64": "JVBERi0="});
    let signer = json!({"recipientId": "1", "name": "Kim Lee", "email": "kim@contoso.com"});
    let good =
        json!({"status": "sent", "emailSubject": "Sign", "documents": [document], "recipients": {"signers": [signer]}});
    let created = send(Method::POST, "envelopes", good.clone()).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let envelope = format!("envelopes/{}", created.json()["envelopeId"].as_str().unwrap());
    for (pointer, wrong) in [
        ("/status", json!("completed")),
        ("/colour", json!("blue")),
        ("/emailSubject", json!(1)),
        ("/documents/0/documentId", json!(1)),
        ("/documents/0/pages", json!("1")),
        ("/documents/0/documentBase64", json!("%")),
        ("/recipients/signers", json!({})),
        ("/recipients/signers/0/recipientId", json!("0")),
        ("/recipients/signers/0/phone", json!("1")),
    ] {
        let mut body = good.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(above).unwrap()[name] = wrong;
        let answer = send(Method::POST, "envelopes", body).await;
        let found = (answer.status.as_u16(), answer.json()["errorCode"].clone());
        assert_eq!(found, (400, json!("INVALID_REQUEST_BODY")), "{pointer}");
    }
    for (method, path, body, status, code) in [
        (Method::GET, "envelopes?from_date=2020-01-01&limit=5", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?from_date=yesterday", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?from_date=2020-01-01&count=0", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?status=completed", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (
            Method::GET,
            "envelopes?from_date=2020-01-01&from_date=2020-01-02",
            json!({}),
            400,
            "INVALID_REQUEST_PARAMETER",
        ),
        (Method::PUT, &envelope, json!({"status": "created"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, &envelope, json!({"status": "voided"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, &format!("{envelope}?resend_envelope=1"), json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::POST, &format!("{envelope}/views/correct"), json!({"returnUrl": "here"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, "folders/sentitems", json!({"envelopeIds": []}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::DELETE, &envelope, json!({}), 404, "RESOURCE_NOT_FOUND"),
    ] {
        let answer = send(method.clone(), path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorCode"].clone()),
            (status, json!(code)),
            "{method} {path}"
        );
    }
}
