//! *File completed envelopes in SharePoint and CLM*.

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::clm::ACCOUNT_ID;
use sandbox::flows::{Flow, Report, Trigger};
use serde_json::{Value, json};

use super::bench::Bench;

const ENVELOPES: &str = "/Shared Documents/Envelopes";
const PDF: &str = "%PDF-1.4 signed";
/// The sandbox's certificate, which is at the end of the combined documents.
const CERTIFICATE: &str = "%PDF-1.7 certificate of completion";

/// The flow, with a CLM folder of its own.
fn file_envelopes(bench: &Bench, values: &[(&str, &str)]) -> Flow {
    let clm = &bench.app.sandbox.clm;
    let folder = clm
        .folder_at("/Contracts/Envelopes")
        .unwrap_or_else(|| clm.add_folder("Envelopes", &clm.folder_at("/Contracts").unwrap()));
    let own = [("evgrant_ClmEnvelopeFolder", folder.as_str())];
    bench.flow("FileCompletedEnvelopes", &[values, &own].concat())
}

/// An envelope with one document, as the trigger delivers it.
async fn envelope(bench: &Bench, subject: &str) -> Value {
    let url = bench.app.url(&format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/envelopes"));
    let body = json!({
        "status": "sent", "emailSubject": subject,
        "documents": [{"documentId": "1", "name": "Offer.pdf", "fileExtension": "pdf", "documentBase64": STANDARD.encode(PDF)}],
        "recipients": {"signers": [{"recipientId": "1", "name": "A", "email": "a@example.org"}]},
    });
    let headers = [("x-api-key", sandbox::GATEWAY_API_KEY), ("content-type", "application/json")];
    let answer = bench.app.http.call(http::Method::POST, &url, &headers, &body.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    json!({"envelopeId": answer.json()["envelopeId"], "emailSubject": subject, "EventId": "e1"})
}

/// Where an envelope was filed: in SharePoint, with its content, and in CLM.
fn filed(bench: &Bench, event: &Value) -> (Vec<(String, String)>, Vec<String>) {
    let short = &event["envelopeId"].as_str().unwrap()[..8];
    let files = bench.share_point.files(ENVELOPES).into_iter();
    let own = files.filter(|(path, ..)| path.ends_with(&format!(" ({short}).pdf")));
    let own: Vec<_> = own.map(|(path, content, _)| (path, String::from_utf8_lossy(&content).into_owned())).collect();
    let name = own.first().map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).unwrap_or_default();
    (own, bench.app.sandbox.clm.documents_at(&format!("/Contracts/Envelopes/{name}")))
}

fn failed(report: &Report, code: &str, text: &str) {
    let error = report.error.as_ref().unwrap_or_else(|| panic!("{report:?}"));
    assert!(error.0 == code && error.1.contains(text), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_envelope_is_filed_once_in_both_places() {
    let bench = Bench::start().await;
    let flow = file_envelopes(&bench, &[]);
    let event = envelope(&bench, " Offer: \"50% off\" / it's <new>? ").await;
    for _ in 0..2 {
        let report = bench.run(&flow, event.clone()).await;
        assert_eq!(report.status, "Succeeded", "{report:?}");
    }
    let (files, documents) = filed(&bench, &event);
    let short = &event["envelopeId"].as_str().unwrap()[..8];
    assert_eq!(
        files,
        [(format!("{ENVELOPES}/Offer- -50% off- - it's -new-- ({short}).pdf"), format!("{PDF}{CERTIFICATE}"))]
    );
    assert_eq!(documents.len(), 1);
    assert_eq!(
        bench.app.sandbox.clm.content(&documents[0]).unwrap().newest.length,
        (PDF.len() + CERTIFICATE.len()) as u64
    );
    let unknown = json!({"envelopeId": "dead0000-0000-4000-8000-000000000000", "EventId": "e2"});
    assert_eq!(bench.run(&flow, unknown).await.status, "Cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_filed_is_refused_with_a_reason_before_anything_is_sent() {
    let bench = Bench::start().await;
    let event = envelope(&bench, "Offer").await;
    let small = file_envelopes(&bench, &[("evgrant_MaxUploadBytes", "9")]);
    failed(&bench.run(&small, event.clone()).await, "FileTooLarge", "at most 9 can be sent");
    let gone =
        bench.flow("FileCompletedEnvelopes", &[("evgrant_ClmEnvelopeFolder", "dead0000-0000-4000-8000-000000000000")]);
    failed(&bench.run(&gone, event.clone()).await, "FolderMoved", "The CLM folder");
    bench.share_point.move_folder(ENVELOPES, "/Shared Documents/Elsewhere");
    failed(&bench.run(&file_envelopes(&bench, &[]), event.clone()).await, "FolderMoved", "The SharePoint folder");
    assert!(bench.share_point.files("/").is_empty() && filed(&bench, &event).1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn if_sharepoint_fails_the_run_fails_and_a_later_one_fills_the_gap() {
    let bench = Bench::start().await;
    let (flow, event) = (file_envelopes(&bench, &[]), envelope(&bench, "Offer").await);
    bench.share_point.read_only.store(true, Ordering::SeqCst);
    failed(&bench.run(&flow, event.clone()).await, "NotInSharePoint", "SharePoint did not take it");
    assert_eq!(bench.app.sandbox.clm.calls().iter().filter(|call| call.starts_with("POST upload")).count(), 1);
    bench.share_point.read_only.store(false, Ordering::SeqCst);
    assert_eq!(bench.run(&flow, event.clone()).await.status, "Succeeded");
    let (files, documents) = filed(&bench, &event);
    assert_eq!((files.len(), documents.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_one_call_each_place_has_one_copy() {
    let bench = Bench::start().await;
    let flow = file_envelopes(&bench, &[]);
    bench
        .each_disruption(9, async |disrupted| {
            let event = envelope(&bench, "Offer").await;
            bench.run_and_resubmit(&flow, event.clone()).await;
            let (files, documents) = filed(&bench, &event);
            assert_eq!((files.len(), documents.len()), (1, 1), "{disrupted}");
            assert_eq!(files[0].1, format!("{PDF}{CERTIFICATE}"), "{disrupted}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trigger_delivers_each_completed_envelope() {
    let bench = Bench::start().await;
    let event = envelope(&bench, "Offer").await;
    let id = event["envelopeId"].as_str().unwrap();
    let mut flow = file_envelopes(&bench, &[]);
    let parameters = &mut flow.definition["triggers"]["When_an_envelope_is_completed"]["inputs"]["parameters"];
    // From a given moment on, because the first poll of a new flow delivers nothing old.
    (parameters["since"], parameters["status"]) = (json!("2020-01-01T00:00:00Z"), json!("sent"));
    let mut trigger = Trigger::of(flow.clone());
    let [delivered] = trigger.poll(&bench.connections).await.unwrap().try_into().unwrap();
    assert_eq!(
        (delivered["body"]["envelopeId"].as_str(), delivered["body"]["emailSubject"].as_str()),
        (Some(id), Some("Offer"))
    );
    assert_eq!(flow.run(&bench.connections, delivered).await.status, "Succeeded");
    assert_eq!(filed(&bench, &event).1.len(), 1);
    assert!(trigger.poll(&bench.connections).await.unwrap().is_empty());
}
