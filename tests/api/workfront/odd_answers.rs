//! What Workfront gets for each answer of CLM's, and addresses from CLM that get no access token.

use evergrant::endpoints::workfront::error::WorkfrontError;
use evergrant::endpoints::workfront::item::{ClmDocument, Folder, Links};
use evergrant::endpoints::workfront::naming::{ItemId, clm_id, mime_type};
use evergrant::oauth::client::ClientId;
use evergrant::telemetry::AnswerRecord;
use evergrant::types::BaseUrl;
use http::{Method, StatusCode};
use proptest::prelude::*;
use sandbox::fault::Fault;
use serde_json::{Value, json};

use crate::support::assert_error;
use crate::workfront::stage::Documents;

const GUID: &str = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";

#[test]
fn each_error_of_clm_has_the_status_that_workfront_handles() {
    let (error, validation) = (
        |code: u32| json!({"Error": {"ErrorCode": code}}).to_string(),
        |code: u32| {
            json!({"Error": {"ErrorCode": 101}, "ValidationErrors": [{"ErrorCode": 1}, {"ErrorCode": code}]})
                .to_string()
        },
    );
    for (status, body, expected, message) in [
        (400, error(106), 500, "with this name"),
        (422, validation(106), 500, "with this name"),
        (409, "<html>".to_owned(), 500, "with this name"),
        (400, error(1001), 500, "does not accept this name"),
        (400, error(129), 500, "does not accept this name"),
        (422, error(1012), 500, "checked out"),
        (422, validation(1014), 500, "checked out"),
        (400, error(116), 500, "empty documents"),
        (400, error(120), 403, "no uploads or downloads"),
        (422, error(121), 403, "no uploads or downloads"),
        (413, error(130), 500, "too large"),
        (413, String::new(), 500, "refused the request"),
        (400, error(999), 500, "refused the request"),
        (400, "{\"Error\":{\"ErrorCode\":\"106\"}}".to_owned(), 500, "refused the request"),
        (400, "{\"Error\":null,\"ValidationErrors\":null}".to_owned(), 500, "refused the request"),
        (302, String::new(), 500, "refused the request"),
        (401, error(106), 403, "does not allow"),
        (403, "<html>".to_owned(), 403, "does not allow"),
        (404, error(106), 404, "no item with this id"),
        (429, String::new(), 500, "limits the rate"),
        (500, error(106), 500, "cannot be reached"),
        (504, String::new(), 500, "cannot be reached"),
    ] {
        let answer = WorkfrontError::of_clm(StatusCode::from_u16(status).unwrap(), body.as_bytes())
            .answer(AnswerRecord::default());
        assert_eq!(answer.response.status(), expected, "{status} {body}");
        let sentence = answer.record.error_description.unwrap_or_default();
        assert!(sentence.contains(message), "{status} {body}: {sentence}");
        assert_eq!(
            answer.response.headers().contains_key("retry-after"),
            status == 429 || status >= 500,
            "{status} {body}"
        );
    }
}

