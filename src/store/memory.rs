//! Records in this process: right for one process, and lost with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::clock::{Clock, UnixSeconds};
use crate::random::random;
use crate::secret::hex;
use crate::store::{Condition, Record, Store, StoreError, Version, Write};

/// From this many records on, those nobody asks for any more are dropped before one is added.
const RECORDS_BEFORE_CLEANING: usize = 4096;

struct Entry {
    record: Record,
    useless_from: Option<UnixSeconds>,
}

/// The records, and how many writes there have been.
#[derive(Default)]
struct Records {
    by_name: HashMap<String, Entry>,
    writes: u64,
    clean_at: usize,
}

/// A store in memory.
pub struct MemoryStore {
    home: String,
    clock: Arc<dyn Clock>,
    records: Mutex<Records>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let records = Records { clean_at: RECORDS_BEFORE_CLEANING, ..Records::default() };
        Self { home: hex(&random::<8>()), clock, records: Mutex::new(records) }
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

    fn home(&self) -> Option<&str> {
        Some(&self.home)
    }
}

impl Records {
    fn write(&mut self, write: Write, now: UnixSeconds) -> bool {
        let Write { name, content, condition, useless_from } = write;
        let there = self.by_name.get(&name).map(|entry| &entry.record.version);
        let holds = match &condition {
            Condition::Absent => there.is_none(),
            Condition::Unchanged(version) => there == Some(version),
            Condition::Always => true,
        };
        if holds {
            self.clean(now);
            self.writes += 1;
            let record = Record { content, version: Version(self.writes.to_string()) };
            self.by_name.insert(name, Entry { record, useless_from });
        }
        holds
    }

    /// Looks through all records only after they have doubled, so that a write costs the same however many there are.
    fn clean(&mut self, now: UnixSeconds) {
        if self.by_name.len() >= self.clean_at {
            self.by_name.retain(|_, entry| entry.useless_from.is_none_or(|useless_from| useless_from > now));
            self.clean_at = RECORDS_BEFORE_CLEANING.max(self.by_name.len() * 2);
        }
    }
}
