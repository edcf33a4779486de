//! What a change takes away from a registry, which a person has to confirm. Pure.

use std::fmt::Display;

use serde_json::Value;

use crate::cli::client::registry::{Change, Credential, entries};

/// Whether the person has confirmed what a command removes.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Confirmation {
    /// Remove without asking
    #[arg(long)]
    pub yes: bool,
}

/// What is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss<'a> {
    /// A client, with all its connections.
    Client(&'a str),
    /// Its identifier, to which all its connections belong.
    Identifier(&'a str),
    RedirectUri {
        client_id: &'a str,
        uri: &'a str,
    },
    OlderCredential {
        client_id: &'a str,
        credential: Credential,
    },
    /// Items of a list.
    Items {
        client_id: &'a str,
        field: &'a str,
    },
}

impl<'a> Loss<'a> {
    /// What `change` takes away from the registry `text`; `None` if everything stays.
    pub fn of(change: &'a Change, text: &str) -> Option<Self> {
        match change {
            Change::Remove { client_id } => Some(Self::Client(client_id)),
            Change::RemoveRedirectUri { client_id, uri } => Some(Self::RedirectUri { client_id, uri }),
            Change::RemoveOlderCredential { client_id, credential } => {
                Some(Self::OlderCredential { client_id, credential: *credential })
            }
            Change::Set { client_id, field, value } if field == "client_id" => {
                (value.as_str() != Some(client_id)).then_some(Self::Identifier(client_id))
            }
            Change::Set { client_id, field, value } => {
                loses_items(text, client_id, field, value).then_some(Self::Items { client_id, field })
            }
            Change::Add { .. } | Change::AddSecond { .. } | Change::AddRedirectUri { .. } => None,
        }
    }

    /// What a person is asked.
    pub fn question(&self, place: &dyn Display) -> String {
        match self {
            Self::Client(client_id) => format!("Remove {client_id} from {place}, and end all its connections?"),
            Self::Identifier(client_id) => format!("Rename {client_id} in {place}, and end all its connections?"),
            Self::RedirectUri { client_id, uri } => format!("Remove {uri} from {client_id} in {place}?"),
            Self::OlderCredential { client_id, credential } => {
                format!("Remove the older {} of {client_id} from {place}?", credential.as_str())
            }
            Self::Items { client_id, field } => format!("Remove what {field} of {client_id} had in {place}?"),
        }
    }
}

/// Whether `value` lacks an item of the list that the client has in `field`.
fn loses_items(text: &str, client_id: &str, field: &str, value: &Value) -> bool {
    let entries = entries(text).unwrap_or_default();
    let known = entries.iter().find(|entry| entry.is_of(client_id)).and_then(|entry| entry.0.get(field)?.as_array());
    let kept = value.as_array().map(Vec::as_slice).unwrap_or_default();
    known.is_some_and(|known| known.iter().any(|item| !kept.contains(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"[{"client_id":"a","redirect_uris":["u","v"],"scope":"x y","api_key_sha256":[],"profile":null}]"#;

    #[test]
    fn a_person_confirms_what_is_taken_away_and_nothing_else() {
        let set = |field: &str, value: &str| Change::Set {
            client_id: "a".into(),
            field: field.into(),
            value: serde_json::from_str(value).unwrap(),
        };
        for (change, expected) in [
            (set("redirect_uris", r#"["v"]"#), Some("Remove what redirect_uris of a had in p?")),
            (set("redirect_uris", r#"["v","w"]"#), Some("Remove what redirect_uris of a had in p?")),
            (set("redirect_uris", "[]"), Some("Remove what redirect_uris of a had in p?")),
            (set("redirect_uris", "null"), Some("Remove what redirect_uris of a had in p?")),
            (set("redirect_uris", r#""u""#), Some("Remove what redirect_uris of a had in p?")),
            (set("redirect_uris", r#"["w","v","u"]"#), None),
            (set("api_key_sha256", r#"["d"]"#), None),
            (set("gateway_allow", r#"["GET /clm/"]"#), None),
            (set("scope", "null"), None),
            (set("scope", r#""x""#), None),
            (set("profile", r#""workfront""#), None),
            (set("client_id", r#""b""#), Some("Rename a in p, and end all its connections?")),
            (set("client_id", r#""a""#), None),
            (Change::Remove { client_id: "a".into() }, Some("Remove a from p, and end all its connections?")),
            (Change::RemoveRedirectUri { client_id: "a".into(), uri: "u".into() }, Some("Remove u from a in p?")),
            (
                Change::RemoveOlderCredential { client_id: "a".into(), credential: Credential::ApiKey },
                Some("Remove the older API key of a from p?"),
            ),
            (Change::AddRedirectUri { client_id: "a".into(), uri: "w".into() }, None),
        ] {
            let found = Loss::of(&change, TEXT).map(|loss| loss.question(&"p"));
            assert_eq!(found.as_deref(), expected, "{change:?}");
        }
    }
}
