//! Makes authorization codes work only once (RFC 6749 §4.1.2), in all processes that share the store.

use std::sync::Arc;

use crate::clock::{Clock, UnixSeconds};
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::single_use::SingleUse;
use crate::store::{Store, StoreError};

/// How long a record is kept after its code expires, in seconds, because clocks differ.
const KEPT_AFTER_EXPIRY_SECONDS: u64 = 3600;

/// The used codes.
#[derive(Clone)]
pub struct UsedCodes(SingleUse);

impl UsedCodes {
    /// The used codes in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self(SingleUse::new(RecordKind::UsedCode, store, clock))
    }

    /// Marks `code` as used and returns true, for only one caller. Also false if the code belongs to another process
    /// (`process_id`).
    ///
    /// # Errors
    /// [`StoreError`]. It is already logged.
    pub async fn use_up(
        &self,
        code: &str,
        process_id: Option<&str>,
        expires_at: UnixSeconds,
    ) -> Result<bool, StoreError> {
        if process_id != self.0.process_id() {
            return Ok(false);
        }
        let key = hex(&sha256(code.as_bytes()));
        self.0.use_up("redeem", &key, expires_at.plus(KEPT_AFTER_EXPIRY_SECONDS)).await
    }
}
