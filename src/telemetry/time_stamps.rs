//! The timestamp at the start of a line: RFC 3339, UTC, with microseconds. Pure.

use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

/// Writes timestamps. Keeps the text of the last second, because most lines share it.
#[derive(Default)]
pub struct TimeStamps {
    second: u64,
    date_and_time: String,
}

impl TimeStamps {
    /// Begins a line with the time `now`, counted from 1970.
    pub fn begin_line(&mut self, out: &mut Vec<u8>, now: Duration) {
        if self.second != now.as_secs() || self.date_and_time.is_empty() {
            self.second = now.as_secs();
            self.date_and_time = date_and_time(self.second);
        }
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(self.date_and_time.as_bytes());
        out.extend_from_slice(&micros(now.subsec_micros()));
    }
}

/// `.000123Z"`. `format!` takes ten times as many instructions, and this runs for every line.
fn micros(mut micros: u32) -> [u8; 9] {
    let mut text = *b".000000Z\"";
    for digit in text[1..7].iter_mut().rev() {
        *digit += (micros % 10) as u8;
        micros /= 10;
    }
    text
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
    fn timestamps_are_rfc_3339_with_microseconds() {
        let mut time_stamps = TimeStamps::default();
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_000_001, "2000-02-28T23:59:59.000001Z"),
            (951_782_400_999_999, "2000-02-29T00:00:00.999999Z"),
            (951_782_400_050_000, "2000-02-29T00:00:00.050000Z"),
        ] {
            let mut line = Vec::new();
            time_stamps.begin_line(&mut line, Duration::from_micros(micros));
            assert_eq!(String::from_utf8_lossy(&line), format!("{{\"timestamp\":\"{expected}\""));
        }
    }
}
