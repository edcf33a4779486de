//! `POST /createFolder`, `PUT /delete` and `PUT /rename`.

use http::Method;
use serde::Serialize;
use serde_json::json;

use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::{self, ItemId};
use crate::endpoints::workfront::item::{Document, Folder};
use crate::endpoints::workfront::name::{DOCUMENT_NAME, FOLDER_NAME, checked};
use crate::endpoints::workfront::upload::is_free;
use crate::endpoints::workfront::{Reply, RequestContext, Workfront, said};
use crate::types::Guid;

#[derive(Serialize)]
struct ChangeBody {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// How a change went: the vendor's words for what CLM does not take; rights and ids are told by the status.
fn outcome(changed: Result<(), WorkfrontError>) -> Reply {
    match changed {
        Ok(()) => Ok(said(&ChangeBody { status: "success", error: None })),
        Err(WorkfrontError::Failed(told)) => Ok(said(&ChangeBody { status: "failure", error: Some(told) })),
        Err(refusal) => Err(refusal),
    }
}

/// A thing of CLM's.
struct Target {
    path: String,
    most: usize,
    /// A document's name, and the folder it lies in where CLM tells.
    named: Option<(String, ItemId)>,
}

impl Workfront {
    /// Makes a folder.
    pub(super) async fn create_folder(&self, visit: &RequestContext<'_>) -> Reply {
        let RequestContext { clm, parameters, .. } = visit;
        let name = checked(parameters.text("name"), FOLDER_NAME)?;
        let parent = clm.folder(&parameters.parent()?).await?;
        let body = json!({"Name": name, "ParentFolder": {"Href": parent.href()}});
        let folder: Folder = clm.call(Method::POST, "folders", Some(&body)).await?;
        let id = folder.id()?;
        Ok(said(&folder.metadata(&id)))
    }

    /// Moves something to CLM's trash. What lies there already is left alone: deleting it again would be for good.
    pub(super) async fn delete(&self, visit: &RequestContext<'_>) -> Reply {
        let id = visit.parameters.item_to_delete()?;
        let thing = self.thing(visit, &id).await?;
        // One at a time, on all instances: the second of two at once would be for good.
        if !self.tickets.claim_deletion(&id).await? {
            return outcome(Err(WorkfrontError::Failed("this item is being deleted already")));
        }
        outcome(visit.clm.done(Method::DELETE, &thing.path, None).await)
    }

    /// Gives something another name.
    pub(super) async fn rename(&self, visit: &RequestContext<'_>) -> Reply {
        let thing = self.thing(visit, &visit.parameters.item("id")?).await?;
        outcome(self.rename_to(visit, &thing).await)
    }

    async fn rename_to(&self, visit: &RequestContext<'_>, thing: &Target) -> Result<(), WorkfrontError> {
        let name = checked(visit.parameters.text("name"), thing.most)?;
        match &thing.named {
            Some((known, parent)) if known.to_lowercase() != name.to_lowercase() => {
                is_free(&visit.clm, parent, name).await?;
            }
            _ => {}
        }
        visit.clm.done(Method::PATCH, &thing.path, Some(&json!({"Name": name}))).await
    }

    /// Where a thing that may be changed lives: it is there, and not in the trash.
    async fn thing(&self, visit: &RequestContext<'_>, id: &ItemId) -> Result<Target, WorkfrontError> {
        let folder = |id: &Guid| Target { path: format!("folders/{}", id.as_str()), most: FOLDER_NAME, named: None };
        let document = |id: &str, document: &Document| Target {
            path: format!("documents/{id}"),
            most: DOCUMENT_NAME,
            named: id::of_href(&document.parent_folder.href)
                .map(|parent| (document.name.clone(), ItemId::Folder(parent))),
        };
        match id {
            ItemId::Root => Err(WorkfrontError::Forbidden("the root folder stays as it is")),
            ItemId::Folder(clm_id) => {
                let there = visit.clm.folder(id).await?;
                if there.is_in_trash() {
                    Err(WorkfrontError::Missing("the folder was deleted in CLM"))
                } else {
                    Ok(folder(clm_id))
                }
            }
            ItemId::Document(clm_id) => {
                let there = visit.clm.document(clm_id.as_str()).await?;
                Ok(document(clm_id.as_str(), &there))
            }
            ItemId::Upload(_) => {
                let clm_id = self.ticket(visit, id).await?.document;
                let clm_id = clm_id.ok_or(WorkfrontError::Missing("the document has not arrived yet"))?;
                let there = visit.clm.document(&clm_id).await?;
                Ok(document(&clm_id, &there))
            }
        }
    }
}
