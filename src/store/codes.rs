//! Authorization codes work once (RFC 6749 §4.1.2), across all processes that share the store.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, UnixSeconds};
use crate::memory::tidy_map::TidyMap;
use crate::random;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write};

/// How much longer than its code a record is kept, in seconds: for clocks that differ.
const KEPT_AFTER_EXPIRY_SECONDS: u64 = 3600;

/// How many attempts are kept before those whose code has expired are forgotten.
const ATTEMPTS_AT_LEAST: usize = 1024;

/// What this process tried for one code.
struct Attempt {
    /// What it writes: whoever finds it in the record knows that the write was its own.
    mark: String,
    /// Held while writing. True once it is known who used the code up.
    settled: tokio::sync::Mutex<bool>,
    expires_at: UnixSeconds,
}

/// Which codes are used up.
#[derive(Clone)]
pub struct UsedCodes {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    attempts: Arc<Mutex<TidyMap<String, Arc<Attempt>>>>,
}

impl UsedCodes {
    /// The codes that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, attempts: Arc::new(Mutex::new(TidyMap::new(ATTEMPTS_AT_LEAST))) }
    }

    /// Uses `code` up: true for at most one caller, ever. A code that must be redeemed elsewhere (`process_id`) is false too.
    ///
    /// A caller who was told of an outage, or hung up, may try again: if it turns out that the write had come through,
    /// the code is theirs all the same.
    ///
    /// # Errors
    /// [`StoreError`]; logged here, once.
    pub async fn use_up(
        &self,
        code: &str,
        process_id: Option<&str>,
        expires_at: UnixSeconds,
    ) -> Result<bool, StoreError> {
        if process_id != self.store.process_id() {
            return Ok(false);
        }
        let name = RecordKind::UsedCode.name(&hex(&sha256(code.as_bytes())));
        let attempt = self.attempt(&name, expires_at.plus(KEPT_AFTER_EXPIRY_SECONDS));
        let mut settled = attempt.settled.lock().await;
        if *settled {
            return Ok(false);
        }
        let used_up = self.write(name, &attempt).await;
        *settled = used_up.is_ok();
        used_up.inspect_err(|error| tracing::warn!(event = "store_unavailable", what = "redeem", cause = %error))
    }

    async fn write(&self, name: String, attempt: &Attempt) -> Result<bool, StoreError> {
        let write = Write {
            name: name.clone(),
            content: attempt.mark.clone(),
            condition: Condition::Absent,
            expires_at: Some(attempt.expires_at),
        };
        if self.store.write(write).await? {
            return Ok(true);
        }
        let there = self.store.read(&name).await?;
        Ok(there.is_some_and(|there| there.content == attempt.mark))
    }

    fn attempt(&self, name: &str, expires_at: UnixSeconds) -> Arc<Attempt> {
        let new = || {
            let (mark, settled) = (random::id::<16>(), tokio::sync::Mutex::new(false));
            Arc::new(Attempt { mark, settled, expires_at })
        };
        let now = self.clock.now();
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.get_or_insert(name, new, |attempt| now < attempt.expires_at)
    }
}
