//! Work items, workflows and envelopes.

use http::Method;
use sandbox::GATEWAY_API_KEY;
use sandbox::clm::ACCOUNT_ID;
use serde_json::{Value, json};

use crate::triggers::flow::{Flow, Stage, names};

#[tokio::test(flavor = "multi_thread")]
async fn a_work_item_is_reported_when_it_reaches_its_queue() {
    let stage = Stage::start().await;
    let queue = stage.clm.queue_named("Legal").unwrap();
    stage.clm.add_work_item("Old", &queue);
    let elsewhere = stage.clm.add_work_item("From another queue", "another");
    let mut flow = Flow::new(&stage, &format!("clm/workitems?queue={queue}"));
    assert_eq!(flow.poll(&stage).await.status, 202);
    stage.clm_later(10);
    let new = stage.clm.add_work_item("New", &queue);
    stage.later(31);
    let answer = flow.poll(&stage).await;
    assert_eq!(names(&answer), ["New"]);
    assert!(answer.json()["value"][0]["EventId"].is_string() && answer.json()["value"][0]["ChangeType"].is_null());
    stage.clm.complete_work_item(&new);
    stage.clm_later(10);
    stage.clm.reassign(&elsewhere, &queue);
    stage.later(31);
    assert_eq!(names(&flow.poll(&stage).await), ["From another queue"]);
    stage.later(31);
    assert_eq!(flow.poll(&stage).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_workflow_is_reported_once() {
    let stage = Stage::start().await;
    for (status, delivered) in
        [("Completed", true), ("Failed", true), ("Aborted", true), ("Paused", false), ("Odd", false)]
    {
        let id = stage.start_workflow().await;
        let mut flow = Flow::new(&stage, &format!("clm/workflow?id={id}"));
        assert_eq!(flow.poll(&stage).await.status, 202);
        stage.clm.set_workflow_status(&id, status);
        stage.later(31);
        let answer = flow.poll(&stage).await;
        assert_eq!(answer.status.as_u16(), if delivered { 200 } else { 202 }, "{status}");
        let seen = answer.json()["value"][0]["Status"].clone();
        assert_eq!(seen, if delivered { json!(status) } else { Value::Null });
        let calls = stage.calls(&id);
        stage.later(31);
        assert_eq!(flow.poll(&stage).await.status, 202, "once");
        assert_eq!(stage.calls(&id) > calls, !delivered, "nothing is asked after the end");
        if delivered {
            let mut late = Flow::new(&stage, &format!("clm/workflow?id={id}"));
            assert_eq!(late.poll(&stage).await.status, 200, "it had ended before the first poll");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn envelopes_are_reported_by_status() {
    let stage = Stage::start().await;
    let create = async |subject: &str| {
        let url = format!("{}/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/envelopes", stage.app.issuer);
        let headers = [("x-api-key", GATEWAY_API_KEY), ("content-type", "application/json")];
        let body = json!({"status": "created", "emailSubject": subject}).to_string();
        let answer = stage.app.http.call(Method::POST, &url, &headers, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["envelopeId"].as_str().unwrap().to_owned()
    };
    let mut first = Flow::new(&stage, "esignature/envelopes");
    assert_eq!(first.poll(&stage).await.status, 202, "there is no envelope at all");
    for since in ["0000-01-01T00:00:00Z", "2020-01-01T00:00:00Z"] {
        let empty = Flow::new(&stage, &format!("esignature/envelopes?since={since}")).poll(&stage).await;
        assert_eq!(empty.status, 202, "{since}");
    }
    let old = create("old").await;
    stage.later(31);
    first.poll(&stage).await;
    assert_eq!(first.events[0]["envelopeId"], old);
    let mut drafts = Flow::new(&stage, "esignature/envelopes?status=Created,voided");
    let mut completed = Flow::new(&stage, "esignature/envelopes?status=completed");
    let mut all = Flow::new(&stage, "esignature/envelopes");
    for flow in [&mut drafts, &mut completed, &mut all] {
        assert_eq!(flow.poll(&stage).await.status, 202);
    }
    let new = create("new").await;
    stage.later(31);
    for (flow, expected) in [(&mut drafts, vec![new.clone()]), (&mut completed, vec![]), (&mut all, vec![new])] {
        flow.poll(&stage).await;
        let ids: Vec<String> =
            flow.events.iter().map(|event| event["envelopeId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, expected);
    }
    // Flows that began at different times share a call.
    let began = ["2025", "2024"].map(|year| format!("esignature/envelopes?since={year}-01-01T00:00:00Z"));
    let mut began = began.map(|trigger| Flow::new(&stage, &trigger));
    for expected in [None, Some(1)] {
        stage.later(31);
        let before = stage.app.docusign.envelope_lists();
        for flow in &mut began {
            flow.poll(&stage).await;
        }
        let calls = stage.app.docusign.envelope_lists() - before;
        assert_eq!(calls, expected.unwrap_or(calls));
    }
    let since = Flow::new(&stage, "esignature/envelopes?since=2020-01-01T00:00:00Z").poll(&stage).await;
    assert_eq!(since.json()["value"].as_array().unwrap().len(), 2);
}
