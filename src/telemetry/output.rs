//! Where lines go: to stdout, at once where there are few, some together where there are many.
//!
//! A write for each line would cost a busy process more than all else that a request for a cached token needs, and wake the
//! reader as often. So a line is written as it comes unless another was written within [`PAUSE`]; then it waits for the
//! others of that time. Warnings and errors never wait.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::since_epoch;

/// A line waits for that long, and up to twice that since the timer is coarse; longer only while no core is free. The
/// Functions host ends processes without asking, and what waits then is lost.
const PAUSE: Duration = Duration::from_millis(1);

/// As many bytes never wait: some sixty lines, half of what a pipe holds.
const MAX_WAITING_BYTES: usize = 32 * 1024;

/// Lines that wait, and when the last ones were written.
struct Waiting {
    lines: Vec<u8>,
    written_at: Duration,
}

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { lines: Vec::new(), written_at: Duration::ZERO });

/// Does [`write_in_time`] run? Lines only wait for somebody who comes.
static IS_COLLECTED: AtomicBool = AtomicBool::new(false);

/// The first line waits.
static ARRIVED: Notify = Notify::const_new();

/// Adds a line of the moment `now`, which ends with a line feed. An urgent one is written at once, behind those that wait.
pub fn add(line: &[u8], now: Duration, urgent: bool) {
    let mut waiting = waiting();
    let is_first = waiting.lines.is_empty();
    waiting.lines.extend_from_slice(line);
    // A clock that was set back tells nothing.
    let just_written = now.checked_sub(waiting.written_at).is_some_and(|since| since < PAUSE);
    let may_wait =
        just_written && !urgent && waiting.lines.len() < MAX_WAITING_BYTES && IS_COLLECTED.load(Ordering::Relaxed);
    if !may_wait {
        waiting.write(now);
    } else if is_first {
        ARRIVED.notify_one();
    }
}

/// Writes what waits, whenever its time is over. Runs for ever; without it no line waits.
pub async fn write_in_time() {
    let _running = Running::begin();
    loop {
        ARRIVED.notified().await;
        tokio::time::sleep(PAUSE).await;
        waiting().write(since_epoch());
    }
}

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    fn write(&mut self, now: Duration) {
        self.written_at = now;
        if !self.lines.is_empty() {
            // Where nobody reads there is nobody to tell.
            let _ = std::io::stdout().lock().write_all(&self.lines);
            self.lines.clear();
        }
    }
}

/// While it lives, lines are collected. Ends with the task, however that ends.
struct Running;

impl Running {
    fn begin() -> Self {
        IS_COLLECTED.store(true, Ordering::Relaxed);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        IS_COLLECTED.store(false, Ordering::Relaxed);
        waiting().write(since_epoch());
    }
}
