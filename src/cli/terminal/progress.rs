//! Shows what a command waits for: one line on a terminal, updated until the wait ends, and then removed.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::config::Environment;

/// Shorter waits show nothing.
const SHOW_AFTER: Duration = Duration::from_millis(400);

/// Back to the start of the line, and erase it.
const ERASE_LINE: &str = "\r\u{1b}[K";

/// Shows what a command waits for, if stderr is a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    is_terminal: bool,
}

impl Progress {
    /// Shows it if stderr is a terminal that can overwrite a line.
    pub fn on_stderr(env: &dyn Environment) -> Self {
        let dumb = env.var("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { is_terminal: !dumb && stderr().is_terminal() }
    }

    /// Waits for `future`, and shows `what` meanwhile.
    pub async fn wait<T>(self, what: &str, future: impl Future<Output = T>) -> T {
        if !self.is_terminal {
            return future.await;
        }
        let mut future = pin!(future);
        let mut patience = SHOW_AFTER;
        let mut seconds = 0;
        loop {
            match timeout(patience, &mut future).await {
                Ok(done) => {
                    if seconds > 0 {
                        write(ERASE_LINE);
                    }
                    return done;
                }
                Err(_) => seconds += 1,
            }
            write(&format!("{ERASE_LINE}Waiting for: {what} ({seconds} s)"));
            patience = Duration::from_secs(1);
        }
    }
}

/// A closed terminal is no reason to fail.
fn write(text: &str) {
    let mut stderr = stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
