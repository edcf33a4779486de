//! Changes to a registry's text that leave everything else in it as it stands. Pure.
//!
//! The text has been read by [`crate::config`] before, so it is an array of clients; what comes out is read again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::cli::client::entry::array;

/// Why a registry is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    #[error(
        "the registry has a client of this client_id; take another, or use evergrant client rotate for a second secret"
    )]
    Taken,
    #[error("the registry has no client of this client_id; evergrant client check lists them")]
    Unknown,
    #[error("this is a public client, which has no secret")]
    Public,
    #[error("the client has two secrets already: end that rotation first, with evergrant client rotate --finish")]
    Rotating,
    #[error("the client has one secret only: no rotation is to be finished")]
    NotRotating,
    #[error("the client has no API key to replace; evergrant client new --api-key makes a client with one")]
    NoApiKey,
    #[error(
        "the client has two API keys already: end that rotation first, with evergrant client rotate --api-key --finish"
    )]
    RotatingApiKeys,
    #[error("the client has one API key only: no rotation is to be finished")]
    NotRotatingApiKeys,
    #[error(
        "the registry is written in a way this command cannot change, such as with a field twice; change it by hand"
    )]
    Unreadable,
}

/// What a client proves itself with, and may have two of meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// For tokens.
    Secret,
    /// For the gateway and Workfront's documents.
    ApiKey,
}

impl Credential {
    /// What people call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "client secret",
            Self::ApiKey => "API key",
        }
    }

    const fn none(self) -> EditError {
        match self {
            Self::Secret => EditError::Public,
            Self::ApiKey => EditError::NoApiKey,
        }
    }

    const fn several(self) -> EditError {
        match self {
            Self::Secret => EditError::Rotating,
            Self::ApiKey => EditError::RotatingApiKeys,
        }
    }

    const fn only_one(self) -> EditError {
        match self {
            Self::Secret => EditError::NotRotating,
            Self::ApiKey => EditError::NotRotatingApiKeys,
        }
    }
}

/// The fields that matter here, where they stand in the text.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    #[serde(borrow)]
    client_secret_sha256: &'a RawValue,
    #[serde(borrow, default)]
    api_key_sha256: Option<&'a RawValue>,
}

impl<'a> Entry<'a> {
    fn digests(&self, credential: Credential) -> Result<&'a RawValue, EditError> {
        match credential {
            Credential::Secret => Ok(self.client_secret_sha256),
            Credential::ApiKey => self.api_key_sha256.ok_or(EditError::NoApiKey),
        }
    }
}

fn entries(text: &str) -> Result<Vec<Entry<'_>>, EditError> {
    serde_json::from_str(text).map_err(|_| EditError::Unreadable)
}

/// `text` with `entry`, an object for the client `client_id`, at its end.
pub fn with_entry(text: &str, client_id: &str, entry: &str) -> Result<String, EditError> {
    if entries(text)?.iter().any(|known| known.client_id == client_id) {
        return Err(EditError::Taken);
    }
    let before = text.trim_end().strip_suffix(']').ok_or(EditError::Unreadable)?.trim_end();
    let comma = if before.ends_with('[') { "" } else { "," };
    let indented = entry.replace('\n', "\n  ");
    Ok(format!("{before}{comma}\n  {indented}\n]\n"))
}

/// `text` with `digest` as the client's second one of `credential`.
pub fn with_second(text: &str, client_id: &str, credential: Credential, digest: &str) -> Result<String, EditError> {
    with_digests(text, client_id, credential, |mut digests| match digests.len() {
        0 => Err(credential.none()),
        1 => {
            digests.push(digest.into());
            Ok(digests)
        }
        _ => Err(credential.several()),
    })
}

/// `text` without the older one of the client's two of `credential`, which stands first.
pub fn without_older(text: &str, client_id: &str, credential: Credential) -> Result<String, EditError> {
    with_digests(text, client_id, credential, |mut digests| match digests.len() {
        0 => Err(credential.none()),
        1 => Err(credential.only_one()),
        _ => Ok(digests.split_off(1)),
    })
}

type Digests<'a> = Vec<Cow<'a, str>>;

fn with_digests<'a>(
    text: &'a str,
    client_id: &str,
    credential: Credential,
    change: impl FnOnce(Digests<'a>) -> Result<Digests<'a>, EditError>,
) -> Result<String, EditError> {
    let entry = entries(text)?.into_iter().find(|entry| entry.client_id == client_id).ok_or(EditError::Unknown)?;
    let written = entry.digests(credential)?.get();
    let digests = serde_json::from_str(written).map_err(|_| EditError::Unreadable)?;
    let changed = array(&change(digests)?);
    // A raw value is a part of the text it was read from.
    let start = written.as_ptr().addr() - text.as_ptr().addr();
    let (before, after) = (text.get(..start), text.get(start + written.len()..));
    let (before, after) = before.zip(after).ok_or(EditError::Unreadable)?;
    Ok([before, &changed, after].concat())
}
