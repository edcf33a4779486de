//! Does DocuSign answer, and do the clocks agree? Other checks fail too if not. Pure.

use crate::config::DocusignSettings;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::fixes;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;

/// Differences between the clocks in seconds: above the first, the operator should know; above the second, DocuSign refuses
/// assertions, whose `iat` is 60 s in the past and whose `exp` is 540 s ahead.
const CLOCK_NOTE: u64 = 20;
const CLOCK_BAD: u64 = 60;

/// The title of the first check.
pub const REACHABLE: &str = "DocuSign's account server";

/// The difference between DocuSign's clock and ours in seconds, if DocuSign answered.
pub type Reached = Result<Option<u64>, ExchangeError>;

/// The checks of the account server and of the clock.
pub fn connectivity_checks(reached: &Reached, took: f64, docusign: &DocusignSettings) -> Vec<Check> {
    let reachable = match reached {
        Ok(_) => Finding::good("answers"),
        Err(error) => fixes::docusign_error(error, docusign),
    };
    vec![
        reachable.into_check("docusign_reachable", Area::Docusign, REACHABLE, took),
        clock(reached).into_check("clock", Area::Azure, "This machine's clock", took),
    ]
}

/// The check that already reports why there is no access token.
pub fn blamed_elsewhere(error: &MintError, reached: &Reached) -> Option<&'static str> {
    use ExchangeError::{
        AssertionExpired, Foreign, NoValidKeys, ServerFailed, TimedOut, Undocumented, Unexplained, Unreachable,
    };
    let MintError::Exchange(error) = error else { return None };
    match (error, reached) {
        (TimedOut | ServerFailed { .. } | Foreign { .. } | Unreachable(_), Err(_)) => {
            Some("not checked: DocuSign does not answer, see its check")
        }
        // DocuSign has several error codes for assertions with a wrong time.
        (AssertionExpired | NoValidKeys | Unexplained | Undocumented { .. }, Ok(Some(difference)))
            if *difference > CLOCK_BAD =>
        {
            Some("not checked: the clock is wrong, see its check")
        }
        _ => None,
    }
}

fn clock(reached: &Reached) -> Finding {
    let difference = match reached {
        Ok(Some(difference)) => *difference,
        Ok(None) => return Finding::skipped("not checked: DocuSign's answer has no date"),
        Err(_) => return Finding::skipped("not checked: DocuSign does not answer, see its check"),
    };
    let finding = format!("{difference} s away from DocuSign's");
    if difference <= CLOCK_NOTE {
        Finding::good(finding)
    } else if difference <= CLOCK_BAD {
        Finding::note(finding, "Synchronize the machine's clock with a time server.")
    } else {
        Finding::bad(
            finding,
            "Synchronize the machine's clock with a time server: DocuSign refuses assertions from another time.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Verdict;

    #[test]
    fn the_farther_the_clock_is_off_the_worse_the_verdict() {
        for (seconds, verdict) in [(0, Verdict::Good), (20, Verdict::Good), (45, Verdict::Note), (7200, Verdict::Bad)] {
            let check = clock(&Ok(Some(seconds))).into_check("clock", Area::Azure, "clock", 0.0);
            assert_eq!(check.verdict, verdict, "{seconds} s");
        }
    }

    #[test]
    fn one_fault_is_reported_by_one_check() {
        let refused = |error| MintError::Exchange(error);
        let (near, far) = (Ok(Some(1)), Ok(Some(7200)));
        assert!(blamed_elsewhere(&refused(ExchangeError::AssertionExpired), &far).is_some());
        assert!(blamed_elsewhere(&refused(ExchangeError::AssertionExpired), &near).is_none());
        assert!(blamed_elsewhere(&refused(ExchangeError::UserNotFound), &far).is_none());
        assert!(blamed_elsewhere(&refused(ExchangeError::TimedOut), &Err(ExchangeError::TimedOut)).is_some());
        assert!(blamed_elsewhere(&refused(ExchangeError::TimedOut), &near).is_none());
    }
}
