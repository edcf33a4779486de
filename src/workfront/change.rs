//! `POST /createFolder`, `PUT /delete` and `PUT /rename`.

use http::Method;
use serde::Serialize;
use serde_json::json;

use crate::config::shapes::Guid;
use crate::workfront::id::ItemId;
use crate::workfront::item::Folder;
use crate::workfront::name::{DOCUMENT_NAME, FOLDER_NAME, checked};
use crate::workfront::refusal::Refusal;
use crate::workfront::{Reply, Visit, Workfront, said};

#[derive(Serialize)]
struct Outcome {
    status: &'static str,
}

const DONE: Outcome = Outcome { status: "success" };

/// A thing of CLM's.
struct Thing {
    path: String,
    is_folder: bool,
}

impl Workfront {
    /// Makes a folder.
    pub(super) async fn create_folder(&self, visit: &Visit<'_>) -> Reply {
        let Visit { clm, parameters, .. } = visit;
        let name = checked(parameters.text("name"), FOLDER_NAME)?;
        let parent = clm.folder(&parameters.parent()?).await?;
        let body = json!({"Name": name, "ParentFolder": {"Href": parent.href()}});
        let folder: Folder = clm.call(Method::POST, "folders", Some(&body)).await?;
        let id = folder.id()?;
        Ok(said(&folder.metadata(&id)))
    }

    /// Moves something to CLM's trash. What lies there already is left alone: deleting it again would be for good.
    pub(super) async fn delete(&self, visit: &Visit<'_>) -> Reply {
        let thing = self.thing(visit, &visit.parameters.doomed()?).await?;
        visit.clm.done(Method::DELETE, &thing.path, None).await?;
        Ok(said(&DONE))
    }

    /// Gives something another name.
    pub(super) async fn rename(&self, visit: &Visit<'_>) -> Reply {
        let thing = self.thing(visit, &visit.parameters.item("id")?).await?;
        let most = if thing.is_folder { FOLDER_NAME } else { DOCUMENT_NAME };
        let name = checked(visit.parameters.text("name"), most)?;
        visit.clm.done(Method::PATCH, &thing.path, Some(&json!({"Name": name}))).await?;
        Ok(said(&DONE))
    }

    /// Where a thing that may be changed lives: it is there, and not in the trash.
    async fn thing(&self, visit: &Visit<'_>, id: &ItemId) -> Result<Thing, Refusal> {
        let folder = |id: &Guid| Thing { path: format!("folders/{}", id.as_str()), is_folder: true };
        match id {
            ItemId::Root => Err(Refusal::Forbidden("the root folder stays as it is")),
            ItemId::Folder(clm_id) => {
                let there = visit.clm.folder(id).await?;
                if there.is_in_trash() {
                    Err(Refusal::Missing("the folder was deleted in CLM"))
                } else {
                    Ok(folder(clm_id))
                }
            }
            ItemId::Document(clm_id) => {
                visit.clm.document(clm_id.as_str()).await?;
                Ok(Thing { path: format!("documents/{}", clm_id.as_str()), is_folder: false })
            }
            ItemId::Upload(_) => {
                let document = self.ticket(visit, id).await?.document;
                let document = document.ok_or(Refusal::Missing("the document has not arrived yet"))?;
                visit.clm.document(&document).await?;
                Ok(Thing { path: format!("documents/{document}"), is_folder: false })
            }
        }
    }
}
