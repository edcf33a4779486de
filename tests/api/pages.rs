//! Every page of the product, made by real requests: what each page says, and how it looks in a browser.
//!
//! `EVERGRANT_PICTURES=1 cargo test --test api pages` leaves a picture of each page, width and color scheme in `target/pictures`.

use std::collections::BTreeSet;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::docusign::consent_link::consent_url;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::minter::MintError;
use evergrant::signing::SignError;
use evergrant::types::Explained as _;
use http::Method;
use readers::files::{files, is_a, read};
use regex::Regex;
use sandbox::browser::Browser;
use sandbox::client::Answer;
use sandbox::fault::Fault;
use sandbox::host::Phase;
use sandbox::walk::press;
use sandbox::{INTEGRATION_USER, OTHER_USER, SETUP_KEY, Sandbox};
use serde_json::{Value, json};

use crate::local::{CLIENT, LocalApp};
use crate::support::{TestApp, root, state_of};

const ALL: &str = "signature impersonation spring_read spring_write";
const POWER_AUTOMATE: &str = "https://global.consent.azure-apim.net/redirect/contoso-5f6a7b8c9d0e";

/// A page, and the name of its pictures.
struct Rendered {
    name: &'static str,
    answer: Answer,
}

impl Rendered {
    /// The page without its style sheet and script.
    fn html(&self) -> String {
        let embedded = Regex::new(r"(?s)<(style|script)>.*?</(style|script)>").unwrap();
        embedded.replace_all(&self.answer.text(), "").into_owned()
    }

    fn title(&self) -> String {
        let html = self.html();
        let title = html.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
        title.unwrap_or_else(|| panic!("{}: {} {html}", self.name, self.answer.status)).replace("&#39;", "'")
    }

    /// The setup page is for the operator as a whole.
    fn is_for_the_operator(&self) -> bool {
        self.name.starts_with("setup")
    }
}

/// Adds pages under their names.
#[derive(Default)]
struct Pages(Vec<Rendered>);

impl Pages {
    fn add(&mut self, name: &'static str, answer: Answer) {
        self.0.push(Rendered { name, answer });
    }
}

/// Every page of the product.
async fn all_pages() -> Vec<Rendered> {
    let mut pages = Pages::default();
    consent_pages(&mut pages).await;
    outage_pages(&mut pages).await;
    authorize_pages(&mut pages).await;
    sign_in_pages(&mut pages).await;
    document_pages(&mut pages).await;
    setup_pages(&mut pages).await;
    not_configured_pages(&mut pages).await;
    pages.0
}

async fn consent_pages(pages: &mut Pages) {
    let app = TestApp::over(Sandbox::start_without_consent().await, &[]).await;
    let docusign = &app.sandbox.docusign;
    let link = app.consent_url().await;
    let callback = async |query: &str| app.http.get(&app.url(&format!("/consent/callback?{query}"))).await;
    let state = state_of(&link);
    pages.add("consent-link-incomplete", callback(&format!("state={}&code=x", &state[..40])).await);
    pages.add("consent-link-ambiguous", callback(&format!("state={state}&state={state}&code=x")).await);
    pages.add("consent-no-answer", callback(&format!("state={state}")).await);
    pages.add("consent-wrong-user", press(&link, OTHER_USER, "allow").await);
    pages.add("consent-denied", press(&link, INTEGRATION_USER, "deny").await);
    pages.add("consent-missing", callback(&format!("state={state}&code=used-up")).await);
    pages.add("consent-scope-missing", press(&link.replace("%20spring_write", ""), INTEGRATION_USER, "allow").await);
    pages.add("consent-wrong-user-named", press(&link, OTHER_USER, "allow").await);
    docusign.refuse_scopes_together(true);
    pages.add("consent-not-together", press(&link, INTEGRATION_USER, "allow").await);
    docusign.refuse_scopes_together(false);
    pages.add("consent-granted", press(&link, INTEGRATION_USER, "allow").await);
    pages.add("consent-granted-before", press(&link, OTHER_USER, "allow").await);
    docusign.faults.set(Some(Fault::Status(500)));
    pages.add("consent-docusign-down", callback(&format!("state={state}&code=x")).await);
    docusign.faults.set(None);
    docusign.delete_public_keys();
    pages.add("consent-public-key-missing", callback(&format!("state={state}&code=x")).await);
    app.sandbox.key_vault.remove_key("evergrant-signing", "a1");
    pages.add("consent-no-signature", callback(&format!("state={state}&code=x")).await);
}

