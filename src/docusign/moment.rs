//! Points in time as DocuSign writes them. Pure.
//!
//! Only DocuSign's own times are compared, so that a difference between its clock and ours does not matter.

use std::borrow::Cow;
use std::fmt;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::clock::UnixSeconds;

/// Ticks of 100 ns, the finest that DocuSign writes, in a second.
const SECOND: u64 = 10_000_000;

/// The first moment of Unix time.
const UNIX_EPOCH: Moment = Moment(719_528 * 86_400 * SECOND);

/// A point in time, in ticks of 100 ns since the year 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// A time of the system clock.
    #[must_use]
    pub fn of_unix(seconds: UnixSeconds) -> Self {
        Self(UNIX_EPOCH.0 + seconds.0 * SECOND)
    }

    /// Reads RFC 3339 with any number of fraction digits. Without a zone it is UTC, as CLM means it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_strict(text).or_else(|| Self::parse_strict(&format!("{text}Z")))
    }

    /// Reads RFC 3339, which requires a zone.
    #[must_use]
    pub fn parse_strict(text: &str) -> Option<Self> {
        // The library takes any character between date and time.
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let nanos = OffsetDateTime::parse(&with_plus(text), &Rfc3339).ok()?.unix_timestamp_nanos();
        u64::try_from(i128::from(UNIX_EPOCH.0) + nanos.div_euclid(100)).ok().map(Self)
    }

    /// As RFC 3339 in UTC and in whole seconds.
    #[must_use]
    pub fn in_seconds(self) -> String {
        let text = self.to_string();
        text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
    }
}

/// As RFC 3339 in UTC, for DocuSign.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");
        let nanos = (i128::from(self.0) - i128::from(UNIX_EPOCH.0)) * 100;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos);
        let at = at.unwrap_or_else(|_| PrimitiveDateTime::MAX.assume_utc());
        f.write_str(&at.format(format).map_err(|_| fmt::Error)?)
    }
}

/// `text` with the `+` of its zone. In a query, one that is not encoded arrives as a space.
fn with_plus(text: &str) -> Cow<'_, str> {
    let (local, zone) = text.split_at_checked(text.len().saturating_sub("+00:00".len())).unwrap_or((text, ""));
    zone.strip_prefix(' ').map_or(text.into(), |zone| format!("{local}+{zone}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_equal_however_it_is_written() {
        for (one, other) in [
            ("2031-02-03T08:20:35.41Z", "2031-02-03T08:20:35.4100000Z"),
            ("2031-02-03T08:20:35Z", "2031-02-03T08:20:35"),
            ("2031-02-03T08:20:35Z", "2031-02-03T10:20:35+02:00"),
            ("2031-02-03T08:20:35Z", "2031-02-03T10:20:35 02:00"),
            ("2031-03-01T00:10:00Z", "2031-02-28T22:40:00-01:30"),
            ("2031-02-03T08:20:35.12345678Z", "2031-02-03t08:20:35.1234567z"),
            ("2031-02-03 08:20:35Z", "2031-02-03T08:20:35Z"),
        ] {
            assert_eq!(Moment::parse(one).unwrap(), Moment::parse(other).unwrap(), "{one} {other}");
        }
    }

    #[test]
    fn moments_are_in_order_and_written_as_they_were_read() {
        let texts = [
            "0001-01-01T00:00:00.0000000Z",
            "1900-02-28T23:59:59.0000000Z",
            "1900-03-01T00:00:00.0000000Z",
            "2000-02-29T12:00:00.0000000Z",
            "2000-12-31T23:59:59.9999999Z",
            "2026-11-29T04:25:48.1230000Z",
            "2100-02-28T00:00:00.0000000Z",
            "2100-03-01T00:00:00.0000000Z",
            "9999-12-31T23:59:59.9999999Z",
        ];
        let moments = texts.map(|text| Moment::parse_strict(text).unwrap());
        assert!(moments.is_sorted());
        assert_eq!(moments.map(|moment| moment.to_string()), texts);
        let day = Moment::parse("2100-03-01T00:00:00Z").unwrap().0 - Moment::parse("2100-02-28T00:00:00Z").unwrap().0;
        assert_eq!(day, 86_400 * SECOND);
    }

    #[test]
    fn other_texts_are_not_moments() {
        for text in [
            "",
            "Z",
            "now",
            "2031-02-03",
            "2031-02-03Z",
            "2031-2-3T00:00:00Z",
            "2031-13-01T00:00:00Z",
            "2031-00-01T00:00:00Z",
            "2031-01-00T00:00:00Z",
            "2031-01-32T00:00:00Z",
            "2031-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2031-04-31T00:00:00Z",
            "2031-12-32T00:00:00Z",
            "2031-02-03T24:00:00Z",
            "2031-02-03T00:00:00.Z",
            "2031-02-03T00:00:00.1x",
            "2031-02-03T00:00Z",
            "20310203000000",
            "ä2031-02-03T00:00:00",
            "2031-02-03T00:00:00+25:00",
            "2031-02-03T00:00:00+0200",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        assert_eq!(Moment::parse_strict("2031-02-03T00:00:00"), None);
    }
}
