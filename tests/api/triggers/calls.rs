//! How many calls to CLM polling costs.

use futures_util::{StreamExt as _, stream};

use crate::triggers::flow::{Flow, Stage};

/// Polls with every flow, some at once.
async fn poll_all(stage: &Stage, flows: &mut [Flow]) {
    stream::iter(flows.iter_mut())
        .for_each_concurrent(50, async |flow| {
            assert_eq!(flow.poll(stage).await.status, 202);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_flows_on_a_folder_cost_two_calls_a_minute() {
    let stage = Stage::start().await;
    let folder = stage.folder("Popular");
    for number in 0..70 {
        stage.clm_later(1);
        stage.clm.add_document(&format!("Old {number}"), &folder, "x");
    }
    let trigger = format!("clm/documents?folder={folder}&name=*");
    let mut flows = vec![Flow::new(&stage, &trigger); 1000];
    poll_all(&stage, &mut flows).await;
    assert_eq!(stage.calls("/documents"), 1);
    // In one minute, half of the flows poll at once and half later.
    poll_all(&stage, &mut flows[..100]).await;
    stage.later(29);
    poll_all(&stage, &mut flows[100..200]).await;
    assert_eq!(stage.calls("/documents"), 1);
    stage.later(2);
    poll_all(&stage, &mut flows[..100]).await;
    stage.later(29);
    poll_all(&stage, &mut flows[100..200]).await;
    assert_eq!(stage.calls("/documents"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_poll_costs_one_call() {
    let stage = Stage::start().await;
    let folder = stage.folder("Large");
    let below = stage.clm.add_folder("Below", &folder);
    for number in 0..250 {
        stage.clm_later(1);
        stage.clm.add_document(&format!("Old {number}"), if number % 2 == 0 { &folder } else { &below }, "x");
    }
    for (trigger, call) in [
        (format!("clm/documents?folder={folder}"), "GET object /folders/"),
        (format!("clm/documents?folder={folder}&subfolders=true&name=*.pdf"), "POST object /documentsearchtasks"),
    ] {
        let mut flow = Flow::new(&stage, &trigger);
        flow.poll(&stage).await;
        for _ in 0..5 {
            // Changes that the trigger is not about, too.
            stage.clm_later(1);
            stage.clm.add_document("Other.txt", &stage.folder_at("/"), "x");
            let before = stage.clm.calls().len();
            stage.later(60);
            assert_eq!(flow.poll(&stage).await.status, 202);
            let calls = stage.clm.calls().split_off(before);
            assert!(calls.len() == 1 && calls[0].starts_with(call), "{calls:?}");
        }
    }
}
