//! Child processes with their output stored line by line, and programs that tests write.

use std::io::Write as _;
use std::path::Path;
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

/// Writes a script for `sh` that can be run.
///
/// Another process writes the file: a process that this one starts meanwhile would inherit the open file, and Linux runs
/// no program that is open for writing.
pub fn write_program(path: &Path, script: &str) {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut shell = shell.spawn().expect("a shell");
    let text = format!("#!/bin/sh\n{script}\n");
    shell.stdin.take().expect("its input").write_all(text.as_bytes()).expect("a reader");
    assert!(shell.wait().expect("an end").success(), "{} is not written", path.display());
}

/// Copies a program so that it can be run, in another process like [`write_program`].
pub fn copy_program(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg(from).arg(to).status();
    assert!(copied.expect("cp").success(), "{} is not copied", from.display());
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_can_be_run_at_once_while_others_are_started() {
        let folder = tempfile::tempdir().unwrap();
        let write_and_run = |thread: u8| {
            for number in 0..100 {
                let program = folder.path().join(format!("{thread}-{number}"));
                write_program(&program, "exit 7");
                assert_eq!(Command::new(&program).status().unwrap().code(), Some(7));
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|thread| drop(scope.spawn(move || write_and_run(thread)))));
    }
}
