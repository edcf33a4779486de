//! Parses the arguments of commands. Pure.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::config::values::{self, Reason};
use crate::oauth::client::ClientId;
use crate::oauth::scope::Scope;
use crate::types::{BaseUrl, Guid};

/// Parses one of `all` by its name, and lists the names in the help. Hyphens are accepted too, as in options.
pub fn one_of<T, const N: usize>(all: [T; N], as_str: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let parse = move |text: String| all.into_iter().find(|one| as_str(*one) == text).ok_or("unknown");
    WithHyphens(PossibleValuesParser::new(all.map(as_str))).try_map(parse)
}

/// Takes hyphens for the underscores of the names in the registry.
#[derive(Clone)]
struct WithHyphens(PossibleValuesParser);

impl TypedValueParser for WithHyphens {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        self.0.parse_ref(command, argument, value.to_string_lossy().replace('-', "_").as_ref())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// A GUID.
pub fn guid(text: &str) -> Result<Guid, String> {
    values::guid(text).map_err(|reason| explained(&reason, "a GUID, such as 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e"))
}

/// A client's identifier.
pub fn client_id(text: &str) -> Result<ClientId, String> {
    let expected = "1 to 200 printable ASCII characters without spaces and colons";
    values::clients::client_id(text).map_err(|reason| explained(&reason, expected))
}

/// The URL that an app is reached at.
pub fn public_url(text: &str) -> Result<BaseUrl, String> {
    let expected = "an https URL without a path, such as https://contoso-evergrant.azurewebsites.net";
    values::url::base_url(text).map_err(|reason| explained(&reason, expected))
}

/// An exact redirect URI.
pub fn redirect_uri(text: &str) -> Result<String, String> {
    let expected = "an exact https URI (http on this machine only), such as https://client.example/callback";
    values::url::redirect(text).map_err(|reason| explained(&reason, expected))
}

/// A rule of `gateway_allow`.
pub fn gateway_rule(text: &str) -> Result<String, String> {
    let expected = "methods separated by commas or *, a space, and a path, such as GET /clm/";
    values::clients::gateway_rule(text).map(|_| text.to_owned()).map_err(|reason| explained(&reason, expected))
}

/// Scopes.
pub fn scope(text: &str) -> Result<Scope, String> {
    values::scope(text)
        .map_err(|reason| explained(&reason, "scopes separated by spaces, such as signature spring_read"))
}

fn explained(reason: &Reason, expected: &str) -> String {
    format!("{reason}; expected {expected}")
}
