//! Reads the fields of one JSON object, gathering faults that name the place but never the value.
//!
//! serde's own messages quote the offending value, which here could be a secret pasted into the wrong field.

use serde_json::{Map, Value};

use crate::config::error::{Format, Problem};
use crate::config::reader::Reader;

/// The fields of one object that are still unread.
pub struct Fields<'r, 'e> {
    reader: &'r mut Reader<'e>,
    place: String,
    rest: Map<String, Value>,
    clean: bool,
}

impl<'r, 'e> Fields<'r, 'e> {
    /// The fields of `object`, which stands at `place`.
    pub const fn new(reader: &'r mut Reader<'e>, place: String, object: Map<String, Value>) -> Self {
        Self { reader, place, rest: object, clean: true }
    }

    /// Notes a fault of the field `name`.
    pub fn note(&mut self, name: &str, problem: Problem, shape: Format) {
        self.clean = false;
        self.reader.note(format!("{}.{name}", self.place), problem, shape);
    }

    /// Notes a fault of the field `name` unless it has one already.
    pub fn note_unless_noted(&mut self, name: &str, problem: Problem, shape: Format) {
        let setting = format!("{}.{name}", self.place);
        if !self.reader.has_noted(&setting) {
            self.note(name, problem, shape);
        }
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &str, shape: Format, parse: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        if self.rest.get(name).is_none_or(Value::is_null) {
            self.note(name, Problem::Missing, shape);
        }
        self.optional(name, shape, parse)
    }

    /// A field that may be left out or null.
    pub fn optional<T>(&mut self, name: &str, shape: Format, parse: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.rest.shift_remove(name).filter(|value| !value.is_null())?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.note(name, Problem::Wrong, shape);
        }
        parsed
    }

    /// True if every field read was right and none is left over; notes the ones that are.
    pub fn finish(mut self, known: Format) -> bool {
        for name in std::mem::take(&mut self.rest).keys() {
            // A name is shown only if it looks like one: a value pasted in its place must not be.
            let looks_like_a_name = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let shown = if looks_like_a_name { name } else { "(a field)" };
            self.note(shown, Problem::NotHere("is not a field of a client"), known);
        }
        self.clean
    }
}

/// A string parsed by `parse`.
pub fn string<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&Value) -> Option<T> {
    move |value| value.as_str().and_then(&parse)
}

/// An array of strings, each parsed by `parse`.
pub fn strings<T>(parse: impl Fn(&str) -> Option<T>) -> impl Fn(&Value) -> Option<Vec<T>> {
    move |value| value.as_array()?.iter().map(|item| item.as_str().and_then(&parse)).collect()
}
