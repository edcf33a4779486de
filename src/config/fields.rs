//! Reads the fields of one client, collecting errors that name the place but never the value.
//!
//! serde's own messages quote the value, which could be a secret pasted into the wrong field.

use serde_json::{Map, Value};

use crate::config::error::{Format, Problem};
use crate::config::reader::SettingsReader;
use crate::config::values::{Reason, nearest};
use crate::oauth::client::ClientId;

/// The fields of one client that are still unread.
pub struct Fields<'r, 'e> {
    reader: &'r mut SettingsReader<'e>,
    place: String,
    client_id: Option<String>,
    rest: Map<String, Value>,
    names: Vec<&'static str>,
    has_errors: bool,
}

impl<'r, 'e> Fields<'r, 'e> {
    /// The fields of `object`, which is at `place`.
    pub fn new(reader: &'r mut SettingsReader<'e>, place: String, object: Map<String, Value>) -> Self {
        // An identifier that is not well-formed could be anything, and is not shown.
        let client_id = object.get("client_id").and_then(Value::as_str).and_then(ClientId::parse);
        let client_id = client_id.map(|client_id| client_id.to_string());
        Self { reader, place, client_id, rest: object, names: Vec::new(), has_errors: false }
    }

    /// Notes an error in the field `name`.
    pub fn note(&mut self, name: &str, problem: Problem, format: Format) {
        self.has_errors = true;
        let place = format!("{}.{name}", self.place);
        self.reader.note_in_client(&place, self.client_id.as_deref(), problem, format);
    }

    /// Notes an error in the field `name`, unless it has one already.
    pub fn note_unless_noted(&mut self, name: &str, problem: Problem, format: Format) {
        if !self.has_noted(name) {
            self.note(name, problem, format);
        }
    }

    /// Whether the field `name` has an error.
    pub fn has_noted(&self, name: &str) -> bool {
        self.reader.has_noted(&format!("{}.{name}", self.place))
    }

    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        format: Format,
        parse: impl FnOnce(&Value) -> Result<T, Reason>,
    ) -> Option<T> {
        if self.rest.get(name).is_none_or(Value::is_null) {
            self.note(name, Problem::Missing, format);
        }
        self.optional(name, format, parse)
    }

    /// A field that may be left out or null.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        format: Format,
        parse: impl FnOnce(&Value) -> Result<T, Reason>,
    ) -> Option<T> {
        self.names.push(name);
        let value = self.rest.shift_remove(name).filter(|value| !value.is_null())?;
        parse(&value).map_err(|reason| self.note(name, Problem::Invalid(reason), format)).ok()
    }

    /// Whether every field was valid and none is left over; notes those left over.
    pub fn finish(mut self, format: Format) -> bool {
        for name in std::mem::take(&mut self.rest).keys() {
            // A name is shown only if it looks like one: it could be a value pasted in the wrong place.
            let looks_like_a_name =
                (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let shown = if looks_like_a_name { name } else { "(a field)" };
            self.note(shown, Problem::Invalid(unknown_field(name, &self.names)), format);
        }
        !self.has_errors
    }
}

fn unknown_field(name: &str, names: &[&str]) -> Reason {
    match nearest(name, names) {
        _ if name == "client_secret" => {
            "the registry has digests instead of secrets: `evergrant client new` makes both, for client_secret_sha256"
                .into()
        }
        Some(nearest) => format!("clients have no such field (did you mean {nearest}?)").into(),
        None => "clients have no such field".into(),
    }
}
