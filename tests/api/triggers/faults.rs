//! Outages: 503 with `Retry-After`, never an empty answer, and nothing is lost.

use sandbox::fault::Fault;

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::{Flow, Stage, names};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_clm_is_a_503_and_loses_nothing() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    let truncated = r#"{"Items":[{"Name":"x","Href":"#;
    for (number, fault) in [
        Fault::Status(500),
        Fault::Status(403),
        Fault::Throttle(None),
        Fault::Throttle(Some("7".to_owned())),
        Fault::Unavailable("9".to_owned()),
        Fault::Json(429, r#"{"Error":{"HttpStatusCode":429,"ErrorCode":103}}"#.to_owned()),
        Fault::Body("<html>Sign in</html>".to_owned()),
        Fault::Body("{}".to_owned()),
        Fault::Body(truncated.to_owned()),
        Fault::Body(r#"{"Items":[{"Name":"without a date"}],"Total":1}"#.to_owned()),
        Fault::Body(r#"{"Items":null}"#.to_owned()),
        Fault::Cut,
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("Document {number}");
        stage.clm_later(1);
        stage.clm.add_document(&name, &folder, "x");
        stage.later(31);
        let shown = format!("{fault:?}");
        // Calls would not end a rate limit.
        let remembered = if matches!(fault, Fault::Throttle(_) | Fault::Json(429, _)) { 30 } else { 5 };
        stage.clm.faults.set(Some(fault));
        let answer = flow.poll(&stage).await;
        assert_outage(&answer);
        assert!(answer.header("location").is_empty(), "{shown}");
        stage.clm.faults.set(None);
        // It is remembered briefly, so that not every flow makes a call.
        assert_outage(&flow.poll(&stage).await);
        stage.later(remembered - 1);
        assert_outage(&flow.poll(&stage).await);
        stage.later(2);
        assert_eq!(names(&flow.poll(&stage).await), [name], "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_between_pages_loses_nothing() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    for number in 0..150 {
        stage.clm.add_document(&format!("Document {number}"), &folder, "x");
    }
    stage.later(31);
    stage.clm.after_next_call(|clm| clm.faults.once(Fault::Status(502)));
    assert_outage(&flow.poll(&stage).await);
    stage.later(6);
    assert_eq!(flow.drain(&stage).await, 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn clms_own_refusals_are_passed_on() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    let poll = async || stage.get(&format!("/triggers/clm/documents?folder={folder}")).await;
    stage.clm.refuse_next(403, 103);
    assert_error(&poll().await, 403, "access_denied");
    stage.later(31);
    stage.clm.refuse_next(400, 114);
    assert_error(&poll().await, 404, "not_found");
    stage.later(31);
    assert_eq!(poll().await.status, 202);
    let unknown = "clm/documents?folder=11111111-0000-4000-8000-000000000000";
    for trigger in
        [unknown, "clm/workitems?queue=nowhere", "clm/workflow?id=nothing", &format!("{unknown}&subfolders=true")]
    {
        assert_error(&stage.get(&format!("/triggers/{trigger}")).await, 404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_of_clm_is_passed_on_as_it_is_and_ends_at_an_hour() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    for (sent, seconds) in [(None, "60"), (Some("7"), "7"), (Some("900"), "900"), (Some("86400"), "3600")] {
        let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
        assert_eq!(flow.poll(&stage).await.status, 202, "{sent:?}");
        stage.later(31);
        stage.clm.faults.set(Some(Fault::Throttle(sent.map(ToOwned::to_owned))));
        assert_eq!(flow.poll(&stage).await.header("retry-after"), seconds, "{sent:?}");
        stage.clm.faults.set(None);
        stage.later(seconds.parse::<u64>().unwrap().max(30) + 1);
        assert_eq!(flow.poll(&stage).await.status, 202, "{sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_of_the_account_look_up_is_passed_on_with_the_seconds_that_are_left() {
    let mut stage = Stage::start().await;
    stage.app.docusign.userinfo_faults.set(Some(Fault::Throttle(Some("1800".to_owned()))));
    stage.restart(&[]).await;
    let mut flow = Flow::new(&stage, "esignature/envelopes");
    let first = flow.poll(&stage).await;
    assert_outage(&first);
    assert_eq!(first.header("retry-after"), "1800");
    stage.later(100);
    assert_eq!(flow.poll(&stage).await.header("retry-after"), "1700");
}
