//! `/workfront/v1/…`: DocuSign CLM as a document service of Adobe Workfront ("document webhooks").
//!
//! [`request`] finds the operation and its parameters → [`Callers`] identifies the caller → the operation ([`browse`],
//! [`content`], [`upload`], [`change`]) calls CLM through [`clm`] as the caller's DocuSign user → [`item`] turns CLM's JSON
//! into Workfront's. [`open`] serves downloads in a browser. [`error`] has the error responses: 403 for credentials and
//! missing rights, 404, 500. After a 403, Workfront gets a new access token, so expired tokens get 403 too.

mod browse;
mod change;
mod clm;
mod content;
pub mod error;
pub mod item;
pub mod naming;
mod open;
mod request;
pub mod store;
mod upload;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;

use crate::clock::{ANSWER_WITHIN, within};
use crate::config::DocusignSettings;
use crate::docusign::api::DocusignApi;
use crate::docusign::api::calls::CallBody;
use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::{Authenticated, Caller, Callers, Username};
use crate::oauth::client::Profile;
use crate::store::Store;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{Body, Upload};
use crate::web::response::json;
use clm::Clm;
use error::WorkfrontError;
use item::Links;
use naming::ItemId;
use open::BrowserDownload;
use request::{Operation, WorkfrontParameters};
use store::WorkfrontStore;

/// The response of an operation.
type Reply = Result<http::Response<Body>, WorkfrontError>;

/// Workfront's document service and what it depends on.
pub struct Workfront {
    callers: Arc<Callers>,
    api: Arc<DocusignApi>,
    store: WorkfrontStore,
    browser_download: BrowserDownload,
}

/// The context of a request.
struct RequestContext<'a> {
    /// The caller.
    caller: &'a Caller<'a>,
    /// CLM, called as the caller's DocuSign user.
    clm: Clm,
    /// Announced uploads.
    store: &'a WorkfrontStore,
    /// The parameters of the request.
    parameters: WorkfrontParameters,
    /// Builds Evergrant's addresses in responses.
    links: Links<'a>,
}

impl Workfront {
    /// The service for `callers`, with CLM behind `api`. Announced uploads are kept in `store`.
    #[must_use]
    pub fn new(
        callers: Arc<Callers>,
        api: Arc<DocusignApi>,
        docusign: DocusignSettings,
        store: Arc<dyn Store>,
    ) -> Self {
        let store = WorkfrontStore::new(store, Arc::clone(&callers.clock));
        let browser_download =
            BrowserDownload { callers: Arc::clone(&callers), api: Arc::clone(&api), docusign, store: store.clone() };
        Self { callers, api, store, browser_download }
    }

    /// Responds to a request.
    pub async fn handle(&self, request: &Request<()>, upload: Upload, request_id: &str) -> Answer<Body> {
        let operation = match Operation::find(request.method(), request.uri().path()) {
            Ok(operation) => operation,
            Err(error) => return error.answer(AnswerRecord::default()),
        };
        let record = AnswerRecord { operation: Some(operation.as_str()), ..AnswerRecord::default() };
        match operation {
            Operation::ServiceInfo => Answer { response: ok(&browse::service_info()), record },
            Operation::Open => self.browser_download.handle(request, request_id, record).await,
            _ => self.handle_caller(operation, request, upload, record).await,
        }
    }

    async fn handle_caller(
        &self,
        operation: Operation,
        request: &Request<()>,
        upload: Upload,
        record: AnswerRecord,
    ) -> Answer<Body> {
        let Ok(clients) = self.callers.registry.current().await else {
            return WorkfrontError::RegistryUnavailable.answer(record);
        };
        let caller = match self.callers.authenticate(&clients, request.headers(), Username::Required).await {
            Ok(caller) => caller,
            Err(error) => return WorkfrontError::from(error).answer(record),
        };
        let record = AnswerRecord { grant_id: Some(caller.grant_id.clone()), ..record.for_client(caller.client) };
        match self.run(operation, caller, request, upload).await {
            Ok(response) => Answer { response, record },
            Err(error) => error.answer(record),
        }
    }

