//! The folder that `evergrant solution power-automate` wrote.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Connection, Connections, Flow};
use crate::share_point::SharePoint;

/// The flows, by the start of their files' names.
pub const FLOWS: [&str; 4] =
    ["ArchiveCompletedDocuments", "BringSharePointFilesIntoClm", "FileCompletedEnvelopes", "SignalWaitingWorkflow"];

/// A written folder.
#[derive(Clone, Debug)]
pub struct Solutions(pub PathBuf);

/// What a flow connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name in the flow.
    pub name: String,
    /// The connection reference.
    pub logical_name: String,
    /// The custom connector, if it is one.
    pub connector: Option<String>,
}

impl Solutions {
    /// A file in JSON.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.0.join(name)).expect("a file")).expect("JSON")
    }

    /// The file of a flow.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn workflow(&self, flow: &str) -> Value {
        let files = std::fs::read_dir(self.0.join("EvergrantFlows/Workflows")).expect("a folder");
        let mut names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
        let is_json = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "json");
        let found = names.find(|name| name.starts_with(&format!("{flow}-")) && is_json(name));
        self.json(&format!("EvergrantFlows/Workflows/{}", found.expect("a flow")))
    }

    /// A connector's definition and policies.
    #[must_use]
    pub fn connector(&self, logical_name: &str) -> (Value, Value) {
        let part = |part: &str| self.json(&format!("EvergrantConnectors/Connectors/{logical_name}_{part}.json"));
        (part("openapidefinition"), part("policytemplateinstances"))
    }

    /// What a flow connects to.
    #[must_use]
    pub fn references(&self, flow: &str) -> Vec<Reference> {
        let file = self.workflow(flow);
        let references = file["properties"]["connectionReferences"].as_object();
        let one = |(name, reference): (&String, &Value)| Reference {
            name: name.clone(),
            logical_name: reference["connection"]["connectionReferenceLogicalName"].as_str().unwrap_or("").to_owned(),
            connector: reference["api"]["logicalName"].as_str().map(ToOwned::to_owned),
        };
        references.into_iter().flatten().map(one).collect()
    }

    /// Connections of all flows: to SharePoint, and to the app at `base` with an API key.
    #[must_use]
    pub fn connections(&self, share_point: &SharePoint, base: &str, api_key: &str) -> Connections {
        let mut connections = Connections::default();
        for Reference { name, connector, .. } in FLOWS.into_iter().flat_map(|flow| self.references(flow)) {
            let connection = match connector {
                None => share_point.connection(),
                Some(connector) => {
                    let (definition, policies) = self.connector(&connector);
                    Connection::custom(&definition, &policies, base, api_key)
                }
            };
            connections.named.insert(name, connection);
        }
        connections
    }

    /// A flow with values for its environment variables.
    #[must_use]
    pub fn flow(&self, name: &str, values: &[(&str, &str)]) -> Flow {
        Flow::of_solution(&self.workflow(name), values)
    }
}