#[test]
fn items_of_clm_with_odd_members_become_items_of_workfront_or_are_refused() {
    let issuer = BaseUrl::parse("https://evergrant.example").unwrap();
    let client_id = ClientId::parse("workfront").unwrap();
    let links = Links { issuer: &issuer, client_id: &client_id };
    let href = format!("https://h/documents/{GUID}");
    for (changes, member, expected) in [
        (json!({"UpdatedDate": "2031-02-05T10:01:02.0700000Z"}), "dateModified", json!("2031-02-05T10:01:02Z")),
        (json!({"UpdatedDate": "2031-02-05T10:01:02"}), "dateModified", json!("2031-02-05T10:01:02Z")),
        (json!({"UpdatedDate": "2031-02-05T10:01:02+00:00"}), "dateModified", json!("2031-02-05T10:01:02Z")),
        (json!({"UpdatedDate": "2031-02-05T10:01:02+01:00"}), "dateModified", json!("2031-02-05T09:01:02Z")),
        (json!({"UpdatedDate": "yesterday"}), "dateModified", json!(null)),
        (json!({"CreatedDate": "2031-02-05T10:01:02Z"}), "dateModified", json!("2031-02-05T10:01:02Z")),
        (json!({"NativeFileSize": 0}), "size", json!(0)),
        (json!({"NativeFileSize": null}), "size", json!(null)),
        (json!({"AccessLevel": {"Write": false}}), "readOnly", json!(true)),
        (json!({"AccessLevel": {}}), "readOnly", json!(false)),
        (json!({"AccessLevel": null}), "readOnly", json!(false)),
        (json!({"Name": "a.PDF"}), "mimeType", json!("application/pdf")),
        (json!({"Name": "a"}), "mimeType", json!("application/octet-stream")),
        (json!({"Name": null}), "title", json!("")),
        (json!({"PreviewUrl": null}), "viewLink", json!("")),
        (json!({"Href": format!("{}/", href.to_uppercase())}), "id", json!(format!("d:{GUID}"))),
    ] {
        let mut document = json!({"Name": "a.txt", "Href": href});
        document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let document: ClmDocument =
            serde_json::from_value(document).unwrap_or_else(|error| panic!("{changes}: {error}"));
        let id = document.id().unwrap();
        let metadata = serde_json::to_value(document.metadata(&id, links)).unwrap();
        assert_eq!(metadata[member], expected, "{changes}");
    }
    for wrong in [
        json!({}),
        json!({"Href": null}),
        json!({"Href": "x", "NativeFileSize": -1}),
        json!({"Href": "x", "Name": 5}),
        json!([]),
    ] {
        assert!(serde_json::from_value::<ClmDocument>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn only_a_folder_below_the_trash_is_deleted() {
    for (path, is_in_trash) in [
        ("/Trash", true),
        ("/Trash/Contracts", true),
        ("/Example Ltd/Trash", true),
        ("/Example Ltd/Trash/a/b", true),
        ("//Trash", true),
        ("", false),
        ("/", false),
        ("/Contracts", false),
        ("/Contracts/2031/Trash", false),
        ("/Trashed", false),
        ("/trash", false),
    ] {
        let folder: Folder = serde_json::from_value(json!({"Href": GUID, "Path": path})).unwrap();
        assert_eq!(folder.is_in_trash(), is_in_trash, "{path}");
    }
}

proptest! {
    #[test]
    fn the_id_of_an_item_is_the_last_guid_of_its_address(prefix in "[a-z:/.0-9-]{0,30}", upper in any::<bool>(), slashes in "/{0,2}") {
        let guid = if upper { GUID.to_uppercase() } else { GUID.to_owned() };
        let found = clm_id(&format!("{prefix}/{guid}{slashes}"));
        prop_assert_eq!(found.map(|id| id.as_str().to_owned()), Some(GUID.to_owned()));
        let others = [format!("{guid}/{prefix}x"), format!("{guid}0"), format!("0{guid}"), prefix];
        prop_assert!(others.iter().all(|other| clm_id(other).is_none()), "{:?}", others);
    }

    #[test]
    fn an_id_fits_into_workfronts_255_characters_and_is_read_again(text in "\\PC{0,300}") {
        let Some(id) = ItemId::parse(&text) else { return Ok(()) };
        prop_assert!(id.to_string().len() <= 255);
        prop_assert_eq!(ItemId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn every_name_has_a_mime_type_that_is_a_header(name in "\\PC{0,40}") {
        let kind = mime_type(&name);
        prop_assert!(kind.split_once('/').is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty()));
        prop_assert!(http::HeaderValue::from_str(kind).is_ok());
    }
}

/// CLM's answer with a document whose addresses are elsewhere.
fn document(download: &str) -> Value {
    json!({"Name": "a.txt", "Href": format!("https://h/documents/{GUID}"), "DownloadDocumentHref": download})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_from_clm_gets_no_token_unless_it_is_on_the_accounts_own_host() {
    let documents = Documents::start().await;
    let clm = &documents.0.clm;
    assert_eq!(documents.get("metadata", &[("id", "/")]).await.status, 200);
    let id = format!("d:{GUID}");
    let (download, object) = (clm.download_url(), clm.api_url());
    for href in [
        String::new(),
        "https://example.org/v2/x".to_owned(),
        download.clone(),
        format!("{download}/v2/another-account/documents/1"),
        format!("{object}/v2/{}/documents/1", sandbox::clm::ACCOUNT_ID),
        download.replace("127.0.0.1", "localhost"),
        download.replace("http://", "http://user@"),
        format!("{download}/v2/{}/../x", sandbox::clm::ACCOUNT_ID),
    ] {
        let before = clm.calls().len();
        clm.faults.once(Fault::Body(document(&href).to_string()));
        let answer = documents.get("download", &[("id", &id)]).await;
        assert_error(&answer, 500, "could not be read");
        assert_eq!(clm.calls().len(), before, "{href}");
    }
    // The same for uploads.
    let folder = documents.0.folder("Uploads");
    let upload = documents.announce(&format!("f:{folder}"), "a.txt", "1").await;
    let href = format!("https://h/folders/{folder}");
    clm.faults.once(Fault::Body(
        json!({"Name": "x", "Href": href, "CreateDocumentHref": "https://example.org/{?name}"}).to_string(),
    ));
    assert_error(&documents.put(&upload, "x").await, 500, "could not be read");
    assert_eq!(documents.put(&upload, "x").await.json(), json!({"result": "success"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_document_is_not_saved_as_the_document() {
    let documents = Documents::start().await;
    let clm = &documents.0.clm;
    let folder = documents.0.folder("Downloads");
    let id = format!("d:{}", clm.add_document("a.txt", &folder, "content"));
    assert_eq!(documents.get("download", &[("id", &id)]).await.text(), "content");
    for (status, expected) in
        [(201, 500), (202, 500), (203, 500), (206, 500), (302, 500), (403, 403), (404, 404), (500, 500)]
    {
        clm.after_next_call(move |clm| clm.faults.once(Fault::Json(status, "part".to_owned())));
        let answer = documents.get("download", &[("id", &id)]).await;
        assert_error(&answer, expected, "");
        assert!(!answer.text().contains("part"), "{status}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clm_answers_to_a_change_is_what_workfront_gets() {
    let documents = Documents::start().await;
    let folder = documents.0.folder("Changes");
    let parent = format!("f:{folder}");
    let id = format!("d:{}", documents.0.clm.add_document("a.txt", &folder, "x"));
    for (status, code, rename, create, expected) in [
        (409, 106, "failure", 500, "with this name"),
        (422, 1012, "failure", 500, "checked out"),
        (400, 999, "failure", 500, "refused"),
        (403, 103, "error", 403, "does not allow"),
        (404, 104, "error", 404, "no item"),
        (500, 100, "error", 500, "cannot be reached"),
        (429, 103, "error", 500, "limits the rate"),
    ] {
        for (method, operation, parameters) in [
            (Method::PUT, "rename", vec![("id", id.as_str()), ("name", "A.txt")]),
            (Method::POST, "createFolder", vec![("parentId", &parent), ("name", "new")]),
        ] {
            documents.0.clm.after_next_call(move |clm| clm.refuse_next(status, code));
            let answer = documents.call(method, operation, &parameters).await;
            let is_rename = operation == "rename";
            assert!(answer.text().contains(expected), "{operation} {status}: {}", answer.text());
            assert_eq!(answer.json()["status"], if is_rename { rename } else { "error" }, "{operation} {status}");
            let expected = if is_rename && rename == "failure" { 200 } else { create };
            assert_eq!(answer.status, expected, "{operation} {status}");
        }
    }
}
