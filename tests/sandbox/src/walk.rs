//! The main way, walked once from outside: consent, a token, the cache, and a refusal.

use http::Method;

use crate::client::{Answer, HttpClient};
use crate::{CLIENT_ID, CLIENT_SECRET, INTEGRATION_USER, Sandbox};

/// One step and how it went.
#[derive(Debug)]
pub struct Step {
    /// What was done.
    pub what: &'static str,
    /// What came of it, for people.
    pub seen: String,
    /// Whether that is what should have come of it.
    pub good: bool,
}

/// Walks the main way at `base`; `consent_url` is what `evergrant consent-url` printed, or what it
/// complained of.
pub async fn main_way(sandbox: &Sandbox, base: &str, consent_url: &Result<String, String>) -> Vec<Step> {
    let http = HttpClient::default();
    let mut steps = vec![match consent_url {
        Ok(consent_url) => consent(&http, sandbox, consent_url).await,
        Err(told) => Step { what: "evergrant consent-url", seen: told.clone(), good: false },
    }];
    steps.push(first_token(&http, sandbox, base).await);
    steps.push(cached_token(&http, sandbox, base).await);
    steps.push(wrong_secret(&http, base).await);
    steps
}

/// Asks for a token as a client would.
pub async fn ask(http: &HttpClient, base: &str, client_secret: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", client_secret)];
    http.post_form(&format!("{base}/oauth/token"), &[], &form).await
}

/// Opens the consent link, presses Allow or Deny as `user`, and goes where DocuSign sends the browser.
pub async fn press(http: &HttpClient, sandbox: &Sandbox, consent_url: &str, user: &str, decision: &str) -> Answer {
    let page = http.get(consent_url).await;
    let html = page.text();
    let hidden = html.split_once("name=query value='").and_then(|(_, rest)| rest.split_once('\''));
    let Some((query, _)) = hidden.filter(|_| html.contains(user)) else { return page };
    let query = query.replace("&amp;", "&");
    let form = [("query", query.as_str()), ("user", user), ("decision", decision)];
    let decided = http.post_form(&format!("{}/oauth/auth/decision", sandbox.docusign_url()), &[], &form).await;
    if decided.status == 302 { http.get(decided.header("location")).await } else { decided }
}

async fn consent(http: &HttpClient, sandbox: &Sandbox, consent_url: &str) -> Step {
    let page = press(http, sandbox, consent_url, INTEGRATION_USER, "allow").await;
    let good = page.status == 200 && page.text().contains("The connection works");
    let seen = if good { "the callback page says: The connection works".to_owned() } else { page.text() };
    Step { what: "Open the consent link at DocuSign and press Allow", seen, good }
}

async fn first_token(http: &HttpClient, sandbox: &Sandbox, base: &str) -> Step {
    let answer = ask(http, base, CLIENT_SECRET).await;
    let json = answer.json();
    let access_token = json["access_token"].as_str().unwrap_or_default();
    let userinfo = format!("{}/oauth/userinfo", sandbox.docusign_url());
    let bearer = format!("Bearer {access_token}");
    let user = http.call(Method::GET, &userinfo, &[("authorization", &bearer)], "").await.json();
    let good = answer.status == 200 && user["sub"] == INTEGRATION_USER;
    let seen = if good {
        let (length, expires_in) = (access_token.len(), &json["expires_in"]);
        format!("a {length}-character access token, good for {expires_in} s; DocuSign says it is {}'s", user["name"])
    } else {
        format!("{} {}", answer.status, answer.text())
    };
    Step { what: "POST /oauth/token with grant_type=client_credentials", seen, good }
}

async fn cached_token(http: &HttpClient, sandbox: &Sandbox, base: &str) -> Step {
    let before = (sandbox.key_vault.signatures(), sandbox.docusign.exchanges());
    let answer = ask(http, base, CLIENT_SECRET).await;
    let after = (sandbox.key_vault.signatures(), sandbox.docusign.exchanges());
    let good = answer.status == 200 && before == after;
    let seen = format!(
        "from the cache: {} signatures and {} exchanges before, {} and {} after",
        before.0, before.1, after.0, after.1
    );
    Step { what: "Ask again", seen, good }
}

async fn wrong_secret(http: &HttpClient, base: &str) -> Step {
    let answer = ask(http, base, "another secret").await;
    let good = answer.status == 401 && answer.json()["error"] == "invalid_client";
    Step { what: "Ask with a wrong secret", seen: format!("{} {}", answer.status.as_u16(), answer.text()), good }
}
