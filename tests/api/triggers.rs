//! `/triggers/…`: each change once, whatever happens between two polls, and few calls.

mod flow;

use serde_json::json;

use flow::{Flow, Stage, names};

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_reports_each_new_and_changed_document_once() {
    let stage = Stage::start().await;
    let folder = stage.clm.add_folder("Inbox", &stage.clm.folder_at("/").unwrap());
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
    stage.clm.touch(&new);
    stage.later(31);
    let changed = flow.poll(&stage).await;
    assert_eq!((&changed.json()["value"][0]["ChangeType"], names(&changed).len()), (&json!("changed"), 1));
    assert_ne!(changed.json()["value"][0]["EventId"], item["EventId"]);
}
