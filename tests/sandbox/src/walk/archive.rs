//! A document that is completed in CLM appears in SharePoint.

use std::path::Path;

use serde_json::json;
use tokio::process::Command;

use super::Step;
use crate::flows::{Solutions, Trigger};
use crate::share_point::SITE;
use crate::{GATEWAY_API_KEY, Sandbox};

/// Writes the solutions with `handler`, moves a document to the folder of completed ones, and runs the flow.
pub async fn archive(sandbox: &Sandbox, base: &str, handler: &Path) -> Step {
    let what = "Complete a document in CLM, and let a flow archive it in SharePoint";
    match archived(sandbox, base, handler).await {
        Ok(path) => Step { what, seen: format!("archived once, with its metadata: {path}"), good: true },
        Err(message) => Step { what, seen: message, good: false },
    }
}

async fn archived(sandbox: &Sandbox, base: &str, handler: &Path) -> Result<String, String> {
    let solutions = write(sandbox, base, handler).await?;
    let folder = sandbox.clm.folder_at("/Contracts/Completed").unwrap_or_else(|| {
        let contracts = sandbox.clm.folder_at("/Contracts").expect("the sandbox's folder");
        sandbox.clm.add_folder("Completed", &contracts)
    });
    let mut flow = solutions.flow(
        "ArchiveCompletedDocuments",
        &[
            ("evgrant_SharePointSite", SITE),
            ("evgrant_ArchiveFolder", "/Shared Documents/Archive"),
            ("evgrant_ClmCompletedFolder", &folder),
        ],
    );
    // The first poll of a flow delivers what is new from now on, or from a given moment.
    flow.definition["triggers"]["When_a_document_is_added_or_changed"]["inputs"]["parameters"]["since"] =
        json!("2020-01-01T00:00:00Z");
    let document = sandbox.clm.add_document("Supply agreement.pdf", &folder, "%PDF-1.4 signed by both");
    let connections = solutions.connections(&sandbox.share_point, base, GATEWAY_API_KEY);
    // The second run is for the same event, as if someone had resubmitted the first.
    for event in Trigger::of(flow.clone()).poll(&connections).await? {
        for _ in 0..2 {
            let report = flow.run(&connections, event.clone()).await;
            if report.status != "Succeeded" {
                return Err(format!("{report:?}"));
            }
        }
    }
    let mut files = sandbox.share_point.files("/Shared Documents/Archive");
    files.retain(|(_, content, columns)| columns["ClmDocumentId"] == *document && content.starts_with(b"%PDF"));
    match files.as_slice() {
        [(path, ..)] => Ok(path.clone()),
        _ => Err(format!("{} files", files.len())),
    }
}

/// Runs `evergrant solution power-automate`.
async fn write(sandbox: &Sandbox, base: &str, handler: &Path) -> Result<Solutions, String> {
    let folder = sandbox.folder("solution");
    let mut command = Command::new(handler);
    command.args(["solution", "power-automate", "--api-key", "--force", "--public-url", base, "--out"]).arg(&folder);
    let output = command.env_clear().output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(Solutions(folder))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
