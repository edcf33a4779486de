//! `GET /metadata` and `GET /files`.

use crate::endpoints::workfront::clm::Window;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::ItemId;
use crate::endpoints::workfront::item::{Document, Folder, Links, Metadata};
use crate::endpoints::workfront::{Reply, RequestContext, Workfront, said};

impl Workfront {
    /// What is known of one item.
    pub(super) async fn metadata(&self, visit: &RequestContext<'_>) -> Reply {
        let id = visit.parameters.item("id")?;
        Ok(said(&self.metadata_of(visit, &id).await?))
    }

    async fn metadata_of(&self, visit: &RequestContext<'_>, id: &ItemId) -> Result<Metadata, WorkfrontError> {
        match id {
            ItemId::Root | ItemId::Folder(_) => Ok(visit.clm.folder(id).await?.metadata(id)),
            ItemId::Document(document) => {
                Ok(visit.clm.document(document.as_str()).await?.metadata(id, self.links(visit)))
            }
            ItemId::Upload(_) => {
                let ticket = self.ticket(visit, id).await?;
                match &ticket.document {
                    Some(document) => Ok(visit.clm.document(document).await?.metadata(id, self.links(visit))),
                    None => Ok(visit.clm.folder(&ticket.parent()?).await?.announced(id, &ticket.name)),
                }
            }
        }
    }

    /// What lies in a folder: folders first, then documents.
    pub(super) async fn files(&self, visit: &RequestContext<'_>) -> Reply {
        let RequestContext { clm, parameters, .. } = visit;
        let mut window = Window {
            skip: parameters.number("offset").unwrap_or(0),
            take: parameters.number("max").unwrap_or(usize::MAX),
        };
        let folder = match parameters.parent()? {
            ItemId::Root => clm.folder(&ItemId::Root).await?.id()?,
            folder => folder,
        };
        let ItemId::Folder(folder) = folder else { return Err(WorkfrontError::Unreadable) };
        let folder = folder.as_str();
        let folders: Vec<Folder> = clm.collect(&format!("folders/{folder}/folders"), &mut window).await?;
        let documents: Vec<Document> = clm.collect(&format!("folders/{folder}/documents"), &mut window).await?;
        let folders = folders_listed(folders);
        let documents = documents_listed(documents, self.links(visit));
        Ok(said(&[folders, documents].concat()))
    }
}

/// Folders as Workfront reads them. One without an id that can be read is left out: the others are of use.
pub fn folders_listed(folders: Vec<Folder>) -> Vec<Metadata> {
    folders.into_iter().filter_map(|folder| folder.id().ok().map(|id| folder.metadata(&id))).collect()
}

/// Documents as Workfront reads them, likewise.
pub fn documents_listed(documents: Vec<Document>, links: Links<'_>) -> Vec<Metadata> {
    documents.into_iter().filter_map(|document| document.id().ok().map(|id| document.metadata(&id, links))).collect()
}
