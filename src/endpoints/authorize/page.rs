//! What a person is told when the browser cannot be sent back to the client: what to register, and where. Pure.
//!
//! The redirect URI is shown and never linked: it may be an attacker's.

use http::StatusCode;

use crate::endpoints::authorize::target::NoTarget;
use crate::oauth::client::redirect_uri::redirect_uri as registrable;
use crate::web::page::Page;

/// The longest foreign text shown, in characters.
const MAX_SHOWN_CHARS: usize = 2000;

/// The page for `no_target`.
pub fn page(no_target: &NoTarget) -> Page {
    match no_target {
        NoTarget::ClientUnclear(why) => bad(
            "client_unclear",
            "The app did not say who it is",
            "The address has no clear client_id, so nothing was done.",
            vec![("What is wrong", (*why).to_owned())],
            &["Correct the authorization URL in the app that sent you here.", NAMES],
        ),
        NoTarget::ClientUnknown(client_id) => bad(
            "client_unknown",
            "This app is not registered here",
            "No client is registered under the name that the app sent, so nothing was done.",
            vec![("client_id", shown(client_id))],
            &["Correct the client ID in the app that sent you here.", NAMES],
        ),
        NoTarget::RedirectUriUnclear(client_id, why) => bad(
            "redirect_uri_unclear",
            "The app did not say where to go back to",
            "The address has no clear redirect_uri, so nothing was done.",
            vec![("client_id", client_id.clone()), ("What is wrong", (*why).to_owned())],
            &["Correct the authorization URL in the app that sent you here."],
        ),
        NoTarget::RedirectUriUnregistered { client_id, redirect_uri } => unregistered(client_id, redirect_uri),
    }
}

const NAMES: &str = "An operator finds the registered names in the setting EVERGRANT_CLIENTS.";

fn unregistered(client_id: &str, redirect_uri: &str) -> Page {
    let first = if registrable(redirect_uri).is_some() {
        "If you know this address to be your own app's, have an operator add it, exactly as shown, to redirect_uris of \
         this client in the setting EVERGRANT_CLIENTS."
    } else {
        "This address cannot be registered: redirect_uris of this client in the setting EVERGRANT_CLIENTS takes https \
         addresses (http only on this machine) in plain ASCII, without fragment or wildcard."
    };
    let facts = vec![("client_id", client_id.to_owned()), ("redirect_uri", shown(redirect_uri))];
    bad(
        "redirect_uri_unregistered",
        "This redirect URI is not registered",
        "For your protection the browser is sent back only to addresses that an operator has registered. This one is not \
         among them, so nothing was done.",
        facts,
        &[
            first,
            "Power Automate shows the redirect URL of a connector only after the connector was saved: it is the address above.",
            "If you do not know this address, close this page: somebody may be trying to trick you.",
        ],
    )
}

fn bad(
    word: &'static str,
    title: &'static str,
    lead: &str,
    facts: Vec<(&'static str, String)>,
    steps: &[&str],
) -> Page {
    let steps = steps.iter().map(|step| (*step).to_owned()).collect();
    Page { facts, steps, ..Page::bad(StatusCode::BAD_REQUEST, word, title, lead) }
}

/// Foreign text as it is, but of readable length and without what deceives the eye.
fn shown(text: &str) -> String {
    let plain = text.chars().take(MAX_SHOWN_CHARS).flat_map(|c| {
        let escaped = if c.is_ascii_graphic() || c == ' ' { String::from(c) } else { c.escape_unicode().to_string() };
        escaped.chars().collect::<Vec<_>>()
    });
    let mut plain: String = plain.collect();
    if text.chars().count() > MAX_SHOWN_CHARS {
        plain.push_str(" … (cut)");
    }
    plain
}
