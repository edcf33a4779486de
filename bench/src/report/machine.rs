//! The machine, the tools and the date of a run.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::figures::written;
use crate::setup::Setup;

/// The highest load of an idle machine, in percent.
const MAX_IDLE_LOAD_PERCENT: f64 = 5.0;

/// The circumstances of a run: names and values.
#[derive(Debug)]
pub struct Machine(Vec<(&'static str, String)>);

impl Machine {
    /// Reads the circumstances of this run.
    #[must_use]
    pub fn look(setup: &Setup) -> Self {
        let arguments = &setup.arguments;
        let size = std::fs::metadata(arguments.handler()).map_or(0, |file| file.len());
        let mut circumstances = vec![
            ("when", date()),
            ("processor", field("/proc/cpuinfo", "model name")),
            ("memory", field("/proc/meminfo", "MemTotal")),
            ("system", first_line("uname", &["-sr"])),
            ("cores", setup.cores.description()),
            ("busy before the run", format!("{} % of all cores", written(setup.busy_before))),
            ("load average at the end", file("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
            (
                "handler",
                format!("{} of {} MB", arguments.handler().display(), written(crate::figures::number(size) / 1e6)),
            ),
            ("commit", first_line("git", &["describe", "--always", "--dirty"])),
            ("Node.js", first_line("node", &["--version"])),
            ("Python", first_line("bench/peers/.venv/bin/python", &["--version"])),
        ];
        if arguments.quick() {
            circumstances.push(("NOTE", "a smoke run (--quick): these figures mean nothing".to_owned()));
        }
        if setup.busy_before > MAX_IDLE_LOAD_PERCENT {
            circumstances
                .push(("DISTURBED", "the machine had other load, so these figures are not reliable".to_owned()));
        }
        Self(circumstances)
    }

    /// All names and values.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// As an object.
    #[must_use]
    pub fn json(&self) -> Value {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    }
}

fn file(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, name: &str) -> String {
    let text = file(path);
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, value)| value.trim()).to_owned()
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    let line = String::from_utf8_lossy(&output).lines().next().map(str::trim).unwrap_or_default().to_owned();
    if line.is_empty() { "unknown".to_owned() } else { line }
}

/// The date, from the program `date`.
fn date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    first_line("date", &["-u", "-d", &format!("@{now}"), "+%Y-%m-%d %H:%M UTC"])
}
