//! Writes lines to stdout from its own thread: at once when there are few, in batches under load.
//!
//! A write per line would cost a busy process more than the rest of a request for a cached token. So after a write, lines
//! wait for [`PAUSE`] and are written together; warnings and errors do not wait. A reader that stops reading blocks only
//! the writer thread: lines are queued up to a bound, and then dropped and counted.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::since_epoch;
use crate::telemetry::time_stamps::TimeStamps;
use crate::web::json::push_number;

/// How long a line waits for others after a write. The Functions host can kill the process without a signal, and lines
/// that wait then are lost.
const PAUSE: Duration = Duration::from_millis(1);

/// With more bytes than this in the queue, lines that are not audit lines are dropped.
const MAX_QUEUED_BYTES: usize = 2 * 1024 * 1024;

/// With more bytes than this in the queue, audit lines are dropped too.
const MAX_QUEUED_AUDIT_BYTES: usize = 4 * 1024 * 1024;

/// How long [`Output::close`] waits for a slow reader.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How important a line is.
#[derive(Clone, Copy, Debug)]
pub struct Importance {
    /// The line does not wait for others.
    pub is_urgent: bool,
    /// The line may use the part of the queue that is kept for audit lines.
    pub is_audit: bool,
}

/// Queues lines for the writer thread. Cheap to clone.
#[derive(Clone)]
pub struct Output(Arc<SharedBuffer>);

#[derive(Default)]
struct SharedBuffer {
    queue: Mutex<Queue>,
    /// Signals what the writer waits for.
    arrived: Condvar,
    /// Signals that a batch was written.
    written: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: Vec<u8>,
    time_stamps: TimeStamps,
    is_urgent: bool,
    is_writing: bool,
    awaited: Awaited,
    dropped: Dropped,
}

/// What wakes the writer thread: each wake-up is a system call, so a line that it does not wait for makes none.
#[derive(Clone, Copy, Default)]
enum Awaited {
    #[default]
    Nothing,
    UrgentLine,
    AnyLine,
}

/// Counts lines that the queue had no room for.
#[derive(Default)]
struct Dropped {
    lines: u64,
    audit_lines: u64,
}

impl Output {
    /// Starts the thread that writes to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let shared = Arc::<SharedBuffer>::default();
        let writer = Arc::clone(&shared);
        std::thread::spawn(move || writer.write_forever(out));
        Self(shared)
    }

    /// Queues a line: its time is `now`, and `rest` is everything after the time, with the line feed. Never blocks on the
    /// reader.
    pub(super) fn add(&self, now: Duration, rest: &[u8], importance: Importance) {
        let mut queue = self.0.lock();
        queue.add(now, rest, importance);
        let is_awaited = match queue.awaited {
            Awaited::Nothing => false,
            Awaited::UrgentLine => importance.is_urgent,
            Awaited::AnyLine => true,
        };
        if is_awaited {
            queue.awaited = Awaited::Nothing;
            drop(queue);
            self.0.arrived.notify_one();
        }
    }

    /// Waits until all lines are written, but at most [`CLOSE_WITHIN`].
    pub fn close(&self) {
        let mut queue = self.0.lock();
        queue.is_urgent = true;
        self.0.arrived.notify_one();
        let has_lines = |queue: &mut Queue| queue.is_writing || !queue.lines.is_empty();
        let _ = self.0.written.wait_timeout_while(queue, CLOSE_WITHIN, has_lines);
    }
}

