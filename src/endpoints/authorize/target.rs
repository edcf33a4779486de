//! Finds the client and the redirect URI of a request. Without both the browser is not redirected (RFC 6749 §4.1.2.1).
//! Pure.

use percent_encoding::percent_decode_str;
use url::{Url, form_urlencoded};

use crate::oauth::client::redirect_uri::redirect_uri as registrable;
use crate::oauth::client::{Client, ClientRegistry, GrantType, Profile};
use crate::oauth::query::Parameter;

/// A client, and one of its redirect URIs.
#[derive(Debug)]
pub struct RedirectTarget<'a> {
    /// The client.
    pub client: &'a Client,
    /// Where the browser is sent back to.
    pub redirect_uri: String,
    /// Whether the request named it.
    pub redirect_uri_given: bool,
}

/// Why the browser cannot be sent back to a client.
#[derive(Debug, PartialEq, Eq)]
pub enum TargetError {
    /// `client_id` is missing, sent twice, or differs from the path.
    ClientUnclear(&'static str),
    /// No client has this `client_id`.
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

impl<'a> RedirectTarget<'a> {
    /// Finds the target of a request with this `query`; `path_client_id` is the last segment of the path, if there is one.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn find(clients: &'a ClientRegistry, path_client_id: Option<&str>, query: &str) -> Result<Self, TargetError> {
        let client = find_client(clients, path_client_id, query)?;
        let unclear = |why| TargetError::RedirectUriUnclear(client.client_id.to_string(), why);
        let given = Parameter::find(query, "redirect_uri").value_or(unclear("redirect_uri is sent more than once"))?;
        match given {
            Some(redirect_uri) if client.redirects_to(&redirect_uri) => {
                Ok(Self { client, redirect_uri, redirect_uri_given: true })
            }
            Some(redirect_uri) => {
                Err(TargetError::RedirectUriUnregistered { client_id: client.client_id.to_string(), redirect_uri })
            }
            // Allowed by §3.1.2.3 if the client has registered exactly one complete redirect URI.
            None => match client.redirect_uris.as_slice() {
                [only] if client.profile == Profile::Workfront => {
                    Ok(Self { client, redirect_uri: only.clone(), redirect_uri_given: false })
                }
                _ => Err(unclear("redirect_uri is missing")),
            },
        }
    }
}

impl TargetError {
    /// The client and the redirect URI, if the operator could register it. The domain `invalid` belongs to no one (RFC 2606
    /// §2); the health checks ask for a redirect URI there.
    pub fn registrable<'a>(&'a self, clients: &'a ClientRegistry) -> Option<(&'a Client, &'a str)> {
        let Self::RedirectUriUnregistered { client_id, redirect_uri } = self else { return None };
        let client = clients.find(client_id).filter(|client| client.may_use(GrantType::AuthorizationCode))?;
        let host = Url::parse(redirect_uri).ok()?.host_str()?.to_owned();
        let is_someones = host != "invalid" && !host.ends_with(".invalid");
        (is_someones && registrable(redirect_uri).is_some()).then_some((client, redirect_uri))
    }
}

fn find_client<'a>(
    clients: &'a ClientRegistry,
    path_client_id: Option<&str>,
    query: &str,
) -> Result<&'a Client, TargetError> {
    let unclear = TargetError::ClientUnclear;
    let named = Parameter::find(query, "client_id").value_or(unclear("client_id is sent more than once"))?;
    let in_path = path_client_id.map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
    let client_id = match (&named, &in_path) {
        (None, None) => return Err(unclear("client_id is missing")),
        (Some(named), Some(in_path)) if named != in_path => {
            return Err(unclear("client_id differs from the one in the path"));
        }
        (Some(client_id), _) | (None, Some(client_id)) => client_id,
    };
    let client = clients.find(client_id).ok_or_else(|| TargetError::ClientUnknown(client_id.clone()))?;
    if named.is_none() && client.profile != Profile::Workfront {
        return Err(unclear("client_id is missing in the query"));
    }
    Ok(client)
}

/// The registered client that a refused request names, for the log, if it names no other.
pub fn named_client<'a>(clients: &'a ClientRegistry, path_client_id: Option<&str>, query: &str) -> Option<&'a Client> {
    let in_path = path_client_id.map(|text| percent_decode_str(text).decode_utf8_lossy());
    let parameters = form_urlencoded::parse(query.as_bytes());
    let in_query = parameters.filter(|(name, _)| name == "client_id").map(|(_, value)| value);
    let mut named = in_path.into_iter().chain(in_query).filter_map(|client_id| clients.find(&client_id));
    let first = named.next()?;
    named.all(|other| other.client_id == first.client_id).then_some(first)
}
