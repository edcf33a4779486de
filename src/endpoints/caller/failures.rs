//! Limits failed authentication, for one client id and one source. Only further failures are refused with 429: right
//! credentials are never counted, so they are never hindered, even from the same source.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use crate::clock::Clock;
use crate::memory::failed_attempts::FailedAttempts;
use crate::telemetry;
use crate::web::retry_after;
use crate::web::source_address::source_address;

/// Too many attempts failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFailuresError {
    /// Seconds after which the caller may try again.
    pub retry_after: u64,
}

impl TooManyFailuresError {
    /// The `cause` of the log line.
    pub const CAUSE: &'static str = "too_many_failures";

    /// The sentence for the caller.
    pub const SENTENCE: &'static str = "too many failed authentications; correct the credentials, then try again later";

    /// Makes a route's error response to this a 429 with `Retry-After`.
    #[must_use]
    pub fn reply<B>(self, mut response: http::Response<B>) -> http::Response<B> {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        retry_after::set(response.headers_mut(), self.retry_after);
        response
    }
}

/// Counts failed authentications.
pub struct FailureLimit {
    attempts: FailedAttempts,
    clock: Arc<dyn Clock>,
}

impl FailureLimit {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { attempts: FailedAttempts::default(), clock }
    }

    /// Counts a failed authentication as `client_id` by a request with these headers. The number goes into the log line.
    ///
    /// # Errors
    /// [`TooManyFailuresError`].
    pub fn count(&self, headers: &HeaderMap, client_id: Option<&str>) -> Result<(), TooManyFailuresError> {
        let failed = self.attempts.count(&(client_id, source_address(headers)), self.clock.now());
        telemetry::record_failures(failed.count);
        failed.retry_after.map_or(Ok(()), |retry_after| Err(TooManyFailuresError { retry_after }))
    }
}
