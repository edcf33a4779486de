//! What bodies with a `Content-Length` cost the host: it reads them whole before the handler is called.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` if it is not set.
const DEFAULT_LIMIT_BYTES: u64 = 104_857_600;

/// What the host takes without a request.
const IDLE_BYTES: u64 = 150 << 20;

/// The size limit of bodies, and the memory that they take.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) limit: u64,
    heap: u64,
    bodies: Arc<AtomicU64>,
}

/// The memory of one body; dropping it frees it.
pub(super) struct Held {
    bodies: Arc<AtomicU64>,
    length: u64,
}

impl Memory {
    /// The heap is three quarters of the instance's memory.
    pub(super) fn new(settings: &[(String, String)], instance_mb: u64) -> Self {
        let limit = settings.iter().find(|(name, _)| name == "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT");
        let limit = limit.and_then(|(_, value)| value.parse().ok()).unwrap_or(DEFAULT_LIMIT_BYTES);
        Self { limit, heap: (instance_mb << 20) / 4 * 3, bodies: Arc::default() }
    }

    /// Takes a body of this length, which costs 3.9 times its length; `None` if it does not fit. The bytes are only counted.
    pub(super) fn hold(&self, length: u64) -> Option<Held> {
        let held = Held { bodies: Arc::clone(&self.bodies), length };
        let all = self.bodies.fetch_add(length, Ordering::SeqCst) + length;
        (IDLE_BYTES + all / 10 * 39 <= self.heap).then_some(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.fetch_sub(self.length, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn bodies_fit_as_measured() {
        let memory = Memory::new(&[], 2_048);
        assert!(memory.hold(300 << 20).is_some(), "one of 300 MiB passes");
        assert!(memory.hold(500 << 20).is_none(), "one of 500 MiB does not");
        let held: Vec<_> = (0..4).map(|_| memory.hold(100 << 20)).collect();
        assert_eq!(held.iter().flatten().count(), 3, "of four of 100 MiB at once");
        drop(held);
        assert!(memory.hold(300 << 20).is_some(), "memory is freed");
    }
}
