//! Load by wrk.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::Result;
use crate::figures::number;

/// Tells wrk what to post and how to tell what came of it.
const SCRIPT: &str = include_str!("post.lua");

/// What came of a load.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Load {
    /// Answers.
    requests: u64,
    /// How long it took, in microseconds.
    micros: u64,
    /// Microseconds.
    p50: u64,
    /// Microseconds.
    p99: u64,
    /// Answers with a status of 400 or more.
    pub refused: u64,
    /// Connections that broke, and answers that did not come in time.
    pub broken: u64,
}

impl Load {
    /// Answers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        number(self.requests) / self.seconds()
    }

    /// How long it took.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        number(self.micros) / 1e6
    }

    /// The median latency in milliseconds.
    #[must_use]
    pub fn p50(&self) -> f64 {
        number(self.p50) / 1e3
    }

    /// 99 of 100 answers came within so many milliseconds.
    #[must_use]
    pub fn p99(&self) -> f64 {
        number(self.p99) / 1e3
    }
}

/// wrk with its script in a file.
#[derive(Debug)]
pub struct Wrk {
    script: PathBuf,
}

impl Wrk {
    /// Writes the script into `folder`.
    ///
    /// # Errors
    /// If it cannot be written, or wrk is missing.
    pub fn new(folder: &std::path::Path) -> Result<Self> {
        Command::new("wrk").arg("--version").output().map_err(|error| format!("wrk: {error}"))?;
        std::fs::create_dir_all(folder)?;
        let script = folder.join("post.lua");
        std::fs::write(&script, SCRIPT)?;
        Ok(Self { script })
    }

    /// Posts `form` to the token endpoint at `url` for some seconds.
    ///
    /// # Errors
    /// If wrk fails.
    pub fn load(&self, url: &str, form: &str, connections: usize, seconds: u64) -> Result<Load> {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--timeout", "20s", "-c"]).arg(connections.to_string());
        command.arg("-d").arg(format!("{seconds}s")).arg("-s").arg(&self.script);
        command.arg(format!("{url}/oauth/token")).env("BENCH_FORM", form);
        let output = command.output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let result = told.lines().find_map(|line| line.strip_prefix("RESULT "));
        let result = result.ok_or_else(|| format!("wrk: {told}{}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(serde_json::from_str(result)?)
    }
}
