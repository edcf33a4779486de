//! What each outcome of the consent means in words: title, facts, and what to do next. Pure.
//!
//! Never a user's GUID, a key, a token or a vault; names and e-mail addresses of whoever signed in, it does tell.

use http::StatusCode;

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::memory::failures::FailureKind;
use crate::oauth::scope::Scope;
use crate::web::page::Page;

/// The words for `outcome`; `scopes` is what the connection wants.
pub fn message(outcome: &ConsentOutcome, scopes: &Scope) -> Page {
    match outcome {
        ConsentOutcome::Granted { user, signed_in } => granted(user, signed_in.as_ref(), scopes),
        ConsentOutcome::WrongUser { signed_in } => wrong_user(signed_in),
        ConsentOutcome::ScopesMissing(missing) => scopes_missing(missing),
        ConsentOutcome::NotTogether => not_together(scopes),
        ConsentOutcome::ConsentMissing => consent_missing(scopes),
        ConsentOutcome::Denied(error, text) => denied(error, text),
        ConsentOutcome::Unproved(error) => unproved(error),
        ConsentOutcome::StateUnchecked => state_unchecked(),
        ConsentOutcome::SignInOver => sign_in_over(),
        ConsentOutcome::ClientGone => client_gone(),
        ConsentOutcome::ForeignState => new_link(
            "foreign_state",
            "This link is not ours",
            "The address carries no valid state of this app, so nothing was done. It may be cut off, or made by another \
             deployment.",
        ),
        ConsentOutcome::OldState => new_link(
            "old_state",
            "This link is too old",
            "Consent links work for one week, and this one is older. If you pressed Allow, DocuSign has kept your consent.",
        ),
        ConsentOutcome::NoCode => new_link(
            "no_code",
            "DocuSign's answer is incomplete",
            "DocuSign sent neither a code nor an error, so it is not known whether consent was given.",
        ),
    }
}

fn sign_in_over() -> Page {
    let lead = "This sign-in was begun in another browser, or more than 15 minutes ago, or has come to its end already. \
                Nothing was done.";
    Page {
        status: StatusCode::BAD_REQUEST,
        steps: vec![
            "Go back to the app that you want to connect, and begin again there.".to_owned(),
            "Sign in within 15 minutes, in the same browser, with cookies allowed for this site.".to_owned(),
            "If you began nothing, close this page: somebody may have sent you a link of theirs.".to_owned(),
        ],
        ..refused("sign_in_over", "This sign-in cannot go on", lead)
    }
}

fn client_gone() -> Page {
    let lead = "The app that sent you to sign in is not registered here any more, or no longer with the address to go back to.";
    Page {
        status: StatusCode::BAD_REQUEST,
        steps: vec!["Ask an operator to check the app's client in the setting EVERGRANT_CLIENTS.".to_owned()],
        ..refused("client_gone", "The app is not registered here any more", lead)
    }
}

fn granted(user: &UserInfo, signed_in: Option<&UserInfo>, scopes: &Scope) -> Page {
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
    Page {
        status: StatusCode::OK,
        code: "granted",
        title: "The connection works",
        lead: lead.to_owned(),
        facts,
        steps: vec!["You can close this page.".to_owned()],
        retry_after: 0,
    }
}

fn wrong_user(signed_in: &UserInfo) -> Page {
    Page {
        facts: vec![("You signed in as", person(signed_in))],
        steps: vec![
            "Sign out of DocuSign, or use a private window.".to_owned(),
            "Make a new link with: evergrant consent-url".to_owned(),
            "Open it and sign in as the user whose ID is set as DOCUSIGN_USER_ID. If that should be you, have that setting corrected to your own User ID.".to_owned(),
        ],
        ..refused("wrong_user", "Another user has to consent", "You gave consent for yourself, but this app acts as another DocuSign user, who has not consented yet.")
    }
}

fn scopes_missing(missing: &[String]) -> Page {
    Page {
        facts: vec![("Without consent", missing.join(" "))],
        steps: vec![
            "Make a new link with: evergrant consent-url. It asks for every scope in DOCUSIGN_SCOPES.".to_owned(),
            "If DocuSign does not offer a scope, its product may not be part of your account's plan: remove it from DOCUSIGN_SCOPES.".to_owned(),
        ],
        ..refused("scope_missing", "Some scopes have no consent", "The right user signed in, but DocuSign reports that consent does not cover every scope.")
    }
}

fn not_together(scopes: &Scope) -> Page {
    let lead = "The right user signed in, and each scope has consent alone, but DocuSign refuses them together.";
    Page {
        facts: vec![("Scopes asked for", scopes.to_string())],
        steps: vec!["Make a new link with: evergrant consent-url. It asks for all scopes at once.".to_owned()],
        ..refused("consent_incomplete", "The scopes have no consent together", lead)
    }
}

