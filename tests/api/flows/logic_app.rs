//! The Logic App that archives documents: its definition, run like a flow, and its template.

use sandbox::flows::{Flow, Trigger};
use sandbox::share_point::SITE;
use serde_json::{Value, json};

use super::bench::{ARCHIVE_KEY, Bench};
use crate::support::root;

fn definition() -> Value {
    serde_json::from_slice(&std::fs::read(root().join("infra/logic-app/archive.json")).unwrap()).unwrap()
}

fn logic_app(bench: &Bench, folder: &str, more: &[(&str, &str)]) -> Flow {
    let url = bench.app.host.url();
    let values = [
        ("gatewayUrl", url.as_str()),
        ("apiKey", ARCHIVE_KEY),
        ("clmFolder", folder),
        ("sharePointSite", SITE),
        ("archiveLibrary", "Documents"),
        ("archiveFolder", "/Shared Documents/Archive"),
        ("maxDownloadBytes", "104857600"),
    ];
    let mut flow = Flow::new(definition(), &[more, &values].concat());
    let connections = json!({"sharepointonline": {"connectionId": "shared_sharepointonline"}});
    flow.values.push(("$connections".to_owned(), connections));
    flow
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logic_app_archives_each_document_once() {
    let bench = Bench::start().await;
    let clm = &bench.app.sandbox.clm;
    let folder = clm.add_folder("Completed", &clm.folder_at("/Contracts").unwrap());
    let document = clm.add_document("It's done.pdf", &folder, "signed");
    let mut flow = logic_app(&bench, &folder, &[]);
    let uri = &mut flow.definition["triggers"]["When_a_document_is_added_or_changed"]["inputs"]["uri"];
    *uri = json!(format!("{}&since=2020-01-01T00:00:00Z", uri.as_str().unwrap()));
    let mut trigger = Trigger::of(flow.clone());
    let [event] = trigger.poll(&bench.connections).await.unwrap().try_into().unwrap();
    for _ in 0..2 {
        let report = flow.run(&bench.connections, event.clone()).await;
        assert_eq!(report.status, "Succeeded", "{report:?}");
    }
    let files = bench.share_point.files("/");
    let [(path, content, columns)] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!(*path, format!("/Shared Documents/Archive/It's done ({}).pdf", &document[..8]));
    assert_eq!((content.as_ref(), &columns["ClmDocumentId"]), (b"signed".as_slice(), &json!(document)));
    assert!(trigger.poll(&bench.connections).await.unwrap().is_empty(), "the next poll is at Location");

    let large = logic_app(&bench, &folder, &[("maxDownloadBytes", "5")]);
    let report = large.run(&bench.connections, event.clone()).await;
    assert!(report.message().contains("has 6 bytes; at most 5"), "{report:?}");
    let moved = logic_app(&bench, &folder, &[("archiveFolder", "/Shared Documents/Elsewhere")]);
    let report = moved.run(&bench.connections, event).await;
    assert!(report.message().contains("was moved, renamed or deleted"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_one_call_the_logic_app_leaves_one_complete_file() {
    let bench = Bench::start().await;
    let clm = &bench.app.sandbox.clm;
    let folder = clm.folder_at("/Contracts/Archive").unwrap();
    let flow = logic_app(&bench, &folder, &[]);
    bench
        .each_disruption(7, async |disrupted| {
            let document = clm.add_document("Contract.pdf", &folder, disrupted.to_owned());
            let event = json!({"Href": format!("https://clm.example/{document}"), "EventId": "e1"});
            bench.run_and_resubmit(&flow, event).await;
            let files = bench.share_point.files("/").into_iter();
            let own: Vec<_> = files.filter(|(path, ..)| path.contains(&document[..8])).collect();
            let [(_, content, columns)] = own.as_slice() else { panic!("{disrupted}: {own:?}") };
            assert_eq!((content.as_ref(), &columns["ClmEventId"]), (disrupted.as_bytes(), &json!("e1")));
        })
        .await;
}

/// The API key is in no run's history, and the template gives every parameter a value.
#[test]
fn the_template_fits_the_definition() {
    let template = std::fs::read_to_string(root().join("infra/logic-app/archive.bicep")).unwrap();
    let definition = definition();
    for (name, parameter) in definition["parameters"].as_object().unwrap() {
        let given = format!("{}: {{\n        value: ", if name == "$connections" { "'$connections'" } else { name });
        assert!(template.contains(&given), "{name}");
        assert_eq!(name == "apiKey", parameter["type"] == "SecureString");
    }
    let triggers = definition["triggers"].as_object().unwrap().values();
    let actions = definition["actions"].as_object().unwrap().values();
    let with_key = triggers.chain(actions).filter(|action| action["type"] == "Http").inspect(|action| {
        assert_eq!(action["runtimeConfiguration"]["secureData"]["properties"], json!(["inputs"]), "{action}");
    });
    assert_eq!(with_key.count(), 3);
}
