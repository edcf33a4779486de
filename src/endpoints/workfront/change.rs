//! Operations that change CLM: `POST /createFolder`, `PUT /delete` and `PUT /rename`. There are no custom actions.

use http::Method;
use serde::Serialize;
use serde_json::json;
use tracing::Instrument as _;

use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::item::{ClmDocument, Folder};
use crate::endpoints::workfront::naming::{ItemId, MAX_DOCUMENT_NAME_CHARS, MAX_FOLDER_NAME_CHARS, clm_id, valid_name};
use crate::endpoints::workfront::{Reply, RequestContext, ok};
use crate::web::body::Body;

/// Workfront's response format for a change.
#[derive(Serialize)]
struct ChangeBody {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// An item that may be renamed or deleted: it exists and is not in CLM's trash.
enum ChangeTarget {
    Folder { path: String },
    Document { path: String, document: ClmDocument },
}

impl ChangeTarget {
    /// Finds the item `id`.
    async fn find(context: &RequestContext<'_>, id: &ItemId) -> Result<Self, WorkfrontError> {
        match id {
            ItemId::Root => Err(WorkfrontError::Forbidden("the root folder cannot be changed")),
            ItemId::Folder(folder) => {
                if context.clm.folder(id).await?.is_in_trash() {
                    return Err(WorkfrontError::Missing("the folder was deleted in CLM"));
                }
                Ok(Self::Folder { path: format!("folders/{}", folder.as_str()) })
            }
            ItemId::Document(_) | ItemId::Upload(_) => {
                let document_id = context.document_id(id).await?;
                let document = context.clm.document(&document_id).await?;
                Ok(Self::Document { path: format!("documents/{document_id}"), document })
            }
        }
    }

    fn path(&self) -> &str {
        match self {
            Self::Folder { path } | Self::Document { path, .. } => path,
        }
    }
}

/// `POST /createFolder`.
pub async fn create_folder(context: &RequestContext<'_>) -> Reply {
    let RequestContext { clm, parameters, .. } = context;
    let name = valid_name(parameters.text("name"), MAX_FOLDER_NAME_CHARS)?;
    let parent = clm.folder(&parameters.parent()?).await?;
    let body = json!({"Name": name, "ParentFolder": {"Href": parent.href()}});
    let folder: Folder = clm.call(Method::POST, "folders", Some(&body)).await?;
    let id = folder.id()?;
    Ok(ok(&folder.metadata(&id)))
}

/// `PUT /delete`: moves an item to CLM's trash. An item in the trash is left alone: deleting it again is permanent.
pub async fn delete(context: &RequestContext<'_>) -> Reply {
    let id = context.parameters.item_to_delete()?;
    let target = ChangeTarget::find(context, &id).await?;
    // If two requests delete it at the same time, the second deletion would be permanent.
    let Some(claim) = context.store.claim_deletion(&id).await? else {
        return reply(Err(WorkfrontError::Failed("this item is already being deleted")));
    };
    let (clm, store, path) = (context.clm.clone(), context.store.clone(), target.path().to_owned());
    let deleting = async move {
        let deleted = clm.run(Method::DELETE, &path, None).await;
        if deleted.is_err() {
            store.release_deletion(&claim).await;
        }
        deleted
    };
    // In its own task, so that the claim ends even if the caller disconnects.
    reply(tokio::spawn(deleting.in_current_span()).await.unwrap_or(Err(WorkfrontError::Unreadable)))
}

/// `PUT /rename`.
pub async fn rename(context: &RequestContext<'_>) -> Reply {
    let target = ChangeTarget::find(context, &context.parameters.item("id")?).await?;
    reply(rename_to(context, &target).await)
}

async fn rename_to(context: &RequestContext<'_>, target: &ChangeTarget) -> Result<(), WorkfrontError> {
    let RequestContext { clm, parameters, .. } = context;
    let name = match target {
        ChangeTarget::Folder { .. } => valid_name(parameters.text("name"), MAX_FOLDER_NAME_CHARS)?,
        ChangeTarget::Document { document, .. } => {
            let name = valid_name(parameters.text("name"), MAX_DOCUMENT_NAME_CHARS)?;
            let parent = clm_id(&document.parent_folder.href);
            if let Some(parent) = parent.filter(|_| document.name.to_lowercase() != name.to_lowercase()) {
                clm.check_name_is_free(&ItemId::Folder(parent), name).await?;
            }
            name
        }
    };
    clm.run(Method::PATCH, target.path(), Some(&json!({"Name": name}))).await
}

/// `GET /customAction`: an action that was never offered.
pub fn no_such_action() -> http::Response<Body> {
    ok(&ChangeBody { status: "failure", error: Some("there is no such custom action") })
}

/// The response: 200 with `failure` if CLM rejects the change. Missing rights and unknown ids have their own status.
fn reply(changed: Result<(), WorkfrontError>) -> Reply {
    match changed {
        Ok(()) => Ok(ok(&ChangeBody { status: "success", error: None })),
        Err(WorkfrontError::Failed(message)) => Ok(ok(&ChangeBody { status: "failure", error: Some(message) })),
        Err(error) => Err(error),
    }
}
