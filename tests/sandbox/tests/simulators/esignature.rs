//! The eSignature API: users, echoes, and what its OpenAPI document does not allow.

use http::Method;
use sandbox::bulk::{Source, Summary};
use sandbox::clm::ACCOUNT_ID;
use sandbox::fault::Fault;
use sandbox::{CLOSED_EMAIL, CLOSED_USER, INTEGRATION_USER, OTHER_EMAIL, OTHER_USER, Sandbox, TWINS, TWINS_EMAIL};
use serde_json::{Value, json};

use crate::caller::Caller;

const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn esignature_finds_users_by_email_and_echoes_other_calls() {
    let sandbox = Sandbox::start().await;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let base = robot.get(&format!("{}/oauth/userinfo", sandbox.docusign_url())).await.json();
    let base = base["accounts"][0]["base_uri"].as_str().unwrap().to_owned();
    assert_eq!(base, sandbox.docusign_url());
    let api = format!("{base}/restapi/v2.1/accounts/{ACCOUNT_ID}");
    let users = async |query: &str| robot.get(&format!("{api}/users?{query}")).await.json();
    let other = users(&format!("email={}&status=Active", OTHER_EMAIL.to_uppercase())).await;
    assert_eq!((&other["users"][0]["userId"], &other["totalSetSize"]), (&json!(OTHER_USER), &json!("1")));
    let closed = users(&format!("email={CLOSED_EMAIL}")).await;
    assert_eq!(
        (&closed["users"][0]["userId"], &closed["users"][0]["userStatus"]),
        (&json!(CLOSED_USER), &json!("Closed"))
    );
    assert_eq!(users(&format!("email={CLOSED_EMAIL}&status=Active")).await["resultSetSize"], "0");
    let twins = users(&format!("email={TWINS_EMAIL}")).await;
    assert_eq!((&twins["resultSetSize"], &twins["users"][1]["userId"]), (&json!("2"), &json!(TWINS[1])));
    assert_eq!(sandbox.docusign.user_lookups(), 4);
    let elsewhere = robot.get(&format!("{base}/restapi/v2.1/accounts/{OTHER_USER}/users")).await;
    assert_eq!((elsewhere.status.as_u16(), &elsewhere.json()["errorCode"]), (400, &json!("ACCOUNT_LACKS_PERMISSIONS")));
    let sent = robot.send(Method::PUT, &format!("{api}/x?a=b"), &[], Source::pattern(MIB)).await.unwrap();
    let echo = sent.answer.json();
    assert_eq!(
        (&echo["method"], &echo["query"], &echo["bearer"]["user"]),
        (&json!("PUT"), &json!("a=b"), &json!(INTEGRATION_USER))
    );
    assert_eq!(echo["body"]["sha256"], json!(Summary::of_pattern(MIB).sha256));
    assert!(!sent.answer.text().contains("ds-at-") && sent.answer.header("x-secret-hop") == "1");
    sandbox.docusign.esign_faults.once(Fault::Status(500));
    assert_eq!(robot.get(&format!("{api}/users")).await.status, 500);
    sandbox.docusign.invalidate_access_tokens();
    for path in ["users", "envelopes"] {
        let answer = robot.get(&format!("{api}/{path}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errorCode"]), (401, &json!("USER_AUTHENTICATION_FAILED")));
    }
}

/// The base URL of the account's API.
fn api(sandbox: &Sandbox) -> String {
    format!("{}/restapi/v2.1/accounts/{ACCOUNT_ID}", sandbox.docusign_url())
}

/// An envelope that is accepted.
fn envelope() -> Value {
    let document = json!({"documentId": "1", "name": "a.pdf", "documentBase64": "JVBERi0="});
    let signer = json!({"recipientId": "1", "name": "Kim Lee", "email": "kim@contoso.com"});
    json!({"status": "sent", "emailSubject": "Sign", "documents": [document], "recipients": {"signers": [signer]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn esignature_refuses_unknown_and_malformed_members_of_an_envelope() {
    let sandbox = Sandbox::start().await;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let (url, good) = (format!("{}/envelopes", api(&sandbox)), envelope());
    let send = async |method: Method, _: &str, body: Value| robot.call(method, &url, &body).await;
    assert_eq!(send(Method::POST, "envelopes", good.clone()).await.status, 201);
    for (pointer, wrong) in [
        ("/status", json!("completed")),
        ("/colour", json!("blue")),
        ("/emailSubject", json!(1)),
        ("/documents/0/documentId", json!(1)),
        ("/documents/0/pages", json!("1")),
        ("/documents/0/documentBase64", json!("%")),
        ("/recipients/signers", json!({})),
        ("/recipients/signers/0/recipientId", json!("0")),
        ("/recipients/signers/0/phone", json!("1")),
    ] {
        let mut body = good.clone();
        let (above, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(above).unwrap()[name] = wrong;
        let answer = send(Method::POST, "envelopes", body).await;
        let found = (answer.status.as_u16(), answer.json()["errorCode"].clone());
        assert_eq!(found, (400, json!("INVALID_REQUEST_BODY")), "{pointer}");
    }
}

/// Requests that DocuSign's OpenAPI document does not allow.
#[tokio::test(flavor = "multi_thread")]
async fn esignature_refuses_unknown_and_malformed_parameters() {
    let sandbox = Sandbox::start().await;
    let robot = Caller::new(&sandbox, INTEGRATION_USER);
    let api = api(&sandbox);
    let send =
        async |method: Method, path: &str, body: Value| robot.call(method, &format!("{api}/{path}"), &body).await;
    let created = send(Method::POST, "envelopes", envelope()).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let envelope = format!("envelopes/{}", created.json()["envelopeId"].as_str().unwrap());
    for (method, path, body, status, code) in [
        (Method::GET, "envelopes?from_date=2020-01-01&limit=5", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?from_date=yesterday", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?from_date=2020-01-01&count=0", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::GET, "envelopes?status=completed", json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (
            Method::GET,
            "envelopes?from_date=2020-01-01&from_date=2020-01-02",
            json!({}),
            400,
            "INVALID_REQUEST_PARAMETER",
        ),
        (Method::PUT, &envelope, json!({"status": "created"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, &envelope, json!({"status": "voided"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, &format!("{envelope}?resend_envelope=1"), json!({}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::POST, &format!("{envelope}/views/correct"), json!({"returnUrl": "here"}), 400, "INVALID_REQUEST_BODY"),
        (Method::PUT, "folders/sentitems", json!({"envelopeIds": []}), 400, "INVALID_REQUEST_PARAMETER"),
        (Method::DELETE, &envelope, json!({}), 404, "RESOURCE_NOT_FOUND"),
    ] {
        let answer = send(method.clone(), path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errorCode"].clone()),
            (status, json!(code)),
            "{method} {path}"
        );
    }
}
