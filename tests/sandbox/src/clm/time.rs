//! CLM's clock, which tests can stop and set.

use std::time::{SystemTime, UNIX_EPOCH};

/// CLM's clock, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClmClock {
    stopped_at: Option<u64>,
}

impl ClmClock {
    /// The time.
    pub fn now(self) -> u64 {
        self.stopped_at.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
            u64::try_from(since.as_millis()).expect("a time that fits")
        })
    }

    /// Stops the clock at a time.
    pub const fn stop_at(&mut self, milliseconds: u64) {
        self.stopped_at = Some(milliseconds);
    }
}

/// ISO 8601, UTC, with as few digits of the fraction as possible, as in CLM.
pub fn date(milliseconds: u64) -> String {
    let (unix_seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let (days, second) = (unix_seconds / 86_400, unix_seconds % 86_400);
    // Howard Hinnant's civil-from-days, for days since 1970.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:03}") };
    let fraction = fraction.trim_end_matches('0');
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}
