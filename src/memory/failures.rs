//! How long a failure upstream is remembered, so that an outage does not turn every request into a call. Pure.

/// What kind of failure it was, as far as trying again goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Somebody has to mend something: a consent, a key, a setting.
    Permanent,
    /// It may pass by itself.
    Transient,
    /// Upstream named the number of seconds to wait.
    Throttled(u64),
}

/// Seconds that a permanent failure is remembered.
pub const PERMANENT: u64 = 30;

/// Seconds that the first transient failure in a row is remembered, and the most it grows to.
const TRANSIENT: u64 = 2;
const MAX_TRANSIENT_SECONDS: u64 = 10;

/// The longest wait believed, in seconds: DocuSign's rate limits reset on the clock hour.
pub const MAX_THROTTLED_SECONDS: u64 = 3600;

impl FailureKind {
    /// Seconds for which nothing new is tried after the `streak`th failure in a row, counted from 1.
    #[must_use]
    pub fn remembered_for(self, streak: u32) -> u64 {
        match self {
            Self::Permanent => PERMANENT,
            Self::Transient => (TRANSIENT << streak.saturating_sub(1).min(8)).min(MAX_TRANSIENT_SECONDS),
            Self::Throttled(seconds) => seconds.clamp(1, MAX_THROTTLED_SECONDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_remembered_briefly() {
        let transient: Vec<u64> = (1..=6).map(|n| FailureKind::Transient.remembered_for(n)).collect();
        assert_eq!(transient, [2, 4, 8, 10, 10, 10]);
        assert_eq!(FailureKind::Permanent.remembered_for(9), 30);
        assert_eq!(FailureKind::Throttled(17).remembered_for(1), 17);
        assert_eq!(FailureKind::Throttled(0).remembered_for(1), 1);
        assert_eq!(FailureKind::Throttled(86_400).remembered_for(1), 3600);
        assert_eq!(FailureKind::Transient.remembered_for(u32::MAX), 10);
    }
}
