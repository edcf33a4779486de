//! The page a person sees after the consent: what happened, and what to do next. Pure.
//!
//! It never shows a user's GUID, a key, a token or a vault; names and e-mail addresses of whoever signed in, it does.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use crate::consent::Outcome;
use crate::docusign::errors::ExchangeError;
use crate::docusign::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::oauth::reply::Response;
use crate::oauth::scope::Scope;
use crate::telemetry::{Answer, Record};

const STYLE: &str = include_str!("../../templates/style.css");

/// Nothing may be loaded, framed, submitted or run; the one style sheet is named by its digest.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

#[derive(Template)]
#[template(path = "consent.html")]
struct Page {
    style: &'static str,
    /// `good` or `bad`; the style sheet knows both.
    tone: &'static str,
    /// The tone in a word, for those who see no colour.
    verdict: &'static str,
    title: &'static str,
    lead: String,
    facts: Vec<(&'static str, String)>,
    steps: Vec<String>,
}

/// What a page says, before it is dressed.
struct Message {
    status: StatusCode,
    word: &'static str,
    title: &'static str,
    lead: String,
    facts: Vec<(&'static str, String)>,
    steps: Vec<String>,
}

/// The answer for `outcome`; `scopes` is what the connection wants.
pub fn answer(outcome: &Outcome, scopes: &Scope) -> Answer {
    let message = message(outcome, scopes);
    let word = message.word;
    let granted = matches!(outcome, Outcome::Granted { .. });
    let record = Record { cause: (!granted).then_some(word), ..Record::of("consent_checked") };
    Answer { response: dress(message, granted), record }
}

fn message(outcome: &Outcome, scopes: &Scope) -> Message {
    match outcome {
        Outcome::Granted { user, signed_in } => granted(user, signed_in.as_ref(), scopes),
        Outcome::WrongUser { signed_in } => wrong_user(signed_in),
        Outcome::ScopesMissing(missing) => scopes_missing(missing),
        Outcome::Denied(error, text) => denied(error, text),
        Outcome::Unproved(error) => unproved(error),
        Outcome::ForeignState => new_link(
            "foreign_state",
            "This link is not ours",
            "The address carries no valid state of this app, so nothing was done. It may be cut off, or made by another deployment.",
        ),
        Outcome::OldState => new_link(
            "old_state",
            "This link is too old",
            "Consent links work for one week, and this one is older. If you pressed Allow, DocuSign has kept your consent.",
        ),
        Outcome::NoCode => new_link(
            "no_code",
            "DocuSign's answer is incomplete",
            "DocuSign sent neither a code nor an error, so it is not known whether consent was given.",
        ),
        Outcome::ConsentMissing => Message {
            facts: vec![("Scopes asked for", scopes.to_string())],
            steps: vec![
                "Make a new link with: evergrant consent-url".to_owned(),
                "Open it, sign in as the user of DOCUSIGN_USER_ID, and press Allow.".to_owned(),
            ],
            ..refused(
                "consent_missing",
                "Consent is still missing",
                "DocuSign says that the integration user has not consented to all scopes. Who signed in just now could not be learnt, perhaps because this page was loaded twice.",
            )
        },
        Outcome::StateUnchecked => Message {
            status: StatusCode::SERVICE_UNAVAILABLE,
            steps: vec![
                "Load this page again in a minute.".to_owned(),
                "If it stays, ask the operator to check EVERGRANT_SEALING_KEY_ID and the identity's role on that key."
                    .to_owned(),
            ],
            ..refused(
                "sealing_key_unavailable",
                "The link could not be checked",
                "The key that checks this link cannot be used at the moment. Nothing was lost: DocuSign keeps your consent.",
            )
        },
    }
}

fn granted(user: &UserInfo, signed_in: Option<&UserInfo>, scopes: &Scope) -> Message {
    let mut facts = vec![("Connected as", person(user))];
    facts.extend(user.account().map(|account| ("Account", account.name.clone())));
    facts.push(("Scopes", scopes.to_string()));
    let other = signed_in.filter(|signed_in| signed_in.sub != user.sub);
    let lead = if let Some(other) = other {
        facts.push(("You signed in as", person(other)));
        "The connection works: the integration user's consent was there already. You signed in as somebody else, which changed nothing for it."
    } else {
        "A DocuSign access token was issued for the integration user just now. This consent is needed only once; the connection does not expire."
    };
    Message {
        status: StatusCode::OK,
        word: "granted",
        title: "The connection works",
        lead: lead.to_owned(),
        facts,
        steps: vec!["You can close this page.".to_owned()],
    }
}

fn wrong_user(signed_in: &UserInfo) -> Message {
    Message {
        facts: vec![("You signed in as", person(signed_in))],
        steps: vec![
            "Sign out of DocuSign, or use a private window.".to_owned(),
            "Make a new link with: evergrant consent-url".to_owned(),
            "Open it and sign in as the user whose ID is set as DOCUSIGN_USER_ID. If that should be you, have that setting corrected to your own User ID.".to_owned(),
        ],
        ..refused("wrong_user", "Another user has to consent", "You gave consent for yourself, but this app acts as another DocuSign user, who has not consented yet.")
    }
}

fn scopes_missing(missing: &[String]) -> Message {
    Message {
        facts: vec![("Without consent", missing.join(" "))],
        steps: vec![
            "Make a new link with: evergrant consent-url. It asks for every scope in DOCUSIGN_SCOPES.".to_owned(),
            "If DocuSign does not offer a scope, its product may not be part of your account's plan: remove it from DOCUSIGN_SCOPES.".to_owned(),
        ],
        ..refused("scope_missing", "Some scopes have no consent", "The right user signed in, but DocuSign reports that consent does not cover every scope.")
    }
}

fn denied(error: &str, text: &str) -> Message {
    let mut facts = vec![("DocuSign's error", error.to_owned())];
    facts.extend((!text.is_empty()).then(|| ("DocuSign's message", text.to_owned())));
    Message {
        facts,
        steps: vec![
            "If this was a mistake, open the link again and press Allow.".to_owned(),
            "If your organization forbids personal consent, a DocuSign administrator can grant it for the integration key.".to_owned(),
        ],
        ..refused("denied", "Consent was not given", "DocuSign sent you back without consent. Nothing was connected.")
    }
}

fn unproved(error: &MintError) -> Message {
    let step = match error {
        MintError::Exchange(error) => match error {
            ExchangeError::NoValidKeys => {
                "Upload the public key printed by: evergrant public-key. It belongs to the integration key's page under Apps and Keys."
            }
            ExchangeError::IssuerNotFound => {
                "Check DOCUSIGN_INTEGRATION_KEY and DOCUSIGN_ENVIRONMENT: DocuSign does not know the integration key."
            }
            ExchangeError::UserNotFound => {
                "Check DOCUSIGN_USER_ID and DOCUSIGN_ENVIRONMENT: DocuSign knows no such active user."
            }
            ExchangeError::AssertionExpired => "Have the server's clock corrected.",
            ExchangeError::ClientRefused => "Check DOCUSIGN_SECRET_KEY.",
            ExchangeError::ConsentRequired
            | ExchangeError::Undocumented { .. }
            | ExchangeError::Throttled { .. }
            | ExchangeError::ServerFailed { .. }
            | ExchangeError::Malformed
            | ExchangeError::NoAnswer
            | ExchangeError::TimedOut => "DocuSign could not answer as expected: load this page again in a minute.",
        },
        MintError::Sign(_) => {
            "The signing key cannot be used: ask the operator to check EVERGRANT_SIGNING_KEY_ID and the identity's role on that key."
        }
        MintError::Deadline | MintError::BrokenOff => "It took too long: load this page again in a minute.",
    };
    Message {
        status: StatusCode::SERVICE_UNAVAILABLE,
        facts: vec![("What failed", error.word().to_owned())],
        steps: vec![
            step.to_owned(),
            "Then open the consent link again. A consent already given is kept by DocuSign.".to_owned(),
        ],
        ..refused(
            error.word(),
            "The connection could not be proved",
            "You came back from DocuSign, but no access token could be had for the integration user.",
        )
    }
}

fn new_link(word: &'static str, title: &'static str, lead: &str) -> Message {
    Message {
        status: StatusCode::BAD_REQUEST,
        steps: vec!["Make a new link with: evergrant consent-url".to_owned()],
        ..refused(word, title, lead)
    }
}

fn refused(word: &'static str, title: &'static str, lead: &str) -> Message {
    Message { status: StatusCode::FORBIDDEN, word, title, lead: lead.to_owned(), facts: Vec::new(), steps: Vec::new() }
}

fn person(user: &UserInfo) -> String {
    match (user.name.as_str(), user.email.as_str()) {
        ("", "") => "a user without name".to_owned(),
        ("", only) | (only, "") => only.to_owned(),
        (name, email) => format!("{name} ({email})"),
    }
}

fn dress(message: Message, good: bool) -> Response {
    let (tone, verdict) = if good { ("good", "Done") } else { ("bad", "Not done") };
    let Message { status, title, lead, facts, steps, .. } = message;
    let page = Page { style: STYLE, tone, verdict, title, lead, facts, steps };
    // Rendering writes strings into a string, which cannot fail.
    let mut response = Response::new(Bytes::from(page.render().unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if let Some(policy) = &*POLICY {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(30));
    }
    response
}