    /// Reads the parameters before anything is asked of DocuSign.
    async fn run(
        &self,
        operation: Operation,
        caller: Authenticated<'_>,
        request: &Request<()>,
        upload: Upload,
    ) -> Reply {
        if caller.client.profile != Profile::Workfront {
            return Err(WorkfrontError::Forbidden("this client is not registered with the profile workfront"));
        }
        let query = WorkfrontParameters::of_query(request.uri().query().unwrap_or_default())?;
        let (parameters, upload) = match operation {
            Operation::Upload => (query, Some(upload)),
            _ => (query.with_body(request.headers(), &small_body(upload).await?)?, None),
        };
        if operation == Operation::Delete {
            parameters.item_to_delete()?;
        }
        let running = Box::pin(self.run_as(operation, caller, parameters, upload));
        if operation.is_long() { running.await } else { in_time(running).await }
    }

    async fn run_as(
        &self,
        operation: Operation,
        caller: Authenticated<'_>,
        parameters: WorkfrontParameters,
        upload: Option<Upload>,
    ) -> Reply {
        let (caller, clm) = &in_time(Box::pin(self.clm_for(caller))).await?;
        let links = Links { issuer: &self.callers.issuer, client_id: &caller.client.client_id };
        let context = RequestContext { caller, clm: clm.clone(), store: &self.store, parameters, links };
        match (operation, upload) {
            (Operation::Metadata, _) => browse::metadata(&context).await,
            (Operation::Files, _) => browse::files(&context).await,
            (Operation::Search, _) => browse::search(&context).await,
            (Operation::Download, _) => content::download(&context).await,
            (Operation::Thumbnail, _) => content::thumbnail(&context).await,
            (Operation::UploadInit, _) => upload::announce(&context).await,
            (Operation::Upload, Some(upload)) => upload::receive(&context, upload).await,
            (Operation::CreateFolder, _) => change::create_folder(&context).await,
            (Operation::Delete, _) => change::delete(&context).await,
            (Operation::Rename, _) => change::rename(&context).await,
            (Operation::CustomAction, _) => Ok(change::no_such_action()),
            (Operation::Upload | Operation::ServiceInfo | Operation::Open, _) => Err(WorkfrontError::NoSuchOperation),
        }
    }

    /// The caller with their user, and CLM as that user.
    async fn clm_for<'a>(&self, caller: Authenticated<'a>) -> Result<(Caller<'a>, Clm), WorkfrontError> {
        let caller = self.callers.find_user(caller).await?;
        let clm = Clm::new(Arc::clone(&self.api), caller.actor.clone()).await?;
        Ok((caller, clm))
    }
}

/// The result of `running`, or an error if it takes longer than a response may take.
async fn in_time<T>(running: impl Future<Output = Result<T, WorkfrontError>>) -> Result<T, WorkfrontError> {
    within(ANSWER_WITHIN, pin!(running)).await.unwrap_or(Err(WorkfrontError::Api(ApiError::TimedOut)))
}

impl RequestContext<'_> {
    /// CLM's id of the document with the Workfront id `id`, which may also be a finished upload.
    async fn document_id(&self, id: &ItemId) -> Result<String, WorkfrontError> {
        match id {
            ItemId::Document(document) => Ok(document.as_str().to_owned()),
            ItemId::Upload(_) => {
                let (ticket, _) = self.store.ticket(id, self.caller).await?;
                ticket.document.ok_or(WorkfrontError::Missing("the document has not arrived yet"))
            }
            ItemId::Root | ItemId::Folder(_) => Err(WorkfrontError::Missing("a folder has no content")),
        }
    }
}

/// A body that contains only parameters.
async fn small_body(upload: Upload) -> Result<Bytes, WorkfrontError> {
    match CallBody::of(upload).await? {
        CallBody::Whole(body) => Ok(body),
        CallBody::Streamed(_) => Err(WorkfrontError::Failed("the request body is too large")),
    }
}

/// 200 with JSON.
fn ok(body: &impl Serialize) -> http::Response<Body> {
    json(StatusCode::OK, body).map(Body::Whole)
}
