//! Makes an assertion that a client signs itself work only once, in all processes that share the store.

use std::sync::Arc;

use crate::clock::{Clock, UnixSeconds};
use crate::oauth::assertion::claim_checks::LEEWAY;
use crate::oauth::client::ClientId;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::single_use::SingleUse;
use crate::store::{Store, StoreError};

/// The used assertions.
#[derive(Clone)]
pub struct UsedAssertions(SingleUse);

impl UsedAssertions {
    /// The used assertions in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self(SingleUse::new(RecordKind::UsedAssertion, store, clock))
    }

    /// Marks the assertion of `client_id` with this `jti` and `exp` as used and returns true, for only one caller.
    ///
    /// # Errors
    /// [`StoreError`]. It is already logged.
    pub async fn use_up(&self, client_id: &ClientId, jti: &str, exp: UnixSeconds) -> Result<bool, StoreError> {
        // A client id has no colon.
        let key = hex(&sha256(format!("{client_id}:{jti}").as_bytes()));
        self.0.use_up("use_assertion", &key, exp.plus(LEEWAY)).await
    }
}
