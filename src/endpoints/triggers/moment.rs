//! Points in time as DocuSign writes them. Pure.
//!
//! Only DocuSign's own times are compared, so that a difference between its clock and ours does not matter.

use std::fmt;

use time::{Date, Month};

use crate::clock::UnixSeconds;

/// Ticks of 100 ns, the finest that DocuSign writes, in a second and in a day.
const SECOND: u64 = 10_000_000;
const DAY: u64 = 86_400 * SECOND;

/// The Julian day of the first day of the year 0.
const YEAR_0: i32 = 1_721_060;
/// The first day of Unix time, counted from the year 0.
const UNIX_DAY: u64 = 719_528;

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
        Self(UNIX_DAY * DAY + seconds.0 * SECOND)
    }

    /// Reads ISO 8601 with any number of fraction digits. Without a zone it is UTC, as CLM means it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, offset) = split_zone(text)?;
        Self::of_local(local)?.0.checked_add_signed(-offset.unwrap_or(0)).map(Self)
    }

    /// Reads RFC 3339, which requires a zone.
    #[must_use]
    pub fn parse_strict(text: &str) -> Option<Self> {
        split_zone(text)?.1.and_then(|_| Self::parse(text))
    }

    fn of_local(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
        let is_real = hour < 24 && minute < 60 && second <= 60;
        if !is_real || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let fraction: u64 = format!("{fraction:0<7}").get(..7)?.parse().ok()?;
        let day = u64::try_from(date.to_julian_day() - YEAR_0).ok()?;
        Some(Self(day * DAY + (hour * 3600 + minute * 60 + second) * SECOND + fraction))
    }
}

/// As RFC 3339 in UTC, for DocuSign.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, ticks) = (self.0 / DAY, self.0 % DAY);
        let day = i32::try_from(day).ok().and_then(|day| Date::from_julian_day(day + YEAR_0).ok()).unwrap_or(Date::MAX);
        let (year, month, day) = (day.year(), u8::from(day.month()), day.day());
        let second = ticks / SECOND;
        let (hour, minute, fraction) = (second / 3600, second / 60 % 60, ticks % SECOND);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{fraction:07}Z", second % 60)
    }
}

/// The text before the zone, and the zone's offset in ticks if it has one.
fn split_zone(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, Some(0)));
    }
    let start = text.len().checked_sub("+00:00".len()).filter(|start| text.is_char_boundary(*start))?;
    let (local, zone) = text.split_at(start);
    // In a query, a `+` that is not encoded arrives as a space.
    let sign = match zone.as_bytes()[0] {
        b'+' | b' ' if local.len() > "2031-01-01".len() => 1,
        b'-' if local.contains(['T', 't', ' ']) => -1,
        _ => return Some((text, None)),
    };
    let Some([hours, minutes]) = numbers(&zone[1..], ':', [2, 2]) else { return Some((text, None)) };
    let ticks = i64::try_from((hours * 3600 + minutes * 60) * SECOND).ok()?;
    (hours < 24 && minutes < 60).then_some((local, Some(sign * ticks)))
}

/// Numbers with fixed lengths between separators.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[u64; N]> {
    let (mut parts, mut read) = (text.split(separator), [0; N]);
    for (number, length) in read.iter_mut().zip(lengths) {
        let part =
            parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
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
        assert_eq!(day, DAY);
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
