//! `GET /search`: by a part of the name, documents first, then folders.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::endpoints::workfront::browse::{documents_listed, folders_listed};
use crate::endpoints::workfront::clm::{Clm, Window};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::{self, ItemId};
use crate::endpoints::workfront::item::{Document, Folder};
use crate::endpoints::workfront::{Reply, RequestContext, Workfront, said};

/// How many results are given to whoever does not say.
const RESULTS: usize = 100;

/// Pauses before CLM is asked again whether a search has ended; the last is followed by giving up.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// A search under way, or done.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    #[serde(default)]
    status: String,
    href: String,
}

impl Workfront {
    /// What is called so, or in part.
    pub(super) async fn search(&self, visit: &RequestContext<'_>) -> Reply {
        let RequestContext { clm, parameters, .. } = visit;
        let Some(query) = parameters.text("query").map(str::trim).filter(|query| !query.is_empty()) else {
            return Ok(said(&Vec::<Value>::new()));
        };
        let mut criteria = json!({"Title": query});
        if let ItemId::Folder(_) = parameters.parent()? {
            let folder = clm.folder(&parameters.parent()?).await?;
            criteria["InFolder"] = json!({"Href": folder.href()});
            criteria["IncludeSubFolders"] = json!(true);
        }
        let mut window = Window {
            skip: parameters.number("offset").unwrap_or(0),
            take: parameters.number("max").unwrap_or(RESULTS),
        };
        let (documents, folders) =
            tokio::try_join!(begin(clm, "documentsearchtasks", &criteria), begin(clm, "foldersearchtasks", &criteria))?;
        let documents: Vec<Document> = clm.collect(&documents, &mut window).await?;
        let folders: Vec<Folder> = clm.collect(&folders, &mut window).await?;
        let documents = documents_listed(documents, self.links(visit));
        Ok(said(&[documents, folders_listed(folders)].concat()))
    }
}

/// Starts a search and waits for its end; gives the path of its results.
async fn begin(clm: &Clm<'_>, kind: &str, criteria: &Value) -> Result<String, WorkfrontError> {
    let mut task: Task = clm.call(Method::POST, kind, Some(criteria)).await?;
    let id = id::of_href(&task.href).ok_or(WorkfrontError::Unreadable)?;
    let path = format!("{kind}/{}", id.as_str());
    for pause in PAUSES {
        match task.status.to_ascii_lowercase().as_str() {
            "success" => return Ok(format!("{path}/result")),
            "failure" => return Err(WorkfrontError::Failed("the search failed in CLM")),
            _ => {}
        }
        sleep(pause).await;
        task = clm.call(Method::GET, &path, None).await?;
    }
    let done = task.status.eq_ignore_ascii_case("success");
    if done { Ok(format!("{path}/result")) } else { Err(WorkfrontError::Failed("the search takes too long in CLM")) }
}
