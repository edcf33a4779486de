//! One JSON object a line: time, level, fields and target of an event.
//!
//! `tracing-subscriber` has such a format too; with a line for each answered request it took a third of the request.

use std::cell::RefCell;
use std::fmt::Debug;
use std::io::Write as _;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::clock::since_epoch;
use crate::telemetry::json::push_string;
use crate::telemetry::output;

/// Writes events as lines.
pub struct JsonLines;

thread_local! {
    static LINE: RefCell<Line> = RefCell::default();
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        LINE.with(|line| match line.try_borrow_mut() {
            Ok(mut line) => line.write(event),
            // What a field is made of writes a line of its own.
            Err(_) => Line::default().write(event),
        });
    }
}

/// A line in the making.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    /// The last second that was written down, and how.
    second: u64,
    date_and_time: String,
}

impl Line {
    fn write(&mut self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.text.clear();
        let now = since_epoch();
        self.begin(now);
        self.text.extend_from_slice(b",\"level\":\"");
        self.text.extend_from_slice(metadata.level().as_str().as_bytes());
        self.text.push(b'"');
        event.record(self);
        self.key("target");
        push_string(&mut self.text, metadata.target());
        self.text.extend_from_slice(b"}\n");
        output::add(&self.text, now, *metadata.level() <= Level::WARN);
    }

    /// The beginning: the time in UTC, as RFC 3339 has it, to the microsecond.
    fn begin(&mut self, now: Duration) {
        if self.second != now.as_secs() || self.date_and_time.is_empty() {
            self.second = now.as_secs();
            self.date_and_time = date_and_time(self.second);
        }
        self.text.extend_from_slice(b"{\"timestamp\":\"");
        self.text.extend_from_slice(self.date_and_time.as_bytes());
        let _ = write!(self.text, ".{:06}Z\"", now.subsec_micros());
    }

    /// Names are ours, and need no escaping.
    fn key(&mut self, name: &str) {
        self.text.extend_from_slice(b",\"");
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
    }

    fn number(&mut self, field: &Field, number: impl serde::Serialize) {
        self.key(field.name());
        // A number into memory cannot fail.
        let _ = serde_json::to_writer(&mut self.text, &number);
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.key(field.name());
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
        self.key(field.name());
        push_string(&mut self.text, &format!("{value:?}"));
    }
}

/// `2026-11-22T13:07:01`
fn date_and_time(second: u64) -> String {
    let at = i64::try_from(second).ok().and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_has_them() {
        let mut line = Line::default();
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_000_001, "2000-02-28T23:59:59.000001Z"),
            (951_782_400_999_999, "2000-02-29T00:00:00.999999Z"),
            (951_782_400_050_000, "2000-02-29T00:00:00.050000Z"),
        ] {
            line.text.clear();
            line.begin(Duration::from_micros(micros));
            assert_eq!(String::from_utf8_lossy(&line.text), format!("{{\"timestamp\":\"{expected}\""));
        }
    }
}
