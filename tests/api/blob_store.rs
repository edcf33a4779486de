//! `EVERGRANT_STORE` in Blob Storage: the real Azurite behind TLS, and the real SDK with a managed identity.

use std::time::Duration;

use futures_util::future::join_all;
use sandbox::browser::Browser;
use sandbox::client::Answer;
use sandbox::host::FunctionsHost;
use sandbox::proxy::StorageWay;
use sandbox::{CLIENT_SECRET, INTEGRATION_USER, Sandbox};
use serde_json::{Value, json};

use crate::local::{REDIRECT_URI, client, connection};
use crate::support::{TestApp, assert_error, assert_outage, log_line, run, start_host};

/// Two processes that share an issuer, clients and a store.
struct Pair {
    app: TestApp,
    second: FunctionsHost,
}

impl Pair {
    async fn start() -> Self {
        let mut sandbox = Sandbox::start().await;
        sandbox.start_storage().await;
        let clients =
            json!([client("web", &json!({})), client("native", &json!({"client_secret_sha256": []}))]).to_string();
        let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients)]).await;
        let issuer = app.host.url();
        let settings = [("EVERGRANT_CLIENTS", clients.as_str()), ("EVERGRANT_PUBLIC_URL", &issuer)];
        let second = start_host(&app.sandbox, 0, &settings).await;
        Self { app, second }
    }

    async fn code(&self, client_id: &str, more: &str) -> String {
        let url = self.app.url(&format!(
            "/oauth/authorize?response_type=code&client_id={client_id}&redirect_uri={REDIRECT_URI}{more}"
        ));
        let visit = Browser::stopping_at("https://client.example/").sign_in(&url, INTEGRATION_USER, "allow").await;
        visit.parameter("code").unwrap_or_else(|| panic!("{} {}", visit.url, visit.answer.text()))
    }

    async fn post(&self, host: &FunctionsHost, path: &str, form: &[(&str, &str)]) -> Answer {
        let form = [form, &[("client_id", "web"), ("client_secret", CLIENT_SECRET)]].concat();
        self.app.http.post_form(&format!("{}{path}", host.url()), &[], &form).await
    }

    async fn redeem(&self, host: &FunctionsHost, code: &str) -> Answer {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI)];
        self.post(host, "/oauth/token", &form).await
    }

    async fn refresh(&self, host: &FunctionsHost, refresh_token: &str) -> Answer {
        self.post(host, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    async fn connect(&self) -> String {
        connection(&self.redeem(&self.app.host, &self.code("web", "").await).await).refresh_token
    }

    fn reads(&self, prefix: &str) -> usize {
        self.app.sandbox.azurite.as_ref().unwrap().requests("GET", prefix)
    }
}

/// The `grant_id` of the newest refresh token issued by `host`.
async fn grant_id(host: &FunctionsHost) -> String {
    let line =
        log_line(host, |line| line["grant_type"] == "authorization_code" && line["event"] == "token_issued").await;
    line["grant_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_codes_are_redeemed_once_each_by_two_racing_processes() {
    let pair = Pair::start().await;
    let codes = join_all((0..200).map(|_| pair.code("web", ""))).await;
    let mut redeemed = 0;
    for batch in codes.chunks(25) {
        let races = batch.iter().map(|code| async {
            let racers = [&pair.app.host, &pair.second, &pair.app.host, &pair.second];
            join_all(racers.map(|host| pair.redeem(host, code))).await
        });
        for answers in join_all(races).await {
            let good = answers.iter().filter(|answer| answer.status == 200).count();
            let refused = answers.iter().filter(|answer| answer.json()["error"] == "invalid_grant").count();
            assert_eq!((good, refused), (1, 3), "{:?}", answers.iter().map(Answer::text).collect::<Vec<_>>());
            redeemed += good;
        }
    }
    assert_eq!(redeemed, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_reaches_the_other_process_with_one_lookup_a_minute() {
    let pair = Pair::start().await;
    let (ended, other) = (pair.connect().await, pair.connect().await);
    for answer in join_all((0..20).map(|_| pair.refresh(&pair.app.host, &other))).await {
        connection(&answer);
    }
    assert_eq!(pair.reads("revoked/"), 2, "one lookup per grant, however many refreshes");
    let answer = pair.post(&pair.app.host, "/oauth/revoke", &[("token", &ended)]).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "{}"));
    for host in [&pair.app.host, &pair.second] {
        assert_error(&pair.refresh(host, &ended).await, 400, "invalid_grant");
        connection(&pair.refresh(host, &other).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_revokes_one_grant_or_all_of_a_client() {
    let pair = Pair::start().await;
    let first = pair.connect().await;
    let first_grant = grant_id(&pair.app.host).await;
    let settings =
        pair.app.environment.clone().with("EVERGRANT_CLIENTS", &json!([client("web", &json!({}))]).to_string());
    let one = run(&["revoke", "--grant", &first_grant], &settings).await;
    assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
    // The second process has not looked up this grant yet.
    assert_error(&pair.refresh(&pair.second, &first).await, 400, "invalid_grant");
    let second = pair.connect().await;
    let all = run(&["revoke", "--client", "web"], &settings).await;
    assert!(all.status.success(), "{}", String::from_utf8_lossy(&all.stderr));
    let fresh = start_host(
        &pair.app.sandbox,
        0,
        &[
            ("EVERGRANT_CLIENTS", &json!([client("web", &json!({}))]).to_string()),
            ("EVERGRANT_PUBLIC_URL", &pair.app.host.url()),
        ],
    )
    .await;
    assert_error(&pair.refresh(&fresh, &second).await, 400, "invalid_grant");
    let afterwards = connection(&pair.redeem(&fresh, &pair.code("web", "").await).await).refresh_token;
    connection(&pair.refresh(&fresh, &afterwards).await);
    for (arguments, code, expected) in [
        (&["revoke"][..], 2, "--grant"),
        (&["revoke", "--grant", "x", "--client", "web"], 2, "cannot be used with"),
        (&["revoke", "--grant", "../redeemed"], 2, "22 letters"),
        (&["revoke", "--client", "unknown"], 2, "EVERGRANT_CLIENTS"),
    ] {
        let output = run(arguments, &settings).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(expected),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_while_the_store_is_down_codes_and_revocations_get_503_and_refreshes_work() {
    let pair = Pair::start().await;
    let (known, revoked) = (pair.connect().await, pair.connect().await);
    connection(&pair.refresh(&pair.app.host, &known).await);
    assert_eq!(pair.post(&pair.app.host, "/oauth/revoke", &[("token", &revoked)]).await.status, 200);
    let address = pair.app.sandbox.azurite.as_ref().unwrap().address;
    for way in [StorageWay::Cut, StorageWay::Silent] {
        pair.app.sandbox.proxy.lead_storage(way);
        let code = pair.code("web", "").await;
        let answer = pair.redeem(&pair.app.host, &code).await;
        assert_outage(&answer);
        connection(&pair.refresh(&pair.app.host, &known).await);
        connection(&pair.refresh(&pair.second, &known).await);
        assert_error(&pair.refresh(&pair.app.host, &revoked).await, 400, "invalid_grant");
        let answer = pair.post(&pair.app.host, "/oauth/revoke", &[("token", &known)]).await;
        if way == StorageWay::Silent {
            assert_outage(&answer);
            assert_error(&pair.refresh(&pair.app.host, &known).await, 400, "invalid_grant");
        } else {
            assert_outage(&answer);
        }
        pair.app.sandbox.proxy.lead_storage(StorageWay::To(address));
        connection(&pair.redeem(&pair.app.host, &code).await);
        if way == StorageWay::Cut {
            break;
        }
    }
    let line = log_line(&pair.app.host, |line| line["event"] == "store_unavailable").await;
    assert!(line["cause"].as_str().unwrap().starts_with("no answer from the storage account"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_in_spite_of_a_failure_cached_in_another_process() {
    let pair = Pair::start().await;
    let earlier = pair.connect().await;
    pair.app.sandbox.docusign.withdraw_consent(INTEGRATION_USER);
    // A scope without a cached token.
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &earlier), ("scope", "signature")];
    assert_outage(&pair.post(&pair.second, "/oauth/token", &refresh).await);
    let code = pair.code("web", "&scope=signature").await;
    connection(&pair.redeem(&pair.second, &code).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_does_not_delay_a_refresh() {
    let pair = Pair::start().await;
    let known = pair.connect().await;
    pair.app.sandbox.proxy.lead_storage(StorageWay::Silent);
    let answer = tokio::time::timeout(Duration::from_secs(15), pair.refresh(&pair.second, &known)).await;
    connection(&answer.expect("a response before platforms time out"));
    let code = pair.code("web", "").await;
    let answer = tokio::time::timeout(Duration::from_secs(15), pair.redeem(&pair.second, &code)).await;
    assert_outage(&answer.expect("a response before platforms time out"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_clients_refresh_token_rotates_across_processes() {
    let pair = Pair::start().await;
    let challenge = format!("&code_challenge={}&code_challenge_method=S256", crate::local::CHALLENGE);
    let code = pair.code("native", &challenge).await;
    let ask = |host: &FunctionsHost, form: Vec<(&'static str, String)>| {
        let url = format!("{}/oauth/token", host.url());
        let http = pair.app.http.clone();
        async move {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            http.post_form(&url, &[], &form).await
        }
    };
    let native = |grant_type: &str, more: Vec<(&'static str, &str)>| {
        let mut form = vec![("client_id", "native".to_owned()), ("grant_type", grant_type.to_owned())];
        form.extend(more.into_iter().map(|(name, value)| (name, value.to_owned())));
        form
    };
    let redeem = native(
        "authorization_code",
        vec![("code", &code), ("redirect_uri", REDIRECT_URI), ("code_verifier", crate::local::VERIFIER)],
    );
    let first = connection(&ask(&pair.app.host, redeem).await).refresh_token;
    let refresh = || native("refresh_token", vec![("refresh_token", &first)]);
    let hosts = [&pair.app.host, &pair.second];
    let answers = join_all((0..20).map(|turn| ask(hosts[turn % 2], refresh()))).await;
    let successors: Vec<String> = answers.iter().map(|answer| connection(answer).refresh_token).collect();
    assert_ne!(successors[0], first);
    assert!(successors.iter().all(|successor| *successor == successors[0]), "two processes agree on the successor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_role_or_container_is_named_in_the_log() {
    let mut sandbox = Sandbox::start().await;
    sandbox.start_storage().await;
    let elsewhere = "https://evergrantsandbox.blob.core.windows.net/nothing-here";
    let app = TestApp::over(sandbox, &[("EVERGRANT_STORE", elsewhere)]).await;
    let page = {
        let url = format!("{}/connect", app.sandbox.power_platform.site.url());
        Browser::default().sign_in(&url, INTEGRATION_USER, "allow").await.answer.text()
    };
    assert!(page.contains("503") && page.contains("the store of used codes cannot be reached"), "{page}");
    let line: Value = log_line(&app.host, |line| line["event"] == "store_unavailable").await;
    assert_eq!(line["cause"], "the container of EVERGRANT_STORE does not exist");
}
