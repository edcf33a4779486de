//! The page for a browser that cannot be sent back to the client: what to register, and where. Pure.
//!
//! The redirect URI is shown, but it is no link: it may be an attacker's.

use http::StatusCode;

use crate::endpoints::authorize::target::TargetError;
use crate::oauth::client::redirect_uri::redirect_uri as registrable;
use crate::web::page::Page;

/// How much of a text from the request is shown, in characters.
const MAX_SHOWN_CHARS: usize = 2000;

/// The page for `error`.
pub fn page(error: &TargetError) -> Page {
    match error {
        TargetError::ClientUnclear(why) => bad(
            "client_unclear",
            "The app did not identify itself",
            "The link has no valid client_id. Nothing was changed.",
            vec![("What is wrong", (*why).to_owned())],
            &["Correct the authorization URL in the app that sent you here.", REGISTERED],
        ),
        TargetError::ClientUnknown(client_id) => bad(
            "client_unknown",
            "This app is not registered here",
            "The app sent a client_id that is not registered. Nothing was changed.",
            vec![("client_id", shown(client_id))],
            &["Correct the client ID in the app that sent you here.", REGISTERED],
        ),
        TargetError::RedirectUriUnclear(client_id, why) => bad(
            "redirect_uri_unclear",
            "The app sent no valid return address",
            "The link has no valid redirect_uri. Nothing was changed.",
            vec![("client_id", client_id.clone()), ("What is wrong", (*why).to_owned())],
            &["Correct the authorization URL in the app that sent you here."],
        ),
        TargetError::RedirectUriUnregistered { client_id, redirect_uri } => unregistered(client_id, redirect_uri),
    }
}

const REGISTERED: &str = "The operator finds the registered client IDs in the setting EVERGRANT_CLIENTS.";

fn unregistered(client_id: &str, redirect_uri: &str) -> Page {
    let first = if registrable(redirect_uri).is_some() {
        "If this is the address of your own app, ask the operator to add it, exactly as shown, to redirect_uris of this \
         client in the setting EVERGRANT_CLIENTS."
    } else {
        "This address cannot be registered: redirect_uris of this client in the setting EVERGRANT_CLIENTS accepts https \
         addresses (http only on this machine) in ASCII, without a fragment or wildcard."
    };
    let facts = vec![("client_id", client_id.to_owned()), ("redirect_uri", shown(redirect_uri))];
    bad(
        "redirect_uri_unregistered",
        "This redirect URI is not registered",
        "For your protection, the browser is sent only to addresses that the operator has registered. This one is not \
         registered. Nothing was changed.",
        facts,
        &[
            first,
            "Power Automate shows a connector's redirect URL only after the connector is saved. It is the address above.",
            "If you do not recognize this address, close this page: someone may be trying to trick you.",
        ],
    )
}

fn bad(
    code: &'static str,
    title: &'static str,
    lead: &str,
    facts: Vec<(&'static str, String)>,
    steps: &[&str],
) -> Page {
    let steps = steps.iter().map(|step| (*step).to_owned()).collect();
    Page { facts, steps, ..Page::bad(StatusCode::BAD_REQUEST, code, title, lead) }
}

/// A text from the request, cut to a readable length. Characters outside ASCII are escaped, because some deceive the eye.
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
