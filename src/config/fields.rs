//! Reads the fields of one client, collecting errors that name the place but never the value.
//!
//! serde's own messages quote the value, which could be a secret pasted into the wrong field.

use serde_json::{Map, Value};

use crate::config::error::{Format, Problem, Reason};
use crate::config::reader::SettingsReader;
use crate::config::reference::Reference;
use crate::config::values::{common_mistake, kind, nearest};
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

/// A text parsed by `parse`.
pub fn string<T>(parse: impl Fn(&str) -> Result<T, Reason>) -> impl Fn(&Value) -> Result<T, Reason> {
    move |value| {
        let Some(text) = value.as_str() else {
            return Err(format!("it is {} instead of a text in double quotes", kind(value)).into());
        };
        if let Some(reference) = Reference::find(text) {
            return Err(format!("it is {}, which works only as the whole value of a setting", reference.name()).into());
        }
        parse(text).map_err(|reason| match common_mistake(text) {
            Some(mistake) => mistake,
            None if text.trim() != text && parse(text.trim()).is_ok() => "it begins or ends with a space".into(),
            None => reason,
        })
    }
}

/// An array of texts, each parsed by `parse`.
pub fn strings<T>(parse: impl Fn(&str) -> Result<T, Reason>) -> impl Fn(&Value) -> Result<Vec<T>, Reason> {
    let parse = string(parse);
    move |value| {
        let Some(items) = value.as_array() else {
            return Err(format!("it is {} instead of an array in square brackets", kind(value)).into());
        };
        let several = items.len() > 1;
        let numbered = |(index, reason): (usize, Reason)| -> Reason {
            if several { format!("item {}: {reason}", index + 1).into() } else { reason }
        };
        let parsed =
            items.iter().enumerate().map(|(index, item)| parse(item).map_err(|reason| numbered((index, reason))));
        parsed.collect()
    }
}

/// True or false.
pub fn boolean(value: &Value) -> Result<bool, Reason> {
    let quoted = value.as_str().is_some_and(|text| matches!(text, "true" | "false"));
    value.as_bool().ok_or_else(|| {
        if quoted {
            "it has quotes around it".into()
        } else {
            format!("it is {} instead of true or false", kind(value)).into()
        }
    })
}

/// A whole number above 0.
pub fn positive(value: &Value) -> Result<u64, Reason> {
    value.as_u64().filter(|number| *number > 0).ok_or_else(|| match value {
        Value::Number(number) if number.as_u64() == Some(0) => "it is 0 (leave the field out for no limit)".into(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => "it is below 0".into(),
        Value::Number(_) => "it is not a whole number".into(),
        Value::String(text) if text.parse::<u64>().is_ok() => "it has quotes around it".into(),
        other => format!("it is {} instead of a number", kind(other)).into(),
    })
}
