//! Whether DocuSign answers and the clocks agree, and what follows from that for the other checks. Pure.

use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::fixes;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;

/// Seconds that clocks may differ before somebody should know, and before DocuSign refuses: assertions are dated 60 s
/// back and live for 540 more.
const CLOCK_NOTE: u64 = 20;
const CLOCK_BAD: u64 = 60;

/// The title of the first check.
pub const REACHABLE: &str = "DocuSign's account server";

/// Whether DocuSign answered, and how far its clock is from ours.
pub type Reached = Result<Option<u64>, ExchangeError>;

/// The checks of the account server and of the clock.
pub fn checks_of(reached: &Reached, took: f64) -> Vec<Check> {
    let (reachable, clock) = match reached {
        Ok(Some(difference)) => (Finding::good("it answers"), clock(*difference)),
        Ok(None) => (Finding::good("it answers"), Finding::skipped("DocuSign's answer bore no date")),
        Err(error) => (
            Finding::bad(error.to_string(), fixes::mint(&MintError::Exchange(*error))),
            Finding::skipped("DocuSign did not answer"),
        ),
    };
    vec![
        reachable.of("docusign_reachable", Area::Docusign, REACHABLE, took),
        clock.of("clock", Area::Azure, "This machine's clock", took),
    ]
}

/// Which check tells already why there is no access token.
pub fn told_already(error: &MintError, reached: &Reached) -> Option<&'static str> {
    use ExchangeError::{AssertionExpired, NoAnswer, NoValidKeys, ServerFailed, TimedOut, Undocumented, Unexplained};
    let MintError::Exchange(error) = error else { return None };
    match (error, reached) {
        (NoAnswer | TimedOut | ServerFailed { .. }, Err(_)) => Some("DocuSign does not answer: see its check"),
        // DocuSign has no one word for assertions from another time.
        (AssertionExpired | NoValidKeys | Unexplained | Undocumented { .. }, Ok(Some(difference)))
            if *difference > CLOCK_BAD =>
        {
            Some("the clock is wrong: see its check")
        }
        _ => None,
    }
}

fn clock(difference: u64) -> Finding {
    let told = format!("{difference} s away from DocuSign's");
    if difference <= CLOCK_NOTE {
        Finding::good(told)
    } else if difference <= CLOCK_BAD {
        Finding::note(told, "Set the machine's clock by a time server.")
    } else {
        Finding::bad(told, "Set the machine's clock by a time server: DocuSign refuses assertions from another time.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Verdict;

    #[test]
    fn a_clock_that_is_off_is_told_the_worse_the_farther_it_is() {
        for (seconds, verdict) in [(0, Verdict::Good), (20, Verdict::Good), (45, Verdict::Note), (7200, Verdict::Bad)] {
            let checks = checks_of(&Ok(Some(seconds)), 0.0);
            assert_eq!((checks[0].verdict, checks[1].verdict), (Verdict::Good, verdict), "{seconds} s");
        }
    }

    #[test]
    fn what_another_check_tells_is_not_told_twice() {
        let refused = |error| MintError::Exchange(error);
        let (near, far) = (Ok(Some(1)), Ok(Some(7200)));
        assert!(told_already(&refused(ExchangeError::AssertionExpired), &far).is_some());
        assert!(told_already(&refused(ExchangeError::AssertionExpired), &near).is_none());
        assert!(told_already(&refused(ExchangeError::UserNotFound), &far).is_none());
        assert!(told_already(&refused(ExchangeError::NoAnswer), &Err(ExchangeError::NoAnswer)).is_some());
        assert!(told_already(&refused(ExchangeError::NoAnswer), &near).is_none());
    }
}
