//! *Archive completed documents in SharePoint*.

use sandbox::flows::{Flow, Report, Trigger};
use serde_json::{Map, Value, json};

use super::bench::Bench;

const ARCHIVE: &str = "/Shared Documents/Archive";

fn archive(bench: &Bench, values: &[(&str, &str)]) -> Flow {
    bench.flow("ArchiveCompletedDocuments", values)
}

/// What the trigger delivers for a document.
fn event(document: &str, event_id: &str) -> Value {
    json!({"Href": format!("https://clm.example/v2/account/documents/{document}"), "EventId": event_id})
}

/// The files of a document in SharePoint: path, content and event.
fn archived(bench: &Bench, document: &str) -> Vec<(String, String, String)> {
    let files = bench.share_point.files("/Shared Documents").into_iter();
    let text =
        |columns: &Map<String, Value>, name| columns.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own =
        files.filter(|(path, _, columns)| text(columns, "ClmDocumentId") == document || path.contains(&document[..8]));
    own.map(|(path, content, columns)| {
        (path, String::from_utf8_lossy(&content).into_owned(), text(&columns, "ClmEventId"))
    })
    .collect()
}

fn add(bench: &Bench, name: &str, content: &str) -> String {
    let clm = &bench.app.sandbox.clm;
    clm.add_document(name, &clm.folder_at("/Contracts/Archive").unwrap(), content.to_owned())
}

fn failed(report: &Report, code: &str) {
    assert_eq!(report.status, "Failed", "{report:?}");
    assert_eq!(report.error.as_ref().map(|(code, _)| code.as_str()), Some(code), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_document_is_archived_once_with_its_metadata() {
    let bench = Bench::start().await;
    let (one, other) = (add(&bench, "It's done.pdf", "first"), add(&bench, "It's done.pdf", "second"));
    let flow = archive(&bench, &[]);
    for document in [&one, &other, &one] {
        assert_eq!(bench.run(&flow, event(document, "e1")).await.status, "Succeeded");
    }
    let of = |document: &str| format!("{ARCHIVE}/It's done ({}).pdf", &document[..8]);
    assert_eq!(archived(&bench, &one), [(of(&one), "first".to_owned(), "e1".to_owned())]);
    assert_eq!(archived(&bench, &other), [(of(&other), "second".to_owned(), "e1".to_owned())], "the same name");
    let files = bench.share_point.files(ARCHIVE);
    let columns = &files.iter().find(|(path, ..)| *path == of(&one)).unwrap().2;
    assert_eq!(columns["ClmPath"], "/Example Ltd/Contracts/Archive/It's done.pdf");
    assert_eq!((columns["ClmMetadata"].as_str(), columns["ClmLink"].is_string()), (Some("{}"), true));

    // A later change replaces the file, wherever someone has moved it.
    bench.share_point.move_folder(ARCHIVE, "/Shared Documents/Old");
    bench.share_point.add_file(ARCHIVE, "Other.pdf", "keeps the folder");
    assert_eq!(bench.run(&flow, event(&one, "e2")).await.status, "Succeeded");
    let moved = of(&one).replace("Archive", "Old");
    assert_eq!(archived(&bench, &one), [(moved, "first".to_owned(), "e2".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_archived_is_refused_with_a_reason_before_anything_is_sent() {
    let bench = Bench::start().await;
    let document = add(&bench, "Contract.pdf", "0123456789");
    let before = bench.share_point.files("/").len();

    let report = bench.run(&archive(&bench, &[("evgrant_MaxDownloadBytes", "9")]), event(&document, "e1")).await;
    failed(&report, "FileTooLarge");
    assert!(report.message().contains("Contract.pdf has 10 bytes; at most 9"), "{report:?}");

    bench.share_point.move_folder(ARCHIVE, "/Shared Documents/Elsewhere");
    let report = bench.run(&archive(&bench, &[]), event(&document, "e1")).await;
    failed(&report, "FolderMoved");
    assert!(report.message().contains(ARCHIVE) && report.message().contains("environment variable"), "{report:?}");
    assert_eq!(bench.share_point.files("/").len(), before, "and no folder is created in the old place");

    let other = archive(&bench, &[("evgrant_ArchiveFolder", "/Incoming/New")]);
    let report = bench.run(&other, event(&document, "e1")).await;
    failed(&report, "AnotherLibrary");
    assert!(bench.share_point.files("/Shared Documents").is_empty(), "no other file gets the metadata");

    let gone = "dead0000-0000-4000-8000-000000000000";
    assert_eq!(bench.run(&archive(&bench, &[]), event(gone, "e1")).await.status, "Cancelled");
    let found = archive(&bench, &[("evgrant_ArchiveFolder", "/Shared Documents/Elsewhere")]);
    assert_eq!(bench.run(&found, event(&document, "e1")).await.status, "Succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_one_call_there_is_one_complete_file() {
    let bench = Bench::start().await;
    let flow = archive(&bench, &[]);
    bench
        .each_disruption(7, async |disrupted| {
            let document = add(&bench, "Contract.pdf", disrupted);
            bench.run_and_resubmit(&flow, event(&document, "e1")).await;
            let files = archived(&bench, &document);
            let [(_, content, event_id)] = files.as_slice() else { panic!("{disrupted}: {files:?}") };
            assert_eq!((content.as_str(), event_id.as_str()), (disrupted, "e1"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trigger_delivers_each_new_document_of_the_folder_and_its_subfolders() {
    let bench = Bench::start().await;
    let clm = &bench.app.sandbox.clm;
    let folder = clm.add_folder("Completed", &clm.folder_at("/Contracts").unwrap());
    let below = clm.add_folder("2031", &folder);
    let documents = [clm.add_document("One.pdf", &folder, "one"), clm.add_document("Two.pdf", &below, "two")];
    let mut flow = archive(&bench, &[("evgrant_ClmCompletedFolder", &folder)]);
    // From a given moment on, because the first poll of a new flow delivers nothing old.
    flow.definition["triggers"]["When_a_document_is_added_or_changed"]["inputs"]["parameters"]["since"] =
        json!("2020-01-01T00:00:00Z");
    let mut trigger = Trigger::of(flow.clone());
    let events = trigger.poll(&bench.connections).await.unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    for event in events {
        let report = flow.run(&bench.connections, event).await;
        assert_eq!(report.status, "Succeeded", "{report:?}");
    }
    for document in documents {
        assert_eq!(archived(&bench, &document).len(), 1);
    }
    assert!(trigger.poll(&bench.connections).await.unwrap().is_empty());
}
