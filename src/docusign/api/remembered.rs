//! An answer that is remembered, and asked for by one caller for all.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, UnixSeconds};
use crate::docusign::api::error::ApiError;

/// Seconds for which nobody asks again after a failure.
const FAILED_FOR: u64 = 5;

/// The longest that an answer is remembered, in seconds. More than that left means that the clock was set back.
pub const LONGEST: u64 = 3600;

/// What is remembered.
pub struct Remembered<T> {
    known: Mutex<Known<T>>,
    asking: tokio::sync::Mutex<()>,
}

struct Known<T> {
    answer: Option<(T, UnixSeconds)>,
    failure: Option<(ApiError, UnixSeconds)>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { known: Mutex::new(Known { answer: None, failure: None }), asking: tokio::sync::Mutex::default() }
    }
}

impl<T: Clone> Remembered<T> {
    /// What is remembered, or else what `ask` finds out, which is then remembered for `lifetime` seconds. While nobody
    /// answers, an old answer is better than none.
    ///
    /// # Errors
    /// Those of `ask`, if there is no old answer.
    pub async fn get(
        &self,
        clock: &dyn Clock,
        lifetime: impl Fn(&T) -> u64,
        ask: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        if let Some(settled) = self.settled(clock.now()) {
            return settled;
        }
        let _turn = self.asking.lock().await;
        if let Some(settled) = self.settled(clock.now()) {
            return settled;
        }
        let asked = ask.await;
        let now = clock.now();
        let known = &mut *self.lock();
        match asked {
            Ok(answer) => {
                *known = Known { answer: Some((answer.clone(), now.plus(lifetime(&answer)))), failure: None };
                Ok(answer)
            }
            Err(error) => {
                tracing::warn!(event = "api_unavailable", cause = error.code(), "{error}");
                known.failure = Some((error.clone(), now.plus(FAILED_FOR)));
                known.answer.as_ref().map(|(answer, _)| answer.clone()).ok_or(error)
            }
        }
    }

    /// Would anything be lost with this?
    pub fn is_live(&self, now: UnixSeconds) -> bool {
        self.settled(now).is_some()
    }

    /// What can be told without asking.
    fn settled(&self, now: UnixSeconds) -> Option<Result<T, ApiError>> {
        let lasts = |until: UnixSeconds| (1..=LONGEST).contains(&until.seconds_left(now));
        let known = self.lock();
        match (&known.answer, &known.failure) {
            (Some((answer, until)), _) if lasts(*until) => Some(Ok(answer.clone())),
            (Some((answer, _)), Some((_, until))) if lasts(*until) => Some(Ok(answer.clone())),
            (None, Some((error, until))) if lasts(*until) => Some(Err(error.clone())),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
