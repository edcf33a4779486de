//! The page of each outcome: title, facts, and what to do next. Pure.
//!
//! It never has a user's GUID, a key, a token or a vault, but the name and e-mail address of the user who signed in.

use http::StatusCode;

use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::memory::failures::FailureKind;
use crate::oauth::scope::Scope;
use crate::types::Explained as _;
use crate::web::page::Page;

/// The page for `outcome`; `scopes` is what the connection needs.
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
            "This link is incomplete, or another deployment made it. Nothing was changed.",
        ),
        ConsentOutcome::OldState => new_link(
            "old_state",
            "This link is too old",
            "Consent links work for one week, and this one is older. If you pressed Allow, DocuSign keeps your consent.",
        ),
        ConsentOutcome::NoCode => new_link(
            "no_code",
            "DocuSign's answer is incomplete",
            "DocuSign sent neither a code nor an error, so we do not know whether consent was given.",
        ),
    }
}

fn sign_in_over() -> Page {
    let lead = "This sign-in began in another browser or more than 15 minutes ago, or it is finished already. Nothing was \
                changed.";
    Page {
        status: StatusCode::BAD_REQUEST,
        steps: vec![
            "Go back to the app that you want to connect, and begin again there.".to_owned(),
            "Sign in within 15 minutes, in the same browser, with cookies allowed for this site.".to_owned(),
            "If you did not begin a sign-in, close this page: another person may have sent you their link.".to_owned(),
        ],
        ..refused("sign_in_over", "This sign-in cannot go on", lead)
    }
}

fn client_gone() -> Page {
    let lead =
        "The app that sent you to sign in is no longer registered here, or no longer with the address to go back to.";
    Page {
        status: StatusCode::BAD_REQUEST,
        steps: vec!["Ask the operator to check the app's client in the setting EVERGRANT_CLIENTS.".to_owned()],
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
        "The connection works: the integration user had consented before. You signed in as another user, which changed nothing."
    } else {
        "DocuSign issued an access token for the integration user just now. Consent is needed only once; the connection does not expire."
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
            "Open it and sign in as the user whose ID is set as DOCUSIGN_USER_ID. If that should be you, ask the operator to set it to your own User ID.".to_owned(),
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
    let lead = "The right user signed in, and each scope has consent by itself, but DocuSign refuses them together.";
    Page {
        facts: vec![("Scopes asked for", scopes.to_string())],
        steps: vec!["Make a new link with: evergrant consent-url. It asks for all scopes at once.".to_owned()],
        ..refused("consent_incomplete", "The scopes have no consent together", lead)
    }
}

fn consent_missing(scopes: &Scope) -> Page {
    let lead = "DocuSign says that the integration user has not consented to all scopes. It did not say who signed in just \
                now, perhaps because this page was loaded twice.";
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
        retry_after: FailureKind::Permanent.cached_for(1),
        steps: vec![
            "Load this page again in a minute.".to_owned(),
            "If that does not help, ask the operator to check EVERGRANT_SEALING_KEY_ID and the identity's role on that key."
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
    let lead = "You came back from DocuSign, but DocuSign issued no access token for the integration user.";
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        retry_after: error.kind().cached_for(1),
        facts: vec![("What failed", error.code().to_owned()), ("For the operator", for_the_operator(error))],
        steps: vec![
            error.explain().person.to_owned(),
            "If that does not help, open the consent link again. DocuSign keeps a consent that was given.".to_owned(),
        ],
        ..refused(error.code(), "We could not confirm the connection", lead)
    }
}

/// What is wrong with a key is for the operator alone.
fn for_the_operator(error: &MintError) -> String {
    match error {
        MintError::Sign(_) => "Run the health checks (evergrant doctor, or the setup page).".to_owned(),
        error => error.fix(&[]).replace('`', ""),
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