async fn outage_pages(pages: &mut Pages) {
    let sandbox = Sandbox::start().await;
    let link = TestApp::over(sandbox, &[]).await;
    let (url, sandbox) = (link.consent_url().await, link.sandbox);
    sandbox.key_vault.remove_key("evergrant-sealing", "b1");
    let app = TestApp::over(sandbox, &[]).await;
    let callback = format!("/consent/callback?state={}&code=x", state_of(&url));
    pages.add("consent-link-unchecked", app.http.get(&app.url(&callback)).await);
}

async fn authorize_pages(pages: &mut Pages) {
    let unread = LocalApp::with(&[("EVERGRANT_CLIENTS", "https://account.example/container/clients.json")]).await;
    pages.add("not-ready", unread.get(&unread.authorize_url("web", &[])).await);
    let app = LocalApp::start().await;
    let page = async |changes: &[(&str, &str)]| app.get(&app.authorize_url("web", changes)).await;
    pages.add("authorize-client-unclear", page(&[("client_id", "")]).await);
    pages.add("authorize-client-unknown", page(&[("client_id", "contoso-flows")]).await);
    pages.add("authorize-redirect-uri-unclear", page(&[("redirect_uri", "")]).await);
    pages.add("authorize-redirect-uri-unregistered", page(&[("redirect_uri", POWER_AUTOMATE)]).await);
    pages.add("authorize-redirect-uri-refused", page(&[("redirect_uri", "http://client.example/cb")]).await);
}

async fn sign_in_pages(pages: &mut Pages) {
    let mut app = LocalApp::start().await;
    let old = UnixSeconds(sandbox::docusign::unix_now() - 8 * 24 * 3600);
    let settings = &app.app.settings;
    let link = consent_url(&settings.public_url, &settings.docusign, &app.app.sealing, old).await.unwrap();
    pages.add("consent-link-expired", app.get(&format!("/consent/callback?state={}&code=x", state_of(&link))).await);
    let last_step = async |app: &LocalApp, browser: &mut Browser| {
        browser.stop_at = Some(format!("{}/consent/callback", app.issuer));
        let url = browser.sign_in(&app.authorize_url("person", &[]), OTHER_USER, "allow").await.url;
        browser.stop_at = Some(CLIENT.to_owned());
        url
    };
    let mut browser = Browser::default();
    let url = last_step(&app, &mut browser).await;
    pages.add("sign-in-over", Browser::stopping_at(CLIENT).open(&url).await.answer);
    let url = last_step(&app, &mut browser).await;
    app.restart(&[("EVERGRANT_CLIENTS", "[]")]).await;
    browser.disconnect();
    pages.add("sign-in-client-gone", browser.open(&url).await.answer);
    let link = consent_url(&app.app.settings.public_url, &app.app.settings.docusign, &app.app.sealing, app.clock.now());
    let missing = [("DOCUSIGN_SECRET_KEY", "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/a)")];
    let link = link.await.unwrap();
    app.restart(&missing).await;
    let callback = format!("/consent/callback?state={}&code=x", state_of(&link));
    pages.add("consent-secret-missing", app.get(&callback).await);
}

async fn document_pages(pages: &mut Pages) {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.consent(OTHER_USER, ALL);
    let app = TestApp::over(sandbox, &[]).await;
    let clm = &app.sandbox.clm;
    let document = clm.add_document("plans.pdf", &clm.folder_at("/Contracts/Board only").unwrap(), "plans");
    let link = app.url(&format!("/workfront/v1/open?client=workfront&id=d:{document}"));
    let open = async |user| Browser::default().sign_in(&link, user, "allow").await.answer;
    pages.add("document-not-found", open(OTHER_USER).await);
    for (name, status) in [("document-not-allowed", 403), ("document-unavailable", 500)] {
        clm.faults.set(Some(Fault::Status(status)));
        pages.add(name, open(INTEGRATION_USER).await);
    }
}

