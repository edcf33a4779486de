//! The handler as a child process.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::Options;
use crate::manifest::Manifest;
use crate::process::{self, Output};
use crate::servers::free_port;

/// The host polls every 25 ms.
pub(super) const POLL: Duration = Duration::from_millis(25);

/// The app setting that overrides `customHandler.description.defaultExecutablePath`.
const EXECUTABLE_OVERRIDE: &str = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";

/// Starts the handler as a child of a shell, which writes its id into a file and exits with its code.
const PARENT: &str = r#""$0" & echo $! > "$1"; wait $!"#;

/// Starts handlers.
pub(super) struct Launcher {
    executable: PathBuf,
    root: PathBuf,
    settings: Vec<(String, String)>,
    /// The file for the handler's id, if it is the child of a shell.
    id_file: Option<tempfile::TempPath>,
    pub(super) output: Output,
}

/// A started handler.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) port: u16,
    /// The handler, if the child is its parent.
    grandchild: Option<Orphan>,
}

/// A handler whose host has ended. Dropping it kills it.
#[derive(Debug)]
pub struct Orphan {
    /// Its process.
    pub pid: u32,
}

impl Orphan {
    pub(super) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Whether the process runs; one that no parent has waited for does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        if self.is_alive() {
            let _ = std::process::Command::new("kill").args(["-9", &self.pid.to_string()]).status();
        }
    }
}

impl Launcher {
    pub(super) fn new(manifest: &Manifest, options: &Options) -> Self {
        // App settings can override every value of host.json; this one is used for debug builds.
        let overridden = options.settings.iter().find(|(name, _)| name == EXECUTABLE_OVERRIDE).map(|(_, path)| path);
        let named = overridden.unwrap_or(&manifest.executable);
        let id_file = || tempfile::NamedTempFile::new().expect("a temporary file").into_temp_path();
        Self {
            executable: options.executable.clone().unwrap_or_else(|| manifest.root.join(named)),
            root: manifest.root.clone(),
            settings: options.settings.clone(),
            id_file: options.can_leave_orphan.then(id_file),
            output: Output::default(),
        }
    }

    /// Starts the handler on a free port.
    pub(super) async fn start(&self) -> Running {
        let port = free_port();
        let mut process = Command::new(&self.executable);
        if let Some(id_file) = &self.id_file {
            std::fs::write(id_file, "").expect("a file for the id");
            process = Command::new("/bin/sh");
            process.args(["-c", PARENT]).arg(&self.executable).arg(id_file);
        }
        process.env_clear().current_dir(&self.root).envs(self.settings.iter().cloned());
        let id = guid();
        for (name, value) in [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
            ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", id.clone()),
            ("FUNCTIONS_HTTPWORKER_ID", id),
            ("FUNCTIONS_APP_ROOT_PATH", self.root.display().to_string()),
        ] {
            process.env(name, value);
        }
        let child = process::spawn(&mut process, &self.output);
        let grandchild = self.grandchild().await;
        Running { child, port, grandchild }
    }

    async fn grandchild(&self) -> Option<Orphan> {
        let id_file = self.id_file.as_ref()?;
        loop {
            let id = std::fs::read_to_string(id_file).expect("the file of the id");
            if let Some(id) = id.strip_suffix('\n') {
                return Some(Orphan::new(id.parse().expect("a process id")));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Running {
    pub(super) async fn kill(mut self) {
        drop(self.grandchild.take());
        let _ = self.child.kill().await;
    }

    /// Ends the parent only.
    pub(super) async fn abandon(mut self) {
        if let Some(handler) = self.grandchild.take() {
            std::mem::forget(handler);
        }
        let _ = self.child.kill().await;
    }

    /// The handler's process.
    pub(super) fn pid(&self) -> u32 {
        self.grandchild.as_ref().map_or(self.child.id().unwrap_or_default(), |handler| handler.pid)
    }
}

/// A random worker id.
fn guid() -> String {
    let id = crate::wire::random();
    format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..])
}
