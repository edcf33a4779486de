//! Items of DocuSign's lists, as far as triggers read them. Pure.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::item_hash::ItemHash;
use crate::endpoints::triggers::reader::Listed;
use crate::secret::{hex, sha256};

/// Which list an item comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// CLM's documents.
    Document,
    /// CLM's work items.
    WorkItem,
    /// eSignature's envelopes.
    Envelope,
}

/// An item in one state.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its version, or an envelope's status.
    pub version: String,
    /// When it changed.
    pub time: Moment,
    /// When it was created.
    pub created: Option<Moment>,
    /// A document's name.
    pub name: String,
    /// Whether it is in the trash.
    pub is_in_trash: bool,
    /// Identifies this change in a cursor.
    pub key: ItemHash,
    /// Identifies this change for callers.
    pub event_id: String,
    /// The item as DocuSign has it.
    pub json: Box<RawValue>,
}

/// The members that are read. DocuSign may leave out every one of them, or write null.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ItemMembers {
    #[serde(rename = "Href", deserialize_with = "text")]
    href: String,
    #[serde(rename = "Version", deserialize_with = "text")]
    version: String,
    #[serde(rename = "Name", deserialize_with = "text")]
    name: String,
    #[serde(rename = "UpdatedDate", deserialize_with = "text")]
    updated: String,
    #[serde(rename = "CreatedDate", deserialize_with = "text")]
    created: String,
    #[serde(rename = "AssignDate", deserialize_with = "text")]
    assigned: String,
    #[serde(rename = "IsInTrash", deserialize_with = "flag")]
    is_in_trash: bool,
    #[serde(rename = "envelopeId", deserialize_with = "text")]
    envelope_id: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(rename = "statusChangedDateTime", deserialize_with = "text")]
    status_changed: String,
    #[serde(rename = "statusDateTime", deserialize_with = "text")]
    status_date: String,
    #[serde(rename = "createdDateTime", deserialize_with = "text")]
    envelope_created: String,
}

/// The text of a string or a number; empty for null and for other types.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(deserializer)? == Value::Bool(true))
}

impl Item {
    /// Reads an item; `None` without an id or a time.
    #[must_use]
    pub fn read(kind: ItemKind, json: Box<RawValue>) -> Option<Self> {
        let members: ItemMembers = serde_json::from_str(json.get()).ok()?;
        let last_segment = members.href.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let [updated, created, assigned] =
            [&members.updated, &members.created, &members.assigned].map(|text| Moment::parse(text));
        let (id, version, time, created) = match kind {
            ItemKind::Document => (last_segment.to_owned(), members.version, updated.or(created)?, created),
            ItemKind::WorkItem => (last_segment.to_owned(), String::new(), assigned.max(created)?, created),
            ItemKind::Envelope => {
                let dates = [&members.status_changed, &members.status_date, &members.envelope_created];
                let mut dates = dates.map(|text| Moment::parse(text)).into_iter();
                (members.envelope_id, members.status, dates.find_map(|date| date)?, None)
            }
        };
        let digest = sha256(format!("{id}\n{version}\n{}", time.0).as_bytes());
        let (name, is_in_trash) = (members.name, members.is_in_trash);
        let (key, event_id) = (ItemHash::of_digest(&digest), hex(&digest[..16]));
        (!id.is_empty()).then_some(Self { id, version, time, created, name, is_in_trash, key, event_id, json })
    }

    /// The item for the caller: DocuSign's members, and ours before them.
    pub fn write(&self, change_type: Option<&'static str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"EventId\":\"");
        out.extend_from_slice(self.event_id.as_bytes());
        if let Some(change_type) = change_type {
            out.extend_from_slice(b"\",\"ChangeType\":\"");
            out.extend_from_slice(change_type.as_bytes());
        }
        out.extend_from_slice(b"\",");
        // An item has at least an id, so there is a member after the brace.
        out.extend_from_slice(self.json.get().trim_start().trim_start_matches('{').as_bytes());
    }
}

impl Listed for Item {
    type Id = String;

    fn id(&self) -> &String {
        &self.id
    }

    fn time(&self) -> Moment {
        self.time
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        (self.time, &self.version) > (other.time, &other.version)
    }
}
