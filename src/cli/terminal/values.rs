//! Parses the words that commands take. Pure.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::PUBLIC_URL;
use crate::oauth::client::ClientId;
use crate::oauth::client::gateway_rule::GatewayRule;
use crate::oauth::client::redirect_uri;
use crate::oauth::scope::Scope;
use crate::types::BaseUrl;

/// Parses one of the words for `all`, and lists them in the help.
pub fn one_of<T, const N: usize>(all: [T; N], as_str: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let parse = move |word: String| all.into_iter().find(|one| as_str(*one) == word).ok_or("unknown");
    PossibleValuesParser::new(all.map(as_str)).try_map(parse)
}

/// A client's identifier.
pub fn client_id(text: &str) -> Result<ClientId, &'static str> {
    ClientId::parse(text).ok_or("want 1 to 200 printable ASCII characters without spaces and colons")
}

/// The URL that an app is reached at.
pub fn public_url(text: &str) -> Result<BaseUrl, String> {
    BaseUrl::parse(text).ok_or_else(|| format!("want {}, for example {}", PUBLIC_URL.wanted, PUBLIC_URL.example))
}

/// An exact redirect URI.
pub fn redirect_uri(text: &str) -> Result<String, &'static str> {
    redirect_uri::redirect_uri(text)
        .ok_or("want an absolute https URL (http on this machine), without fragment or wildcard")
}

/// A rule of `gateway_allow`.
pub fn gateway_rule(text: &str) -> Result<String, &'static str> {
    let wanted =
        "want methods separated by commas or *, a space, and a path such as /clm/ or /clm-download/documents/*";
    GatewayRule::parse(text).map(|_| text.to_owned()).ok_or(wanted)
}

/// Scopes.
pub fn scope(text: &str) -> Result<Scope, &'static str> {
    Scope::parse(text).map_err(|_| "want scopes separated by spaces")
}
