//! Times as DocuSign and makers write them: the calendar, zones, fractions, and what is no time.

use evergrant::clock::UnixSeconds;
use evergrant::docusign::moment::Moment;
use proptest::prelude::*;

const SECOND: u64 = 10_000_000;
const DAY: u64 = 86_400 * SECOND;

fn parse(text: &str) -> Option<Moment> {
    Moment::parse(text)
}

/// The days of a month, by the rule of the Gregorian calendar.
fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[test]
fn every_day_follows_the_one_before() {
    let mut before: Option<Moment> = None;
    // The ends of four centuries, of which one has a leap day.
    for year in [1899, 1999, 2099, 2199].into_iter().flat_map(|year| year..year + 6) {
        if year % 100 == 99 {
            before = None;
        }
        for month in 1..13 {
            for day in 1..=days_in(year, month) {
                let text = format!("{year:04}-{month:02}-{day:02}T00:00:00.0000000Z");
                let moment = parse(&text).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(moment.0 - before.map_or(moment.0 - DAY, |before| before.0), DAY, "{text}");
                assert_eq!(moment.to_string(), text);
                before = Some(moment);
            }
            let no_day = format!("{year:04}-{month:02}-{:02}T00:00:00Z", days_in(year, month) + 1);
            assert_eq!(parse(&no_day), None, "{no_day}");
        }
    }
}

#[test]
fn times_of_the_system_clock_and_of_docusign_meet() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_900_000_000, "2030-03-17T17:46:40Z"),
        (4_102_444_799, "2099-12-31T23:59:59Z"),
    ] {
        assert_eq!(Some(Moment::of_unix(UnixSeconds(seconds))), parse(text), "{text}");
    }
}

#[test]
fn the_zone_decides_what_since_means() {
    let noon = parse("2031-02-03T12:00:00Z").unwrap();
    for (text, hours, minutes) in [
        ("2031-02-03T12:00:00+00:00", 0, 0),
        ("2031-02-03T12:00:00-00:00", 0, 0),
        ("2031-02-03T12:00:00+05:30", -5, -30),
        ("2031-02-03T12:00:00-08:00", 8, 0),
        ("2031-02-03T12:00:00+14:00", -14, 0),
        ("2031-02-03T12:00:00-23:59", 23, 59),
        ("2031-02-03T12:00:00.000-01:00", 1, 0),
        ("2031-02-03 12:00:00-01:00", 1, 0),
        ("2031-02-03t12:00:00 01:00", -1, 0),
    ] {
        let difference: i64 = (hours * 3600 + minutes * 60) * i64::try_from(SECOND).unwrap();
        let expected = noon.0.checked_add_signed(difference).unwrap();
        assert_eq!(Moment::parse_strict(text), Some(Moment(expected)), "{text}");
    }
}

#[test]
fn a_time_without_a_zone_is_read_from_docusign_and_refused_from_makers() {
    for text in ["2031-02-03T12:00:00", "2031-02-03 12:00:00", "2031-02-03T12:00:00.5"] {
        assert!(parse(text).is_some(), "{text}");
        assert_eq!(Moment::parse_strict(text), None, "{text}");
    }
}

#[test]
fn impossible_zones_and_times_are_refused() {
    for text in [
        "2031-02-03T12:00:00+24:00",
        "2031-02-03T12:00:00+00:60",
        "2031-02-03T12:00:00-99:99",
        "2031-02-03T12:00:00+1:00",
        "2031-02-03T12:00:00+001:0",
        "2031-02-03T12:00:00Z+01:00",
        "2031-02-03T12:00:00ZZ",
        "2031-02-03T12:00:61Z",
        "2031-02-03T12:60:00Z",
        "2031-02-03T-1:00:00Z",
        "2031-02-03T12:00:00,5Z",
        "2031-02-03T12:00:00.5.5Z",
        "2031-02-03TT12:00:00Z",
        "+2031-02-03T12:00:00Z",
        "12031-02-03T12:00:00Z",
        "2031-02-03T12:00:00\u{ff10}Z",
        " 2031-02-03T12:00:00Z",
        "2031-02-03T12:00:00 Z",
        "0000-01-01T00:00:00+00:01",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn the_borders_of_the_calendar_are_times() {
    assert_eq!(parse("0000-01-01T00:00:00Z"), Some(Moment(0)));
    assert_eq!(Moment::default().to_string(), "0000-01-01T00:00:00.0000000Z");
    assert_eq!(Moment(0).next(), Moment(1));
    assert_eq!(Moment(u64::MAX).next(), Moment(u64::MAX), "there is nothing after the last one");
    let leap_second = parse("2016-12-31T23:59:60Z");
    assert_eq!(leap_second, parse("2016-12-31T23:59:59.9999999Z"), "RFC 3339 section 5.7");
    let beyond = parse("9999-12-31T23:59:59-00:01").unwrap();
    assert_eq!(beyond.to_string(), "9999-12-31T23:59:59.9999999Z");
}

prop_compose! {
    fn dates()(year in 1_u64..10_000, month in 1_u64..13)
              (day in 1..=days_in(year, month), year in Just(year), month in Just(month),
               hour in 0_u64..24, minute in 0_u64..60, second in 0_u64..60, ticks in 0..SECOND) -> (String, u64) {
        (format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"), ticks)
    }
}

proptest! {
    #[test]
    fn every_time_is_written_as_it_was_read((local, ticks) in dates()) {
        let text = format!("{local}.{ticks:07}Z");
        let moment = parse(&text);
        prop_assert_eq!(moment.map(|moment| moment.to_string()), Some(text));
    }

    #[test]
    fn order_is_that_of_the_texts((one, ticks) in dates(), (other, others) in dates()) {
        let [one, other] = [(one, ticks), (other, others)].map(|(local, ticks)| format!("{local}.{ticks:07}Z"));
        prop_assert_eq!(parse(&one).cmp(&parse(&other)), one.cmp(&other));
    }

    #[test]
    fn digits_after_the_seventh_and_zeros_before_it_change_nothing((local, ticks) in dates(), more in "[0-9]{0,9}") {
        let fraction = format!("{ticks:07}");
        let short = fraction.trim_end_matches('0');
        let expected = parse(&format!("{local}.{fraction}Z"));
        prop_assert!(expected.is_some());
        prop_assert_eq!(parse(&format!("{local}.{fraction}{more}Z")), expected);
        if !short.is_empty() {
            prop_assert_eq!(parse(&format!("{local}.{short}Z")), expected);
        }
    }

    #[test]
    fn a_zone_moves_the_time_by_its_offset((local, _) in dates(), hours in 0_u64..24, minutes in 0_u64..60, east in any::<bool>()) {
        prop_assume!(!local.starts_with("0001-01-0"));
        let utc = parse(&local).unwrap().0;
        let offset = (hours * 3600 + minutes * 60) * SECOND;
        let expected = if east { utc - offset } else { utc + offset };
        let sign = if east { '+' } else { '-' };
        prop_assert_eq!(Moment::parse_strict(&format!("{local}{sign}{hours:02}:{minutes:02}")), Some(Moment(expected)));
    }

    #[test]
    fn no_text_panics_and_what_is_read_strictly_is_read(text in "\\PC{0,40}|[0-9TtZz:. +-]{0,40}") {
        let strict = Moment::parse_strict(&text);
        prop_assert!(strict.is_none() || strict == parse(&text), "{}", text);
    }
}