async fn setup_pages(pages: &mut Pages) {
    // One installation that works, and one in which the operator and the integration user have something to fix.
    let (good, bad) = tokio::join!(Sandbox::start(), Sandbox::start_without_consent());
    let elsewhere = bad.docusign_url();
    let mistakes = [("EVERGRANT_STORE", sandbox::storage::CONTAINER_URL), ("EVERGRANT_PUBLIC_URL", elsewhere.as_str())];
    let (good, bad) = tokio::join!(TestApp::over(good, &[]), TestApp::over(bad, &mistakes));
    let asked = format!("/oauth/authorize?response_type=code&client_id=power-automate&redirect_uri={POWER_AUTOMATE}");
    assert_eq!(bad.http.get(&bad.url(&asked)).await.status, 400);
    let setup = async |app: &TestApp| app.http.get(&app.url(&format!("/setup?code={SETUP_KEY}"))).await;
    pages.add("setup", setup(&good).await);
    pages.add("setup-with-failures", setup(&bad).await);
    let Phase::Ready(port) = good.host.phase() else { panic!("not ready") };
    let url = format!("http://127.0.0.1:{port}/setup");
    let forwarded = [("user-agent", "Azure-Functions-Host/4.1037.0"), ("accept", "text/html")];
    pages.add("forwarded-setup", good.http.call(Method::GET, &url, &forwarded, "").await);
    pages.add("home", good.http.call(Method::GET, &good.url("/"), &[("accept", "text/html")], "").await);
}

async fn not_configured_pages(pages: &mut Pages) {
    let clients = r#"[{"client_id": "flows", "client_secret_sha256": ["x"], "grant_type": []}]"#;
    let mistakes = [
        ("EVERGRANT_CLIENTS", clients),
        ("EVERGRANT_STOR", "memory"),
        ("DOCUSIGN_ENVIRONMENT", "prod"),
        ("DOCUSIGN_SECRET_KEY", "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/a)"),
    ];
    let app = TestApp::over(Sandbox::start().await, &mistakes).await;
    pages.add("setup-not-configured", app.http.get(&app.url(&format!("/setup?code={SETUP_KEY}"))).await);
    pages.add("not-ready", app.http.get(&app.url("/oauth/authorize?client_id=x")).await);
}

