//! Writes log lines: immediately when there are few, in batches under load.
//!
//! One write per line would cost more than the rest of a request for a cached token. So a line is written immediately only if
//! none was written within [`PAUSE`]; otherwise it waits for the other lines of that time. Warnings and errors never wait.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::since_epoch;
use crate::telemetry::time_stamps::TimeStamps;

/// How long a line waits. The timer is coarse, so it can take twice as long. Keep it short: the Functions host kills processes
/// without a signal, and waiting lines are lost.
const PAUSE: Duration = Duration::from_millis(1);

/// When this many bytes wait, they are written. About sixty lines, half the capacity of a pipe.
const MAX_WAITING_BYTES: usize = 32 * 1024;

/// Writes lines. Cheap to clone.
#[derive(Clone)]
pub struct Output(Arc<Shared>);

struct Shared {
    buffer: Mutex<Buffer>,
    /// Signals that a line is waiting.
    arrived: Notify,
}

struct Buffer {
    lines: Vec<u8>,
    time_stamps: TimeStamps,
    written_at: Duration,
    /// [`Output::write_in_time`] is running; otherwise no line waits.
    is_collected: bool,
    out: Box<dyn Write + Send>,
}

impl Output {
    /// An output that writes to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let (lines, time_stamps) = (Vec::new(), TimeStamps::default());
        let buffer = Buffer { lines, time_stamps, written_at: Duration::ZERO, is_collected: false, out: Box::new(out) };
        Self(Arc::new(Shared { buffer: Mutex::new(buffer), arrived: Notify::new() }))
    }

    /// Adds a line with the time `now`; `rest` is everything after the time, including the line feed. An urgent line is
    /// written immediately, after the waiting lines.
    pub(super) fn add(&self, now: Duration, rest: &[u8], is_urgent: bool) {
        let mut buffer = self.lock();
        let is_first = buffer.lines.is_empty();
        let Buffer { lines, time_stamps, .. } = &mut *buffer;
        time_stamps.begin_line(lines, now);
        lines.extend_from_slice(rest);
        if is_urgent || !buffer.may_wait(now) {
            buffer.write(now);
        } else if is_first {
            self.0.arrived.notify_one();
        }
    }

    /// Writes waiting lines when [`PAUSE`] is over. Runs forever.
    pub async fn write_in_time(self) {
        let _collecting = Collecting::begin(&self);
        loop {
            self.0.arrived.notified().await;
            tokio::time::sleep(PAUSE).await;
            self.lock().write(since_epoch());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.0.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    fn may_wait(&self, now: Duration) -> bool {
        // If the clock was set back, the line is written immediately.
        let was_just_written = now.checked_sub(self.written_at).is_some_and(|since| since < PAUSE);
        self.is_collected && was_just_written && self.lines.len() < MAX_WAITING_BYTES
    }

    fn write(&mut self, now: Duration) {
        self.written_at = now;
        if !self.lines.is_empty() {
            // stdout is the log; a write error has nowhere to go.
            let _ = self.out.write_all(&self.lines).and_then(|()| self.out.flush());
            self.lines.clear();
        }
    }
}

/// Lines may wait while this exists. It is dropped with its task, however the task ends.
struct Collecting<'a>(&'a Output);

impl<'a> Collecting<'a> {
    fn begin(output: &'a Output) -> Self {
        output.lock().is_collected = true;
        Self(output)
    }
}

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        let mut buffer = self.0.lock();
        buffer.is_collected = false;
        buffer.write(since_epoch());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that records each write.
    #[derive(Clone, Default)]
    struct Pieces(Arc<Mutex<Vec<String>>>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn add(output: &Output, micros: u64, is_urgent: bool) {
        output.add(Duration::from_micros(micros), b"}\n", is_urgent);
    }

    /// The number of lines in each write.
    fn lines(written: &Pieces) -> Vec<usize> {
        written.0.lock().unwrap().iter().map(|piece| piece.lines().count()).collect()
    }

    #[test]
    fn without_a_collector_no_line_waits() {
        let written = Pieces::default();
        let output = Output::new(written.clone());
        (1..=3).for_each(|micros| add(&output, micros, false));
        assert_eq!(lines(&written), [1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn lines_are_batched_and_urgent_lines_are_not_delayed() {
        let written = Pieces::default();
        let output = Output::new(written.clone());
        let collector = tokio::spawn(output.clone().write_in_time());
        tokio::task::yield_now().await;
        (5_000..5_010).for_each(|micros| add(&output, micros, false));
        assert_eq!(lines(&written), [1], "the first line after a pause is written immediately");
        add(&output, 5_010, true);
        assert_eq!(lines(&written), [1, 10]);
        add(&output, 5_011, false);
        tokio::time::sleep(2 * PAUSE).await;
        assert_eq!(lines(&written), [1, 10, 1], "the batch is written after the pause");
        let now = u64::try_from(since_epoch().as_micros()).unwrap() + 900;
        add(&output, now, false);
        collector.abort();
        let _ = collector.await;
        assert_eq!(lines(&written), [1, 10, 1, 1], "waiting lines are written when the collector ends");
    }

    #[tokio::test]
    async fn a_full_buffer_does_not_wait() {
        let written = Pieces::default();
        let output = Output::new(written.clone());
        let _collector = tokio::spawn(output.clone().write_in_time());
        tokio::task::yield_now().await;
        add(&output, 1_000_000, true);
        let long = vec![b'x'; MAX_WAITING_BYTES / 2];
        (0..3).for_each(|_| output.add(Duration::from_micros(1_000_001), &long, false));
        assert_eq!(written.0.lock().unwrap().len(), 2);
    }
}
