//! The platform's rules that are not in a schema: from its service validator, its style guide, and our own choices.
//!
//! Every rule is a function that returns the violations, so that the tests can check each rule with a bad example.

mod document;
mod operation;
mod policies;
mod shapes;
mod text;
mod triggers;

use std::fs;

use serde_json::{Value, json};

use super::{VARIANTS, committed, connector, files, operations, uses_gateway};
use crate::support::root;

/// All violations of the rules.
fn violations(definition: &Value, properties: &Value) -> Vec<String> {
    [
        document::violations(definition),
        operation::violations(definition),
        shapes::violations(definition),
        triggers::violations(definition),
        policies::violations(definition, properties),
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connectors_follow_the_platforms_rules() {
    for variant in VARIANTS {
        let (definition, properties) = connector(variant).await;
        assert_eq!(violations(&definition, &properties), [""; 0], "{variant}");
        let triggers = operations(&definition).iter().any(|(_, _, operation)| operation.get("x-ms-trigger").is_some());
        assert_eq!(triggers, uses_gateway(variant), "{variant}: only Evergrant has triggers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_four_paths_match_another_template() {
    // The service reports them as warnings. They follow from DocuSign's paths.
    for (variant, expected) in [
        (VARIANTS[0], ["/folders/path fits /folders/{folderId}", "/folders/type fits /folders/{folderId}"]),
        (
            VARIANTS[3],
            ["combined", "certificate"].map(|name| {
                let documents = "/envelopes/{envelopeId}/documents";
                &*format!("{documents}/{name} fits {documents}/{{documentId}}").leak()
            }),
        ),
    ] {
        assert_eq!(document::paths_that_fit_two_templates(&connector(variant).await.0), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_contain_no_secret() {
    for variant in VARIANTS {
        for (name, bytes) in files(variant).await {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains("\"clientSecret\"") && !text.contains("Bearer ey"), "{variant}: {name}");
        }
    }
}

#[test]
fn the_icon_is_a_small_square_png() {
    let icon = fs::read(root().join("connectors/power-automate/icon.png")).unwrap();
    assert!(icon.starts_with(b"\x89PNG\r\n\x1a\n") && icon.len() < 1024 * 1024);
    let side = |at: usize| u32::from_be_bytes(icon[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (160, 160));
}

/// A place in the dropdown of folders.
macro_rules! dropdown {
    ($part:literal) => {
        concat!(
            "/paths/~1folders/post/parameters/0/schema/properties/ParentFolder/properties/Href/x-ms-dynamic-values",
            $part
        )
    };
}

/// Changes that each break a rule, with a word of the expected message.
fn broken() -> Vec<(&'static str, Value, &'static str)> {
    let member = "/paths/~1members~1current/get";
    let at = |pointer: &str| -> &'static str { Box::leak(format!("{member}{pointer}").into_boxed_str()) };
    vec![
        (at("/operationId"), json!("getMember"), "PascalCase"),
        (at("/operationId"), json!("GetFolder"), "twice"),
        (at("/summary"), json!("Get current member."), "summary"),
        (at("/summary"), json!("Get Current Member"), "sentence case"),
        (at("/summary"), json!("G".repeat(81)), "summary"),
        (at("/description"), json!("Get current member"), "description"),
        (at("/responses"), json!({"default": {"description": "No."}}), "success"),
        (at("/responses/200"), json!({"description": "Yes."}), "schema"),
        (at("/responses/default"), json!({"description": "No.", "schema": {"type": "string"}}), "schema"),
        (at("/x-ms-visibility"), json!("hidden"), "visibility"),
        ("/paths/~1folders/post/parameters/0/schema/properties/Name", json!({"type": "string"}), "x-ms-summary"),
        ("/paths/~1folders/post/parameters/0/schema/required", json!(["Nome"]), "required"),
        ("/paths/~1copytasks/post/parameters", json!([]), "repeats"),
        ("/paths/~1copytasks/post/parameters/0/required", json!(false), "repeats"),
        ("/paths/~1copytasks/delete", json!({"operationId": "DeleteCopyTask", "responses": {}}), "repeats"),
        ("/paths/~1documents~1{documentId}/post/consumes", json!(["image/anything"]), "MIME"),
        ("/paths/~1documents~1{documentId}/post/parameters/1/name", json!("Authorization"), "reserved"),
        ("/paths/~1documents/get/parameters/0/x-ms-url-encoding", json!("single"), "url-encoding"),
        ("/parameters/FolderId/x-ms-url-encoding", json!("double"), "url-encoding"),
        ("/parameters/FolderId/name", json!("folder"), "path template"),
        ("/parameters/Limit/default", json!("20"), "default"),
        ("/parameters/Limit/description", json!("Limit"), "description"),
        ("/definitions/Folder/properties/Name/format", json!("phone"), "format"),
        ("/definitions/Folder/properties/Name/type", json!(["string", "null"]), "type"),
        ("/definitions/Folder/properties/Name", json!({"oneOf": [{"type": "string"}]}), "oneOf"),
        ("/definitions/Folder/properties/Name", json!({"$ref": "#/definitions/Folder"}), "loop"),
        ("/definitions/FolderList/properties/Items/items", json!(null), "items"),
        ("/definitions/FolderSearch/properties/Result/description", json!("Next to it."), "$ref"),
        ("/host", json!("https://h.example"), "host"),
        ("/basePath", json!("v2"), "basePath"),
        ("/schemes", json!([]), "schemes"),
        ("/security", json!([{"basic": []}]), "security"),
        ("/x-ms-capabilities/testConnection/operationId", json!("GetFolder"), "testConnection"),
        ("/definitions/Unused", json!({"type": "object"}), "nothing uses"),
        (dropdown!("/operationId"), json!("NoSuchAction"), "dynamic values"),
        (dropdown!("/operationId"), json!("CreateFolder"), "dynamic values"),
        (dropdown!("/value-path"), json!("Uid"), "dynamic values"),
        (dropdown!("/value-collection"), json!("Folders"), "dynamic values"),
        (dropdown!("/parameters"), json!({"limit": 100}), "dynamic values"),
    ]
}

#[test]
fn definitions_that_break_a_rule_are_found() {
    let (good, properties) = committed();
    for (pointer, wrong, word) in broken() {
        let mut definition = good.clone();
        put(&mut definition, pointer, wrong);
        let problems = violations(&definition, &properties);
        assert!(problems.iter().any(|line| line.contains(word)), "{pointer}: no {word} in {problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_that_break_a_rule_are_found() {
    let (good, properties) = connector(VARIANTS[1]).await;
    let trigger = "/paths/~1triggers~1clm~1documents/get";
    let wait = "/paths/~1gateway~1clm~1workflows~1wait/post";
    for (pointer, wrong, word) in [
        (format!("{trigger}/x-ms-trigger"), json!("often"), "batch"),
        (format!("{trigger}/x-ms-trigger"), json!("single"), "batch"),
        (format!("{trigger}/x-ms-trigger-metadata"), json!({"kind": "webhook", "mode": "polling"}), "metadata"),
        (format!("{trigger}/x-ms-trigger-hint"), json!(null), "hint"),
        (format!("{trigger}/responses/200/schema"), json!({"type": "object", "properties": {}}), "value"),
        (format!("{trigger}/responses/202"), json!(null), "202"),
        (format!("{trigger}/responses/202/schema"), json!({"type": "object"}), "202"),
        (format!("{trigger}/parameters/4"), json!({"$ref": "#/parameters/Since"}), "cursor"),
        ("/parameters/Cursor/required".to_owned(), json!(true), "cursor"),
        ("/parameters/Cursor/x-ms-visibility".to_owned(), json!("advanced"), "cursor"),
        ("/parameters/Prefer/default".to_owned(), json!("return=minimal"), "Prefer"),
        ("/parameters/Prefer/x-ms-visibility".to_owned(), json!("advanced"), "Prefer"),
        ("/parameters/Prefer/required".to_owned(), json!(false), "Prefer"),
        (format!("{wait}/responses/202"), json!(null), "202"),
        (format!("{wait}/responses/200"), json!({"description": "Done."}), "200"),
        ("/paths/~1triggers~1clm~1tasks~1{task}/get/x-ms-visibility".to_owned(), json!("important"), "internal"),
        ("/paths/~1triggers~1clm~1documents".to_owned(), json!({"post": good.pointer(trigger)}), "GET"),
    ] {
        let mut definition = good.clone();
        put(&mut definition, &pointer, wrong);
        let problems = violations(&definition, &properties);
        assert!(problems.iter().any(|line| line.contains(word)), "{pointer}: no {word} in {problems:?}");
    }
}

#[test]
fn properties_that_break_a_rule_are_found() {
    let (definition, good) = committed();
    let first = "/properties/policyTemplateInstances/0";
    let names = format!("{first}/parameters/x-ms-apimTemplate-operationName");
    let url = format!("{first}/parameters/x-ms-apimTemplateParameter.urlTemplate");
    let settings = "/properties/connectionParameters/token/oAuthSettings";
    let cases = [
        (names.clone(), json!(["NoSuchAction"]), "NoSuchAction"),
        (names, json!(["GetFolder", "DownloadDocument"]), "host policies"),
        (url, json!("https://@connectionParameters('nothing')"), "nothing"),
        (format!("{first}/templateId"), json!("other"), "template"),
        (
            "/properties/policyTemplateInstances/4/parameters/x-ms-apimTemplateParameter.newPath".to_owned(),
            json!("/{folderId}"),
            "folderId",
        ),
        (format!("{settings}/clientSecret"), json!("hunter2"), "secret"),
        (format!("{settings}/scopes"), json!(["content"]), "scopes"),
        (format!("{settings}/customParameters/tokenUrlTemplate"), json!("https://h.example"), "value"),
        (format!("{settings}/customParameters/tokenUrlTemplate/value"), json!("https://h.example/"), "tokenUrl"),
        (format!("{settings}/customParameters/tokenBodyTemplate/value"), json!("code={Kode}"), "Kode"),
        (format!("{settings}/redirectMode"), json!("Global"), "redirectMode"),
        (
            "/properties/connectionParameters/token:site/uiDefinition/constraints/required".to_owned(),
            json!(true),
            "required",
        ),
        ("/properties/iconBrandColor".to_owned(), json!("green"), "iconBrandColor"),
    ];
    for (pointer, wrong, word) in cases {
        let mut properties = good.clone();
        put(&mut properties, &pointer, wrong);
        let problems = violations(&definition, &properties);
        assert!(problems.iter().any(|line| line.contains(word)), "{pointer}: no {word} in {problems:?}");
    }
}

/// Sets or adds the value at a JSON pointer.
fn put(json: &mut Value, pointer: &str, value: Value) {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    let above = json.pointer_mut(above).unwrap_or_else(|| panic!("nothing at {above}"));
    match above {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        other => other[name.replace("~1", "/")] = value,
    }
}
