//! A running app, SharePoint, and the written solutions with connections to both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandbox::flows::{Connections, Disruption, Flow, Report, Solutions};
use sandbox::share_point::{SITE, SharePoint};
use sandbox::{GATEWAY_API_KEY, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, run};

/// The values of the environment variables in tests.
const VALUES: [(&str, &str); 7] = [
    ("evgrant_SharePointSite", SITE),
    ("evgrant_ArchiveLibrary", "Documents"),
    ("evgrant_ArchiveFolder", "/Shared Documents/Archive"),
    ("evgrant_EnvelopeFolder", "/Shared Documents/Envelopes"),
    ("evgrant_IncomingLibrary", "Incoming"),
    ("evgrant_IncomingFolder", "/Incoming/New"),
    ("evgrant_SignalList", "Signals"),
];

/// What the command wrote, until it is dropped.
pub struct Written {
    pub solutions: Solutions,
    _folder: tempfile::TempDir,
}

impl Written {
    pub async fn new(public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = write(folder.path(), &["--api-key", "--public-url", public_url]).await;
        assert!(output.status.success(), "{output:?}");
        Self { solutions: Solutions(folder.path().to_owned()), _folder: folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.solutions.0.join(name)
    }
}

/// Runs the command.
pub async fn write(folder: &Path, options: &[&str]) -> std::process::Output {
    let out = folder.display().to_string();
    run(&[&["solution", "power-automate", "--out", &out], options].concat(), &[]).await
}

/// Everything that a flow needs.
pub struct Bench {
    pub app: TestApp,
    pub share_point: Arc<SharePoint>,
    pub connections: Connections,
    written: Written,
}

impl Bench {
    pub async fn start() -> Self {
        let app = TestApp::over(Sandbox::start().await, &[]).await;
        let url = app.host.url();
        let written = Written::new(&url).await;
        let share_point = Arc::clone(&app.sandbox.share_point);
        let connections = written.solutions.connections(&share_point, &url, GATEWAY_API_KEY);
        Self { app, share_point, connections, written }
    }

    /// A flow with values for its environment variables.
    pub fn flow(&self, name: &str, values: &[(&str, &str)]) -> Flow {
        self.written.solutions.flow(name, &[values, &VALUES].concat())
    }

    /// Runs a flow for one event.
    pub async fn run(&self, flow: &Flow, event: Value) -> Report {
        flow.run(&self.connections, json!({"body": event})).await
    }

    /// Runs a flow, and again while it has not succeeded, as a person does who resubmits a failed run.
    pub async fn run_and_resubmit(&self, flow: &Flow, event: Value) -> Report {
        let mut report = self.run(flow, event.clone()).await;
        for _ in 0..2 {
            if report.status != "Succeeded" {
                report = self.run(flow, event.clone()).await;
            }
        }
        report
    }

    /// Does `test` once for each call of a run and each thing that can happen to it.
    pub async fn each_disruption(&self, calls: u32, test: impl AsyncFn(&str)) {
        for disruption in Disruption::ALL {
            for call in 1.. {
                self.connections.disruptions.set(call, disruption);
                test(&format!("{disruption:?} at {call}")).await;
                if self.connections.disruptions.calls() < call {
                    assert_eq!(call - 1, calls, "calls of a run");
                    break;
                }
            }
        }
    }
}
