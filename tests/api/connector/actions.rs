//! Every action, used as in a flow, against the sandbox's CLM.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::platform::Platform;
use super::sign_in::{app_for, connect, connect_to};
use super::{VARIANTS, operations, uses_gateway};
use crate::support::TestApp;

/// The ID in an `Href`, as in a flow: `last(split(href, '/'))`.
pub fn id(object: &Value) -> String {
    object["Href"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn href(object: &Value) -> Value {
    json!({"Href": object["Href"]})
}

/// Polls until a task is done, like *Do until*.
async fn done(platform: &Platform, operation: &str, task: &Value) -> Value {
    for _ in 0..5 {
        let now = platform.act(operation, json!({"taskId": id(task)})).await;
        if now["Status"] != "Processing" {
            assert_eq!(now["Status"], "Success");
            return now;
        }
    }
    panic!("{operation} stays in Processing");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_clm_action_works_with_sign_in() {
    use_every_action(VARIANTS[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_clm_action_works_with_sign_in_through_the_gateway() {
    use_every_action(VARIANTS[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_clm_action_works_with_an_api_key() {
    use_every_action(VARIANTS[2]).await;
}

async fn use_every_action(variant: &str) {
    let app = app_for(variant).await;
    let (platform, _) = &connect_to(&app, variant, &[]).await;
    let member = platform.act("GetCurrentMember", json!({})).await;
    assert_eq!(member["Email"], "robot@example.org", "system-wide: the integration user");
    let folder = folders(platform).await;
    let document = documents(platform, &folder).await;
    content(platform, &document).await;
    tasks(platform, &folder, &document).await;
    app.sandbox.clm.slow_searches.store(true, Ordering::SeqCst);
    let search = platform.act("SearchFolders", json!({"body": {"Title": "", "InFolder": href(&folder)}})).await;
    assert_eq!(search.get("Result"), None);
    assert_eq!(done(platform, "GetFolderSearch", &search).await["Result"]["Total"], 0);
    workflows(platform, &document).await;
    launcher(platform, &folder).await;
    lists(&app, platform).await;
    if uses_gateway(variant) {
        waiting(&app, platform, &folder).await;
        triggers(&app, platform, &folder).await;
    }
    let all: BTreeSet<String> = operations(&platform.definition)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(platform.succeeded(), all, "every action was used");
}

async fn folders(platform: &Platform) -> Value {
    let root = platform.act("GetSystemFolder", json!({})).await;
    assert_eq!(root["Path"], "/Example Ltd");
    let contracts = platform.act("GetFolderByPath", json!({"path": "/Contracts"})).await;
    assert_eq!(contracts["ParentFolder"], href(&root));
    let listed = platform.act("ListFolders", json!({"folderId": id(&root), "limit": 1, "offset": 1})).await;
    assert_eq!((listed["Total"].as_u64(), &listed["Items"][0]["Name"]), (Some(2), &json!("Contracts")));
    let body = json!({"Name": "Supplier 2031", "Description": "open", "ParentFolder": href(&contracts)});
    let folder = platform.act("CreateFolder", json!({"body": body})).await;
    let read = platform.act("GetFolder", json!({"folderId": id(&folder)})).await;
    assert_eq!((&read["Description"], &read["Path"]), (&json!("open"), &json!("/Example Ltd/Contracts/Supplier 2031")));
    let search = json!({"Title": "supplier", "InFolder": href(&root), "IncludeSubFolders": true});
    let found = platform.act("SearchFolders", json!({"body": search})).await;
    assert_eq!((&found["Status"], &found["Result"]["Items"][0]["Href"]), (&json!("Success"), &folder["Href"]));
    folder
}

async fn documents(platform: &Platform, folder: &Value) -> Value {
    let inputs = json!({"folderId": id(folder), "name": "Agreement & Annex.docx", "body": "the first words"});
    let document = platform.act("UploadDocument", inputs).await;
    assert_eq!((&document["Name"], &document["NativeFileSize"]), (&json!("Agreement & Annex.docx"), &json!(15)));
    assert_eq!(document["Uid"], json!(id(&document)));
    let listed = platform.act("ListDocuments", json!({"folderId": id(folder)})).await;
    assert_eq!(listed["Items"][0]["Href"], document["Href"]);
    let path = "/Contracts/Supplier 2031/Agreement & Annex.docx";
    let found = platform.act("GetDocumentByPath", json!({"path": path})).await;
    assert_eq!(found["Path"], json!(format!("/Example Ltd{path}")));
    let groups = platform.act("ListAttributeGroups", json!({})).await;
    assert_eq!(groups["Items"][0]["Name"], "Contract");
    let metadata = json!({"Contract": {"Supplier": {"Value": "Northwind"}, "Signed on": {"Value": "02/03/2031"}}});
    let body = json!({"Name": "Agreement.docx", "AttributeGroups": metadata});
    platform.act("UpdateDocument", json!({"documentId": id(&document), "body": body})).await;
    let read = platform.act("GetDocument", json!({"documentId": id(&document)})).await;
    assert_eq!(read["Name"], "Agreement.docx");
    let contract = &read["AttributeGroups"]["Contract"];
    assert_eq!(
        (&contract["Supplier"]["Value"], &contract["Signed on"]["Value"]),
        (&json!("Northwind"), &json!("20310203000000"))
    );
    let home = platform.act("GetSystemFolder", json!({"systemFolder": "home"})).await;
    let inputs = json!({"documentId": id(&document), "body": {"ParentFolder": href(&home)}});
    let moved = platform.act("MoveDocument", inputs).await;
    assert_eq!((&moved["ParentFolder"], &moved["Name"]), (&href(&home), &json!("Agreement.docx")));
    document
}

async fn content(platform: &Platform, document: &Value) {
    let inputs = json!({"documentId": id(document), "File-Name": "Agreement.docx", "body": "the second words"});
    let newer = platform.act("UploadDocumentVersion", inputs).await;
    assert_eq!(newer["Href"], document["Href"], "the same document");
    let versions = platform.act("ListDocumentVersions", json!({"documentId": id(document)})).await;
    assert_eq!((versions["Total"].as_u64(), &versions["Items"][1]["Version"]), (Some(2), &json!("2.0")));
    let download = |document: String| platform.call("DownloadDocument", json!({"documentId": document}));
    assert_eq!(download(id(document)).await.text(), "the second words");
    assert_eq!(download(id(&versions["Items"][0])).await.text(), "the first words");
    let pdf = || platform.call("DownloadDocumentAsPdf", json!({"documentId": id(document)}));
    assert_eq!(pdf().await.status, 404, "it is not rendered yet");
    let read = platform.act("GetDocument", json!({"documentId": id(document)})).await;
    assert!(read["PageCount"].as_u64() > Some(0));
    assert!(pdf().await.text().starts_with("%PDF"));
}

async fn tasks(platform: &Platform, folder: &Value, document: &Value) {
    let gone = format!("{}0", document["Href"].as_str().unwrap());
    let body = json!({"DocumentsToCopy": [href(document), {"Href": gone}], "DestinationFolder": href(folder)});
    let task = platform.act("CopyDocuments", json!({"body": body})).await;
    assert_eq!(task["Status"], "Processing");
    let copied = done(platform, "GetCopyTask", &task).await;
    assert_eq!(copied["FailedDocuments"][0]["Source"]["Href"], json!(gone));
    let copy = platform.act("GetDocument", json!({"documentId": id(&copied["DocumentResults"][0])})).await;
    assert_eq!((&copy["Name"], &copy["ParentFolder"]), (&json!("Agreement.docx"), &href(folder)));
    let metadata = json!([{"Group": "Contract", "Field": "Supplier", "Value": "Northwind"}]);
    let found = platform.act("SearchDocuments", json!({"body": {"AttributeFields": metadata}})).await;
    assert_eq!((found["Result"]["Total"].as_u64(), &found["Result"]["Items"][0]["Href"]), (Some(1), &document["Href"]));
    let body = json!({"Content": "agreement number", "Extensions": "txt,docx", "WithoutWords": "23"});
    let search = platform.act("SearchDocuments", json!({"body": body, "limit": 10})).await;
    assert_eq!(
        (search["Result"]["Total"].as_u64(), search["Result"]["Items"].as_array().map(Vec::len)),
        (Some(22), Some(10))
    );
    done(platform, "GetDocumentSearch", &search).await;
    let rest = json!({"taskId": id(&search), "limit": 10, "offset": 20});
    let rest = platform.act("ListDocumentSearchResults", rest).await;
    assert_eq!((rest["Items"].as_array().map(Vec::len), rest.get("Next")), (Some(2), None));
}

async fn workflows(platform: &Platform, document: &Value) {
    let definitions = platform.act("ListWorkflowDefinitions", json!({"limit": 100})).await;
    let body = json!({"Name": definitions["Items"][0]["Name"], "Params": "<Params><Supplier>Northwind</Supplier></Params>",
                      "WorkflowDocuments": {"Items": [href(document)]}});
    let workflow = platform.act("StartWorkflow", json!({"body": body})).await;
    let show = || platform.act("GetWorkflow", json!({"workflowId": id(&workflow)}));
    let signal = || platform.call("SignalWorkflow", json!({"workflowId": id(&workflow), "body": {"Data": "approved"}}));
    assert_eq!(signal().await.status, 422, "it is not waiting yet");
    assert_eq!(show().await["Status"], "Waiting");
    assert_eq!(signal().await.json()["Info"], "signalled: approved");
    let ended = show().await;
    assert_eq!((&ended["Status"], ended["EndDate"].is_string()), (&json!("Completed"), true));
}

/// A queue from the dropdown, its work items, and lists that are sorted and filtered.
async fn lists(app: &TestApp, platform: &Platform) {
    let root = platform.act("GetSystemFolder", json!({})).await;
    let names = async |operation: &str, inputs: Value| -> Vec<String> {
        let page = platform.act(operation, inputs).await;
        page["Items"].as_array().unwrap().iter().map(|item| item["Name"].as_str().unwrap().to_owned()).collect()
    };
    let contracts = platform.act("GetFolderByPath", json!({"path": "/Contracts"})).await;
    let inputs = json!({"folderId": id(&contracts), "sortproperty": "Name", "sortdirection": "DESC",
                        "filter": "Name=Agreement 0", "limit": 2});
    assert_eq!(names("ListDocuments", inputs).await, ["Agreement 09.txt", "Agreement 08.txt"]);
    let inputs = json!({"folderId": id(&root), "sortproperty": "Name", "sortdirection": "ASC"});
    assert_eq!(names("ListFolders", inputs).await[0], "Contracts");
    let queues = platform.act("ListWorkflowQueues", json!({"sortproperty": "CreatedDate", "limit": 100})).await;
    let queue = id(&queues["Items"][0]);
    let item = app.sandbox.clm.add_work_item("Approve it", &queue);
    let inputs = json!({"queueId": queue, "filter": "Name=Approve it", "sortproperty": "AssignDate"});
    assert_eq!(names("ListWorkItems", inputs).await, ["Approve it"]);
    assert_eq!(platform.act("GetWorkItem", json!({"workItemId": item})).await["Type"], "Approve Documents");
}

/// The actions that wait until their task has ended.
async fn waiting(app: &TestApp, platform: &Platform, folder: &Value) {
    app.sandbox.clm.slow_searches.store(true, Ordering::SeqCst);
    let search = json!({"Title": "Agreement 01"});
    let found = platform.act_and_wait("SearchDocumentsAndWait", json!({"body": search, "limit": 5})).await;
    assert_eq!((&found["Status"], &found["Result"]["Total"]), (&json!("Success"), &json!(1)));
    let search = json!({"Title": "supplier"});
    let folders = platform.act_and_wait("SearchFoldersAndWait", json!({"body": search})).await;
    assert_eq!(folders["Result"]["Items"][0]["Href"], folder["Href"]);
    let copy = json!({"DocumentsToCopy": [href(&found["Result"]["Items"][0])], "DestinationFolder": href(folder)});
    let copied = platform.act_and_wait("CopyDocumentsAndWait", json!({"body": copy})).await;
    assert_eq!((&copied["Status"], copied["DocumentResults"].as_array().map(Vec::len)), (&json!("Success"), Some(1)));
    let configurations = platform.act("ListDocLauncherConfigurations", json!({})).await;
    let launch =
        json!({"DocLauncherConfiguration": href(&configurations["Items"][0]), "DataType": "json", "Data": "{}"});
    let launched = platform.act_and_wait("LaunchDocumentAndWait", json!({"body": launch})).await;
    assert!(launched["DocLauncherResultUrl"].is_string());
    let definitions = platform.act("ListWorkflowDefinitions", json!({})).await;
    let start = json!({"Name": definitions["Items"][0]["Name"]});
    let started = platform.call("StartWorkflowAndWait", json!({"body": start})).await;
    assert_eq!(started.status, 202, "it waits for a signal");
}

/// The triggers, for what happened before; folder and queue come from dropdowns.
async fn triggers(app: &TestApp, platform: &Platform, folder: &Value) {
    const LONG_AGO: &str = "2020-01-01T00:00:00Z";
    let choices = async |operation: &str, parameter: &str, entered: Value| {
        let (_, _, trigger) = platform.operation(operation);
        let found = trigger["parameters"].as_array().unwrap().iter().find(|known| known["name"] == parameter);
        platform.choices(&found.unwrap()["x-ms-dynamic-values"], &entered).await
    };
    let contracts = platform.act("GetFolderByPath", json!({"path": "/Contracts"})).await;
    let below = choices("WhenDocumentAddedOrChanged", "folder", json!({"Folders-In": id(&contracts)})).await;
    assert!(below.contains(&folder["Href"]));
    let inputs = json!({"folder": folder["Href"], "since": LONG_AGO, "Folders-In": id(&contracts)});
    let documents = platform.trigger("WhenDocumentAddedOrChanged", inputs).await;
    assert!(
        documents.iter().all(|document| document["EventId"].is_string() && document["ParentFolder"] == href(folder))
    );
    let queue = choices("WhenWorkItemReachesQueue", "queue", json!({})).await.remove(0);
    let items = platform.trigger("WhenWorkItemReachesQueue", json!({"queue": queue, "since": LONG_AGO})).await;
    assert_eq!(items.last().unwrap()["Name"], "Approve it");
    let definitions = platform.act("ListWorkflowDefinitions", json!({})).await;
    let body = json!({"Name": definitions["Items"][0]["Name"]});
    let workflow = platform.act("StartWorkflow", json!({"body": body})).await;
    app.sandbox.clm.set_workflow_status(&id(&workflow), "Aborted");
    let ended = platform.trigger("WhenWorkflowEnds", json!({"id": workflow["Href"]})).await;
    assert_eq!((ended.len(), &ended[0]["Status"]), (1, &json!("Aborted")));
}

async fn launcher(platform: &Platform, folder: &Value) {
    let configurations = platform.act("ListDocLauncherConfigurations", json!({})).await;
    let body = json!({"DocLauncherConfiguration": href(&configurations["Items"][0]), "DataType": "json",
                      "Data": r#"{"Supplier": "Northwind"}"#, "DestinationFolder": href(folder)});
    let task = platform.act("LaunchDocument", json!({"body": body})).await;
    let launched = done(platform, "GetDocLauncherTask", &task).await;
    assert!(launched["DocLauncherResultUrl"].as_str().unwrap().starts_with("https://"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_calls_the_right_clm_host() {
    let app = TestApp::start().await;
    let (platform, _) = connect(&app, &[]).await;
    let found = platform.act("SearchDocuments", json!({"body": {"Title": "Agreement 01"}})).await;
    let document = id(&found["Result"]["Items"][0]);
    let version = json!({"documentId": document, "File-Name": "a.txt", "body": "b"});
    platform.act("UploadDocumentVersion", version).await;
    platform.call("DownloadDocument", json!({"documentId": document})).await;
    let root = platform.act("GetSystemFolder", json!({})).await;
    let inputs = json!({"documentId": document, "body": {"ParentFolder": href(&root)}});
    platform.act("MoveDocument", inputs).await;
    let calls = app.sandbox.clm.calls();
    for expected in [
        "POST object /documentsearchtasks".to_owned(),
        format!("POST upload /documents/{document}"),
        format!("GET download /documents/{document}"),
        format!("PATCH object /documents/{document}"),
    ] {
        assert!(calls.contains(&expected), "{expected}: {calls:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged() {
    let app = TestApp::start().await;
    let (platform, _) = connect(&app, &[]).await;
    let contracts = platform.act("GetFolderByPath", json!({"path": "/Contracts"})).await;
    let (mut names, mut offset) = (BTreeSet::new(), 0);
    loop {
        let inputs = json!({"folderId": id(&contracts), "offset": offset});
        let page = platform.act("ListDocuments", inputs).await;
        let items = page["Items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["Name"].as_str().unwrap().to_owned()));
        offset += items.len();
        if page.get("Next").is_none() {
            assert_eq!((page["Total"].as_u64(), page["Offset"].as_u64()), (Some(23), Some(20)));
            break;
        }
    }
    assert_eq!((names.len(), offset), (23, 23));
}
