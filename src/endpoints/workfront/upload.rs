//! `POST /uploadInit` and `PUT /upload`. Nothing is made in CLM before all bytes have arrived there, so that no half
//! document is ever seen; until then a ticket says where it belongs.

use std::sync::Arc;

use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::docusign::api::calls::{self, Call, CallBody};
use crate::docusign::api::{Actor, DocusignApi};
use crate::endpoints::workfront::clm::{Clm, Window, succeeded};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::{self, ItemId};
use crate::endpoints::workfront::item::Document;
use crate::endpoints::workfront::name::{DOCUMENT_NAME, attachment, checked, mime_type};
use crate::endpoints::workfront::ticket::{Ticket, Tickets, concerns};
use crate::endpoints::workfront::{Reply, RequestContext, Workfront, said};
use crate::store::Version;
use crate::web::body::Upload;

#[derive(Serialize)]
struct UploadBody {
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// A document's lock, as far as it is used here.
#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "CheckInHref")]
    check_in_href: String,
}

impl Workfront {
    /// Takes the announcement of a document, or of a new version of one that came by here before.
    pub(super) async fn upload_init(&self, visit: &RequestContext<'_>) -> Reply {
        let RequestContext { clm, parameters, .. } = visit;
        let name = checked(parameters.text("filename"), DOCUMENT_NAME)?;
        let folder = clm.folder(&parameters.parent()?).await?;
        let parent = folder.id()?;
        let mut ticket = Ticket::new(visit, &parent, name);
        ticket.version_of = self.earlier(visit, &parent, &ticket).await?;
        if ticket.version_of.is_none() {
            if !folder.access_level.create {
                return Err(WorkfrontError::Forbidden("this user may not put documents into the folder"));
            }
            is_free(clm, &parent, name).await?;
        }
        let id = self.tickets.announce(&ticket).await?;
        Ok(said(&folder.announced(&id, name)))
    }

