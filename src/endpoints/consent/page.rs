//! The page of each outcome. Pure.
//!
//! A page shows the name and e-mail address of a user, but never a user's GUID, a key, a token or a vault.

use http::StatusCode;

use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;
use crate::endpoints::consent::outcome::ConsentOutcome;
use crate::endpoints::sign_in::SECRET_KEY_MISSING;
use crate::memory::failures::FailureKind;
use crate::oauth::scope::Scope;
use crate::registry;
use crate::sealing::keys::SEALING_UNAVAILABLE;
use crate::types::Explained as _;
use crate::web::page::{Fact, Page, Title, Tone};

const NEW_LINK: &str = "`evergrant consent-url` prints a new consent link, and the setup page shows one.";

/// The page for `outcome`; `scopes` is what the connection needs.
pub fn of_outcome(outcome: &ConsentOutcome, scopes: &Scope) -> Page {
    match outcome {
        ConsentOutcome::Granted { user, signed_in } => granted(user, signed_in.as_ref(), scopes),
        ConsentOutcome::WrongUser { signed_in, expected } => wrong_user(signed_in, expected.as_ref()),
        ConsentOutcome::ScopesMissing { signed_in, missing } => scopes_missing(signed_in, missing),
        ConsentOutcome::NotTogether { signed_in } => not_together(signed_in, scopes),
        ConsentOutcome::ConsentMissing => consent_missing(scopes),
        ConsentOutcome::Denied(error, text) => denied(error, text),
        ConsentOutcome::MintFailed(error) => mint_failed(error),
        ConsentOutcome::RegistryUnavailable => registry::unavailable_page(),
        ConsentOutcome::StateUnchecked => state_unchecked(),
        ConsentOutcome::SecretKeyMissing => secret_key_missing(),
        ConsentOutcome::SignInOver => sign_in_over(),
        ConsentOutcome::ClientGone => client_gone(),
        ConsentOutcome::ForeignState => foreign_state(),
        ConsentOutcome::RepeatedParameter => repeated_parameter(),
        ConsentOutcome::OldState => old_state(),
        ConsentOutcome::NoCode => no_code(),
    }
}

fn granted(user: &UserInfo, signed_in: Option<&UserInfo>, scopes: &Scope) -> Page {
    let mut facts = vec![Fact::new("Connected as", person(user))];
    facts.extend(user.account().map(|account| Fact::new("Account", account.name.clone())));
    facts.push(Fact::new("Scopes", scopes.to_string()));
    let other = signed_in.filter(|signed_in| signed_in.sub != user.sub);
    facts.extend(other.map(|other| Fact::new("You signed in as", person(other))));
    let lead = if other.is_some() {
        "The integration user gave consent earlier. You signed in as another user, which changed nothing."
    } else {
        "DocuSign just issued an access token for the integration user. Consent is needed only once, and the connection does not \
         expire."
    };
    let page = Page::success("granted", Title("The connection works"), lead, ["You can close this page."]);
    Page { facts, ..page }
}

