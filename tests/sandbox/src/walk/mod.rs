//! The main use cases, run once: consent, a token, the cache, a wrong secret, a caller without one, and two connections.

mod archive;

use http::Method;

use crate::browser::Browser;
use crate::client::{Answer, HttpClient};
use crate::{CLIENT_ID, CLIENT_SECRET, INTEGRATION_USER, OTHER_USER, Sandbox, WORKFLOW_ID};

pub use archive::archive;

/// One step and its result.
#[derive(Debug)]
pub struct Step {
    /// The action.
    pub what: &'static str,
    /// The result, as text.
    pub seen: String,
    /// Whether the result is as expected.
    pub good: bool,
}

/// Runs the main use cases at `base`; `consent_url` is the output of `evergrant consent-url`, or its error.
pub async fn main_way(sandbox: &Sandbox, base: &str, consent_url: &Result<String, String>) -> Vec<Step> {
    let http = HttpClient::default();
    let mut steps = vec![match consent_url {
        Ok(consent_url) => consent(consent_url).await,
        Err(message) => Step { what: "evergrant consent-url", seen: message.clone(), good: false },
    }];
    steps.push(first_token(&http, sandbox, base).await);
    steps.push(cached_token(&http, sandbox, base).await);
    steps.push(wrong_secret(&http, base).await);
    steps.push(without_secret(&http, sandbox, base).await);
    steps.push(power_automate(sandbox).await);
    steps.push(workfront(sandbox).await);
    steps
}

/// Requests a token as a client.
pub async fn ask(http: &HttpClient, base: &str, client_secret: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", client_secret)];
    http.post_form(&format!("{base}/oauth/token"), &[], &form).await
}

/// Opens the consent link, signs in as `user`, presses Allow or Deny, and follows DocuSign's redirect.
pub async fn press(consent_url: &str, user: &str, decision: &str) -> Answer {
    Browser::default().sign_in(consent_url, user, decision).await.answer
}

async fn consent(consent_url: &str) -> Step {
    let page = press(consent_url, INTEGRATION_USER, "allow").await;
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
        format!(
            "a {length}-character access token, valid for {expires_in} s; DocuSign returns the user {}",
            user["name"]
        )
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
    Step { what: "Request a token again", seen, good }
}

async fn wrong_secret(http: &HttpClient, base: &str) -> Step {
    let answer = ask(http, base, "another secret").await;
    let good = answer.status == 401 && answer.json()["error"] == "invalid_client";
    Step {
        what: "Request a token with a wrong secret",
        seen: format!("{} {}", answer.status.as_u16(), answer.text()),
        good,
    }
}

/// The token of a job at GitHub in place of a secret.
async fn without_secret(http: &HttpClient, sandbox: &Sandbox, base: &str) -> Step {
    let assertion = sandbox.issuers.github.job_token(base);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", WORKFLOW_ID),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
    ];
    let answer = http.post_form(&format!("{base}/oauth/token"), &[], &form).await;
    let good = answer.status == 200 && answer.json()["access_token"].is_string();
    let issuer = sandbox.issuers.github.issuer.url();
    let seen = if good { format!("{issuer} vouches for the workflow") } else { answer.text() };
    Step { what: "Request a token as a GitHub workflow, without a secret", seen, good }
}

/// A system-wide connection, created by the integration user and refreshed.
async fn power_automate(sandbox: &Sandbox) -> Step {
    let platform = &sandbox.power_platform;
    let url = format!("{}/connect", platform.site.url());
    let page = Browser::default().sign_in(&url, INTEGRATION_USER, "allow").await.answer;
    let refreshed = platform.refresh(3).await;
    let good = page.text().contains("Connected.") && refreshed.is_ok();
    let seen = match (&refreshed, platform.connection()) {
        (Ok(()), Some(connection)) if good => {
            let (length, expires_in) = (connection.refresh_token.len(), connection.expires_in);
            format!(
                "connected and refreshed by three machines at once: a {length}-character refresh token, {expires_in} s each time"
            )
        }
        _ => format!("{} {refreshed:?}", page.text()),
    };
    Step { what: "Create a connection in Power Automate and refresh it", seen, good }
}

/// A connection of the signed-in user, with a silent refresh.
async fn workfront(sandbox: &Sandbox) -> Step {
    let workfront = &sandbox.workfront;
    let url = format!("{}/connect", workfront.site.url());
    let page = Browser::default().sign_in(&url, OTHER_USER, "allow").await.answer;
    workfront.invalidate_access_token();
    let answer = workfront.browse().await;
    let good = page.text().contains("Service added.") && answer.status == 200 && workfront.refreshes() == 1;
    let seen = if good {
        format!("added, and refreshed silently after a 403: {}", answer.json()["title"])
    } else {
        format!("{} {} {}", page.text(), answer.status, answer.text())
    };
    Step { what: "Add the service in Workfront and invalidate its access token", seen, good }
}
