//! A child process with its output stored line by line.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

/// Lines written so far, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// All lines.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// The lines after the first `seen`.
    #[must_use]
    pub fn after(&self, seen: usize) -> Vec<String> {
        self.0.lock().unwrap().get(seen..).unwrap_or_default().to_vec()
    }

    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

/// The output of a handler over all its starts.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: Lines,
    /// Standard error, which the host logs as errors.
    pub stderr: Lines,
}

/// Starts `command` and stores its output. The process is killed when dropped.
#[must_use]
pub fn spawn(command: &mut Command, output: &Output) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("a process to start");
    follow(child.stdout.take(), output.stdout.clone());
    follow(child.stderr.take(), output.stderr.clone());
    child
}

/// Runs `command` and returns its output, as an error if it failed.
///
/// # Errors
/// If the command did not succeed.
pub fn report(command: &mut std::process::Command) -> Result<String, String> {
    let output = command.output();
    let output = output.map_err(|error| format!("{command:?}: {error}; ./test installs what the tests need"))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(text) } else { Err(text) }
}

fn follow(stream: Option<impl AsyncRead + Unpin + Send + 'static>, lines: Lines) {
    let Some(stream) = stream else { return };
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream).lines();
        while let Ok(Some(line)) = reader.next_line().await {
            lines.push(line);
        }
    });
}
