//! Makes authorization codes work only once (RFC 6749 §4.1.2), in all processes that share the store.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, UnixSeconds};
use crate::memory::tidy_map::TidyMap;
use crate::secret::random;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write, log_failure};

/// How long a record is kept after its code expires, in seconds, because clocks differ.
const KEPT_AFTER_EXPIRY_SECONDS: u64 = 3600;

/// Attempts with expired codes are dropped once there are this many.
const MIN_ATTEMPTS: usize = 1024;

/// This process's attempt to use a code.
struct Attempt {
    /// The content that it writes. If the record has this content, the write was this attempt's.
    mark: String,
    /// Locked while writing. True once the store has decided.
    settled: tokio::sync::Mutex<bool>,
    expires_at: UnixSeconds,
}

/// The used codes.
#[derive(Clone)]
pub struct UsedCodes {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    attempts: Arc<Mutex<TidyMap<String, Arc<Attempt>>>>,
}

impl UsedCodes {
    /// The used codes in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, attempts: Arc::new(Mutex::new(TidyMap::new(MIN_ATTEMPTS))) }
    }

    /// Marks `code` as used and returns true, for only one caller. Also false if the code belongs to another process
    /// (`process_id`).
    ///
    /// After an outage or a lost connection the caller may try again. If the first write did succeed, the retry returns true.
    ///
    /// # Errors
    /// [`StoreError`]. It is already logged.
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
        used_up.inspect_err(|error| log_failure("redeem", error))
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
