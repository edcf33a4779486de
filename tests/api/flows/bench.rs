//! A running app, SharePoint, and the flows of the written solution with connections to both.

use std::path::PathBuf;
use std::sync::Arc;

use sandbox::flows::{Connection, Connections, Disruption, Flow, Report};
use sandbox::server::Server;
use sandbox::share_point::{SITE, SharePoint};
use sandbox::{GATEWAY_API_KEY, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, root, run};

/// Everything that a flow needs.
pub struct Bench {
    pub app: TestApp,
    pub share_point: Arc<SharePoint>,
    pub connections: Connections,
    _server: Server,
}

impl Bench {
    pub async fn start() -> Self {
        let app = TestApp::over(Sandbox::start().await, &[]).await;
        let (share_point, server) = SharePoint::start().await;
        let mut connections = Connections::default();
        connections.named.insert("shared_sharepointonline".to_owned(), share_point.connection());
        connections.named.insert("shared_evgrant-5fdocusignclm-5f5d0c7a3e1f424b8e".to_owned(), clm(&app).await);
        Self { app, share_point, connections, _server: server }
    }

    /// Runs a flow for one event.
    pub async fn run(&self, flow: &Flow, event: Value) -> Report {
        flow.run(&self.connections, json!({"body": event})).await
    }
}

impl Bench {
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

async fn clm(app: &TestApp) -> Connection {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let url = app.host.url();
    let output = run(&["connector", "power-automate", "--api-key", "--out", &out, "--public-url", &url], &[]).await;
    assert!(output.status.success(), "{output:?}");
    let json =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap() };
    Connection::custom(&json("apiDefinition.swagger.json"), &json("apiProperties.json"), &url, GATEWAY_API_KEY)
}

/// The file of a flow in the sources.
pub fn source(name: &str) -> PathBuf {
    let folder = root().join("connectors/solution/EvergrantFlows/Workflows");
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let fits = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy();
        file.starts_with(&format!("{name}-")) && file.ends_with(".json")
    };
    names.find(fits).unwrap()
}

/// A flow with values for its environment variables.
pub fn flow(name: &str, values: &[(&str, &str)]) -> Flow {
    let usual = [
        ("evgrant_SharePointSite", SITE),
        ("evgrant_ArchiveLibrary", "Documents"),
        ("evgrant_ArchiveFolder", "/Shared Documents/Archive"),
        ("evgrant_EnvelopeFolder", "/Shared Documents/Envelopes"),
        ("evgrant_IncomingLibrary", "Incoming"),
        ("evgrant_IncomingFolder", "/Incoming/New"),
        ("evgrant_SignalList", "Signals"),
    ];
    Flow::of_solution(&std::fs::read_to_string(source(name)).unwrap(), &[values, &usual].concat())
}
