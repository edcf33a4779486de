//! What can go wrong between a flow and an API.

use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::client::Answer;

/// What happens to one call of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disruption {
    /// 503 with `Retry-After`; the call is not carried out.
    Refused,
    /// 504; the call is carried out.
    AnswerLost,
    /// The call is carried out, and the platform stops the run.
    RunStopped,
}

impl Disruption {
    /// Each kind.
    pub const ALL: [Self; 3] = [Self::Refused, Self::AnswerLost, Self::RunStopped];

    /// The answer that the run sees instead of the real one.
    pub(super) fn answer(self) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("7"));
        let status = if self == Self::Refused { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::GATEWAY_TIMEOUT };
        Answer { status, headers, body: Bytes::from_static(b"disrupted on purpose") }
    }
}

/// Counts the calls, and disrupts one of them.
#[derive(Debug, Default)]
pub struct Disruptions(Mutex<(u32, Option<(u32, Disruption)>)>);

impl Disruptions {
    /// Disrupts the call with this number, from 1 on, and no other.
    ///
    /// # Panics
    /// Never: no one panics while counting.
    pub fn set(&self, call: u32, disruption: Disruption) {
        *self.0.lock().expect("no panic while held") = (0, Some((call, disruption)));
    }

    /// The number of calls since the last disruption was set.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.0.lock().expect("no panic while held").0
    }

    /// Counts a call and returns what happens to it.
    pub(super) fn next(&self) -> Option<Disruption> {
        let mut state = self.0.lock().expect("no panic while held");
        state.0 += 1;
        match state.1 {
            Some((call, disruption)) if call == state.0 => {
                state.1 = None;
                Some(disruption)
            }
            _ => None,
        }
    }
}
