//! Power Platform solutions to import: the connectors, and flows that use them. Pure.
//!
//! The sources are `connectors/solution/`, in the layout of `pac solution unpack`. [`pack`] makes the archive from it that
//! Power Platform imports. The connectors have a solution of their own, because connection references can only be imported
//! where their connectors are already.

mod pack;

use serde_json::Value;

use crate::connector::zip::archive;
use crate::connector::{
    Api, Authentication, CLIENT_ID, ConnectorError, ConnectorFile, PLACEHOLDER_URL, Variant, pretty,
};
use crate::types::BaseUrl;

/// A source file in the folder of its solution.
macro_rules! sources {
    ($solution:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../connectors/solution/", $solution, "/", $name)))),*]
    };
}

const CONNECTORS: &[(&str, &str)] = sources!("EvergrantConnectors":
    "Connectors/evgrant_docusignclm.xml"
    "Connectors/evgrant_docusignesignature.xml"
    "Other/Customizations.xml"
    "Other/Solution.xml"
);
const FLOWS: &[(&str, &str)] = sources!("EvergrantFlows":
    "Other/Customizations.xml"
    "Other/Solution.xml"
    "Workflows/ArchiveCompletedDocuments-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B01.json"
    "Workflows/ArchiveCompletedDocuments-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B01.json.data.xml"
    "Workflows/BringSharePointFilesIntoClm-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B02.json"
    "Workflows/BringSharePointFilesIntoClm-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B02.json.data.xml"
    "Workflows/FileCompletedEnvelopes-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B04.json"
    "Workflows/FileCompletedEnvelopes-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B04.json.data.xml"
    "Workflows/SignalWaitingWorkflow-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B03.json"
    "Workflows/SignalWaitingWorkflow-5D0C7A3E-1F42-4B8E-9A61-C2E4F6081B03.json.data.xml"
    "environmentvariabledefinitions/evgrant_ArchiveFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_ArchiveLibrary/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_ClmCompletedFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_ClmEnvelopeFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_ClmIncomingFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_EnvelopeFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_IncomingFolder/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_IncomingLibrary/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_MaxDownloadBytes/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_MaxUploadBytes/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_SharePointSite/environmentvariabledefinition.xml"
    "environmentvariabledefinitions/evgrant_SignalList/environmentvariabledefinition.xml"
);
const README: &str = include_str!("../../../connectors/solution/README.md");

/// The version in the sources. The written solutions have this program's.
const SOURCE_VERSION: &str = "<Version>1.0.0.0</Version>";

/// Both solutions for the app at `public_url`, unpacked and as archives, and what to do with them. Flows need triggers, so the
/// connectors call the gateway.
///
/// # Errors
/// If one of the sources cannot be read.
pub fn power_automate(
    public_url: &BaseUrl,
    authentication: &Authentication,
) -> Result<Vec<ConnectorFile>, ConnectorError> {
    let mut connectors = texts(CONNECTORS);
    for api in Api::ALL {
        connectors.extend(connector(public_url, &Variant { api, authentication: authentication.clone() })?);
    }
    let mut files = vec![readme(public_url, authentication)];
    for (name, mut unpacked) in [("EvergrantConnectors", connectors), ("EvergrantFlows", texts(FLOWS))] {
        unpacked.sort_by(|left, right| left.name.cmp(&right.name));
        files.push(file(format!("{name}.zip"), archive(&pack::pack(&unpacked))));
        files.extend(unpacked.into_iter().map(|inside| file(format!("{name}/{}", inside.name), inside.content)));
    }
    Ok(files)
}

fn file(name: String, content: Vec<u8>) -> ConnectorFile {
    ConnectorFile { name: name.into(), content }
}

fn texts(sources: &'static [(&str, &str)]) -> Vec<ConnectorFile> {
    let version = format!("<Version>{}.0</Version>", env!("CARGO_PKG_VERSION"));
    let text = |(name, text): &(&'static str, &str)| ConnectorFile {
        name: (*name).into(),
        content: text.replace(SOURCE_VERSION, &version).into_bytes(),
    };
    sources.iter().map(text).collect()
}

/// A connector's files as a solution names them.
fn connector(public_url: &BaseUrl, variant: &Variant) -> Result<Vec<ConnectorFile>, ConnectorError> {
    let start = format!("Connectors/evgrant_docusign{}", variant.api.as_str());
    let mut files = Vec::new();
    for ConnectorFile { name, content } in crate::connector::power_automate(public_url, variant)? {
        match name.as_ref() {
            "apiDefinition.swagger.json" => files.push(file(format!("{start}_openapidefinition.json"), content)),
            "icon.png" => files.push(file(format!("{start}_iconblob.Png"), content)),
            "apiProperties.json" => {
                let properties: Value = serde_json::from_slice(&content)?;
                let part = |name: &str| pretty(&properties["properties"][name]).map(String::into_bytes);
                files.push(file(format!("{start}_connectionparameters.json"), part("connectionParameters")?));
                files.push(file(format!("{start}_policytemplateinstances.json"), part("policyTemplateInstances")?));
            }
            _ => {}
        }
    }
    Ok(files)
}

/// The part of the README for this kind of authentication is kept; the other one is left out.
fn readme(public_url: &BaseUrl, authentication: &Authentication) -> ConnectorFile {
    let (kept, dropped) =
        if *authentication == Authentication::ApiKey { ("key", "sign-in") } else { ("sign-in", "key") };
    let mut text = README.replace(PLACEHOLDER_URL, public_url.as_str());
    if let Some((before, rest)) = text.split_once(&format!("<!-- {dropped} -->\n"))
        && let Some((_, after)) = rest.split_once(&format!("<!-- /{dropped} -->\n"))
    {
        text = format!("{before}{after}");
    }
    for mark in [format!("<!-- {kept} -->\n"), format!("<!-- /{kept} -->\n")] {
        text = text.replace(&mark, "");
    }
    if let Some(client_id) = authentication.client_id() {
        // Quoting fails only for NUL, which no client ID has.
        let quoted = shlex::try_quote(client_id.as_str()).unwrap_or_default();
        text = text.replace(&format!("`{CLIENT_ID}`"), &format!("`{client_id}`"));
        for command in ["client new", "client set", "client add-redirect-uri"] {
            text = text.replace(&format!("{command} {CLIENT_ID} "), &format!("{command} {quoted} "));
        }
    }
    file("README.md".to_owned(), text.into_bytes())
}
