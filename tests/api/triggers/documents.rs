//! Documents that are added, changed, moved and deleted between polls and while a poll is answered.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use serde_json::json;

use crate::triggers::flow::{Flow, Stage, names};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_reports_each_new_and_changed_document_once() {
    let stage = Stage::start().await;
    let folder = stage.folder("Inbox");
    stage.clm.add_document("Old.pdf", &folder, "old");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    let first = flow.poll(&stage).await;
    assert_eq!((first.status.as_u16(), first.text().as_str()), (202, ""));
    assert_eq!(first.header("retry-after"), "60");
    assert!(first.header("location").starts_with(&format!("{}/triggers/clm/documents?cursor=", stage.app.issuer)));
    let new = stage.clm.add_document("New.pdf", &folder, "new");
    stage.later(31);
    let second = flow.poll(&stage).await;
    assert_eq!((second.status.as_u16(), names(&second)), (200, vec!["New.pdf".to_owned()]), "{}", second.text());
    let item = &second.json()["value"][0];
    assert_eq!((&item["ChangeType"], &item["Uid"]), (&json!("added"), &json!(new)));
    assert_eq!(item["EventId"].as_str().unwrap().len(), 32);
    stage.later(31);
    assert_eq!(flow.poll(&stage).await.status, 202);
    stage.clm_later(1);
    stage.clm.add_version(&new, "newer");
    stage.later(31);
    let changed = flow.poll(&stage).await;
    assert_eq!((&changed.json()["value"][0]["ChangeType"], names(&changed).len()), (&json!("changed"), 1));
    assert_ne!(changed.json()["value"][0]["EventId"], item["EventId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_documents_with_one_time_than_a_cursor_can_list_are_delivered_once() {
    let mut stage = Stage::start().await;
    let folder = stage.folder("Import");
    for number in 0..130 {
        stage.clm.add_document(&format!("Before {number}"), &folder, "x");
    }
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    assert_eq!(flow.poll(&stage).await.status, 202, "all of it is old");
    stage.clm.add_document("Same time", &folder, "x");
    stage.later(31);
    assert_eq!(names(&flow.poll(&stage).await), ["Same time"]);
    stage.clm_later(1000);
    for number in 0..230 {
        stage.clm.add_document(&format!("Import {number}"), &folder, "x");
    }
    stage.later(31);
    let answer = flow.poll(&stage).await;
    assert_eq!((names(&answer).len(), answer.header("retry-after")), (100, "0"));
    // More of the same time arrives in the middle, and the app forgets everything.
    stage.clm.add_document("Late", &folder, "x");
    stage.restart(&[]).await;
    assert_eq!(flow.drain(&stage).await, 131);
    stage.clm.add_document("Later", &folder, "x");
    stage.later(31);
    assert_eq!(names(&flow.poll(&stage).await), ["Later"]);
    let unique: HashSet<String> = flow.events.iter().map(|event| event["EventId"].to_string()).collect();
    assert_eq!((unique.len(), flow.events.len()), (233, 233));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_changes_while_it_is_read_loses_nothing() {
    let stage = Stage::start().await;
    let folder = stage.folder("Busy");
    let other = stage.folder("Other");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    let mut ids = Vec::new();
    for number in 0..250 {
        stage.clm_later(1);
        ids.push(stage.clm.add_document(&format!("Document {number:03}"), &folder, "x"));
    }
    stage.later(31);
    let (deleted, moved, inbox) = (ids[240].clone(), ids[239].clone(), folder.clone());
    // After the first page, two of its documents leave, so that others move up; after the next, one comes and one changes.
    stage.clm.after_next_call(move |clm| {
        clm.trash(&deleted, true);
        clm.move_document(&moved, &other, true);
    });
    let changed = ids[3].clone();
    stage.clm.after_next_call(move |clm| {
        clm.stop_clock_at(clm.now() + 1);
        clm.add_document("Newcomer", &inbox, "x");
        clm.touch(&changed);
    });
    flow.drain(&stage).await;
    stage.later(31);
    flow.drain(&stage).await;
    let seen: HashSet<String> = flow.events.iter().map(|event| event["Uid"].as_str().unwrap().to_owned()).collect();
    let expected: HashSet<String> = stage.clm.documents_at_all(&folder).into_iter().collect();
    assert!(expected.is_subset(&seen), "{:?}", expected.difference(&seen));
    let unique: HashSet<String> = flow.events.iter().map(|event| event["EventId"].to_string()).collect();
    assert_eq!(unique.len(), flow.events.len(), "nothing twice");
    assert_eq!(flow.events.iter().filter(|event| event["Name"] == "Newcomer").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_with_one_time_may_change_places_between_pages() {
    let stage = Stage::start().await;
    let folder = stage.folder("Shuffled");
    stage.clm.shuffles_ties.store(true, Ordering::SeqCst);
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    for number in 0..140 {
        stage.clm.add_document(&format!("Document {number}"), &folder, "x");
    }
    stage.later(31);
    assert_eq!(flow.drain(&stage).await, 140);
}

#[tokio::test(flavor = "multi_thread")]
async fn since_is_inclusive_and_names_and_subfolders_are_selected() {
    let stage = Stage::start().await;
    let folder = stage.folder("Contracts 2030");
    let below = stage.clm.add_folder("Below", &folder);
    stage.clm.add_document("Early.pdf", &folder, "x");
    stage.clm_later(1500);
    let since = stage.clm_time();
    stage.clm.add_document("Exact.PDF", &folder, "x");
    stage.clm.add_document("Note.txt", &folder, "x");
    let deep = stage.clm.add_document("Deep.pdf", &below, "x");
    let trigger = format!("clm/documents?folder={folder}&since={since}&name=*.pdf");
    let mut flat = Flow::new(&stage, &trigger);
    let answer = flat.poll(&stage).await;
    assert_eq!(names(&answer), ["Exact.PDF"], "{}", answer.text());
    let mut all = Flow::new(&stage, &format!("{trigger}&subfolders=true"));
    let mut found = names(&all.poll(&stage).await);
    found.sort();
    assert_eq!(found, ["Deep.pdf", "Exact.PDF"]);
    // Moved inside the tree without a new date: the same change.
    stage.clm.move_document(&deep, &folder, true);
    stage.later(31);
    assert_eq!(all.poll(&stage).await.status, 202);
    assert_eq!(names(&flat.poll(&stage).await), ["Deep.pdf"], "it is new in this folder, and recent enough");
    // Renamed to fit, and restored from the trash without a new date.
    stage.clm_later(1);
    let note = stage.clm.documents_at("/Contracts 2030/Note.txt").remove(0);
    stage.clm.rename(&note, "Note.pdf");
    stage.later(31);
    let renamed = flat.poll(&stage).await;
    assert_eq!(
        (names(&renamed), &renamed.json()["value"][0]["ChangeType"]),
        (vec!["Note.pdf".into()], &json!("changed"))
    );
    stage.clm.trash(&note, true);
    stage.later(31);
    assert_eq!(flat.poll(&stage).await.status, 202);
    stage.clm.trash(&note, false);
    stage.later(31);
    assert_eq!(flat.poll(&stage).await.status, 202, "the same change is not delivered again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_becomes_visible_late_is_delivered() {
    let stage = Stage::start().await;
    let folder = stage.folder("Skewed");
    let mut flow = Flow::new(&stage, &format!("clm/documents?folder={folder}"));
    flow.poll(&stage).await;
    let before = stage.clm.now();
    stage.clm_later(5000);
    stage.clm.add_document("First", &folder, "x");
    stage.later(31);
    assert_eq!(names(&flow.poll(&stage).await), ["First"]);
    let late = stage.clm.add_document("Late", &folder, "x");
    stage.clm.set_updated(&late, before + 1);
    stage.later(31);
    assert_eq!(names(&flow.poll(&stage).await), ["Late"]);
}
