//! Generates load with wrk.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::Result;
use crate::figures::number;

/// The script that makes wrk post the form and print the result.
const SCRIPT: &str = include_str!("post.lua");

/// The result of a load.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Load {
    /// The number of responses.
    requests: u64,
    /// The duration in microseconds.
    micros: u64,
    /// Microseconds.
    p50: u64,
    /// Microseconds.
    p99: u64,
    /// Responses with a status of 400 or more.
    pub refused: u64,
    /// Broken connections and timeouts.
    pub broken: u64,
}

impl Load {
    /// Responses per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        number(self.requests) / self.seconds()
    }

    /// The duration.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        number(self.micros) / 1e6
    }

    /// The median latency in milliseconds.
    #[must_use]
    pub fn p50(&self) -> f64 {
        number(self.p50) / 1e3
    }

    /// The 99th percentile of the latency in milliseconds.
    #[must_use]
    pub fn p99(&self) -> f64 {
        number(self.p99) / 1e3
    }
}

/// wrk with its script file.
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
        let printed = String::from_utf8_lossy(&output.stdout);
        let result = printed.lines().find_map(|line| line.strip_prefix("RESULT "));
        let result = result.ok_or_else(|| format!("wrk: {printed}{}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(serde_json::from_str(result)?)
    }
}
