//! A running app, SharePoint, and the written solutions with connections to both.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandbox::flows::{Connection, Connections, Disruption, Flow, Report};
use sandbox::server::Server;
use sandbox::share_point::{SITE, SharePoint};
use sandbox::{GATEWAY_API_KEY, Sandbox};
use serde_json::{Value, json};

use crate::support::{TestApp, run};

/// The flows, by the start of their files' names.
pub const FLOWS: [&str; 4] =
    ["ArchiveCompletedDocuments", "BringSharePointFilesIntoClm", "FileCompletedEnvelopes", "SignalWaitingWorkflow"];

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

/// What the command wrote.
pub struct Written(tempfile::TempDir);

impl Written {
    pub async fn new(public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = write(folder.path(), &["--api-key", "--public-url", public_url]).await;
        assert!(output.status.success(), "{output:?}");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// The file of a flow.
    pub fn workflow(&self, name: &str) -> Value {
        let files = std::fs::read_dir(self.path("EvergrantFlows/Workflows")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let found =
            names.filter(|file| file.starts_with(&format!("{name}-")) && file.ends_with(".json")).next().unwrap();
        self.json(&format!("EvergrantFlows/Workflows/{found}"))
    }

    /// A connector's definition and policies.
    pub fn connector(&self, logical_name: &str) -> (Value, Value) {
        let part = |part: &str| self.json(&format!("EvergrantConnectors/Connectors/{logical_name}_{part}.json"));
        (part("openapidefinition"), part("policytemplateinstances"))
    }

    /// The references of a flow: connection name, connection reference, and the name of a custom connector.
    pub fn references(&self, flow: &str) -> Vec<(String, String, Option<String>)> {
        let file = self.workflow(flow);
        let references = file["properties"]["connectionReferences"].as_object().unwrap();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let one = |(name, reference): (&String, &Value)| {
            assert_eq!(reference["api"]["name"], name.as_str());
            let logical_name = text(&reference["connection"]["connectionReferenceLogicalName"]).unwrap();
            (name.clone(), logical_name, text(&reference["api"]["logicalName"]))
        };
        references.iter().map(one).collect()
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
    _server: Server,
}

impl Bench {
    pub async fn start() -> Self {
        let app = TestApp::over(Sandbox::start().await, &[]).await;
        let (share_point, server) = SharePoint::start().await;
        let url = app.host.url();
        let written = Written::new(&url).await;
        let mut connections = Connections::default();
        for (name, _, connector) in FLOWS.into_iter().flat_map(|flow| written.references(flow)) {
            let connection = match connector {
                None => share_point.connection(),
                Some(connector) => {
                    let (definition, policies) = written.connector(&connector);
                    Connection::custom(&definition, &policies, &url, GATEWAY_API_KEY)
                }
            };
            connections.named.insert(name, connection);
        }
        Self { app, share_point, connections, written, _server: server }
    }

    /// A flow with values for its environment variables.
    pub fn flow(&self, name: &str, values: &[(&str, &str)]) -> Flow {
        Flow::of_solution(&self.written.workflow(name), &[values, &VALUES].concat())
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
