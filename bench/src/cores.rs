//! Pins the server and the load to different cores, so that they do not slow each other down.

use std::process::{Command, Stdio};

/// The core of the server and of the load; `None` if not pinned.
#[derive(Clone, Debug)]
pub struct Cores {
    pinned: Option<(usize, usize)>,
    /// The number of cores for this process.
    available: usize,
}

impl Cores {
    /// The first two cores that this process may use.
    #[must_use]
    pub fn choose() -> Self {
        let allowed = allowed();
        let pinned = match allowed[..] {
            [server, load, ..] if pin_this_thread(load) => Some((server, load)),
            _ => None,
        };
        Self { pinned, available: allowed.len() }
    }

    /// Pins this thread and everything it starts to the load's core.
    pub fn keep_to_load(&self) {
        let _ = self.pinned.map(|(_, load)| pin_this_thread(load));
    }

    /// Pins this thread and everything it starts to the server's core.
    pub fn keep_to_server(&self) {
        let _ = self.pinned.map(|(server, _)| pin_this_thread(server));
    }

    /// A description for the report.
    #[must_use]
    pub fn description(&self) -> String {
        match self.pinned {
            Some((server, load)) => {
                format!("the server on core {server}, the load and the simulators on core {load}")
            }
            None if self.available < 2 => "NOT PINNED: server and load share the only core".to_owned(),
            None => "NOT PINNED: taskset is missing or failed; server and load slow each other down".to_owned(),
        }
    }
}

/// `/proc/thread-self` links to `<pid>/task/<tid>`.
fn pin_this_thread(core: usize) -> bool {
    let Ok(link) = std::fs::read_link("/proc/thread-self") else { return false };
    let Some(thread) = link.file_name() else { return false };
    let mut command = Command::new("taskset");
    command.arg("-cp").arg(core.to_string()).arg(thread);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `Cpus_allowed_list` looks like `0-3,6`.
fn allowed() -> Vec<usize> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    list.trim().split(',').flat_map(range).collect()
}

fn range(text: &str) -> Vec<usize> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => (first..=last).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_cores_are_parsed() {
        assert_eq!(range("0-3"), [0, 1, 2, 3]);
        assert_eq!(range("6"), [6]);
        assert!(range("").is_empty());
    }
}