/// The titles in the source, where every page has its title as a `Title`.
fn titles_in_the_source() -> BTreeSet<String> {
    let title = Regex::new(r#"\bTitle\(\s*"([^"]+)"\s*,?\s*\)"#).unwrap();
    let source: String = files("src").iter().filter(|name| is_a("rs", name)).map(|name| read(name)).collect();
    title.captures_iter(&source).map(|found| found[1].to_owned()).collect()
}

/// Pages come only from `web/page.rs`, with a `Title` as their heading, so the titles list all pages.
fn assert_that_every_page_has_a_title() {
    for name in files("src").iter().filter(|name| is_a("rs", name) && *name != "src/web/page.rs") {
        assert!(!read(name).contains("text/html"), "{name} makes a page of its own");
    }
    for name in files("templates").iter().filter(|name| is_a("html", name)) {
        let template = read(name);
        assert_eq!(template.matches("<h1>").count(), template.matches("title.0 }}</h1>").count(), "{name}");
    }
}

/// What only the operator understands: settings, commands, our files and our log.
fn words_for_operators() -> Regex {
    Regex::new(
        r"(EVERGRANT|DOCUSIGN|AZURE)_[A-Z]|\b(evergrant|az) [a-z]|\./deploy|infra/|\blogs?\b|redirect_uris|app setting",
    )
    .unwrap()
}

#[track_caller]
fn assert_two_voices(page: &Rendered) {
    let (name, html) = (page.name, page.html());
    let step = Regex::new(r#"class="(?:lead )?step">[^<]{10,}<"#).unwrap();
    assert!(step.is_match(&html), "{name} has no next step: {html}");
    if page.is_for_the_operator() {
        return;
    }
    let (main, operator) = html.split_once(r#"<section class="operator""#).unwrap_or((&html, ""));
    let found: Vec<_> = words_for_operators().find_iter(main).map(|found| found.as_str().to_owned()).collect();
    assert!(found.is_empty(), "{name} says {found:?} to the user");
    let has_operators_part = page.answer.status != 200 || name == "home";
    assert_eq!(operator.is_empty(), !has_operators_part, "{name}: an error has a part for the operator");
    if !operator.is_empty() && name != "home" {
        let request_id = page.answer.header("x-request-id");
        assert!(operator.contains("For the operator") && operator.contains(&format!(">{request_id}<")), "{operator}");
    }
}

/// Every address has a Copy button, except one that can never be registered.
#[track_caller]
fn assert_addresses_can_be_copied(page: &Rendered) {
    let address = Regex::new(r"<(?:code|pre|dd)([^>]*)>https?://[^<]*<").unwrap();
    for found in address.captures_iter(&page.html()) {
        let can_be_copied = found[1].contains("data-copy=");
        assert_eq!(can_be_copied, page.name != "authorize-redirect-uri-refused", "{}: {}", page.name, &found[0]);
    }
}

/// The form that `look.mjs` reads.
fn for_the_browser(page: &Rendered) -> Value {
    let headers = page.answer.headers.keys().filter(|name| *name != "set-cookie");
    let headers = headers.map(|name| (name.to_string(), page.answer.header(name.as_str()).into()));
    json!({
        "name": page.name, "status": page.answer.status.as_u16(), "body": page.answer.text(),
        "headers": headers.collect::<serde_json::Map<String, Value>>(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_says_what_to_do_next_and_reads_well_in_a_browser() {
    let pages = all_pages().await;
    assert_that_every_page_has_a_title();
    let titles: BTreeSet<String> = pages.iter().map(Rendered::title).collect();
    assert_eq!(titles, titles_in_the_source(), "left: the pages made here; right: the pages of the product");
    pages.iter().for_each(assert_two_voices);
    pages.iter().for_each(assert_addresses_can_be_copied);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages.json");
    let list: Vec<Value> = pages.iter().map(for_the_browser).collect();
    std::fs::write(&file, serde_json::to_vec(&list).unwrap()).unwrap();
    let tools = root().join("tests/tools");
    let mut command = tokio::process::Command::new("node");
    command.arg(tools.join("look.mjs")).current_dir(&tools).kill_on_drop(true);
    command.env("PAGES", file);
    if takes_pictures() {
        command.env("PICTURES", root().join("target/pictures"));
    }
    let output = command.output().await.expect("node");
    let written = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && written[0].ends_with("ok\n"), "{written:?}");
}

#[expect(clippy::disallowed_methods, reason = "a switch for people who run this test")]
fn takes_pictures() -> bool {
    std::env::var_os("EVERGRANT_PICTURES").is_some()
}

#[test]
fn the_users_step_of_every_error_names_no_setting_or_log() {
    let mint = [MintError::Deadline, MintError::BrokenOff].map(|error| error.explain());
    let docusign = ExchangeError::ALL.map(|error| error.explain());
    let steps = mint.iter().chain(&docusign).map(|explanation| explanation.person);
    for step in steps.chain(SignError::ALL.iter().map(|error| error.explain().person)) {
        assert!(!words_for_operators().is_match(step), "{step}");
    }
}

#[test]
fn a_page_with_a_setting_in_its_main_part_is_found() {
    for text in ["Set EVERGRANT_CLIENTS.", "run evergrant doctor", "./deploy", "look in the log", "az login"] {
        assert!(words_for_operators().is_match(text), "{text}");
    }
    assert!(!words_for_operators().is_match("Evergrant · Sign in again. The dialog shows a catalog."));
}
