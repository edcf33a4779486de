//! One JSON object per line: time, level, fields and target of an event, and the fields of its span.
//!
//! `tracing-subscriber` can write JSON too, but it took a third of the instructions of a request.

use std::fmt::Debug;

use tracing::Level;
use tracing::field::{Field, Visit};

use crate::telemetry::spans::SpanFields;
use crate::web::json::{push_key, push_string};

/// Initial capacity in bytes; nearly all lines are shorter.
const USUAL_LINE: usize = 768;

/// A line without its timestamp, which [`Output`](super::Output) adds.
pub struct Line {
    text: Vec<u8>,
}

impl Line {
    /// Begins a line with this level.
    pub fn begin(level: Level) -> Self {
        let mut text = Vec::with_capacity(USUAL_LINE);
        text.extend_from_slice(b",\"level\":\"");
        text.extend_from_slice(level.as_str().as_bytes());
        text.push(b'"');
        Self { text }
    }

    /// Adds the fields of the span. Events must not have fields with these names.
    pub fn add(&mut self, fields: &SpanFields) {
        self.text.extend_from_slice(&fields.json);
    }

    /// Ends the line with a line feed.
    pub fn end(mut self, target: &str) -> Vec<u8> {
        push_key(&mut self.text, "target");
        push_string(&mut self.text, target);
        self.text.extend_from_slice(b"}\n");
        self.text
    }

    fn number(&mut self, field: &Field, number: impl serde::Serialize) {
        push_key(&mut self.text, field.name());
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.text, &number);
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        push_key(&mut self.text, field.name());
        push_string(&mut self.text, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        push_key(&mut self.text, field.name());
        push_string(&mut self.text, &format!("{value:?}"));
    }
}
