//! Uploads from the announcement to the document: what is shown meanwhile, two at once, and faults at each step.

use http::Method;
use sandbox::fault::Fault;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{assert_error, until};
use crate::workfront::stage::{Documents, KEY, titles};

/// More than is kept in memory, so that CLM gets the beginning before the end has come.
const LENGTH: usize = 400 * 1024;

/// An upload of which the beginning was sent.
async fn begin(documents: &Documents, id: &str) -> TcpStream {
    let address = documents.0.app.issuer.trim_start_matches("http://");
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "PUT /workfront/v1/upload?id={id} HTTP/1.1\r\nhost: x\r\napikey: {KEY}\r\nusername: {}\r\ncontent-length: {LENGTH}\r\n\
         connection: close\r\n\r\n",
        sandbox::INTEGRATION_EMAIL
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'x'; 300 * 1024]).await.unwrap();
    socket
}

/// Sends the rest and returns the answer.
async fn finish(mut socket: TcpStream) -> String {
    socket.write_all(&vec![b'x'; LENGTH - 300 * 1024]).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_uploads_at_a_time_one_becomes_the_document_and_the_other_leaves_nothing() {
    let documents = Documents::start().await;
    let (clm, folder) = (&documents.0.clm, documents.0.folder("Twice"));
    for (name, deletion_fails) in [("one.bin", false), ("two.bin", true)] {
        let id = documents.announce(&format!("f:{folder}"), name, name).await;
        let before = clm.documents_in_all();
        let (one, other) = (begin(&documents, &id).await, begin(&documents, &id).await);
        until(|| clm.open_uploads() == 2).await;
        if deletion_fails {
            clm.deletion_faults.once(Fault::Status(500));
        }
        let answers = [finish(one).await, finish(other).await];
        assert!(answers[0].contains(r#"{"result":"success"}"#), "{}", answers[0]);
        assert!(answers[1].contains(r#""result":"fail""#) && answers[1].contains("at the same time"), "{}", answers[1]);
        let listed = titles(&documents.get("files", &[("parentId", &format!("f:{folder}"))]).await);
        let shown = listed.iter().filter(|title| *title == name).count();
        assert_eq!(shown, 1 + usize::from(deletion_fails), "{name}");
        assert_eq!(clm.documents_in_all(), before + 2, "the second one is in the trash, if it could be moved there");
        assert_eq!(documents.get("metadata", &[("id", &id)]).await.json()["size"], LENGTH);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again() {
    let documents = Documents::start().await;
    let (clm, folder) = (&documents.0.clm, documents.0.folder("Broken"));
    let id = documents.announce(&format!("f:{folder}"), "a.bin", "1").await;
    let before = clm.documents_in_all();
    let broken = begin(&documents, &id).await;
    until(|| clm.open_uploads() == 1).await;
    drop(broken);
    until(|| clm.open_uploads() == 0).await;
    assert_eq!(clm.documents_in_all(), before);
    let announced = documents.get("metadata", &[("id", &id)]).await.json();
    assert_eq!((&announced["size"], &announced["title"]), (&json!(0), &json!("a.bin")));
    assert!(finish(begin(&documents, &id).await).await.contains("success"));
    assert_eq!(documents.get("metadata", &[("id", &id)]).await.json()["size"], LENGTH);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_step_of_an_upload_leaves_a_ticket_that_works() {
    let documents = Documents::start().await;
    let (clm, folder) = (&documents.0.clm, documents.0.folder("Steps"));
    let parent = format!("f:{folder}");
    // The folder, its documents with that name, and the bytes.
    for (step, name) in ["folder.txt", "names.txt", "bytes.txt"].into_iter().enumerate() {
        for (status, code, seen) in
            [(500, 100, "cannot be reached"), (403, 103, "does not allow"), (400, 999, "refused"), (429, 103, "limits")]
        {
            let name = format!("{status} {name}");
            let id = documents.announce(&parent, &name, &name).await;
            match step {
                0 => clm.refuse_next(status, code),
                1 => clm.after_next_call(move |clm| clm.refuse_next(status, code)),
                _ => {
                    clm.after_next_call(|_| ());
                    clm.after_next_call(move |clm| clm.refuse_next(status, code));
                }
            }
            let failed = documents.put(&id, "content").await;
            assert!(failed.text().contains(seen), "{name} at {step}: {} {}", failed.status, failed.text());
            assert_eq!(failed.json()["result"] == "fail", status == 400, "{}", failed.text());
            assert!(clm.documents_at(&format!("/Steps/{name}")).is_empty());
            assert_eq!(documents.put(&id, "content").await.json(), json!({"result": "success"}), "{name} at {step}");
            assert_eq!(documents.get("download", &[("id", &id)]).await.text(), "content");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_needs_the_right_to_create_and_asks_about_the_earlier_document() {
    let documents = Documents::start().await;
    let (clm, folder) = (&documents.0.clm, documents.0.folder("Versions"));
    let parent = format!("f:{folder}");
    let announce = async |name: &str, document: &str| {
        documents
            .call(Method::POST, "uploadInit", &[("parentId", &parent), ("filename", name), ("documentId", document)])
            .await
    };
    let first = documents.announce(&parent, "a.txt", "wf-1").await;
    documents.put(&first, "one").await;
    // The earlier document cannot be read: it is not known whether there will be a version.
    clm.after_next_call(|clm| clm.refuse_next(500, 100));
    assert_error(&announce("b.txt", "wf-1").await, 500, "cannot be reached");
    clm.after_next_call(|clm| clm.refuse_next(403, 103));
    assert_error(&announce("b.txt", "wf-1").await, 403, "does not allow");
    // The earlier document is gone: a new one, whose name must be free.
    clm.after_next_call(|clm| clm.refuse_next(404, 104));
    assert_error(&announce("a.txt", "wf-1").await, 500, "with this name");
    assert_eq!(announce("A.TXT", "wf-1").await.status, 200, "a version of the same document may have its name");
    assert_error(&announce("A.TXT", "wf-2").await, 500, "with this name");
    assert_error(&announce("a.txt", "").await, 500, "with this name");
    // Without the right to create, only versions.
    clm.make_read_only(&folder, sandbox::INTEGRATION_USER);
    assert_error(&announce("c.txt", "wf-3").await, 403, "may not add");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_not_arrived_has_no_content_and_cannot_be_changed() {
    let documents = Documents::start().await;
    let folder = documents.0.folder("Announced");
    let id = documents.announce(&format!("f:{folder}"), "a.pdf", "1").await;
    let metadata = documents.get("metadata", &[("id", &id)]).await.json();
    assert_eq!(
        (&metadata["kind"], &metadata["mimeType"], &metadata["readOnly"]),
        (&json!("file"), &json!("application/pdf"), &json!(false))
    );
    for (method, operation) in [("GET", "download"), ("GET", "thumbnail"), ("PUT", "delete"), ("PUT", "rename")] {
        let answer = documents.call(method.parse().unwrap(), operation, &[("id", &id), ("name", "b.pdf")]).await;
        assert_error(&answer, 404, "not arrived yet");
    }
    for operation in ["files", "createFolder", "uploadInit"] {
        let method = if operation == "files" { Method::GET } else { Method::POST };
        let answer = documents.call(method, operation, &[("parentId", &id), ("name", "x"), ("filename", "x")]).await;
        assert_error(&answer, 404, "no folder");
    }
    documents.0.clm.trash(&folder, true);
    assert_eq!(
        titles(&documents.get("files", &[("parentId", "/")]).await).iter().filter(|title| *title == "a.pdf").count(),
        0
    );
}
