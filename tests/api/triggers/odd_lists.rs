//! Lists that DocuSign cannot sort, that change all the time, or whose search goes on.

use std::sync::atomic::Ordering;

use sandbox::fault::Fault;
use serde_json::json;

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::{Flow, Stage, names};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_clm_cannot_sort_is_read_to_its_end() {
    let stage = Stage::start().await;
    let folder = stage.folder("Unsorted");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    for number in 0..230 {
        stage.clm_later(1);
        stage.clm.add_document(&format!("Document {number}"), &folder, "x");
    }
    stage.later(31);
    let before = stage.calls("/documents");
    stage.clm.refuse_next(422, 110);
    assert_eq!(flow.drain(&stage).await, 230);
    assert!(stage.calls("/documents") - before >= 3, "all pages were read, and the sorting was tried once");
    stage.clm_later(1);
    stage.clm.add_document("One more", &folder, "x");
    stage.later(31);
    stage.clm.refuse_next(422, 110);
    assert_eq!(names(&flow.poll(&stage).await), ["One more"]);
    // If it does not work without sorting either, the answer counts.
    stage.later(31);
    stage.clm.refuse_next(422, 110);
    stage.clm.refuse_next(422, 110);
    assert_outage(&flow.poll(&stage).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_from_which_documents_leave_all_the_time_is_an_outage_and_is_read_later() {
    let stage = Stage::start().await;
    let folder = stage.folder("Restless");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    let mut documents = Vec::new();
    for number in 0..150 {
        stage.clm_later(1);
        documents.push(stage.clm.add_document(&format!("Document {number}"), &folder, "x"));
    }
    stage.later(31);
    // After each page, the newest document leaves, so that every second page begins in another place.
    for id in documents.iter().rev().take(20) {
        let id = id.clone();
        stage.clm.after_next_call(move |clm| clm.trash(&id, true));
    }
    let answer = flow.poll(&stage).await;
    assert_outage(&answer);
    assert!(answer.text().contains("changes too fast"), "{}", answer.text());
    for _ in 0..20 {
        stage.get(&format!("/gateway/clm/folders/{folder}")).await;
    }
    stage.later(6);
    flow.drain(&stage).await;
    let left = stage.clm.documents_at_all(&folder);
    assert_eq!(flow.events.len(), left.len(), "each that is still there, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_not_finished_at_once_is_waited_for() {
    let stage = Stage::start().await;
    let folder = stage.folder("Searched");
    let below = stage.clm.add_folder("Below", &folder);
    stage.clm.slow_searches.store(true, Ordering::SeqCst);
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}&subfolders=true"));
    assert_eq!(flow.poll(&stage).await.status, 202);
    stage.clm.slow_searches.store(false, Ordering::SeqCst);
    for number in 0..130 {
        stage.clm_later(1);
        stage.clm.add_document(&format!("Document {number}"), if number % 2 == 0 { &folder } else { &below }, "x");
    }
    stage.later(31);
    assert_eq!(flow.drain(&stage).await, 130, "more than one page of results");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_fails_is_an_outage() {
    let stage = Stage::start().await;
    let folder = stage.folder("Searched");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}&subfolders=true"));
    assert_eq!(flow.poll(&stage).await.status, 202);
    for body in [
        json!({"Status": "Failure", "Href": "/documentsearchtasks/1"}),
        json!({"Status": "Success", "Href": "/documentsearchtasks/1"}),
        json!({"Status": "Success", "Href": "", "Result": {"Items": []}}),
        json!({"Items": []}),
        json!(null),
    ] {
        stage.later(31);
        stage.clm.faults.once(Fault::Body(body.to_string()));
        assert_outage(&flow.poll(&stage).await);
    }
    stage.later(31);
    assert_eq!(flow.poll(&stage).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_in_a_cursor_must_be_one_of_its_trigger() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    let workflow = stage.start_workflow().await;
    let cursor = async |trigger: &str| {
        let mut flow = Flow::new(&stage, trigger);
        flow.poll(&stage).await;
        flow.next.split("cursor=").nth(1).unwrap().to_owned()
    };
    let cursors = [
        ("clm/documents", cursor(&format!("clm/documents?folder={folder}")).await),
        ("clm/workflow", cursor(&format!("clm/workflow?id={workflow}")).await),
        ("esignature/envelopes", cursor("esignature/envelopes").await),
    ];
    for (trigger, _) in &cursors {
        for (of, cursor) in &cursors {
            let answer = stage.get(&format!("/triggers/{trigger}?cursor={cursor}")).await;
            if trigger == of {
                assert!(answer.status.is_success(), "{trigger}: {}", answer.text());
            } else {
                assert_error(&answer, 400, "invalid_request");
            }
        }
        assert_error(&stage.get(&format!("/triggers/clm/tasks/{}", cursors[0].1)).await, 400, "invalid_request");
    }
}