fn consent_missing(scopes: &Scope) -> Page {
    let lead = "DocuSign says that the integration user has not consented to all scopes. Who signed in just now could \
                not be learnt, perhaps because this page was loaded twice.";
    Page {
        facts: vec![("Scopes asked for", scopes.to_string())],
        steps: vec![
            "Make a new link with: evergrant consent-url".to_owned(),
            "Open it, sign in as the user of DOCUSIGN_USER_ID, and press Allow.".to_owned(),
        ],
        ..refused("consent_missing", "Consent is still missing", lead)
    }
}

fn state_unchecked() -> Page {
    let lead =
        "The key that checks this link cannot be used at the moment. Nothing was lost: DocuSign keeps your consent.";
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        retry_after: FailureKind::Permanent.remembered_for(1),
        steps: vec![
            "Load this page again in a minute.".to_owned(),
            "If it stays, ask the operator to check EVERGRANT_SEALING_KEY_ID and the identity's role on that key."
                .to_owned(),
        ],
        ..refused("sealing_key_unavailable", "The link could not be checked", lead)
    }
}

fn denied(error: &str, text: &str) -> Page {
    let mut facts = vec![("DocuSign's error", error.to_owned())];
    facts.extend((!text.is_empty()).then(|| ("DocuSign's message", text.to_owned())));
    Page {
        facts,
        steps: vec![
            "If this was a mistake, open the link again and press Allow.".to_owned(),
            "If your organization forbids personal consent, a DocuSign administrator can grant it for the integration key.".to_owned(),
        ],
        ..refused("denied", "Consent was not given", "DocuSign sent you back without consent. Nothing was connected.")
    }
}

fn unproved(error: &MintError) -> Page {
    let lead = "You came back from DocuSign, but no access token could be had for the integration user.";
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        retry_after: error.kind().remembered_for(1),
        facts: vec![("What failed", error.code().to_owned())],
        steps: vec![
            remedy(error).to_owned(),
            "Then open the consent link again. A consent already given is kept by DocuSign.".to_owned(),
        ],
        ..refused(error.code(), "The connection could not be proved", lead)
    }
}

const fn remedy(error: &MintError) -> &'static str {
    match error {
        MintError::Sign(_) => {
            "The signing key cannot be used: ask the operator to check EVERGRANT_SIGNING_KEY_ID and the identity's role \
             on that key."
        }
        MintError::Deadline | MintError::BrokenOff => "It took too long: load this page again in a minute.",
        MintError::Exchange(error) => match error {
            ExchangeError::NoValidKeys => {
                "Upload the public key printed by: evergrant public-key. It belongs to the integration key's page under \
                 Apps and Keys."
            }
            ExchangeError::IssuerNotFound => {
                "Check DOCUSIGN_INTEGRATION_KEY and DOCUSIGN_ENVIRONMENT: DocuSign does not know the integration key."
            }
            ExchangeError::UserNotFound => {
                "Check DOCUSIGN_USER_ID and DOCUSIGN_ENVIRONMENT: DocuSign knows no such active user."
            }
            ExchangeError::AssertionExpired => "Have the server's clock corrected.",
            ExchangeError::ClientRefused => "Check DOCUSIGN_SECRET_KEY.",
            ExchangeError::UnsupportedGrantType | ExchangeError::Unexplained | ExchangeError::Undocumented { .. } => {
                "DocuSign refuses without saying why: ask the operator to check the DOCUSIGN_ settings and the log."
            }
            ExchangeError::ConsentRequired
            | ExchangeError::Throttled { .. }
            | ExchangeError::ServerFailed { .. }
            | ExchangeError::Malformed
            | ExchangeError::NoAnswer
            | ExchangeError::TimedOut => "DocuSign could not answer as expected: load this page again in a minute.",
        },
    }
}

fn new_link(code: &'static str, title: &'static str, lead: &str) -> Page {
    Page {
        status: StatusCode::BAD_REQUEST,
        steps: vec!["Make a new link with: evergrant consent-url".to_owned()],
        ..refused(code, title, lead)
    }
}

fn refused(code: &'static str, title: &'static str, lead: &str) -> Page {
    Page::bad(StatusCode::FORBIDDEN, code, title, lead)
}

fn person(user: &UserInfo) -> String {
    match (user.name.as_str(), user.email.as_str()) {
        ("", "") => "a user without name".to_owned(),
        ("", only) | (only, "") => only.to_owned(),
        (name, email) => format!("{name} ({email})"),
    }
}
