//! *Signal a waiting workflow*.

use serde_json::{Value, json};

use super::bench::Bench;

/// Starts a workflow in CLM and returns its ID.
async fn start(bench: &Bench) -> String {
    let url = bench.app.url("/gateway/clm/workflows");
    let headers = [("x-api-key", sandbox::GATEWAY_API_KEY), ("content-type", "application/json")];
    let answer = bench.app.http.call(http::Method::POST, &url, &headers, r#"{"Name": "Renewal"}"#).await.json();
    answer["Href"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn signals(bench: &Bench, workflow: &str) -> usize {
    let path = format!("POST object /workflows/{workflow}/signal");
    bench.app.sandbox.clm.calls().iter().filter(|call| **call == path).count()
}

fn ask(bench: &Bench, workflow: &str) -> u64 {
    bench.share_point.write_item("Signals", None, &[("ClmWorkflowId", workflow), ("ClmSignal", "approved")])
}

fn state(bench: &Bench, id: u64) -> String {
    bench.share_point.item("Signals", id).get("ClmSignalStatus").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_signals_its_workflow_once() {
    let bench = Bench::start().await;
    let flow = bench.flow("SignalWaitingWorkflow", &[]);
    let workflow = start(&bench).await;
    let id = ask(&bench, &workflow);
    // The flow's own changes of the item trigger it again.
    for _ in 0..3 {
        let report = bench.run(&flow, json!({"ID": id})).await;
        assert_eq!(report.status, "Succeeded", "{report:?}");
    }
    assert_eq!((signals(&bench, &workflow), state(&bench, id).as_str()), (1, "Sent"));
    let url = bench.app.url(&format!("/gateway/clm/workflows/{workflow}"));
    let seen =
        bench.app.http.call(http::Method::GET, &url, &[("x-api-key", sandbox::GATEWAY_API_KEY)], "").await.json();
    assert_eq!((seen["Info"].as_str(), seen["Status"].as_str()), (Some("signalled: approved"), Some("Completed")));

    let empty = bench.share_point.write_item("Signals", None, &[("Title", "to do")]);
    assert_eq!(bench.run(&flow, json!({"ID": empty})).await.status, "Succeeded");
    for (workflow, status, reason) in
        [(workflow.as_str(), "Not sent: Completed", "Completed"), ("dead0000", "Not sent: Unknown", "status 404")]
    {
        let id = ask(&bench, workflow);
        let report = bench.run(&flow, json!({"ID": id})).await;
        assert_eq!((report.status.as_str(), state(&bench, id).as_str()), ("Failed", status), "{report:?}");
        assert!(report.message().contains(reason), "{report:?}");
    }
    assert_eq!(signals(&bench, &workflow), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_one_call_a_workflow_is_never_signaled_twice() {
    let bench = Bench::start().await;
    let flow = bench.flow("SignalWaitingWorkflow", &[]);
    bench
        .each_disruption(5, async |disrupted| {
            let workflow = start(&bench).await;
            let id = ask(&bench, &workflow);
            let report = bench.run_and_resubmit(&flow, json!({"ID": id})).await;
            let (sent, state) = (signals(&bench, &workflow), state(&bench, id));
            match state.as_str() {
                "Sent" => assert_eq!((sent, report.status.as_str()), (1, "Succeeded"), "{disrupted}"),
                // It may have arrived: a person has to look.
                _ => assert!(sent <= 1 && state == "Unclear", "{disrupted}: {sent} {state} {report:?}"),
            }
        })
        .await;
}
