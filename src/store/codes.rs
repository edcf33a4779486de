//! Authorization codes work once (RFC 6749 §4.1.2), across all processes that share the store.

use std::sync::Arc;

use crate::clock::{Clock, UnixSeconds};
use crate::random::random;
use crate::secret::{hex, sha256};
use crate::store::{Condition, Store, StoreError, Write};

/// How much longer than its code a record is kept, in seconds: for clocks that differ.
const KEPT_LONGER: u64 = 3600;

/// Which codes are used up.
#[derive(Clone)]
pub struct UsedCodes {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl UsedCodes {
    /// The codes that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// What a new code has to name as its `home`.
    #[must_use]
    pub fn home(&self) -> Option<&str> {
        self.store.home()
    }

    /// Uses `code` up: true for exactly one caller, ever. A code that must be redeemed elsewhere (`home`) is false too.
    ///
    /// # Errors
    /// [`StoreError`]; logged here, once.
    pub async fn use_up(&self, code: &str, home: Option<&str>, expires_at: Option<u64>) -> Result<bool, StoreError> {
        if home != self.store.home() {
            return Ok(false);
        }
        let expires_at = expires_at.map_or_else(|| self.clock.now(), UnixSeconds);
        let write = Write {
            name: format!("redeemed/{}", hex(&sha256(code.as_bytes()))),
            content: hex(&random::<16>()),
            condition: Condition::Absent,
            useless_from: Some(expires_at.plus(KEPT_LONGER)),
        };
        let written = self.store.write(write).await;
        written.inspect_err(|error| tracing::warn!(event = "store_unavailable", what = "redeem", cause = %error))
    }
}