impl SharedBuffer {
    fn write_forever(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            self.take(&mut batch);
            // stdout is the log; a write error has nowhere to go.
            let _ = out.write_all(&batch).and_then(|()| out.flush());
            batch.clear();
            self.pause();
        }
    }

    /// Waits for lines and moves them into `batch`.
    fn take(&self, batch: &mut Vec<u8>) {
        let has_none = |queue: &mut Queue| queue.await_line(Awaited::AnyLine, !queue.lines.is_empty());
        let queue = self.arrived.wait_while(self.lock(), has_none);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        queue.report_dropped(since_epoch());
        std::mem::swap(&mut queue.lines, batch);
        (queue.is_writing, queue.is_urgent) = (true, false);
    }

    /// Lets more lines arrive.
    fn pause(&self) {
        let mut queue = self.lock();
        queue.is_writing = false;
        self.written.notify_all();
        let may_pause = |queue: &mut Queue| queue.await_line(Awaited::UrgentLine, queue.is_urgent);
        let waited = self.arrived.wait_timeout_while(queue, PAUSE, may_pause);
        waited.unwrap_or_else(PoisonError::into_inner).0.awaited = Awaited::Nothing;
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Whether the writer has to wait, and if so for what.
    fn await_line(&mut self, awaited: Awaited, is_there: bool) -> bool {
        self.awaited = if is_there { Awaited::Nothing } else { awaited };
        !is_there
    }

    fn add(&mut self, now: Duration, rest: &[u8], importance: Importance) {
        let room = if importance.is_audit { MAX_QUEUED_AUDIT_BYTES } else { MAX_QUEUED_BYTES };
        self.is_urgent |= importance.is_urgent;
        if self.lines.len() <= room {
            self.time_stamps.begin_line(&mut self.lines, now);
            self.lines.extend_from_slice(rest);
        } else if importance.is_audit {
            self.dropped.audit_lines += 1;
        } else {
            self.dropped.lines += 1;
        }
    }

    fn report_dropped(&mut self, now: Duration) {
        let Dropped { lines, audit_lines } = std::mem::take(&mut self.dropped);
        if (lines, audit_lines) == (0, 0) {
            return;
        }
        self.time_stamps.begin_line(&mut self.lines, now);
        self.lines.extend_from_slice(b",\"level\":\"ERROR\",\"event\":\"log_lines_lost\",\"lines\":");
        push_number(&mut self.lines, lines);
        self.lines.extend_from_slice(b",\"audit_lines\":");
        push_number(&mut self.lines, audit_lines);
        self.lines.extend_from_slice(
            b",\"message\":\"stdout was not read, and the queue for log lines was full\",\"target\":\"evergrant::telemetry\"}\n",
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const ORDINARY: Importance = Importance { is_urgent: false, is_audit: false };
    const URGENT: Importance = Importance { is_urgent: true, is_audit: false };
    const AUDIT: Importance = Importance { is_urgent: false, is_audit: true };

    /// Sends each write, and then waits for permission to continue.
    struct SlowReader {
        writes: Sender<String>,
        permits: Receiver<()>,
    }

    impl Write for SlowReader {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.writes.send(String::from_utf8_lossy(bytes).into_owned());
            let _ = self.permits.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn output() -> (Output, Receiver<String>, Sender<()>) {
        let ((writes, written), (permit, permits)) = (channel(), channel());
        (Output::new(SlowReader { writes, permits }), written, permit)
    }

    fn add(output: &Output, text: &str, importance: Importance) {
        output.add(Duration::from_secs(1), format!(",\"text\":\"{text}\"}}\n").as_bytes(), importance);
    }

    #[test]
    fn lines_that_arrive_during_a_write_are_written_together_and_in_order() {
        let (output, written, permit) = output();
        add(&output, "first", URGENT);
        assert_eq!(written.recv().unwrap().lines().count(), 1);
        for text in ["a", "b", "c"] {
            add(&output, text, ORDINARY);
        }
        add(&output, "d", URGENT);
        permit.send(()).unwrap();
        let batch = written.recv().unwrap();
        let places = ["a", "b", "c", "d"].map(|text| batch.find(&format!("\"{text}\"")).unwrap());
        assert!(places.is_sorted() && batch.lines().count() == 4, "{batch}");
    }

    #[test]
    fn closing_waits_for_the_last_line() {
        let (output, written, permit) = output();
        add(&output, "last", ORDINARY);
        permit.send(()).unwrap();
        output.close();
        assert!(written.try_recv().unwrap().contains("last"));
    }

    #[test]
    fn a_full_queue_drops_ordinary_lines_first_and_counts_what_it_dropped() {
        let (output, written, permit) = output();
        add(&output, "blocked", URGENT);
        written.recv().unwrap();
        let long = "x".repeat(MAX_QUEUED_BYTES / 2);
        (0..5).for_each(|_| add(&output, &long, ORDINARY));
        (0..5).for_each(|_| add(&output, &long, AUDIT));
        permit.send(()).unwrap();
        let batch = written.recv().unwrap();
        let lines: Vec<serde_json::Value> = batch.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let report = lines.last().unwrap();
        assert_eq!((&report["event"], lines.len()), (&"log_lines_lost".into(), 5), "two lines of each kind fit");
        assert_eq!((&report["lines"], &report["audit_lines"]), (&3.into(), &3.into()));
    }
}
