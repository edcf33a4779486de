//! CLM: rights, deletions, contents, renditions, pages and rate limits.

use http::Method;
use sandbox::bulk::{Source, Summary};
use sandbox::client::Answer;
use sandbox::clm::{ACCOUNT_ID, Clm};
use sandbox::{INTEGRATION_USER, OTHER_USER, Sandbox};
use serde_json::{Value, json};

use crate::caller::Caller;

const MIB: u64 = 1 << 20;

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
async fn hidden_items_are_missing_wherever_a_user_looks() {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_items_can_be_read_and_not_changed() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let other = Caller::new(&sandbox, OTHER_USER);
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
    assert_eq!(other.get(&object(clm, &format!("documents/{charter}"))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_deletion_moves_to_the_trash_and_the_second_is_permanent() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let delete =
        async |path: String| robot.call(Method::DELETE, &object(clm, &path), &Value::Null).await.status.as_u16();
    let archive = clm.folder_at("/Contracts/Archive").unwrap();
    let charter = &clm.documents_at("/Contracts/Archive/Charter.txt")[0];
    for (status, left) in [(200, Some(true)), (204, None)] {
        assert_eq!(delete(format!("documents/{charter}")).await, status);
        assert_eq!(clm.is_in_trash(charter), left);
    }
    let below = clm.add_document("below.txt", &clm.add_folder("Below", &archive), "words");
    for status in [200, 204] {
        assert_eq!(clm.is_in_trash(&below), Some(status == 204));
        assert_eq!(delete(format!("folders/{archive}")).await, status);
    }
    assert_eq!((clm.is_in_trash(&archive), clm.is_in_trash(&below)), (None, None), "with everything below it");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_contents_are_streamed() {
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
    let url = upload(clm, &format!("folders/{contracts}/documents?name=new.bin"));
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
async fn an_interrupted_transfer_leaves_nothing() {
    let sandbox = Sandbox::start().await;
    let clm = &sandbox.clm;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let contracts = clm.folder_at("/Contracts").unwrap();
    let large = clm.add_synthetic_document("Scan.pdf", &contracts, 20 * MIB);
    clm.cut_download_after(5 * MIB);
    let cut = robot.send(Method::GET, &download(clm, &large), &[], Source::from("")).await.unwrap();
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
