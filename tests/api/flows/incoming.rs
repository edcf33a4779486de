//! *Bring new SharePoint files into CLM*.

use sandbox::flows::{Flow, Report};
use sandbox::share_point::SharePoint;
use serde_json::{Value, json};

use super::bench::Bench;

const NEW: &str = "/Incoming/New";

/// The flow, with a CLM folder of its own.
fn incoming(bench: &Bench, values: &[(&str, &str)]) -> (Flow, String) {
    let clm = &bench.app.sandbox.clm;
    let folder = clm
        .folder_at("/Contracts/From SharePoint")
        .unwrap_or_else(|| clm.add_folder("From SharePoint", &clm.folder_at("/Contracts").unwrap()));
    let own = [("evgrant_ClmIncomingFolder", folder.as_str())];
    (bench.flow("BringSharePointFilesIntoClm", &[values, &own].concat()), folder)
}

fn event(id: u64, name: &str) -> Value {
    json!({"ID": id, "{IsFolder}": false, "{FilenameWithExtension}": name})
}

fn in_clm(bench: &Bench, name: &str) -> Vec<String> {
    bench.app.sandbox.clm.documents_at(&format!("/Contracts/From SharePoint/{name}"))
}

fn linked(share_point: &SharePoint, id: u64) -> String {
    share_point.item("Incoming", id).get("ClmDocumentId").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn failed(report: &Report, code: &str, text: &str) {
    assert_eq!(report.status, "Failed", "{report:?}");
    let (found, message) = report.error.as_ref().unwrap();
    assert!(found == code && message.contains(text), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_file_is_brought_into_clm_once() {
    let bench = Bench::start().await;
    let (flow, folder) = incoming(&bench, &[]);
    let id = bench.share_point.add_file(NEW, "Offer & more.pdf", "offer");
    // The file's folder is moved before the run.
    bench.share_point.move_folder(NEW, "/Incoming/Renamed");
    for _ in 0..2 {
        assert_eq!(bench.run(&flow, event(id, "Offer & more.pdf")).await.status, "Succeeded");
    }
    let documents = in_clm(&bench, "Offer & more.pdf");
    assert_eq!(documents, [linked(&bench.share_point, id)]);
    assert_eq!(bench.app.sandbox.clm.content(&documents[0]).unwrap().newest.length, 5);

    // Names that CLM has already.
    let same_size = bench.share_point.add_file("/Incoming/A", "Offer & more.pdf", "other");
    failed(&bench.run(&flow, event(same_size, "Offer & more.pdf")).await, "NotInClm", "already has another document");
    bench.app.sandbox.clm.add_document("Taken.pdf", &folder, "something longer");
    let taken = bench.share_point.add_file("/Incoming/A", "Taken.pdf", "short");
    failed(&bench.run(&flow, event(taken, "Taken.pdf")).await, "NotInClm", "Rename the file");
    assert_eq!((in_clm(&bench, "Taken.pdf").len(), linked(&bench.share_point, taken)), (1, String::new()));

    assert_eq!(bench.run(&flow, event(999, "Gone.pdf")).await.status, "Cancelled");
    let subfolder = json!({"ID": 1000, "{IsFolder}": true});
    assert_eq!(bench.run(&flow, subfolder).await.status, "Succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_with_a_reason_before_it_is_sent() {
    let bench = Bench::start().await;
    let id = bench.share_point.add_file(NEW, "Large.pdf", "0123456789");
    let (flow, _) = incoming(&bench, &[("evgrant_MaxUploadBytes", "9")]);
    failed(&bench.run(&flow, event(id, "Large.pdf")).await, "FileTooLarge", "Large.pdf has 10 bytes; at most 9");

    let gone = [("evgrant_ClmIncomingFolder", "dead0000-0000-4000-8000-000000000000")];
    let lost = bench.flow("BringSharePointFilesIntoClm", &gone);
    failed(&bench.run(&lost, event(id, "Large.pdf")).await, "FolderMoved", "environment variable");
    assert!(in_clm(&bench, "Large.pdf").is_empty());

    // A CLM folder that was moved is found by its ID.
    let (flow, folder) = incoming(&bench, &[]);
    bench.app.sandbox.clm.move_folder(&folder, &bench.app.sandbox.clm.folder_at("/Home").unwrap());
    assert_eq!(bench.run(&flow, event(id, "Large.pdf")).await.status, "Succeeded");
    assert_eq!(bench.app.sandbox.clm.documents_at("/Home/From SharePoint/Large.pdf").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_one_call_there_is_one_document_in_clm() {
    let bench = Bench::start().await;
    let (flow, _) = incoming(&bench, &[]);
    bench
        .each_disruption(7, async |disrupted| {
            let name = format!("{}.pdf", disrupted.replace(' ', "-"));
            let id = bench.share_point.add_file(NEW, &name, "content");
            bench.run_and_resubmit(&flow, event(id, &name)).await;
            assert_eq!(in_clm(&bench, &name), [linked(&bench.share_point, id)], "{disrupted}");
        })
        .await;
}
