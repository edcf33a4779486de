//! The account and its hosts, found from answers of every kind: what callers get, and when it is asked again.

use http::Method;
use sandbox::client::Answer;
use sandbox::clm::{ACCOUNT_ID, ACCOUNT_NUMBER};
use sandbox::docusign::Docusign;
use sandbox::fault::Fault;
use sandbox::{GATEWAY_API_KEY, INTEGRATION_USER};
use serde_json::{Value, json};

use crate::support::{assert_error, assert_outage};
use crate::triggers::flow::Stage;

const CLM: &str = "/gateway/clm/members/current";
const OTHER_ACCOUNT: &str = "11111111-6b1a-4c57-9a83-0d5e7b21c4aa";

async fn get(stage: &Stage, path: &str) -> Answer {
    stage.get_with(path, &[("x-api-key", GATEWAY_API_KEY)]).await
}

/// Userinfo with these accounts.
fn userinfo(accounts: &Value) -> String {
    json!({"sub": INTEGRATION_USER, "accounts": accounts}).to_string()
}

fn account(docusign: &Docusign, id: &str) -> Value {
    json!({"account_id": id, "base_uri": docusign.url(), "is_default": true})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_found_is_an_outage_as_long_as_the_header_says() {
    let mut stage = Stage::start().await;
    let good = account(&stage.app.docusign, ACCOUNT_ID);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        userinfo(&json!([changed]))
    };
    for body in [
        userinfo(&json!([])),
        userinfo(&json!(null)),
        userinfo(&json!([null, 5, "x"])),
        with("account_id", json!("")),
        with("account_id", json!(null)),
        with("base_uri", json!(null)),
        with("base_uri", json!("")),
        with("base_uri", json!("https://example.org")),
        with("base_uri", json!("https://demo.docusign.net.example")),
        with("base_uri", json!("https://user@demo.docusign.net")),
        with("base_uri", json!("not an address")),
        json!({"accounts": [good]}).to_string(),
        "<html>".to_owned(),
        "{".to_owned(),
        String::new(),
    ] {
        stage.restart(&[]).await;
        stage.app.docusign.userinfo_faults.set(Some(Fault::Body(body.clone())));
        let before = stage.clm.calls().len();
        let answer = get(&stage, CLM).await;
        assert_outage(&answer);
        // Only what DocuSign's operator has to change stays longer.
        let is_readable = body.contains("\"sub\"");
        assert_eq!(answer.header("retry-after"), if is_readable { "30" } else { "5" }, "{body}");
        assert!(!answer.text().contains("example"), "{body}: {}", answer.text());
        stage.app.docusign.userinfo_faults.set(None);
        assert_outage(&get(&stage, CLM).await);
        assert_eq!(stage.clm.calls().len(), before, "no token goes anywhere: {body}");
        stage.later(answer.header("retry-after").parse().unwrap());
        assert_eq!(get(&stage, CLM).await.status, 200, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_accounts_is_used_as_the_setting_or_docusign_says() {
    let mut stage = Stage::start().await;
    let [own, mut other] = [ACCOUNT_ID, OTHER_ACCOUNT].map(|id| account(&stage.app.docusign, id));
    let upper = ACCOUNT_ID.to_uppercase();
    other["is_default"] = json!("false");
    let mut by_default = own.clone();
    by_default["is_default"] = json!("TRUE");
    for (accounts, setting, found) in [
        (json!([other, own]), "", true),
        (json!([other, by_default]), "", true),
        (json!([other]), "", false),
        (json!([other, own]), OTHER_ACCOUNT, false),
        (json!([own, other]), ACCOUNT_ID, true),
        (json!([other, own]), &upper, true),
        (json!([other]), ACCOUNT_ID, false),
    ] {
        stage.restart(&[("DOCUSIGN_ACCOUNT_ID", setting)]).await;
        stage.app.docusign.userinfo_faults.once(Fault::Body(userinfo(&accounts)));
        let own_account = get(&stage, &format!("/gateway/esign/v2.1/accounts/{ACCOUNT_ID}/x")).await;
        assert_eq!(own_account.status == 200, found, "{accounts} {setting}: {}", own_account.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clm_that_cannot_be_found_is_an_outage_for_some_seconds_and_esignature_goes_on() {
    let mut stage = Stage::start().await;
    let hosts = |host: &str| json!({"ApiBaseUrl": host, "ApiBaseUploadUrl": host, "ApiBaseDownloadUrl": host});
    let without = |name: &str| {
        let mut hosts = hosts(&stage.clm.api_url());
        hosts.as_object_mut().unwrap().remove(name);
        Fault::Body(hosts.to_string())
    };
    let denied = json!({"Error": {"HttpStatusCode": 401, "UserMessage": "Access Denied", "ErrorCode": 103}});
    let faults = [
        (Fault::Body(hosts("https://clm.example.org").to_string()), "30"),
        (Fault::Body(hosts("http://api.springcm.com").to_string()), "30"),
        (Fault::Body(hosts("").to_string()), "30"),
        (without("ApiBaseUrl"), "5"),
        (without("ApiBaseUploadUrl"), "5"),
        (without("ApiBaseDownloadUrl"), "5"),
        (Fault::Body("<title>Sign in</title>".to_owned()), "5"),
        (Fault::Body("null".to_owned()), "5"),
        (Fault::Json(403, denied.to_string()), "30"),
        (Fault::Status(403), "5"),
        (Fault::Status(404), "5"),
        (Fault::Status(500), "5"),
        (Fault::Throttle(Some("7".to_owned())), "7"),
        (Fault::Redirect("https://example.org/".to_owned()), "5"),
        (Fault::Cut, "5"),
    ];
    for (fault, retry_after) in faults {
        stage.restart(&[]).await;
        stage.clm.faults.set(Some(fault.clone()));
        let answer = get(&stage, CLM).await;
        assert_outage(&answer);
        assert_eq!(answer.header("retry-after"), retry_after, "{fault:?}");
        let esign = get(&stage, "/gateway/esign/v2.1/accounts/default/x").await;
        assert_eq!(esign.status, 200, "{fault:?}: {}", esign.text());
        stage.clm.faults.set(None);
        let before = stage.clm.calls().len();
        assert_outage(&get(&stage, CLM).await);
        assert_eq!(stage.clm.calls().len(), before, "{fault:?} is remembered");
        stage.later(retry_after.parse().unwrap());
        assert_eq!(get(&stage, CLM).await.status, 200, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_remembered_for_an_hour_and_longer_during_an_outage() {
    let stage = Stage::start().await;
    assert_eq!(get(&stage, CLM).await.status, 200);
    let discoveries = |stage: &Stage| stage.calls("/account");
    let before = discoveries(&stage);
    stage.later(3599);
    assert_eq!((get(&stage, CLM).await.status.as_u16(), discoveries(&stage)), (200, before));
    // After the hour, it is asked again; while that fails, what is known goes on.
    stage.app.docusign.userinfo_faults.set(Some(Fault::Status(500)));
    stage.later(1);
    for _ in 0..3 {
        assert_eq!(get(&stage, CLM).await.status, 200);
    }
    stage.app.docusign.userinfo_faults.set(Some(Fault::Body(userinfo(&json!([])))));
    stage.later(5);
    assert_eq!(get(&stage, CLM).await.status, 200, "an answer without accounts may be wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_accounts_only_if_docusign_says_so() {
    let stage = Stage::start().await;
    let path = |number: &str| format!("/gateway/esign/v2.1/accounts/{number}/x");
    let own = |id: &str| Fault::Body(json!({"accountIdGuid": id}).to_string());
    assert_eq!(get(&stage, &path(ACCOUNT_NUMBER)).await.status, 200);
    let refused = |status| Fault::Json(status, json!({"errorCode": "USER_LACKS_MEMBERSHIP"}).to_string());
    let upper = own(&ACCOUNT_ID.to_uppercase());
    for (at, (fault, status)) in [
        (own(OTHER_ACCOUNT), 403),
        (own(""), 403),
        (refused(400), 403),
        (refused(401), 403),
        (refused(403), 403),
        (refused(404), 403),
        (refused(409), 503),
        (Fault::Status(403), 503),
        (Fault::Throttle(None), 503),
        (Fault::Status(500), 503),
        (Fault::Body("{}".to_owned()), 503),
        (Fault::Body("<html>".to_owned()), 503),
        (Fault::Redirect("https://example.org/".to_owned()), 503),
        (upper, 200),
    ]
    .into_iter()
    .enumerate()
    {
        let number = (7000 + at).to_string();
        let faults = &stage.app.docusign.esign_faults;
        faults.once(fault.clone());
        let answer = get(&stage, &path(&number)).await;
        assert_eq!(answer.status, status, "{fault:?}: {}", answer.text());
        match status {
            403 => assert_error(&answer, 403, "access_denied"),
            503 => assert_error(&answer, 503, "temporarily_unavailable"),
            _ => Value::Null,
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_number_is_remembered_for_a_minute_and_the_own_one_for_an_hour() {
    let stage = Stage::start().await;
    let path = |number: &str| format!("/gateway/esign/v2.1/accounts/{number}/x");
    let (faults, lie) = (&stage.app.docusign.esign_faults, json!({"accountIdGuid": ACCOUNT_ID}).to_string());
    assert_error(&get(&stage, &path("999")).await, 403, "access_denied");
    faults.once(Fault::Body(lie.clone()));
    assert_error(&get(&stage, &path("999")).await, 403, "access_denied");
    assert_eq!(get(&stage, "/gateway/esign/v2.1/accounts/default/x").await.text(), lie, "the answer was not used up");
    stage.later(60);
    faults.once(Fault::Body(lie));
    assert_eq!(get(&stage, &path("999")).await.status, 200, "now it is the own one");
    stage.later(3599);
    assert_eq!(get(&stage, &path("999")).await.status, 200);
    stage.later(1);
    assert_error(&get(&stage, &path("999")).await, 403, "access_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_is_refused_without_a_call() {
    let stage = Stage::start().await;
    assert_eq!(get(&stage, CLM).await.status, 200);
    stage.app.docusign.esign_faults.set(Some(Fault::Status(500)));
    for account in ["0x1", "1234567890123", "12.5", "1e3", "%30%30a", "DEFAULT", "Default", "me", "-1", "%D9%A1"] {
        for path in [format!("/gateway/esign/v2.1/accounts/{account}/x"), format!("/gateway/clm/v2/{account}/x")] {
            let answer = stage
                .app
                .http
                .call(Method::GET, &format!("{}{path}", stage.app.issuer), &[("x-api-key", GATEWAY_API_KEY)], "")
                .await;
            assert_error(&answer, 403, "access_denied");
        }
    }
}
