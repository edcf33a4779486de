//! Changes to a client registry: text in, text out. Entries and their fields keep their order. Pure.
//!
//! [`crate::config`] checks the text before and after the change.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::cli::client::entry::Entry;
use crate::config::values::json;
use crate::oauth::client::{GrantType, Profile};
use crate::oauth::subject::SubjectKind;

/// The field with a client's redirect URIs.
const REDIRECT_URIS: &str = "redirect_uris";

/// Why a registry was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    #[error(
        "the registry has a client with this client_id already; choose another, or use evergrant client rotate for a new secret"
    )]
    Taken,
    #[error("the registry has no client with this client_id; evergrant client list lists them")]
    Unknown,
    #[error("the client has no such redirect URI; evergrant client show lists them")]
    NoSuchRedirectUri,
    #[error("this is a public client, or one with only a trust, which has no secret to rotate")]
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
    RemoveOlderCredential { client_id: String, credential: Credential },
    /// Adds a redirect URI, unless it is there.
    AddRedirectUri { client_id: String, uri: String },
    /// Removes a redirect URI.
    RemoveRedirectUri { client_id: String, uri: String },
    /// Sets a field; `null` removes it, so that its default applies.
    Set { client_id: String, field: String, value: Value },
    /// Removes a client.
    Remove { client_id: String },
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
            Self::RemoveOlderCredential { client_id, credential } => {
                remove_older(digests(&mut entries, client_id, *credential)?, *credential)?;
            }
            Self::AddRedirectUri { client_id, uri } => add_redirect_uri(find(&mut entries, client_id)?, uri),
            Self::RemoveRedirectUri { client_id, uri } => remove_redirect_uri(find(&mut entries, client_id)?, uri)?,
            Self::Set { client_id, field, value } => set(find(&mut entries, client_id)?, field, value),
            Self::Remove { client_id } => {
                find(&mut entries, client_id)?;
                entries.retain(|entry| !entry.is_of(client_id));
            }
        }
        Ok(pretty(&entries))
    }

    /// The client that it is about.
    pub fn client_id(&self) -> &str {
        match self {
            Self::Add { client_id, .. }
            | Self::AddSecond { client_id, .. }
            | Self::RemoveOlderCredential { client_id, .. }
            | Self::AddRedirectUri { client_id, .. }
            | Self::RemoveRedirectUri { client_id, .. }
            | Self::Set { client_id, .. }
            | Self::Remove { client_id } => client_id,
        }
    }
}

/// The registry `text` as commands write it; `None` if it is none.
pub fn normalized(text: &str) -> Option<String> {
    Some(pretty(&entries(text)?))
}

fn pretty(entries: &[Entry]) -> String {
    // Entries are JSON, so they can be written.
    serde_json::to_string_pretty(entries).unwrap_or_default() + "\n"
}

/// The entries of the registry `text`, all of which are objects.
pub fn entries(text: &str) -> Option<Vec<Entry>> {
    let entry = |value| if let Value::Object(fields) = value { Some(Entry(fields)) } else { None };
    json::array(text).ok()?.into_iter().map(entry).collect()
}

fn find<'a>(entries: &'a mut [Entry], client_id: &str) -> Result<&'a mut Map<String, Value>, EditError> {
    let entry = entries.iter_mut().find(|entry| entry.is_of(client_id)).ok_or(EditError::Unknown)?;
    Ok(&mut entry.0)
}

fn add_redirect_uri(fields: &mut Map<String, Value>, uri: &str) {
    let uris = fields.entry(REDIRECT_URIS).or_insert_with(|| Value::Array(Vec::new()));
    match uris {
        Value::Array(uris) if uris.iter().any(|known| known == uri) => {}
        Value::Array(uris) => uris.push(uri.into()),
        other => *other = vec![uri].into(),
    }
}

fn remove_redirect_uri(fields: &mut Map<String, Value>, uri: &str) -> Result<(), EditError> {
    let uris = fields.get_mut(REDIRECT_URIS).and_then(Value::as_array_mut).ok_or(EditError::NoSuchRedirectUri)?;
    let count = uris.len();
    uris.retain(|known| known != uri);
    if uris.len() == count { Err(EditError::NoSuchRedirectUri) } else { Ok(()) }
}

fn set(fields: &mut Map<String, Value>, field: &str, value: &Value) {
    if value.is_null() {
        fields.shift_remove(field);
    } else {
        fields.insert(field.to_owned(), value.clone());
    }
}

/// `value` of `field` as the registry spells it. People type hyphens, as in options.
pub fn with_underscores(field: &str, value: Value) -> Value {
    let words: &[&str] = match field {
        "profile" => &Profile::ALL.map(Profile::as_str),
        "subject" => &SubjectKind::ALL.map(SubjectKind::as_str),
        "grant_types" => &GrantType::ALL.map(GrantType::as_str),
        _ => return value,
    };
    match value {
        Value::String(text) => match words.iter().find(|word| **word == text.replace('-', "_")) {
            Some(word) => (*word).into(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(|item| with_underscores(field, item)).collect(),
        other => other,
    }
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
    let digests = find(entries, client_id)?.get_mut(credential.field()).and_then(Value::as_array_mut);
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
        let older = Change::RemoveOlderCredential { client_id: "a".to_owned(), credential: Credential::Secret };
        let compact: String = older.apply(&text).unwrap().split_whitespace().collect();
        assert_eq!(compact, TEXT.replace(r#"["1"]"#, r#"["2"]"#));
    }

    #[test]
    fn fields_and_redirect_uris_are_changed_in_place() {
        let uri = |text: &str| (String::from("a"), String::from(text));
        let add = |text: &str| {
            let (client_id, uri) = uri(text);
            Change::AddRedirectUri { client_id, uri }
        };
        let remove = |text: &str| {
            let (client_id, uri) = uri(text);
            Change::RemoveRedirectUri { client_id, uri }
        };
        let set = |field: &str, value: Value| Change::Set { client_id: "a".into(), field: field.into(), value };
        let before = r#"[{"client_id":"a","redirect_uris":null,"scope":"x"},{"client_id":"b"}]"#;
        for (changes, after) in [
            (&[add("u")][..], r#"[{"client_id":"a","redirect_uris":["u"],"scope":"x"},{"client_id":"b"}]"#),
            (
                &[add("u"), add("v"), add("u"), remove("u")],
                r#"[{"client_id":"a","redirect_uris":["v"],"scope":"x"},{"client_id":"b"}]"#,
            ),
            (
                &[set("redirect_uris", Value::Null), add("u")],
                r#"[{"client_id":"a","scope":"x","redirect_uris":["u"]},{"client_id":"b"}]"#,
            ),
            (
                &[set("redirect_uris", true.into())],
                r#"[{"client_id":"a","redirect_uris":true,"scope":"x"},{"client_id":"b"}]"#,
            ),
            (
                &[set("profile", "y".into())],
                r#"[{"client_id":"a","redirect_uris":null,"scope":"x","profile":"y"},{"client_id":"b"}]"#,
            ),
            (&[Change::Remove { client_id: "a".into() }], r#"[{"client_id":"b"}]"#),
            (&[Change::Remove { client_id: "b".into() }, Change::Remove { client_id: "a".into() }], "[]"),
        ] {
            let text = changes.iter().fold(before.to_owned(), |text, change| change.apply(&text).unwrap());
            assert_eq!(text.split_whitespace().collect::<String>(), after, "{changes:?}");
        }
        assert_eq!(remove("u").apply(before), Err(EditError::NoSuchRedirectUri));
        assert_eq!(Change::Remove { client_id: "c".into() }.apply(before), Err(EditError::Unknown));
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
