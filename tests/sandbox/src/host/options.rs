//! How to start a host.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// The flags that a version of the host supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Both flags, and it prefers proxying (since 2025).
    Proxying,
    /// Only forwarding.
    Forwarding,
    /// Neither flag.
    Envelope,
}

/// How a request reaches the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Unchanged and streamed.
    Proxy,
    /// Rebuilt and buffered.
    Forward,
    /// Wrapped in JSON.
    Envelope,
}

/// How to start a host.
#[derive(Clone, Debug)]
pub struct Options {
    /// The app's folder, with `host.json`.
    pub root: PathBuf,
    /// Another handler; overrides host.json and the app settings.
    pub executable: Option<PathBuf>,
    /// A handler that already listens on this port; the host starts none.
    pub listening: Option<u16>,
    /// Starts the handler as another process's child, which can end without it: see
    /// [`end_without_handler`](super::FunctionsHost::end_without_handler).
    pub can_leave_orphan: bool,
    /// The app settings. The handler inherits nothing else from this process.
    pub settings: Vec<(String, String)>,
    /// The host's version.
    pub generation: Generation,
    /// Function keys by function name.
    pub function_keys: HashMap<String, String>,
    /// The host key, which opens every function of level `function`.
    pub host_key: Option<String>,
    /// The master key, which opens every function.
    pub master_key: Option<String>,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The memory of the instance, in MiB.
    pub memory_mb: u64,
    /// How long the host waits for what.
    pub timing: Timing,
}

impl Options {
    /// A host of today's version for the app in `root`, on a free port, without keys and settings.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            executable: None,
            listening: None,
            can_leave_orphan: false,
            settings: Vec::new(),
            generation: Generation::Proxying,
            function_keys: HashMap::new(),
            host_key: None,
            master_key: None,
            port: 0,
            memory_mb: 2_048,
            timing: Timing::default(),
        }
    }
}

/// How long the host waits; the defaults are the real host's.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The pause before the second of ten tries. The following ones are longer by this, up to five times: 1.75 s in all.
    pub pause: Duration,
    /// For the handler's `100 Continue`.
    pub continue_wait: Duration,
    /// For the rest of a body that no one reads.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { pause: Duration::from_millis(50), continue_wait: Duration::from_secs(1), drain: Duration::from_secs(5) }
    }
}

impl Timing {
    pub(super) fn pause_before(&self, number: u32) -> Duration {
        self.pause * (number - 1).min(5)
    }
}
