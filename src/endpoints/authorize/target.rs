//! Who asks, and where may the browser be sent back to? Until both are certain nothing is redirected (RFC 6749
//! §4.1.2.1). Pure.

use percent_encoding::percent_decode_str;

use crate::oauth::client::{Client, ClientRegistry, Profile};
use crate::oauth::query::Parameter;

/// A client, and one of its redirect URIs.
#[derive(Debug)]
pub struct Target<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the browser goes back to.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_uri_given: bool,
}

/// Why there is no telling where to go back to.
#[derive(Debug, PartialEq, Eq)]
pub enum NoTarget {
    /// `client_id` is missing, sent twice, or not the path's.
    ClientUnclear(&'static str),
    /// No client is registered under this name.
    ClientUnknown(String),
    /// `redirect_uri` is missing, or sent twice.
    RedirectUriUnclear(String, &'static str),
    /// The client has not registered this redirect URI.
    RedirectUriUnregistered {
        /// The client.
        client_id: String,
        /// The redirect URI, exactly as it was sent.
        redirect_uri: String,
    },
}

impl<'a> Target<'a> {
    /// Finds the target of a request at `path_client_id` (the last segment of the path, if any) with `query`.
    ///
    /// # Errors
    /// [`NoTarget`].
    pub fn find(clients: &'a ClientRegistry, path_client_id: Option<&str>, query: &str) -> Result<Self, NoTarget> {
        let client = find_client(clients, path_client_id, query)?;
        let unclear = |why| NoTarget::RedirectUriUnclear(client.client_id.to_string(), why);
        let given = Parameter::find(query, "redirect_uri").value_or(unclear("redirect_uri is sent more than once"))?;
        match given {
            Some(redirect_uri) if client.redirects_to(&redirect_uri) => {
                Ok(Self { client, redirect_uri, redirect_uri_given: true })
            }
            Some(redirect_uri) => {
                Err(NoTarget::RedirectUriUnregistered { client_id: client.client_id.to_string(), redirect_uri })
            }
            // §3.1.2.3 lets the only registered one be meant, if all of it is registered, as it always is here.
            None => match client.redirect_uris.as_slice() {
                [only] if client.profile == Profile::Workfront => {
                    Ok(Self { client, redirect_uri: only.clone(), redirect_uri_given: false })
                }
                _ => Err(unclear("redirect_uri is missing")),
            },
        }
    }
}

fn find_client<'a>(
    clients: &'a ClientRegistry,
    path_client_id: Option<&str>,
    query: &str,
) -> Result<&'a Client, NoTarget> {
    let unclear = NoTarget::ClientUnclear;
    let named = Parameter::find(query, "client_id").value_or(unclear("client_id is sent more than once"))?;
    let in_path = path_client_id.map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
    let client_id = match (&named, &in_path) {
        (None, None) => return Err(unclear("client_id is missing")),
        (Some(named), Some(in_path)) if named != in_path => {
            return Err(unclear("client_id differs from the one in the path"));
        }
        (Some(client_id), _) | (None, Some(client_id)) => client_id,
    };
    let client = clients.find(client_id).ok_or_else(|| NoTarget::ClientUnknown(client_id.clone()))?;
    if named.is_none() && client.profile != Profile::Workfront {
        return Err(unclear("client_id is missing in the query"));
    }
    Ok(client)
}
