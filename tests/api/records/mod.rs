//! Shared records as state machines: random histories with outages, compared with a model or with what must never happen.

mod formats;
mod kinds;
mod memory_store;
mod redirect_requests;
mod registry_histories;
mod revocations;
mod rotations;
mod single_use;
mod two_stores;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use evergrant::store::{Record, Store, StoreError, Write};

/// A store that remembers what was written, or should have been.
struct Spy {
    inner: Arc<dyn Store>,
    writes: Mutex<Vec<Write>>,
}

impl Spy {
    fn on(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, writes: Mutex::default() })
    }

    fn writes(&self) -> Vec<Write> {
        self.writes.lock().unwrap().clone()
    }
}

#[async_trait]
impl Store for Spy {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        self.inner.read(name).await
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        self.writes.lock().unwrap().push(write.clone());
        self.inner.write(write).await
    }

    fn process_id(&self) -> Option<&str> {
        self.inner.process_id()
    }
}

/// Runs a history in a runtime of its own whose time passes at once.
pub fn at_once<T>(history: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(history)
}
