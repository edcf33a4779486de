//! Every action of the eSignature connector, used as in a flow, against the sandbox's eSignature API.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::platform::Platform;
use super::sign_in::{app_for, connect_to};
use super::{VARIANTS, operations, uses_gateway};
use crate::support::TestApp;

const PDF: &[u8] = b"%PDF-1.7 an agreement";

#[tokio::test(flavor = "multi_thread")]
async fn every_esignature_action_works_with_sign_in() {
    use_every_action(VARIANTS[3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_esignature_action_works_with_sign_in_through_the_gateway() {
    use_every_action(VARIANTS[4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_esignature_action_works_with_an_api_key() {
    use_every_action(VARIANTS[5]).await;
}

async fn use_every_action(variant: &str) {
    let app = app_for(variant).await;
    let (platform, _) = &connect_to(&app, variant, &[]).await;
    let template = template(platform).await;
    let from_template = from_template(platform, &template).await;
    recipients(platform, &from_template).await;
    fields(platform, &from_template).await;
    end(&app, platform, &from_template).await;
    documents(platform, &from_template).await;
    draft(platform).await;
    let sent = from_document(platform).await;
    views(platform, &sent).await;
    platform.act("ResendEnvelope", json!({"envelopeId": sent, "body": {}})).await;
    let envelope = || app.sandbox.docusign.envelopes().into_iter().find(|envelope| envelope.id == sent).unwrap();
    assert_eq!(envelope().sendings, 2);
    platform.act("VoidEnvelope", json!({"envelopeId": sent, "body": {"voidedReason": "a wrong price"}})).await;
    assert_eq!((envelope().status.as_str(), envelope().voided_reason.as_deref()), ("voided", Some("a wrong price")));
    folders(platform, &sent).await;
    if uses_gateway(variant) {
        let inputs = json!({"since": "2020-01-01T00:00:00Z"});
        let changed = platform.trigger("WhenEnvelopeStatusChanges", inputs).await;
        assert_eq!((changed.len(), &changed[0]["envelopeId"]), (1, &json!(from_template)), "completed is the default");
    }
    let all: BTreeSet<String> = operations(&platform.definition)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(platform.succeeded(), all, "every action was used");
}

/// The dropdown of a value anywhere in an operation.
fn dropdown<'d>(definition: &'d Value, pointer: &str) -> &'d Value {
    definition.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")).get("x-ms-dynamic-values").unwrap()
}

/// Picks a template from the list that the designer shows.
async fn template(platform: &Platform) -> String {
    let definition = &platform.definition;
    let (_, _, operation) = platform.operation("SendEnvelopeFromTemplate");
    let offered = platform.choices(dropdown(operation, "/parameters/0/schema/properties/templateId"), &json!({})).await;
    let found = platform.act("ListTemplates", json!({"search_text": "supplier"})).await;
    assert_eq!((found["totalSetSize"].as_str(), offered.len()), (Some("1"), 2));
    let template = found["envelopeTemplates"][0]["templateId"].clone();
    assert!(offered.contains(&template));
    let roles = platform
        .choices(
            dropdown(definition, "/definitions/TemplateRole/properties/roleName"),
            &json!({"templateId": template}),
        )
        .await;
    assert_eq!(roles, ["Supplier"]);
    let read = platform.act("GetTemplate", json!({"templateId": template})).await;
    assert_eq!(read["recipients"]["carbonCopies"][0]["roleName"], "Archive");
    template.as_str().unwrap().to_owned()
}

async fn from_template(platform: &Platform, template: &str) -> String {
    let role = json!({"roleName": "Supplier", "name": "Kim Lee", "email": "kim@contoso.com", "clientUserId": "4711",
                      "tabs": {"textTabs": [{"tabLabel": "Amount", "value": "12000"}]}});
    let fields = json!({"textCustomFields": [{"name": "Contract", "value": "C-2031"}]});
    let body = json!({"templateId": template, "templateRoles": [role], "customFields": fields});
    let sent = platform.act("SendEnvelopeFromTemplate", json!({"body": body})).await;
    assert_eq!(sent["status"], "sent");
    let id = sent["envelopeId"].as_str().unwrap().to_owned();
    let envelope = platform.act("GetEnvelope", json!({"envelopeId": id})).await;
    assert_eq!(envelope["emailSubject"], "Supplier agreement to sign");
    assert_eq!(envelope["customFields"]["textCustomFields"][0]["value"], "C-2031");
    let view = json!({"clientUserId": "4711", "userName": "Kim Lee", "email": "kim@contoso.com",
                      "returnUrl": "https://contoso.com/done", "authenticationMethod": "Email"});
    let view = platform.act("CreateRecipientView", json!({"envelopeId": id, "body": view})).await;
    assert!(view["url"].as_str().unwrap().contains("/Signing?token="));
    id
}

async fn recipients(platform: &Platform, envelope: &str) {
    let list = || platform.act("ListRecipients", json!({"envelopeId": envelope}));
    assert_eq!(list().await["signers"][0]["roleName"], "Supplier");
    let more = json!({"carbonCopies": [{"recipientId": "7", "name": "Files", "email": "files@contoso.com"}]});
    platform.act("AddRecipients", json!({"envelopeId": envelope, "body": more})).await;
    let change = json!({"carbonCopies": [{"recipientId": "7", "email": "archive@contoso.com"}, {"recipientId": "8"}]});
    let results = platform
        .act("UpdateRecipients", json!({"envelopeId": envelope, "resend_envelope": true, "body": change}))
        .await;
    let codes: Vec<_> = results["recipientUpdateResults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["errorDetails"]["errorCode"])
        .collect();
    assert_eq!(codes, ["SUCCESS", "INVALID_RECIPIENT_ID"], "a flow looks at each result");
    assert_eq!(list().await["carbonCopies"][0]["email"], "archive@contoso.com");
}

async fn fields(platform: &Platform, envelope: &str) {
    let recipient = json!({"envelopeId": envelope, "recipientId": "1"});
    let tabs = platform.act("GetRecipientTabs", recipient.clone()).await;
    let center = tabs["textTabs"].as_array().unwrap().iter().find(|tab| tab["tabLabel"] == "Cost center").unwrap();
    let mut inputs = recipient;
    inputs["body"] = json!({"textTabs": [{"tabId": center["tabId"], "value": "0815"}]});
    platform.act("SetRecipientTabs", inputs).await;
    let form = platform.act("GetFormData", json!({"envelopeId": envelope})).await;
    let expected = json!([{"name": "Amount", "value": "12000"}, {"name": "Cost center", "value": "0815"}]);
    assert_eq!((&form["formData"], &form["recipientFormData"][0]["email"]), (&expected, &json!("kim@contoso.com")));
    let new = json!({"textCustomFields": [{"name": "Region", "value": "EMEA"}]});
    platform.act("AddCustomFields", json!({"envelopeId": envelope, "body": new})).await;
    let read =
        async || platform.act("GetCustomFields", json!({"envelopeId": envelope})).await["textCustomFields"].clone();
    let field = read().await[1].clone();
    let change = json!({"textCustomFields": [{"fieldId": field["fieldId"], "value": "APAC"}]});
    platform.act("SetCustomFields", json!({"envelopeId": envelope, "body": change})).await;
    assert_eq!((&field["value"], &read().await[1]["value"]), (&json!("EMEA"), &json!("APAC")));
}

async fn end(app: &TestApp, platform: &Platform, envelope: &str) {
    app.sandbox.docusign.end_envelope(envelope, "completed");
    let list = async |status: &str| {
        let inputs = json!({"from_date": "2020-01-01T00:00:00Z", "status": status, "count": 10});
        platform.act("ListChangedEnvelopes", inputs).await
    };
    assert_eq!(list("completed,declined").await["envelopes"][0]["envelopeId"], *envelope);
    assert_eq!(list("voided").await["totalSetSize"], "0");
    let events = platform.act("ListAuditEvents", json!({"envelopeId": envelope})).await;
    assert_eq!(events["auditEvents"].as_array().map(Vec::len), Some(3), "created, sent, completed");
}

async fn documents(platform: &Platform, envelope: &str) {
    let inputs = || json!({"envelopeId": envelope});
    let listed = platform.act("ListEnvelopeDocuments", inputs()).await;
    let (_, _, download) = platform.operation("DownloadEnvelopeDocument");
    let offered = platform.choices(dropdown(download, "/parameters/1"), &inputs()).await;
    assert_eq!((offered.len(), &offered[0]), (2, &listed["envelopeDocuments"][0]["documentId"]));
    let one = json!({"envelopeId": envelope, "documentId": offered[0]});
    let text = async |operation: &str, inputs: Value| platform.call(operation, inputs).await.text();
    assert_eq!(text("DownloadEnvelopeDocument", one).await, "%PDF-1.7 from a template");
    let certificate = text("DownloadCertificate", inputs()).await;
    assert_eq!(certificate, "%PDF-1.7 certificate of completion");
    assert_eq!(text("DownloadCombinedDocuments", inputs()).await, format!("%PDF-1.7 from a template{certificate}"));
}

fn people() -> Value {
    let place = json!({"signHereTabs": [{"anchorString": "/sign/"}]});
    json!({"signers": [{"recipientId": "1", "name": "Kim Lee", "email": "kim@contoso.com", "tabs": place}]})
}

fn document() -> Value {
    json!({"documentId": "1", "name": "Agreement.pdf", "documentBase64": STANDARD.encode(PDF)})
}

async fn draft(platform: &Platform) {
    let body = json!({"emailSubject": "Please sign", "documents": [document()], "recipients": people()});
    let draft = platform.act("CreateDraftEnvelope", json!({"body": body})).await;
    let id = &draft["envelopeId"];
    let view = json!({"envelopeId": id, "body": {"returnUrl": "https://contoso.com/done"}});
    let view = platform.act("CreateSenderView", view).await;
    assert!(view["url"].as_str().unwrap().starts_with("http"));
    platform.act("SendDraftEnvelope", json!({"envelopeId": id, "body": {}})).await;
    assert_eq!(platform.act("GetEnvelope", json!({"envelopeId": id})).await["status"], "sent");
}

async fn from_document(platform: &Platform) -> String {
    let body = json!({"emailSubject": "Please sign", "documents": [document()], "recipients": people()});
    let sent = platform.act("SendEnvelopeFromDocument", json!({"body": body})).await;
    sent["envelopeId"].as_str().unwrap().to_owned()
}

async fn views(platform: &Platform, envelope: &str) {
    let body = json!({"returnUrl": "https://contoso.com/done", "suppressNavigation": "true"});
    platform.act("CreateCorrectView", json!({"envelopeId": envelope, "body": body})).await;
}

async fn folders(platform: &Platform, envelope: &str) {
    let folders = platform.act("ListFolders", json!({})).await;
    let contracts = folders["folders"].as_array().unwrap().iter().find(|folder| folder["name"] == "Contracts").unwrap();
    let inputs = json!({"folderId": contracts["folderId"], "body": {"envelopeIds": [envelope]}});
    platform.act("MoveEnvelopes", inputs).await;
    let inside = platform.act("ListFolderEnvelopes", json!({"folderId": contracts["folderId"]})).await;
    assert_eq!(inside["envelopes"][0]["envelopeId"], *envelope);
}

/// What the designer cannot prevent is refused by DocuSign, and its reason reaches the flow in every variant.
#[tokio::test(flavor = "multi_thread")]
async fn docusigns_errors_are_returned_unchanged() {
    let app = app_for(VARIANTS[5]).await;
    let (platform, _) = &connect_to(&app, VARIANTS[5], &[]).await;
    let sent = from_document(platform).await;
    let missing = "00000000-0000-4000-8000-000000000000";
    let envelope = |documents: Value, recipients: Value| json!({"body": {"emailSubject": "Please sign", "documents": documents, "recipients": recipients}});
    let text_file = json!([{"documentId": "1", "name": "a.txt", "documentBase64": "YQ=="}]);
    let nowhere = json!({"signers": [{"recipientId": "1", "name": "Kim Lee", "email": "kim"}]});
    let view = json!({"clientUserId": "1", "userName": "Kim Lee", "email": "kim@contoso.com",
                      "returnUrl": "https://contoso.com/", "authenticationMethod": "None"});
    for (operation, inputs, status, code) in [
        ("GetEnvelope", json!({"envelopeId": missing}), 404, "ENVELOPE_DOES_NOT_EXIST"),
        ("GetTemplate", json!({"templateId": missing}), 404, "TEMPLATE_NOT_FOUND"),
        (
            "SendEnvelopeFromTemplate",
            json!({"body": {"templateId": missing, "templateRoles": []}}),
            400,
            "TEMPLATE_ID_INVALID",
        ),
        ("SendEnvelopeFromDocument", envelope(json!([]), people()), 400, "ENVELOPE_IS_INCOMPLETE"),
        ("SendEnvelopeFromDocument", envelope(text_file, people()), 400, "UNABLE_TO_CONVERT_DOCUMENT"),
        (
            "SendEnvelopeFromDocument",
            envelope(json!([document()]), nowhere),
            400,
            "INVALID_EMAIL_ADDRESS_FOR_RECIPIENT",
        ),
        ("SendDraftEnvelope", json!({"envelopeId": sent, "body": {}}), 400, "ENVELOPE_INVALID_STATUS"),
        ("VoidEnvelope", json!({"envelopeId": sent, "body": {"voidedReason": ""}}), 400, "INVALID_REQUEST_BODY"),
        ("CreateRecipientView", json!({"envelopeId": sent, "body": view}), 400, "UNKNOWN_ENVELOPE_RECIPIENT"),
        ("DownloadEnvelopeDocument", json!({"envelopeId": sent, "documentId": "9"}), 404, "DOCUMENT_DOES_NOT_EXIST"),
        ("GetRecipientTabs", json!({"envelopeId": sent, "recipientId": "9"}), 400, "INVALID_RECIPIENT_ID"),
        ("ListFolderEnvelopes", json!({"folderId": missing}), 404, "FOLDER_DOES_NOT_EXIST"),
    ] {
        let answer = platform.call(operation, inputs.clone()).await;
        let found = (answer.status.as_u16(), answer.json()["errorCode"].clone());
        assert_eq!(found, (status, json!(code)), "{operation} {inputs}");
    }
}
