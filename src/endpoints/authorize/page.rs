//! The page for a browser that cannot be sent back to the client: what to register, and where. Pure.
//!
//! The redirect URI is shown as text and not as a link, because it may be an attacker's.

use std::borrow::Cow;

use http::StatusCode;

use crate::config::RegistryPlace;
use crate::endpoints::authorize::target::TargetError;
use crate::oauth::client::redirect_uri::redirect_uri as registrable;
use crate::web::page::{Fact, Page, Title, Tone};

/// How much of a text from the request is shown, in characters.
const MAX_SHOWN_CHARS: usize = 2000;

const UNKNOWN_ADDRESS: &str =
    "If you do not recognize this address, close this page. Someone may be trying to trick you.";

/// The page for `error`, where the registry is at `place`.
pub fn page(error: &TargetError, place: &RegistryPlace) -> Page {
    match error {
        TargetError::ClientUnclear(why) => client_unclear(why),
        TargetError::ClientUnknown(client_id) => client_unknown(client_id),
        TargetError::RedirectUriUnclear(client_id, why) => redirect_uri_unclear(client_id, why),
        TargetError::RedirectUriUnregistered { client_id, redirect_uri } => {
            if registrable(redirect_uri).is_some() {
                redirect_uri_unregistered(client_id, redirect_uri, place)
            } else {
                redirect_uri_refused(client_id, redirect_uri)
            }
        }
    }
}

fn client_unclear(why: &'static str) -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "client_unclear",
        Title("The app did not identify itself"),
        "The link has no valid client ID. Nothing was changed.",
        ["Correct the authorization URL in the app that sent you here.", "The operator can send you the right URL."],
    );
    let operator = "The setup page shows the authorization URL and the client ID of each registered client.";
    Page {
        facts: vec![Fact::new("What is wrong", why)],
        operator: vec![operator.to_owned()],
        logged: Some(why),
        ..page
    }
}

fn client_unknown(client_id: &str) -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "client_unknown",
        Title("This app is not registered here"),
        "The app sent a client ID that is not registered. Nothing was changed.",
        [
            "Compare the client ID in the app that sent you here with the one that the operator gave you.",
            "If they are the same, ask the operator to register the app.",
        ],
    );
    let operator =
        "The setup page shows the registered clients. `evergrant client new --help` shows how to register one.";
    Page { facts: vec![Fact::new("Client ID", shown(client_id))], operator: vec![operator.to_owned()], ..page }
}

fn redirect_uri_unclear(client_id: &str, why: &'static str) -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "redirect_uri_unclear",
        Title("The app sent no valid return address"),
        "The link has no valid redirect URI. Nothing was changed.",
        ["Correct the authorization URL in the app that sent you here.", "The operator can send you the right URL."],
    );
    let operator = "The link has to name one of the client's redirect URIs, once. The setup page shows them.";
    Page {
        facts: vec![Fact::new("Client ID", client_id), Fact::new("What is wrong", why)],
        operator: vec![operator.to_owned()],
        logged: Some(why),
        ..page
    }
}

/// The first connection of a new Power Automate connector ends here, so this is a step and not a failure.
fn redirect_uri_unregistered(client_id: &str, redirect_uri: &str, place: &RegistryPlace) -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "redirect_uri_unregistered",
        Title("This redirect URI is not registered yet"),
        format!(
            "The app “{client_id}” asked us to send you back to the address below. For your protection, we use only addresses that \
             the operator has registered. Nothing is broken, and nothing was changed."
        ),
        [
            "If this is the address of your app, send it to the operator, exactly as shown. In Power Automate it is the \
             connector's redirect URL, which exists only after the connector is saved.",
            "When the operator has registered the address, connect again.",
            UNKNOWN_ADDRESS,
        ],
    );
    let operator = format!(
        "Register the address only if you know the app. The setup page has the command that adds it to `redirect_uris` of the client, \
         with the place of your client registry (`EVERGRANT_CLIENTS`): `{}`.{}",
        add_command(client_id, redirect_uri, place),
        match place {
            RegistryPlace::Blob(_) | RegistryPlace::File(_) => " The app reads the registry within 30 seconds.",
            RegistryPlace::Setting => " Then deploy the registry with the same `./deploy` command as before.",
        }
    );
    Page {
        tone: Tone::Waiting,
        facts: vec![Fact::new("Client ID", client_id), address(redirect_uri)],
        operator: vec![operator],
        logged: Some(page.title.0),
        ..page
    }
}

/// The page is public, so it names neither the storage account nor the file. The setup page does.
fn add_command(client_id: &str, redirect_uri: &str, place: &RegistryPlace) -> String {
    let registry = match place {
        RegistryPlace::Blob(_) => "\"<URL of the registry's blob>\"",
        RegistryPlace::File(_) => "\"<file with the registry>\"",
        RegistryPlace::Setting => "infra/clients.json",
    };
    // Quoting fails only for NUL, which no redirect URI contains.
    let quoted = |text: &str| shlex::try_quote(text).map(Cow::into_owned).unwrap_or_default();
    format!("evergrant client add-redirect-uri {} {} --in {registry}", quoted(client_id), quoted(redirect_uri))
}

/// This redirect URI can never be registered.
fn redirect_uri_refused(client_id: &str, redirect_uri: &str) -> Page {
    let page = Page::error(
        StatusCode::BAD_REQUEST,
        "redirect_uri_unregistered",
        Title("This redirect URI cannot be registered"),
        format!(
            "The app “{client_id}” asked us to send you back to the address below, which is not allowed. Nothing was changed."
        ),
        [
            "Correct the redirect URI in the app that sent you here. It has to be an https address, without a fragment (#) and \
             without a wildcard (*).",
            UNKNOWN_ADDRESS,
        ],
    );
    let operator = "`redirect_uris` accepts https addresses in ASCII, without a fragment or wildcard, and http addresses only on the \
                    user's own machine.";
    Page {
        facts: vec![Fact::new("Client ID", client_id), Fact::new("Redirect URI", shown(redirect_uri))],
        operator: vec![operator.to_owned()],
        logged: Some(page.title.0),
        ..page
    }
}

/// The address to copy, unless it is cut.
fn address(redirect_uri: &str) -> Fact {
    let value = shown(redirect_uri);
    let to_copy = value == redirect_uri;
    if to_copy { Fact::to_copy("Redirect URI", value) } else { Fact::new("Redirect URI", value) }
}

/// A text from the request, cut to a readable length. Characters outside ASCII are escaped, because some look like others.
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
