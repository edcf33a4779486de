//! *Archive completed documents in SharePoint*.

use sandbox::flows::Flow;
use sandbox::share_point::Mishap;
use serde_json::{Value, json};

use super::bench::{Bench, flow};

const ARCHIVE: &str = "/Shared Documents/Archive";

fn archive(values: &[(&str, &str)]) -> Flow {
    flow("ArchiveCompletedDocuments", values)
}

/// What the trigger delivers.
fn event(document: &str, event_id: &str) -> Value {
    json!({"Href": format!("https://clm.example/v2/account/documents/{document}"), "EventId": event_id})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_archived_once_with_its_metadata() {
    let bench = Bench::start().await;
    let folder = bench.app.sandbox.clm.folder_at("/Contracts/Archive").unwrap();
    let document = bench.app.sandbox.clm.add_document("It's done.pdf", &folder, "signed");
    let flow = archive(&[]);
    for again in [false, true] {
        let report = bench.run(&flow, event(&document, "e1")).await;
        assert_eq!(report.status, "Succeeded", "{again} {report:?}");
        let files = bench.share_point.files(ARCHIVE);
        let [(path, content, columns)] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(*path, format!("{ARCHIVE}/It's done ({}).pdf", &document[..8]));
        assert_eq!((content.as_ref(), &columns["ClmDocumentId"]), (b"signed".as_slice(), &json!(document)));
    }
    let _ = Mishap { of: ("GET", ""), status: 503, carried_out: false };
}
