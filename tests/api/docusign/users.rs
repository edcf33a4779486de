//! Users by e-mail address, from lists of every kind: one active user, or none is acted as.

use sandbox::client::Answer;
use sandbox::clm::ACCOUNT_ID;
use sandbox::fault::Fault;
use sandbox::{OTHER_EMAIL, OTHER_USER, TWINS, TWINS_EMAIL, digest};
use serde_json::{Value, json};

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::{Stage, client};

/// A stage with a client whose key names users.
async fn start() -> Stage {
    let mut people = client();
    (people["client_id"], people["subject"]) = (json!("people"), json!("signed_in_user"));
    people["api_key_sha256"] = json!([digest("people")]);
    Stage::with(&json!([client(), people])).await
}

async fn call_as(stage: &Stage, username: &str) -> Answer {
    let path = format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x");
    stage.get_with(&path, &[("x-api-key", "people"), ("username", username)]).await
}

/// The user that the call was made as, or the status.
fn user(answer: &Answer) -> String {
    let status = answer.status.to_string();
    answer.json()["bearer"]["user"].as_str().map_or_else(|| status[..3].to_owned(), ToOwned::to_owned)
}

type List = fn(&str) -> Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_must_have_exactly_one_active_user_with_the_address() {
    let stage = start().await;
    let entry = |id: &str, email: &str, status: &str| json!({"userId": id, "email": email, "userStatus": status});
    let active = |email: &str| entry(OTHER_USER, email, "Active");
    let upper = OTHER_USER.to_uppercase();
    let rows: [(List, &str); 3] =
        [(|_| json!({"users": []}), "401"), (|_| json!({}), "401"), (|_| json!({"users": null}), "503")];
    for (number, (list, expected)) in rows.into_iter().enumerate() {
        let email = format!("none{number}@example.org");
        stage.app.docusign.esign_faults.once(Fault::Body(list(&email).to_string()));
        assert_eq!(user(&call_as(&stage, &email).await), expected, "{number}");
    }
    for (number, (users, expected)) in [
        (vec![active("EMAIL")], OTHER_USER),
        (vec![entry(&upper, "EMAIL", "ACTIVE")], OTHER_USER),
        (vec![active("EMAIL"), entry(&upper, "EMAIL", "active")], OTHER_USER),
        (vec![active("EMAIL"), entry(TWINS[0], "EMAIL", "Closed")], OTHER_USER),
        (vec![entry(TWINS[0], "another@example.org", "Active"), active("EMAIL")], OTHER_USER),
        (vec![entry("not-a-guid", "EMAIL", "Active"), active("EMAIL")], OTHER_USER),
        (vec![active("EMAIL"), entry(TWINS[0], "EMAIL", "Active")], "401"),
        (vec![active("EMAIL.example")], "401"),
        (vec![active("x-EMAIL")], "401"),
        (vec![active("")], "401"),
        (vec![entry(OTHER_USER, "EMAIL", "Closed")], "401"),
        (vec![entry(OTHER_USER, "EMAIL", "")], "401"),
        (vec![entry(OTHER_USER, "EMAIL", "ActivationRequired")], "401"),
        (vec![entry("", "EMAIL", "Active")], "401"),
        (vec![json!({"email": "EMAIL", "userStatus": "Active"})], "401"),
        (vec![json!({})], "401"),
        (vec![json!({"userId": 5, "email": "EMAIL", "userStatus": "Active"})], "503"),
        (vec![json!(null)], "503"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("user{number}@example.org");
        let body = json!({"users": users}).to_string().replace("EMAIL", &email);
        stage.app.docusign.esign_faults.once(Fault::Body(body.clone()));
        let answer = call_as(&stage, &email).await;
        assert_eq!(user(&answer), expected, "{body}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_list_is_an_outage_and_remembered_as_long_as_the_header_says() {
    let stage = start().await;
    let lacks = json!({"errorCode": "USER_LACKS_PERMISSIONS", "message": "x"}).to_string();
    for (number, (fault, retry_after)) in [
        (Fault::Status(500), "5"),
        (Fault::Status(401), "5"),
        (Fault::Status(403), "5"),
        (Fault::Json(400, lacks), "30"),
        (Fault::Status(404), "5"),
        (Fault::Throttle(Some("9".to_owned())), "9"),
        (Fault::Body("<html>".to_owned()), "5"),
        (Fault::Body("{\"users\":[".to_owned()), "5"),
        (Fault::Redirect("https://example.org/".to_owned()), "5"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("outage{number}@example.org");
        stage.app.docusign.esign_faults.set(Some(fault.clone()));
        let answer = call_as(&stage, &email).await;
        assert_outage(&answer);
        assert_eq!(answer.header("retry-after"), retry_after, "{fault:?}");
        stage.app.docusign.esign_faults.set(None);
        let lookups = stage.app.docusign.user_lookups();
        assert_outage(&call_as(&stage, &email).await);
        assert_eq!(stage.app.docusign.user_lookups(), lookups, "{fault:?} is remembered");
        stage.later(retry_after.parse().unwrap());
        assert_error(&call_as(&stage, &email).await, 401, "invalid_token");
        assert_eq!(stage.app.docusign.user_lookups(), lookups + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_remembered_for_a_quarter_of_an_hour_and_a_miss_for_a_minute() {
    let stage = start().await;
    let lookups = || stage.app.docusign.user_lookups();
    for (username, expected, seconds) in
        [(OTHER_EMAIL, OTHER_USER, 900), ("unknown@example.org", "401", 60), (TWINS_EMAIL, "401", 60)]
    {
        let before = lookups();
        assert_eq!(user(&call_as(&stage, username).await), expected);
        stage.later(seconds - 1);
        for spelling in [username.to_owned(), username.to_uppercase()] {
            assert_eq!(user(&call_as(&stage, &spelling).await), expected);
        }
        assert_eq!(lookups(), before + 1, "{username}");
        stage.later(1);
        assert_eq!(user(&call_as(&stage, username).await), expected);
        assert_eq!(lookups(), before + 2, "{username}");
    }
    // While the list cannot be read, a user that was known goes on, and a user that was closed is gone after that.
    assert_eq!(user(&call_as(&stage, OTHER_EMAIL).await), OTHER_USER);
    stage.later(900);
    stage.app.docusign.esign_faults.once(Fault::Status(500));
    assert_eq!(user(&call_as(&stage, OTHER_EMAIL).await), OTHER_USER);
    stage.app.docusign.deactivate(OTHER_USER);
    stage.later(5);
    assert_eq!(user(&call_as(&stage, OTHER_EMAIL).await), "401");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused_without_a_call() {
    let stage = start().await;
    assert_eq!(user(&call_as(&stage, OTHER_EMAIL).await), OTHER_USER);
    let before = stage.app.docusign.user_lookups();
    let long = format!("{}@example.org", "x".repeat(243));
    for username in ["ada", "", long.as_str(), "a\tb@example.org"] {
        assert_error(&call_as(&stage, username).await, 401, "invalid_token");
    }
    assert_eq!(stage.app.docusign.user_lookups(), before);
    for username in [
        "a&b=c@example.org",
        "a%40b@example.org",
        "a+b@example.org",
        "a b@example.org",
        "\u{e4}@example.org",
        "a,b@example.org",
    ] {
        assert_error(&call_as(&stage, username).await, 401, "invalid_token");
    }
    assert_eq!(stage.app.docusign.user_lookups(), before + 6, "odd addresses are looked up as they are");
}