    /// The document in the same folder that Workfront's document is already.
    async fn earlier(
        &self,
        visit: &RequestContext<'_>,
        parent: &ItemId,
        ticket: &Ticket,
    ) -> Result<Option<String>, WorkfrontError> {
        let Some(workfront_document) = &ticket.workfront_document else { return Ok(None) };
        let Some(known) = self.tickets.known(&ticket.client_id, workfront_document).await? else { return Ok(None) };
        match visit.clm.document(&known).await {
            Ok(document) => {
                let lies_here = id::of_href(&document.parent_folder.href).map(ItemId::Folder).as_ref() == Some(parent);
                Ok(lies_here.then_some(known))
            }
            Err(WorkfrontError::Missing(_)) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Takes the bytes of an announced document.
    pub(super) async fn upload(&self, visit: &RequestContext<'_>, upload: Upload) -> Reply {
        let id = visit.parameters.item("id")?;
        let (ticket, version) = self.tickets.read(&id).await?;
        if !concerns(&ticket, visit) {
            return Err(WorkfrontError::Missing("no upload of this id is known"));
        }
        let arrival = Arrival {
            upstream: Arc::clone(&self.upstream),
            actor: visit.caller.actor.clone(),
            tickets: self.tickets.clone(),
            id,
            ticket,
            version,
        };
        // In a task of its own: when all bytes have come through, whoever hangs up then must not keep the ticket from
        // learning which document they became. A body that breaks off ends the task.
        let arrived = tokio::spawn(async move { arrival.run(upload).await }).await;
        match arrived.unwrap_or(Err(WorkfrontError::Unreadable)) {
            Ok(()) => Ok(said(&UploadBody { result: "success", message: None })),
            // The vendor's way to say that the bytes are at fault, and not the credentials or the service.
            Err(WorkfrontError::Failed(told)) => Ok(said(&UploadBody { result: "fail", message: Some(told) })),
            Err(refusal) => Err(refusal),
        }
    }
}

/// Is there no document of this name in the folder? CLM would put a second one beside it. The filter may match more, or be
/// ignored, so that every name is looked at.
pub async fn is_free(clm: &Clm<'_>, folder: &ItemId, name: &str) -> Result<(), WorkfrontError> {
    let ItemId::Folder(folder) = folder else { return Err(WorkfrontError::Unreadable) };
    let filter = utf8_percent_encode(name, NON_ALPHANUMERIC);
    // A comma separates filters.
    let filter = if name.contains(',') { String::new() } else { format!("?filter=Name={filter}") };
    let path = format!("folders/{}/documents{filter}", folder.as_str());
    let mut window = Window { skip: 0, take: usize::MAX };
    let documents: Vec<Document> = clm.collect(&path, &mut window).await?;
    let taken = documents.iter().any(|document| document.name.to_lowercase() == name.to_lowercase());
    if taken { Err(WorkfrontError::NAME_TAKEN) } else { Ok(()) }
}

/// Bytes on their way into CLM.
struct Arrival {
    upstream: Arc<DocusignApi>,
    actor: Actor,
    tickets: Tickets,
    id: ItemId,
    ticket: Ticket,
    version: Version,
}

impl Arrival {
    async fn run(self, upload: Upload) -> Result<(), WorkfrontError> {
        let clm = Clm::new(&self.upstream, &self.actor).await?;
        let version_of = self.there_already(&clm).await?;
        // Both ask CLM something first, so that an access token that has ended is replaced before the bytes are sent.
        let call = match &version_of {
            Some(document) => self.new_version(&clm, document, upload).await?,
            None => self.new_document(&clm, upload).await?,
        };
        let answer = succeeded(self.upstream.send(&self.actor, call).await?).await?;
        let is_new = version_of.is_none();
        let document = match version_of {
            Some(document) => document,
            None => uploaded(&calls::read(answer).await?)?,
        };
        self.keep(&clm, document, is_new).await
    }

    /// The document that the bytes are a version of, if it is still there.
    async fn there_already(&self, clm: &Clm<'_>) -> Result<Option<String>, WorkfrontError> {
        let Some(document) = self.ticket.document.as_ref().or(self.ticket.version_of.as_ref()) else { return Ok(None) };
        match clm.document(document).await {
            Ok(_) => Ok(Some(document.clone())),
            Err(WorkfrontError::Missing(_)) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    async fn new_document(&self, clm: &Clm<'_>, upload: Upload) -> Result<Call, WorkfrontError> {
        let folder = clm.folder(&self.ticket.parent()?).await?;
        // Somebody may have been faster since the announcement.
        is_free(clm, &folder.id()?, &self.ticket.name).await?;
        let address = folder.create_document_href.split('{').next().unwrap_or_default();
        let mut url = clm.upload_address(address)?;
        url.query_pairs_mut().append_pair("name", &self.ticket.name);
        Ok(Call::streaming(Method::POST, url, self.headers(), CallBody::Streamed(upload)))
    }

    async fn new_version(&self, clm: &Clm<'_>, document: &str, upload: Upload) -> Result<Call, WorkfrontError> {
        let lock: Lock = clm.call(Method::GET, &format!("documents/{document}/lock"), None).await?;
        let url = clm.upload_address(&lock.check_in_href)?;
        let mut headers = self.headers();
        if let Ok(disposition) = HeaderValue::from_str(&attachment(&self.ticket.name)) {
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        Ok(Call::streaming(Method::POST, url, headers, CallBody::Streamed(upload)))
    }

    fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(mime_type(&self.ticket.name)))])
    }

    /// Remembers which document the bytes became. A second one, of an upload that ran at the same time, or one that
    /// nobody could remember, is taken back.
    async fn keep(&self, clm: &Clm<'_>, document: String, is_new: bool) -> Result<(), WorkfrontError> {
        let ticket = Ticket { document: Some(document.clone()), ..self.ticket.clone() };
        let kept = self.tickets.arrived(&self.id, &ticket, self.version.clone()).await;
        if let Ok(true) = kept {
            self.tickets.learn(&ticket, &document).await;
            return Ok(());
        }
        if is_new && clm.done(Method::DELETE, &format!("documents/{document}"), None).await.is_err() {
            tracing::warn!(
                event = "document_left_over",
                "a document that no upload stands for could not be taken back"
            );
        }
        kept?;
        Err(WorkfrontError::Failed("the same document was uploaded twice at the same time"))
    }
}

/// CLM's id of what was uploaded: a document, or a list of one.
fn uploaded(json: &[u8]) -> Result<String, WorkfrontError> {
    let json: Value = serde_json::from_slice(json).map_err(|_| WorkfrontError::Unreadable)?;
    let document = json.get(0).unwrap_or(&json);
    let id = document["Href"].as_str().and_then(id::of_href).ok_or(WorkfrontError::Unreadable)?;
    Ok(id.as_str().to_owned())
}
