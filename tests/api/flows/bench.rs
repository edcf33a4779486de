//! A running app, SharePoint, and the written solutions with connections to both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandbox::flows::{Connections, Disruption, Flow, Report, Solutions};
use sandbox::share_point::{SITE, SharePoint};
use sandbox::{Sandbox, digest};
use serde_json::{Value, json};

use crate::support::{TestApp, root, run};

/// The API key of the flows' client.
const FLOWS_KEY: &str = "key of the flows, worth nothing";
/// The API key of the Logic App's client.
pub const ARCHIVE_KEY: &str = "key of the archive, worth nothing";

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

/// The sandbox's clients, and those that the guides register: they may do what the guides allow, and no more.
fn clients(sandbox: &Sandbox) -> String {
    let mut clients = sandbox.clients();
    for (id, key, page) in
        [("flows", FLOWS_KEY, "connectors/solution/README.md"), ("archive", ARCHIVE_KEY, "docs/flows.md")]
    {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let command = text.split(&format!("client new {id} --api-key")).nth(1).unwrap().split("--in ").next().unwrap();
        let scope = command.split("--scope ").nth(1).unwrap().split(" --allow").next().unwrap();
        let rules: Vec<&str> =
            command.split("--allow ").skip(1).map(|rest| rest.split_whitespace().next().unwrap()).collect();
        clients.as_array_mut().unwrap().push(json!({
            "client_id": id, "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
            "scope": scope.trim_matches(['"', ' ', '\\', '\n']), "api_key_sha256": [digest(key)], "gateway_allow": rules,
        }));
    }
    clients.to_string()
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
        let sandbox = Sandbox::start().await;
        let clients = clients(&sandbox);
        let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &clients)]).await;
        let url = app.host.url();
        let written = Written::new(&url).await;
        let share_point = Arc::clone(&app.sandbox.share_point);
        let connections = written.solutions.connections(&share_point, &url, FLOWS_KEY);
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
