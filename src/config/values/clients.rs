//! Values in the client registry.

use crate::config::values::{Reason, nearest};
use crate::oauth::client::ClientId;
use crate::oauth::client::gateway_path::{is_reachable, is_unambiguous, normalize};
use crate::oauth::client::gateway_preset::GatewayPreset;
use crate::oauth::client::gateway_rule::{GatewayApi, GatewayRule, TRIGGERS};
use crate::secret::{Sha256, sha256, sha256_from_hex};

/// A client's identifier.
pub fn client_id(text: &str) -> Result<ClientId, Reason> {
    ClientId::parse(text).ok_or_else(|| {
        if text.is_empty() {
            "it is empty".into()
        } else if text.len() > 200 {
            format!("it has {} characters", text.chars().count()).into()
        } else if text.contains(':') {
            "it has a colon, which HTTP Basic authentication cannot carry".into()
        } else if text.contains(char::is_whitespace) {
            "it has a space".into()
        } else {
            "it has a character outside printable ASCII".into()
        }
    })
}

/// The SHA-256 digest of a secret.
pub fn digest(text: &str) -> Result<Sha256, Reason> {
    let digest = sha256_from_hex(text).ok_or_else(|| why_no_digest(text))?;
    if digest == sha256(b"") { Err("it is the digest of an empty secret".into()) } else { Ok(digest) }
}

fn why_no_digest(text: &str) -> Reason {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    let digits = text.len();
    if sha256_from_hex(&text.to_ascii_lowercase()).is_some() {
        "it has capital letters".into()
    } else if text.to_ascii_lowercase().starts_with("sha256") {
        "it begins with sha256 before the digits".into()
    } else if text.bytes().all(|byte| byte.is_ascii_hexdigit()) && matches!(digits, 32 | 40 | 96 | 128) {
        format!("it has {digits} digits, so it is the digest of another algorithm").into()
    } else if text.bytes().all(|byte| byte.is_ascii_hexdigit()) && digits > 0 {
        format!("it has {digits} hexadecimal digits instead of 64").into()
    } else if matches!(digits, 43 | 44) && text.chars().all(is_base64) {
        "it is base64 instead of hexadecimal, or the secret itself".into()
    } else {
        "it is not a digest, but maybe the secret itself (then replace the secret)".into()
    }
}

/// An e-mail address, or `@` and a domain; checked roughly, since it is only compared.
pub fn username(text: &str) -> Result<String, Reason> {
    let Some((_, domain)) = text.rsplit_once('@') else { return Err("it has no @".into()) };
    if domain.is_empty() {
        Err("it has no domain after the @".into())
    } else if text.len() > 254 {
        Err("it has more than 254 characters".into())
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Err("it has a space or a control character".into())
    } else {
        Ok(text.to_lowercase())
    }
}

/// A rule of `gateway_allow`.
pub fn gateway_rule(text: &str) -> Result<GatewayRule, Reason> {
    GatewayRule::parse(text).ok_or_else(|| why_no_gateway_rule(text))
}

fn why_no_gateway_rule(text: &str) -> Reason {
    if text.contains("://") {
        return "it has a whole URL instead of a path".into();
    }
    if !text.contains([' ', '/']) && text.contains(':') {
        return match nearest(text, &GatewayPreset::ALL.map(GatewayPreset::as_str)) {
            Some(near) => format!("it is an unknown preset (did you mean {near}?)").into(),
            None => "it is an unknown preset".into(),
        };
    }
    let Some((methods, path)) = text.split_once(' ') else {
        return if text.starts_with('/') { "it has no method before the path".into() } else { "it has no path".into() };
    };
    let why_no_method = if methods.contains('*') && methods != "*" {
        Some("it has * together with other methods")
    } else if methods.split(',').any(str::is_empty) {
        Some("it lacks a method before the path, or has a space after a comma")
    } else if methods != "*" && !methods.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b',') {
        Some("its method is not in capital letters")
    } else {
        None
    };
    why_no_method.map_or_else(|| why_no_path(path), Into::into)
}

/// Why no request that the gateway passes on has this segment.
fn why_unreachable(segment: &str) -> &'static str {
    match normalize(segment).as_str() {
        "." | ".." => "its path has a segment . or .., which the gateway refuses",
        normal if normal != segment => {
            "its path has an encoded letter, digit, dot, hyphen, underscore or tilde, which the gateway decodes (write it plainly)"
        }
        _ if is_unambiguous(segment) => "its path has a character that no URL has",
        _ => {
            "its path has a slash, backslash, semicolon, percent or control sign inside a segment, which the gateway refuses"
        }
    }
}

fn why_no_path(path: &str) -> Reason {
    let apis: Vec<&str> = GatewayApi::ALL.map(GatewayApi::as_str).into_iter().chain([TRIGGERS]).collect();
    let api = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if path.starts_with(' ') {
        "it has more than one space before the path".into()
    } else if !path.starts_with('/') {
        "its path does not begin with a slash".into()
    } else if api == "gateway" {
        "its path begins with /gateway, which rules leave out".into()
    } else if path.contains('?') {
        "its path has a query".into()
    } else if path.contains("//") {
        "its path has two slashes in a row".into()
    } else if path.contains('#') {
        "its path has a fragment (what follows the #)".into()
    } else if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        "its path has a space, or a character outside ASCII".into()
    } else if let Some(segment) = path.split('/').find(|segment| !segment.is_empty() && !is_reachable(segment)) {
        why_unreachable(segment).into()
    } else if path.split('/').any(|segment| segment != "*" && segment.contains('*')) {
        "its path has * together with other characters, but * is a whole segment".into()
    } else if !apis.contains(&api) {
        match nearest(api, &apis) {
            Some(near) => format!("its path begins with an unknown API (did you mean /{near}/?)").into(),
            None => "its path begins with an unknown API".into(),
        }
    } else {
        "its path ends with the API's name (a slash at the end allows everything below it)".into()
    }
}
