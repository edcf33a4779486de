//! Records in memory, for a single process. They are lost when it ends.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::clock::{Clock, UnixSeconds};
use crate::memory::tidy_map::TidyMap;
use crate::secret::random;
use crate::store::{Condition, Record, Store, StoreError, Version, Write};

/// Expired records are dropped once there are this many.
const MIN_RECORDS: usize = 4096;

struct StoredRecord {
    record: Record,
    expires_at: Option<UnixSeconds>,
}

/// The records, and the number of writes so far.
struct Records {
    by_name: TidyMap<String, StoredRecord>,
    writes: u64,
}

/// A store in memory.
pub struct MemoryStore {
    process_id: String,
    clock: Arc<dyn Clock>,
    records: Mutex<Records>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let records = Records { by_name: TidyMap::new(MIN_RECORDS), writes: 0 };
        Self { process_id: random::id::<8>(), clock, records: Mutex::new(records) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(records.by_name.get(name).map(|entry| entry.record.clone()))
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(records.write(write, now))
    }

    fn process_id(&self) -> Option<&str> {
        Some(&self.process_id)
    }
}

impl Records {
    fn write(&mut self, write: Write, now: UnixSeconds) -> bool {
        let Write { name, content, condition, expires_at } = write;
        let there = self.by_name.get(&name).map(|entry| &entry.record.version);
        let holds = match &condition {
            Condition::Absent => there.is_none(),
            Condition::Unchanged(version) => there == Some(version),
        };
        if holds {
            self.writes += 1;
            let record = Record { content, version: Version(self.writes.to_string()) };
            let is_live = |entry: &StoredRecord| entry.expires_at.is_none_or(|expires_at| now < expires_at);
            self.by_name.insert(name, StoredRecord { record, expires_at }, is_live);
        }
        holds
    }
}
