//! `trust`: the issuers that a client trusts, and its own public keys.

use serde_json::{Map, Value};
use url::Url;

use crate::config::values::field::string;
use crate::config::values::url::{Http, https_url};
use crate::config::values::{Reason, kind, nearest};
use crate::oauth::client::trust::{ClaimValue, OwnKeys, RequiredClaim, Trust, TrustedIssuer};
use crate::oauth::jwk::key_set::{KeySet, KeySetError};

const FIELDS: [&str; 6] = ["issuer", "audience", "subject", "claims", "jwks", "jwks_uri"];

/// GitHub's claims that may end with a wildcard.
const WITH_WILDCARD: [&str; 2] = ["ref", "environment"];

/// Claims that are always checked, so an entry's `claims` cannot name them.
const ALWAYS_CHECKED: [&str; 6] = ["iss", "aud", "sub", "exp", "nbf", "iat"];

/// The most entries of a client, and the longest text in one, in characters.
const MAX_TRUSTED: usize = 20;
const MAX_TEXT: usize = 1000;

/// An array of entries.
pub fn trust(value: &Value) -> Result<Vec<Trust>, Reason> {
    let Some(items) = value.as_array() else {
        return Err(format!("it is {} instead of an array in square brackets", kind(value)).into());
    };
    if items.len() > MAX_TRUSTED {
        return Err(format!("it has more than {MAX_TRUSTED} items").into());
    }
    let numbered = |(index, item)| entry(item).map_err(|reason| format!("item {}: {reason}", index + 1).into());
    items.iter().enumerate().map(numbered).collect()
}

fn entry(value: &Value) -> Result<Trust, Reason> {
    let object = value.as_object().ok_or_else(|| -> Reason { format!("it is {}", kind(value)).into() })?;
    if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown_field(name));
    }
    let given: Vec<&str> = FIELDS.into_iter().filter(|name| field(object, name).is_some()).collect();
    match given.as_slice() {
        ["jwks"] => jwks(&object["jwks"]).map(|keys| Trust::OwnKeys(OwnKeys::Registered(keys))),
        ["jwks_uri"] => text_field(object, "jwks_uri", jwks_uri).map(|url| Trust::OwnKeys(OwnKeys::At(url))),
        given if given.iter().any(|name| name.starts_with("jwks")) => {
            Err("it has jwks or jwks_uri together with other fields, but these are entries of their own".into())
        }
        _ => trusted_issuer(object).map(Trust::Issuer),
    }
}

fn unknown_field(name: &str) -> Reason {
    match nearest(name, &FIELDS) {
        Some(nearest) => format!("it has an unknown field (did you mean {nearest}?)").into(),
        None => "it has an unknown field".into(),
    }
}

fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn text_field(
    object: &Map<String, Value>,
    name: &str,
    parse: impl Fn(&str) -> Result<String, Reason>,
) -> Result<String, Reason> {
    let value = field(object, name).ok_or_else(|| -> Reason { format!("it has no {name}").into() })?;
    string(parse)(value).map_err(|reason| format!("its {name}: {reason}").into())
}

fn trusted_issuer(object: &Map<String, Value>) -> Result<TrustedIssuer, Reason> {
    let issuer = text_field(object, "issuer", issuer)?;
    let audience = text_field(object, "audience", exact)?;
    let mut claims = Vec::new();
    if field(object, "subject").is_some() {
        let value = ClaimValue::Text(text_field(object, "subject", exact)?);
        claims.push(RequiredClaim { name: "sub".to_owned(), value });
    }
    if let Some(value) = field(object, "claims") {
        claims.extend(required_claims(value)?);
    }
    if claims.is_empty() {
        return Err("it has neither subject nor claims, so every token of the issuer would be accepted".into());
    }
    Ok(TrustedIssuer { issuer, audience, claims })
}

fn required_claims(value: &Value) -> Result<Vec<RequiredClaim>, Reason> {
    let Some(claims) = value.as_object() else { return Err(format!("its claims are {}", kind(value)).into()) };
    if claims.is_empty() {
        return Err("its claims are empty".into());
    }
    let numbered = |(index, (name, value)): (usize, (&String, &Value))| {
        required_claim(name, value).map_err(|reason| format!("its claim {}: {reason}", index + 1).into())
    };
    claims.iter().enumerate().map(numbered).collect()
}

fn required_claim(name: &str, value: &Value) -> Result<RequiredClaim, Reason> {
    exact(name).map_err(|reason| -> Reason { format!("its name: {reason}").into() })?;
    if ALWAYS_CHECKED.contains(&name) {
        return Err("its name is one that is always checked (use subject for sub)".into());
    }
    let value = match value {
        Value::Bool(value) => ClaimValue::Boolean(*value),
        value if WITH_WILDCARD.contains(&name) => string(text_or_prefix)(value)?,
        value => ClaimValue::Text(string(exact)(value)?),
    };
    Ok(RequiredClaim { name: name.to_owned(), value })
}

fn text_or_prefix(text: &str) -> Result<ClaimValue, Reason> {
    match text.strip_suffix('*') {
        Some("") => Err("it is * alone, which every value would fit".into()),
        Some(prefix) => exact(prefix).map(ClaimValue::Prefix),
        None => exact(text).map(ClaimValue::Text),
    }
}

/// A text that is compared character by character.
fn exact(text: &str) -> Result<String, Reason> {
    if text.is_empty() {
        Err("it is empty".into())
    } else if text.contains('*') {
        Err("it has a wildcard, but values are compared character by character (only ref and environment may end with *)".into())
    } else if text.trim() != text || text.chars().any(char::is_control) {
        Err("it begins or ends with a space, or has a control character".into())
    } else if text.chars().count() > MAX_TEXT {
        Err(format!("it has more than {MAX_TEXT} characters").into())
    } else {
        Ok(text.to_owned())
    }
}

/// The URL of an issuer, exactly as its tokens have it in `iss`.
fn issuer(text: &str) -> Result<String, Reason> {
    let url = https_url(text, Http::OnLoopback)?;
    exact(text)?;
    let is_canonical = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    let mistake = "it is not written as iss has it: lower-case host, no default port, no dot segments, only ASCII";
    if is_canonical { Ok(text.to_owned()) } else { Err(mistake.into()) }
}

/// The URL of a key set, which may have a query.
fn jwks_uri(text: &str) -> Result<String, Reason> {
    exact(text)?;
    if text.contains(char::is_whitespace) {
        return Err("it has a space in it".into());
    }
    https_url(text.split('?').next().unwrap_or_default(), Http::OnLoopback)?;
    match Url::parse(text) {
        Ok(url) if url.fragment().is_some() => Err("it has a fragment (what follows the #)".into()),
        Ok(url) => Ok(url.into()),
        Err(error) => Err(format!("it is not a URL ({error})").into()),
    }
}

fn jwks(value: &Value) -> Result<KeySet, Reason> {
    let is_key = value.get("kty").is_some();
    KeySet::registered(value).map_err(|error| match error {
        KeySetError::NoSet if is_key => r#"its jwks is a single key (write {"keys": [...]} around it)"#.into(),
        KeySetError::NoSet => "its jwks is not an object with an array keys".into(),
        KeySetError::Empty => "its jwks has no keys".into(),
        KeySetError::Key(number, error) => format!("key {number} of its jwks {error}").into(),
        KeySetError::KeyIds => "its jwks has several keys, so each one needs a kid of its own".into(),
    })
}
