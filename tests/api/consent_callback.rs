//! `GET /consent/callback`: every outcome has its own page. No page leaks a secret or runs foreign text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::walk::press;
use sandbox::{INTEGRATION_USER, OTHER_USER, Sandbox};

use crate::support::{TestApp, run, start_host, state_of};

const ALL: &str = "signature impersonation spring_read spring_write";

async fn app_without_consent() -> (TestApp, String) {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
    let url = app.consent_url().await;
    (app, url)
}

/// Checks what all pages have in common.
#[track_caller]
fn assert_page(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(&format!("<h1>{title}</h1>")), "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let text = answer.text();
    let style = text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = STANDARD.encode(evergrant::secret::sha256(style.as_bytes()));
    assert!(policy.contains(&format!("style-src 'sha256-{digest}'")), "the browser would drop the style: {policy}");
    // Only a page with something to copy has the script. The policy allows it by its digest.
    let script = text.split("<script>").nth(1).map(|rest| rest.split("</script>").next().unwrap());
    assert_eq!(script.is_some(), text.contains("data-copy=\""), "{text}");
    if let Some(script) = script {
        let digest = STANDARD.encode(evergrant::secret::sha256(script.as_bytes()));
        assert!(policy.contains(&format!("script-src 'sha256-{digest}'")), "{policy}");
    }
    let content = text.replace(script.unwrap_or("<script>"), "");
    assert!(content.matches("<script").count() <= 1, "{content}");
    for forbidden in ["<a ", "<form", "<img", "http://", "https://", INTEGRATION_USER, OTHER_USER, "vault"] {
        assert!(!content.contains(forbidden), "{forbidden} in {content}");
    }
    assert_eq!(answer.header("retry-after").is_empty(), status != 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_by_the_integration_user_works_at_once() {
    let (app, url) = app_without_consent().await;
    assert_eq!(app.token(&[]).await.status, 503, "no consent yet, and the failure is cached");
    let page = press(&url, INTEGRATION_USER, "allow").await;
    assert_page(&page, 200, "The connection works");
    for fact in ["Integration Robot (robot@example.org)", "Example Ltd", ALL] {
        assert!(page.text().contains(fact), "{fact}");
    }
    assert_eq!(app.token(&[]).await.status, 200, "the cached failure does not count any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_also_identifies_the_user() {
    let secret = "secret key of the sandbox";
    let sandbox = Sandbox::start_with(Some(secret)).await;
    let app = TestApp::over(sandbox, &[("DOCUSIGN_SECRET_KEY", secret)]).await;
    let url = app.consent_url().await;
    assert!(url.contains("code_challenge"), "PKCE in addition to the secret key");
    let page = press(&url, OTHER_USER, "allow").await;
    assert_page(&page, 403, "Another user has to consent");
    assert!(page.text().contains("Other Person (other@example.org)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_not_the_integration_user_reads_who_that_is() {
    let (app, url) = app_without_consent().await;
    let unknown = press(&url, OTHER_USER, "allow").await.text();
    assert!(unknown.contains("<dd>Other Person (other@example.org)</dd>") && !unknown.contains("Integration Robot"));
    press(&url.replace("%20spring_write", ""), INTEGRATION_USER, "allow").await;
    let named = press(&url, OTHER_USER, "allow").await;
    assert_page(&named, 403, "Another user has to consent");
    assert!(named.text().contains("<dd>Integration Robot (robot@example.org)</dd>"), "{}", named.text());
    app.sandbox.docusign.consent(INTEGRATION_USER, ALL);
    assert_page(&press(&url, OTHER_USER, "allow").await, 200, "The connection works");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_user_and_a_missing_scope_have_different_pages() {
    let (_app, url) = app_without_consent().await;
    let wrong = press(&url, OTHER_USER, "allow").await;
    assert_page(&wrong, 403, "Another user has to consent");
    assert!(wrong.text().contains("Other Person"));
    let narrowed = url.replace("%20spring_write", "");
    let page = press(&narrowed, INTEGRATION_USER, "allow").await;
    assert_page(&page, 403, "Some scopes have no consent");
    assert!(page.text().contains("<dd>spring_write</dd>"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_changes_nothing_after_the_consent() {
    let (app, url) = app_without_consent().await;
    app.sandbox.docusign.consent(INTEGRATION_USER, ALL);
    let page = press(&url, OTHER_USER, "allow").await;
    assert_page(&page, 200, "The connection works");
    assert!(page.text().contains("You signed in as"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_shows_docusigns_text_as_plain_text() {
    let (app, url) = app_without_consent().await;
    let page = press(&url, INTEGRATION_USER, "deny").await;
    assert_page(&page, 403, "Consent was not given");
    assert!(page.text().contains("access_denied") && page.text().contains("The user did not consent"));
    let state = state_of(&url);
    let attack = "%3Cscript%3Ealert(1)%3C/script%3E%22%27";
    let hostile = format!("/consent/callback?state={state}&error={attack}&error_message={attack}{}", "x".repeat(2000));
    let page = app.http.get(&app.url(&hostile)).await;
    assert_page(&page, 403, "Consent was not given");
    assert!(!page.text().contains(&"x".repeat(400)), "upstream text is cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_state_of_this_installation_is_accepted() {
    let (app, url) = app_without_consent().await;
    let state = state_of(&url).to_owned();
    let tampered = state.replace('.', ".A");
    let other = TestApp::over(Sandbox::start().await, &[]).await;
    let foreign = other.consent_url().await;
    let foreign = state_of(&foreign).to_owned();
    let before = app.sandbox.docusign.exchanges();
    for query in [
        "",
        "?code=x",
        "?state=&code=x",
        "?state=x&code=x",
        &format!("?state={tampered}&code=x"),
        &format!("?state={foreign}&code=x"),
    ] {
        let page = app.http.get(&app.url(&format!("/consent/callback{query}"))).await;
        assert_page(&page, 400, "This link does not work here");
    }
    assert_eq!(app.sandbox.docusign.exchanges(), before, "a foreign state causes no call to DocuSign");
    let page = app.http.get(&app.url(&format!("/consent/callback?state={state}"))).await;
    assert_page(&page, 400, "DocuSign&#39;s answer is incomplete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_twice_shows_the_current_state() {
    let (app, url) = app_without_consent().await;
    let state = state_of(&url);
    let used_up = app.url(&format!("/consent/callback?state={state}&code=ds-code-used-up"));
    assert_page(&app.http.get(&used_up).await, 403, "Consent is still missing");
    app.sandbox.docusign.consent(INTEGRATION_USER, ALL);
    assert_page(&app.http.get(&used_up).await, 200, "The connection works");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_part_has_the_code_of_the_failure() {
    type Spoil = fn(&Sandbox);
    let cases: [(&str, Spoil); 5] = [
        ("no_valid_keys_or_signatures", |sandbox| sandbox.docusign.delete_public_keys()),
        ("user_not_found", |sandbox| sandbox.docusign.deactivate(INTEGRATION_USER)),
        ("server_failed", |sandbox| sandbox.docusign.faults.set(Some(Fault::Status(500)))),
        ("no_answer", |sandbox| sandbox.docusign.userinfo_faults.set(Some(Fault::Cut))),
        ("signing_failed", |sandbox| sandbox.key_vault.remove_key("evergrant-signing", "a1")),
    ];
    for (code, spoil) in cases {
        let (app, url) = app_without_consent().await;
        spoil(&app.sandbox);
        let state = state_of(&url);
        app.sandbox.docusign.consent(INTEGRATION_USER, ALL);
        let page = app.http.get(&app.url(&format!("/consent/callback?state={state}&code=x"))).await;
        assert_page(&page, 503, "We could not confirm the connection");
        assert!(page.text().contains(&format!("<dd><code>{code}</code></dd>")), "{code}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_works_at_once_for_every_scope() {
    let (app, url) = app_without_consent().await;
    for scope in ["signature", "spring_read"] {
        assert_eq!(app.token(&[("scope", scope)]).await.status, 503);
    }
    let page = press(&url, INTEGRATION_USER, "allow").await;
    assert_page(&page, 200, "The connection works");
    for scope in ["signature", "spring_read"] {
        assert_eq!(app.token(&[("scope", scope)]).await.status, 200, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_loads_of_a_page_cause_few_calls_to_docusign() {
    let (app, url) = app_without_consent().await;
    app.sandbox.docusign.consent(INTEGRATION_USER, ALL);
    let loaded = app.url(&format!("/consent/callback?state={}&code=x", state_of(&url)));
    app.sandbox.docusign.faults.set(Some(Fault::Latency(std::time::Duration::from_millis(300))));
    let before = app.sandbox.docusign.exchanges();
    let pages = futures_util::future::join_all((0..40).map(|_| app.http.get(&loaded))).await;
    assert!(pages.iter().all(|page| page.status == 200));
    let mints = app.sandbox.docusign.exchanges() - before;
    assert!(mints <= 5, "{mints} mints for 40 loads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_expires_after_a_week() {
    let app = Files::start().await;
    let page = app.open_link_of(7 * 24 * 3600 - 60).await;
    assert_page(&page, 403, "Consent is still missing");
    let page = app.open_link_of(7 * 24 * 3600 + 60).await;
    assert_page(&page, 400, "This link has expired");
}

/// An app whose keys are files, so that the test can make links of any age.
struct Files {
    app: TestApp,
    settings: evergrant::config::Settings,
}

impl Files {
    async fn start() -> Self {
        let sandbox = Sandbox::start_without_consent().await;
        let pem = sandbox.signing_key.pkcs8_pem();
        let app = TestApp::with_file_keys(sandbox, &pem).await;
        let env = app.environment.clone();
        Self { settings: evergrant::config::Settings::read(&env).unwrap(), app }
    }

    /// The page of a link that was made `age` seconds ago.
    async fn open_link_of(&self, age: u64) -> Answer {
        let made = evergrant::clock::UnixSeconds(sandbox::docusign::unix_now() - age);
        let in_process = evergrant::app::App::new(self.settings.clone());
        let evergrant::config::Settings { public_url, docusign, .. } = &self.settings;
        let link = evergrant::docusign::consent_link::consent_url(public_url, docusign, &in_process.sealing, made)
            .await
            .unwrap();
        self.app.http.get(&self.app.url(&format!("/consent/callback?state={}&code=x", state_of(&link)))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_previous_sealing_key_still_work() {
    let sandbox = Sandbox::start().await;
    let previous = sandbox.key_vault.key_id("evergrant-sealing", "b1");
    let current = sandbox.key_vault.add_key("evergrant-sealing", "b2", sandbox::keys::RsaKey::generate());
    for (extra, status, title) in [
        (vec![("EVERGRANT_SEALING_KEY_ID", current.as_str())], 400, "This link does not work here"),
        (
            vec![("EVERGRANT_SEALING_KEY_ID", &current), ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", &previous)],
            200,
            "The connection works",
        ),
    ] {
        let host = start_host(&sandbox, 0, &extra).await;
        let link = run(&["consent-url"], &sandbox.settings(&host.url())).await;
        let link = String::from_utf8(link.stdout).unwrap();
        let callback = format!("{}/consent/callback?state={}&code=x", host.url(), state_of(&link));
        assert_page(&sandbox::client::HttpClient::default().get(&callback).await, status, title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_sealing_key_is_an_outage() {
    let sandbox = Sandbox::start_without_consent().await;
    let settings = sandbox.settings("http://127.0.0.1:1");
    let good = run(&["consent-url"], &settings).await;
    assert!(good.status.success());
    let url = String::from_utf8(good.stdout).unwrap();
    let state = state_of(&url).to_owned();
    sandbox.key_vault.remove_key("evergrant-sealing", "b1");
    let app = TestApp::over(sandbox, &[]).await;
    let page = app.http.get(&app.url(&format!("/consent/callback?state={state}&code=x"))).await;
    assert_page(&page, 503, "The link could not be checked");
    assert!(page.text().contains("EVERGRANT_SEALING_KEY_ID"));
}