/// A page that asks for a consent, after which everything works.
fn consent_needed<const STEPS: usize>(
    code: &'static str,
    title: Title,
    lead: &str,
    steps: [&'static str; STEPS],
) -> Page {
    Page { tone: Tone::Waiting, ..Page::error(StatusCode::FORBIDDEN, code, title, lead, steps) }
}

fn wrong_user(signed_in: &UserInfo, expected: Option<&UserInfo>) -> Page {
    let needed = expected.map_or_else(|| "the integration user".to_owned(), person);
    let page = consent_needed(
        "wrong_user",
        Title("Another user has to consent"),
        "You gave consent for yourself, but this app acts as another DocuSign user, who has not consented yet.",
        [
            "Sign out of DocuSign, or open a private window.",
            "Open the consent link again and sign in as the integration user.",
            "If the app should act as you, ask the operator to change its user.",
        ],
    );
    Page {
        facts: vec![Fact::new("You signed in as", person(signed_in)), Fact::new("This app acts as", needed)],
        operator: vec![
            "The integration user is the user whose User ID is set as `DOCUSIGN_USER_ID`.".to_owned(),
            NEW_LINK.to_owned(),
        ],
        ..page
    }
}

fn scopes_missing(signed_in: &UserInfo, missing: &[String]) -> Page {
    let page = consent_needed(
        "scope_missing",
        Title("Some scopes have no consent"),
        "You signed in as the right user, but DocuSign reports that consent does not cover every scope.",
        [
            "Ask the operator for a new consent link, open it and press Allow.",
            "If DocuSign does not offer one of these scopes, your account's plan may not include it. Ask the operator to remove it.",
        ],
    );
    Page {
        facts: vec![Fact::new("You signed in as", person(signed_in)), Fact::new("Without consent", missing.join(" "))],
        operator: vec![
            format!("{NEW_LINK} It asks for every scope in `DOCUSIGN_SCOPES`."),
            "If the account's plan does not include a scope, remove it from `DOCUSIGN_SCOPES`.".to_owned(),
        ],
        ..page
    }
}

fn not_together(signed_in: &UserInfo, scopes: &Scope) -> Page {
    let page = consent_needed(
        "consent_incomplete",
        Title("Consent does not cover all scopes together"),
        "You signed in as the right user. Each scope has consent by itself, but DocuSign refuses them together.",
        ["Ask the operator for a new consent link, which asks for all scopes at once. Open it and press Allow."],
    );
    Page {
        facts: vec![Fact::new("You signed in as", person(signed_in)), Fact::new("Scopes needed", scopes.to_string())],
        operator: vec![NEW_LINK.to_owned()],
        ..page
    }
}

fn consent_missing(scopes: &Scope) -> Page {
    let page = consent_needed(
        "consent_missing",
        Title("Consent is still missing"),
        "DocuSign reports that the integration user has not consented to every scope. We could not find out who signed in just \
         now. Perhaps this page was loaded twice.",
        ["Open the consent link again, sign in as the integration user and press Allow."],
    );
    Page {
        facts: vec![Fact::new("Scopes needed", scopes.to_string())],
        operator: vec![
            "The integration user is the user whose User ID is set as `DOCUSIGN_USER_ID`.".to_owned(),
            NEW_LINK.to_owned(),
        ],
        ..page
    }
}

fn denied(error: &str, text: &str) -> Page {
    let mut facts = vec![Fact::new("DocuSign's error", error)];
    facts.extend((!text.is_empty()).then(|| Fact::new("DocuSign's message", text)));
    let page = Page::error(
        StatusCode::FORBIDDEN,
        "denied",
        Title("Consent was not given"),
        "DocuSign sent you back without consent. Nothing was connected.",
        [
            "If this was a mistake, open the link again and press Allow.",
            "If your organization does not let users consent, a DocuSign administrator can consent for the whole organization.",
        ],
    );
    let operator = "If the error is not `access_denied`, check the redirect URI and the products of the integration key on \
                    DocuSign's page Apps and Keys.";
    Page { facts, operator: vec![operator.to_owned()], ..page }
}

fn mint_failed(error: &MintError) -> Page {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        error.code(),
        Title("We could not confirm the connection"),
        "You came back from DocuSign, but DocuSign issued no access token.",
        [
            error.explain().person,
            "DocuSign keeps your consent. You can start again later from the link that you opened.",
        ],
    );
    Page { operator: vec![fix(error)], retry_after: Some(error.kind().cached_for(1)), ..page }
}

/// What fixes `error`. The page is public, so it shows no details of a key.
fn fix(error: &MintError) -> String {
    match error {
        MintError::Sign(_) => "A signing key does not work. `evergrant doctor` and the setup page show why.".to_owned(),
        error => error.fix(&[]),
    }
}

