//! Records that only one caller may create, in all processes that share the store.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, UnixSeconds};
use crate::memory::tidy_map::TidyMap;
use crate::secret::random;
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write, log_failure};

/// Expired attempts are dropped once there are this many.
const MIN_ATTEMPTS: usize = 1024;

/// This process's attempt to create a record.
struct Attempt {
    /// The content that it writes. If the record has this content, the write was this attempt's.
    mark: String,
    /// Locked while writing. True once the store has decided.
    settled: tokio::sync::Mutex<bool>,
    expires_at: UnixSeconds,
}

/// The records of one kind.
#[derive(Clone)]
pub struct SingleUse {
    kind: RecordKind,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    attempts: Arc<Mutex<TidyMap<String, Arc<Attempt>>>>,
}

impl SingleUse {
    /// The records of `kind` in `store`.
    #[must_use]
    pub fn new(kind: RecordKind, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { kind, store, clock, attempts: Arc::new(Mutex::new(TidyMap::new(MIN_ATTEMPTS))) }
    }

    /// A name for this process, if its records are not shared.
    pub(super) fn process_id(&self) -> Option<&str> {
        self.store.process_id()
    }

    /// Creates the record for `key` and returns true, for only one caller. It is kept until `expires_at`.
    ///
    /// After an outage or a lost connection the caller may try again. If the first write did succeed, the retry returns true.
    ///
    /// # Errors
    /// [`StoreError`]. It is already logged, as a failure of `what`.
    pub async fn use_up(&self, what: &str, key: &str, expires_at: UnixSeconds) -> Result<bool, StoreError> {
        let name = self.kind.name(key);
        let attempt = self.attempt(&name, expires_at);
        let mut settled = attempt.settled.lock().await;
        if *settled {
            return Ok(false);
        }
        let used_up = self.write(name, &attempt).await;
        *settled = used_up.is_ok();
        used_up.inspect_err(|error| log_failure(what, error))
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
