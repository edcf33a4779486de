//! The README of a variant. Pure.

use askama::Template;

use crate::connector::{Api, Authentication, Variant};

/// The rules that allow all actions and triggers of a connector.
const CLM_RULES: [&str; 2] = ["clm:read", "clm:write"];
const ESIGNATURE_RULES: [&str; 2] = ["esignature:read", "esignature:send"];

/// What the template shows. Its text has the sample URL, like the other files.
#[derive(Template)]
#[template(path = "connector.md")]
struct Readme<'a> {
    /// The API's name.
    name: &'static str,
    clm: bool,
    gateway: bool,
    by_key: bool,
    /// The command's options.
    options: String,
    scope: &'static str,
    rules: &'static [&'static str],
    /// The rule that allows reading only.
    read_rule: &'static str,
    /// The connection's field for DocuSign's host.
    site: &'static str,
    /// The client with an API key.
    key_client: &'static str,
    /// The client that users sign in with, as it is and for a shell.
    client_id: &'a str,
    quoted_client_id: String,
}

/// The README of `variant`.
///
/// # Errors
/// If the template cannot be rendered.
pub fn of(variant: &Variant) -> Result<String, askama::Error> {
    let client_id = variant.authentication.client_id().map_or("", |client_id| client_id.as_str());
    let clm = variant.api == Api::Clm;
    let readme = Readme {
        clm,
        gateway: !matches!(variant.authentication, Authentication::Direct { .. }),
        by_key: variant.authentication == Authentication::ApiKey,
        options: options(variant),
        client_id,
        // Quoting fails only for NUL, which no client ID has.
        quoted_client_id: shlex::try_quote(client_id).unwrap_or_default().into_owned(),
        name: if clm { "CLM" } else { "eSignature" },
        scope: if clm { "spring_read spring_write" } else { "signature" },
        rules: if clm { &CLM_RULES } else { &ESIGNATURE_RULES },
        read_rule: if clm { CLM_RULES[0] } else { ESIGNATURE_RULES[0] },
        site: if clm { "CLM site" } else { "eSignature server" },
        key_client: if clm { "clm-by-key" } else { "esignature-by-key" },
    };
    let mut text = readme.render()?;
    text.push('\n');
    Ok(text)
}

/// The options of the command that writes `variant`.
fn options(variant: &Variant) -> String {
    let api = if variant.api == Api::Clm { String::new() } else { format!(" --api {}", variant.api.as_str()) };
    let authentication = match variant.authentication {
        Authentication::Direct { .. } => "",
        Authentication::ThroughGateway { .. } => " --through-gateway",
        Authentication::ApiKey => " --api-key",
    };
    format!("{api}{authentication}")
}
