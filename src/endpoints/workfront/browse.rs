//! Read-only operations: `GET /serviceInfo`, `GET /metadata`, `GET /files` and `GET /search`.

use std::pin::pin;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::clock::within;
use crate::endpoints::workfront::clm::{Clm, Window};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::item::{ClmDocument, Folder, Links, Metadata};
use crate::endpoints::workfront::naming::{ItemId, clm_id};
use crate::endpoints::workfront::request::OFFERED;
use crate::endpoints::workfront::{Reply, RequestContext, ok};

/// The number of search results if the request has no limit.
const DEFAULT_RESULTS: usize = 100;

/// Time limit for a search.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(8);

const TOO_LONG: WorkfrontError = WorkfrontError::Failed("the search takes too long in CLM");

/// Pauses between polls for the end of a search. After the last one, the search fails.
const SEARCH_PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// Information about this service. It needs no credentials.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceInfo {
    webhook_version: &'static str,
    version: &'static str,
    publisher: &'static str,
    available_endpoints: [&'static str; OFFERED.len()],
    /// Always empty.
    custom_actions: [(); 0],
}

/// A search in CLM, running or ended.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SearchTask {
    #[serde(default)]
    status: String,
    href: String,
}

/// `GET /serviceInfo`. 1.2 is the last version of Adobe's specification with a number.
pub fn service_info() -> ServiceInfo {
    ServiceInfo {
        webhook_version: "1.2",
        version: env!("CARGO_PKG_VERSION"),
        publisher: "Evergrant",
        available_endpoints: OFFERED.map(|(_, operation)| operation.as_str()),
        custom_actions: [],
    }
}

/// `GET /metadata`: one item.
pub async fn metadata(context: &RequestContext<'_>) -> Reply {
    let id = context.parameters.item("id")?;
    Ok(ok(&metadata_of(context, &id).await?))
}

async fn metadata_of(context: &RequestContext<'_>, id: &ItemId) -> Result<Metadata, WorkfrontError> {
    let RequestContext { caller, clm, store, links, .. } = context;
    let document = match id {
        ItemId::Root | ItemId::Folder(_) => return Ok(clm.folder(id).await?.metadata(id)),
        ItemId::Document(document) => document.as_str().to_owned(),
        ItemId::Upload(_) => {
            let (ticket, _) = store.ticket(id, caller).await?;
            match ticket.document {
                Some(document) => document,
                None => return Ok(clm.folder(&ticket.parent()?).await?.announced(id, &ticket.name)),
            }
        }
    };
    Ok(clm.document(&document).await?.metadata(id, *links))
}

/// `GET /files`: the content of a folder, folders first.
pub async fn files(context: &RequestContext<'_>) -> Reply {
    let RequestContext { clm, parameters, links, .. } = context;
    let mut window =
        Window { skip: parameters.number("offset").unwrap_or(0), take: parameters.number("max").unwrap_or(usize::MAX) };
    let folder = match parameters.parent()? {
        ItemId::Root => clm.folder(&ItemId::Root).await?.id()?,
        folder => folder,
    };
    let ItemId::Folder(folder) = folder else { return Err(WorkfrontError::Unreadable) };
    let folder = folder.as_str();
    let folders: Vec<Folder> = clm.collect(&format!("folders/{folder}/folders"), &mut window).await?;
    let documents: Vec<ClmDocument> = clm.collect(&format!("folders/{folder}/documents"), &mut window).await?;
    Ok(ok(&[folder_list(folders), document_list(documents, *links)].concat()))
}

/// `GET /search`: items whose name contains the query, documents first.
pub async fn search(context: &RequestContext<'_>) -> Reply {
    let RequestContext { clm, parameters, links, .. } = context;
    let Some(query) = parameters.text("query").map(str::trim).filter(|query| !query.is_empty()) else {
        return Ok(ok(&Vec::<Value>::new()));
    };
    let mut criteria = json!({"Title": query});
    if let ItemId::Folder(_) = parameters.parent()? {
        let folder = clm.folder(&parameters.parent()?).await?;
        criteria["InFolder"] = json!({"Href": folder.href()});
        criteria["IncludeSubFolders"] = json!(true);
    }
    let mut window = Window {
        skip: parameters.number("offset").unwrap_or(0),
        take: parameters.number("max").unwrap_or(DEFAULT_RESULTS),
    };
    let documents = run_search(clm, "documentsearchtasks", &criteria);
    let searching = async { tokio::try_join!(documents, run_search(clm, "foldersearchtasks", &criteria)) };
    let (documents, folders) = within(SEARCH_TIMEOUT, pin!(searching)).await.unwrap_or(Err(TOO_LONG))?;
    let documents: Vec<ClmDocument> = clm.collect(&documents, &mut window).await?;
    let folders: Vec<Folder> = clm.collect(&folders, &mut window).await?;
    Ok(ok(&[document_list(documents, *links), folder_list(folders)].concat()))
}

/// Starts a search, waits for its end and returns the path of its results.
async fn run_search(clm: &Clm, kind: &str, criteria: &Value) -> Result<String, WorkfrontError> {
    let mut task: SearchTask = clm.call(Method::POST, kind, Some(criteria)).await?;
    let id = clm_id(&task.href).ok_or(WorkfrontError::Unreadable)?;
    let path = format!("{kind}/{}", id.as_str());
    let mut pauses = SEARCH_PAUSES.into_iter();
    loop {
        match task.status.to_ascii_lowercase().as_str() {
            "success" => return Ok(format!("{path}/result")),
            "failure" => return Err(WorkfrontError::Failed("the search failed in CLM")),
            _ => {}
        }
        let pause = pauses.next().ok_or(TOO_LONG)?;
        sleep(pause).await;
        task = clm.call(Method::GET, &path, None).await?;
    }
}

/// Folders in Workfront's format, without those whose id cannot be parsed.
fn folder_list(folders: Vec<Folder>) -> Vec<Metadata> {
    folders.into_iter().filter_map(|folder| folder.id().ok().map(|id| folder.metadata(&id))).collect()
}

/// Documents in Workfront's format, without those whose id cannot be parsed.
fn document_list(documents: Vec<ClmDocument>, links: Links<'_>) -> Vec<Metadata> {
    documents.into_iter().filter_map(|document| document.id().ok().map(|id| document.metadata(&id, links))).collect()
}
