//! `POST /uploadInit` and `PUT /upload`. An announced document exists only as a [`Ticket`]. CLM gets nothing before all
//! bytes have arrived, so that no incomplete document is ever visible.

use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::Instrument as _;

use crate::docusign::api::calls::{self, Call, CallBody};
use crate::endpoints::workfront::clm::Clm;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::naming::{ItemId, MAX_DOCUMENT_NAME_CHARS, clm_id, mime_type, valid_name};
use crate::endpoints::workfront::store::{Ticket, WorkfrontStore};
use crate::endpoints::workfront::{Reply, RequestContext, ok};
use crate::store::Condition;
use crate::web::body::Upload;
use crate::web::content_disposition::attachment;

/// Workfront's response format for an upload.
#[derive(Serialize)]
struct UploadBody {
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// CLM's lock on a document. It contains the address for new versions.
#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "CheckInHref")]
    check_in_href: String,
}

/// `POST /uploadInit`: announces a document, or a new version of a document that was uploaded here before.
pub async fn announce(context: &RequestContext<'_>) -> Reply {
    let RequestContext { caller, clm, store, parameters, .. } = context;
    let name = valid_name(parameters.text("filename"), MAX_DOCUMENT_NAME_CHARS)?;
    let folder = clm.folder(&parameters.parent()?).await?;
    let parent = folder.id()?;
    let mut ticket = Ticket::new(caller, parameters.text("documentId"), &parent, name);
    ticket.version_of = earlier_document(context, &parent, &ticket).await?;
    if ticket.version_of.is_none() {
        if !folder.access_level.create {
            return Err(WorkfrontError::Forbidden("this user may not add documents to the folder"));
        }
        clm.check_name_is_free(&parent, name).await?;
    }
    let id = store.announce(&ticket).await?;
    Ok(ok(&folder.announced(&id, name)))
}

/// CLM's id of the Workfront document, if it was already uploaded to the same folder.
async fn earlier_document(
    context: &RequestContext<'_>,
    parent: &ItemId,
    ticket: &Ticket,
) -> Result<Option<String>, WorkfrontError> {
    let RequestContext { clm, store, .. } = context;
    let Some(workfront_document) = &ticket.workfront_document else { return Ok(None) };
    let Some(id) = store.document_of(&ticket.client_id, workfront_document).await? else { return Ok(None) };
    match clm.document(&id).await {
        Ok(document) => {
            let folder = clm_id(&document.parent_folder.href).map(ItemId::Folder);
            Ok((folder.as_ref() == Some(parent)).then_some(id))
        }
        Err(WorkfrontError::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `PUT /upload`: receives the bytes of an announced document.
pub async fn receive(context: &RequestContext<'_>, upload: Upload) -> Reply {
    let id = context.parameters.item("id")?;
    let (ticket, completed_if) = context.store.ticket(&id, context.caller).await?;
    let transfer = Transfer { clm: context.clm.clone(), store: context.store.clone(), id, ticket, completed_if };
    // In its own task, so that the ticket is completed even if the caller disconnects after the last byte. An incomplete body
    // ends the task.
    let transferring = async move { transfer.run(upload).await };
    let transferred = tokio::spawn(transferring.in_current_span()).await;
    match transferred.unwrap_or(Err(WorkfrontError::Unreadable)) {
        Ok(()) => Ok(ok(&UploadBody { result: "success", message: None })),
        // Adobe's format for an error in the content, as opposed to the credentials or the service.
        Err(WorkfrontError::Failed(message)) => Ok(ok(&UploadBody { result: "fail", message: Some(message) })),
        Err(error) => Err(error),
    }
}

/// The bytes of an announced document on their way to CLM.
struct Transfer {
    clm: Clm,
    store: WorkfrontStore,
    id: ItemId,
    ticket: Ticket,
    completed_if: Condition,
}

impl Transfer {
    async fn run(self, upload: Upload) -> Result<(), WorkfrontError> {
        let _place = self.clm.stream_place().await?;
        let existing = self.existing_document().await?;
        // Both functions first make a small call to CLM, so that an expired access token is replaced before the bytes are sent.
        let call = match &existing {
            Some(document) => self.new_version(document, upload).await?,
            None => self.new_document(upload).await?,
        };
        let answer = self.clm.send(call).await?;
        match existing {
            Some(document) => self.complete(document, false).await,
            None => self.complete(uploaded_document(&calls::read(answer).await?)?, true).await,
        }
    }

    /// The document that gets a new version, if CLM still has it.
    async fn existing_document(&self) -> Result<Option<String>, WorkfrontError> {
        let Some(document) = self.ticket.document.as_ref().or(self.ticket.version_of.as_ref()) else { return Ok(None) };
        match self.clm.document(document).await {
            Ok(_) => Ok(Some(document.clone())),
            Err(WorkfrontError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn new_document(&self, upload: Upload) -> Result<Call, WorkfrontError> {
        let folder = self.clm.folder(&self.ticket.parent()?).await?;
        // The name may have been used since the announcement.
        self.clm.check_name_is_free(&folder.id()?, &self.ticket.name).await?;
        // A URI template (RFC 6570) whose only variable is the name.
        let href = folder.create_document_href.split('{').next().unwrap_or_default();
        let mut url = self.clm.upload_url(href)?;
        url.query_pairs_mut().append_pair("name", &self.ticket.name);
        Ok(Call::streaming(Method::POST, url, self.headers(), CallBody::Streamed(upload)))
    }

    async fn new_version(&self, document: &str, upload: Upload) -> Result<Call, WorkfrontError> {
        let lock: Lock = self.clm.call(Method::GET, &format!("documents/{document}/lock"), None).await?;
        let url = self.clm.upload_url(&lock.check_in_href)?;
        let mut headers = self.headers();
        if let Ok(disposition) = HeaderValue::from_str(&attachment(&self.ticket.name)) {
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        Ok(Call::streaming(Method::POST, url, headers, CallBody::Streamed(upload)))
    }

    fn headers(&self) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(mime_type(&self.ticket.name)))])
    }

    /// Stores the CLM document in the ticket. If that fails, or if another upload with this id was faster, a new document is
    /// deleted again.
    async fn complete(&self, document: String, is_new: bool) -> Result<(), WorkfrontError> {
        let mut ticket = self.ticket.clone();
        ticket.document = Some(document.clone());
        let completed = self.store.complete(&self.id, &ticket, &self.completed_if).await;
        if let Ok(true) = completed {
            self.store.remember_document(&ticket, &document).await;
            return Ok(());
        }
        let path = format!("documents/{document}");
        if is_new && self.clm.run(Method::DELETE, &path, None).await.is_err() {
            tracing::warn!(event = "document_left_over", "a document without an upload could not be deleted from CLM");
        }
        completed?;
        Err(WorkfrontError::Failed("the same document was uploaded twice at the same time"))
    }
}

/// CLM's id of the uploaded document. CLM returns a document, or a list with one document.
fn uploaded_document(json: &[u8]) -> Result<String, WorkfrontError> {
    let json: Value = serde_json::from_slice(json).map_err(|_| WorkfrontError::Unreadable)?;
    let document = json.get(0).unwrap_or(&json);
    let id = document["Href"].as_str().and_then(clm_id).ok_or(WorkfrontError::Unreadable)?;
    Ok(id.as_str().to_owned())
}