fn state_unchecked() -> Page {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        SEALING_UNAVAILABLE.code,
        Title("The link could not be checked"),
        "We cannot check this link at the moment. Nothing was lost: DocuSign keeps your consent.",
        [SEALING_UNAVAILABLE.person, "If that does not help, send the operator the request ID below."],
    );
    Page {
        operator: vec![SEALING_UNAVAILABLE.operator.to_owned()],
        retry_after: Some(FailureKind::Permanent.cached_for(1)),
        ..page
    }
}

fn secret_key_missing() -> Page {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        SECRET_KEY_MISSING.code,
        Title("We cannot find out who signed in"),
        "You came back from DocuSign, but we cannot ask DocuSign who you are at the moment. If you pressed Allow, DocuSign keeps \
         your consent.",
        [SECRET_KEY_MISSING.person, "If that does not help, send the operator the request ID below."],
    );
    Page {
        operator: vec![SECRET_KEY_MISSING.operator.to_owned()],
        retry_after: Some(FailureKind::Permanent.cached_for(1)),
        ..page
    }
}

fn sign_in_over() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "sign_in_over",
        Title("This sign-in cannot continue"),
        "It was started in another browser or more than 15 minutes ago, or it is already complete. Nothing was changed.",
        [
            "Go back to the app that you are connecting, and start again there.",
            "Sign in within 15 minutes, in the same browser, with cookies allowed for this site.",
            "If you did not start a sign-in, close this page. Someone may have sent you their link.",
        ],
    );
    let operator = "If this happens to every user, check that `EVERGRANT_PUBLIC_URL` is the address that browsers use. The cookie of \
                    the sign-in belongs to that host.";
    Page { operator: vec![operator.to_owned()], ..page }
}

fn client_gone() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "client_gone",
        Title("This app is no longer registered"),
        "The app that sent you to sign in was removed, or the address that it returns to was removed. Nothing was connected.",
        ["Ask the operator to register the app again."],
    );
    let operator = "Check the client and its `redirect_uris` in the client registry (`EVERGRANT_CLIENTS`).";
    Page { operator: vec![operator.to_owned()], ..page }
}

fn foreign_state() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "foreign_state",
        Title("This link does not work here"),
        "This link is incomplete, or it belongs to another installation. Nothing was changed.",
        ["Copy the whole link and open it again.", "If that does not help, ask the operator for a new link."],
    );
    Page {
        operator: vec![
            NEW_LINK.to_owned(),
            "Links of an earlier sealing key work while `EVERGRANT_SEALING_KEY_ID_PREVIOUS` lists that key.".to_owned(),
        ],
        ..page
    }
}

fn repeated_parameter() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "parameter_repeated",
        Title("This address is ambiguous"),
        "The address has a parameter more than once, so it does not come from DocuSign unchanged. Nothing was changed.",
        [
            "Start again from the link or the app that you came from.",
            "If you did not start anything, close this page. Someone may have sent you a changed link.",
        ],
    );
    let operator = "If this happens to every user, something in front of the app changes the query.";
    Page { operator: vec![operator.to_owned()], ..page }
}

fn old_state() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "old_state",
        Title("This link has expired"),
        "A consent link works for one week, and this one is older. If you pressed Allow, DocuSign keeps your consent.",
        ["Ask the operator for a new consent link."],
    );
    Page { operator: vec![NEW_LINK.to_owned()], ..page }
}

fn no_code() -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "no_code",
        Title("DocuSign's answer is incomplete"),
        "DocuSign sent neither a code nor an error, so we do not know whether consent was given.",
        ["Start again from the link that you opened.", "If this page appears again, ask the operator for help."],
    );
    let operator = "If it happens again, report it to DocuSign's support.";
    Page { operator: vec![NEW_LINK.to_owned(), operator.to_owned()], ..page }
}

fn person(user: &UserInfo) -> String {
    match (user.name.as_str(), user.email.as_str()) {
        ("", "") => "a user without a name".to_owned(),
        ("", only) | (only, "") => only.to_owned(),
        (name, email) => format!("{name} ({email})"),
    }
}
