//! Changes to a client registry: text in, text out. Entries and their fields keep their order. Pure.
//!
//! [`crate::config`] checks the text before and after the change.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::cli::client::entry::Entry;
use crate::config::values::json;

/// Why a registry was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    #[error(
        "the registry has a client with this client_id already; choose another, or use evergrant client rotate for a new secret"
    )]
    Taken,
    #[error("the registry has no client with this client_id; evergrant client check lists them")]
    Unknown,
    #[error("this is a public client, which has no secret to rotate")]
    Public,
    #[error("the client has two secrets already; finish that rotation first, with evergrant client rotate --finish")]
    Rotating,
    #[error("the client has only one secret, so there is no rotation to finish")]
    NotRotating,
    #[error("the client has no API key to replace; evergrant client new --api-key creates a client with one")]
    NoApiKey,
    #[error(
        "the client has two API keys already; finish that rotation first, with evergrant client rotate --api-key --finish"
    )]
    RotatingApiKeys,
    #[error("the client has only one API key, so there is no rotation to finish")]
    NotRotatingApiKeys,
    #[error("the registry has something that this command cannot change; change it by hand")]
    Unreadable,
}

/// What a client authenticates with. During a rotation it has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// For tokens.
    Secret,
    /// For the gateway and Workfront's documents.
    ApiKey,
}

impl Credential {
    /// Its name in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "client secret",
            Self::ApiKey => "API key",
        }
    }

    /// The field with its digests.
    const fn field(self) -> &'static str {
        match self {
            Self::Secret => "client_secret_sha256",
            Self::ApiKey => "api_key_sha256",
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

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds a client with these fields at the end.
    Add { client_id: String, fields: Map<String, Value> },
    /// Gives a client a second secret or API key, which has this digest.
    AddSecond { client_id: String, credential: Credential, digest: String },
    /// Removes the older of a client's two secrets or API keys, which is the first.
    RemoveOlder { client_id: String, credential: Credential },
}

impl Change {
    /// The registry `text` with this change.
    ///
    /// # Errors
    /// [`EditError`] if it does not apply.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let mut entries = entries(text).ok_or(EditError::Unreadable)?;
        match self {
            Self::Add { client_id, fields } => add(&mut entries, client_id, fields.clone())?,
            Self::AddSecond { client_id, credential, digest } => {
                add_second(digests(&mut entries, client_id, *credential)?, *credential, digest)?;
            }
            Self::RemoveOlder { client_id, credential } => {
                remove_older(digests(&mut entries, client_id, *credential)?, *credential)?;
            }
        }
        let text = serde_json::to_string_pretty(&entries).map_err(|_| EditError::Unreadable)?;
        Ok(text + "\n")
    }
}

/// The entries of the registry `text`, all of which are objects.
fn entries(text: &str) -> Option<Vec<Entry>> {
    let entry = |value| if let Value::Object(fields) = value { Some(Entry(fields)) } else { None };
    json::array(text).ok()?.into_iter().map(entry).collect()
}

fn add(entries: &mut Vec<Entry>, client_id: &str, fields: Map<String, Value>) -> Result<(), EditError> {
    if entries.iter().any(|entry| entry.is_of(client_id)) {
        return Err(EditError::Taken);
    }
    entries.push(Entry(fields));
    Ok(())
}

fn add_second(digests: &mut Vec<Value>, credential: Credential, digest: &str) -> Result<(), EditError> {
    if digests.len() > 1 {
        return Err(credential.several());
    }
    digests.push(digest.into());
    Ok(())
}

fn remove_older(digests: &mut Vec<Value>, credential: Credential) -> Result<(), EditError> {
    if digests.len() < 2 {
        return Err(credential.only_one());
    }
    digests.remove(0);
    Ok(())
}

/// The digests of a client that has at least one.
fn digests<'a>(
    entries: &'a mut [Entry],
    client_id: &str,
    credential: Credential,
) -> Result<&'a mut Vec<Value>, EditError> {
    let entry = entries.iter_mut().find(|entry| entry.is_of(client_id)).ok_or(EditError::Unknown)?;
    let digests = entry.0.get_mut(credential.field()).and_then(Value::as_array_mut);
    digests.filter(|digests| !digests.is_empty()).ok_or(credential.none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"[{"subject":"x","client_id":"a","client_secret_sha256":["1"],"grant_types":[]},{"client_id":"b"}]"#;

    fn second(client_id: &str) -> Change {
        Change::AddSecond { client_id: client_id.to_owned(), credential: Credential::Secret, digest: "2".to_owned() }
    }

    #[test]
    fn entries_and_fields_keep_their_order() {
        let text = second("a").apply(TEXT).unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(compact, TEXT.replace(r#"["1"]"#, r#"["1","2"]"#));
        let older = Change::RemoveOlder { client_id: "a".to_owned(), credential: Credential::Secret };
        let compact: String = older.apply(&text).unwrap().split_whitespace().collect();
        assert_eq!(compact, TEXT.replace(r#"["1"]"#, r#"["2"]"#));
    }

    #[test]
    fn what_does_not_apply_is_refused() {
        let add = Change::Add { client_id: "b".to_owned(), fields: Map::new() };
        assert_eq!(add.apply(TEXT), Err(EditError::Taken));
        assert_eq!(second("c").apply(TEXT), Err(EditError::Unknown));
        assert_eq!(second("b").apply(TEXT), Err(EditError::Public));
        let twice = TEXT.replace(r#""grant_types":[]"#, r#""subject":"y""#);
        assert_eq!(second("a").apply(&twice), Err(EditError::Unreadable));
    }
}
