//! `/workfront/v1/…`: DocuSign CLM as a document service of Adobe Workfront ("document webhooks").
//!
//! [`operation`] (pure) finds what is asked for → [`Callers`] tells who asks → [`parameters`] (pure) reads query and body →
//! the operation's own file calls CLM through [`clm`], in that user's name → [`item`] (pure) writes what Workfront reads,
//! [`error`] (pure) what it hears when something is wrong: 403 for its credentials and for missing rights, 404, 500.
//! A 403 makes Workfront fetch a new access token, which is what an expired one needs.

mod browse;
mod change;
mod clm;
mod content;
mod error;
mod id;
mod item;
mod name;
mod open;
mod operation;
mod parameters;
mod search;
mod service_info;
mod ticket;
mod upload;

use std::sync::Arc;

use http::Request;
use serde::Serialize;

use crate::config::DocusignSettings;
use crate::docusign::api::DocusignApi;
use crate::endpoints::caller::{Caller, Callers, Username};
use crate::oauth::client::Profile;
use crate::store::Store;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{Body, Upload};
use crate::web::response::json;
use clm::Clm;
use error::WorkfrontError;
use item::Links;
use operation::Operation;
use parameters::Parameters;
use ticket::Tickets;

/// An answer of one operation.
type Reply = Result<http::Response<Body>, WorkfrontError>;

/// Workfront's document service and what it depends on.
pub struct Workfront {
    callers: Arc<Callers>,
    upstream: Arc<DocusignApi>,
    docusign: DocusignSettings,
    tickets: Tickets,
}

/// Who asks, and CLM in that user's name.
struct RequestContext<'a> {
    caller: &'a Caller<'a>,
    clm: Clm<'a>,
    parameters: Parameters,
}

impl Workfront {
    /// The service for `callers`, over CLM at `upstream`, with uploads under way remembered in `store`.
    #[must_use]
    pub fn new(
        callers: Arc<Callers>,
        upstream: Arc<DocusignApi>,
        docusign: DocusignSettings,
        store: Arc<dyn Store>,
    ) -> Self {
        let clock = Arc::clone(&callers.clock);
        Self { callers, upstream, docusign, tickets: Tickets::new(store, clock) }
    }

    /// Answers a request.
    pub async fn handle(&self, request: &Request<()>, upload: Upload) -> Answer<Body> {
        let operation = match Operation::find(request.method(), request.uri().path()) {
            Ok(operation) => operation,
            Err(refusal) => return refusal.answer(AnswerRecord::default()),
        };
        let record = AnswerRecord { operation: Some(operation.as_str()), ..AnswerRecord::default() };
        if operation == Operation::ServiceInfo {
            return Answer { response: said(&service_info::SERVICE_INFO), record };
        }
        if operation == Operation::Open {
            return self.open(request, record).await;
        }
        let caller = match self.callers.identify(request.headers(), Username::Required).await {
            Ok(caller) => caller,
            Err(stranger) => return WorkfrontError::from(stranger).answer(record),
        };
        let record = AnswerRecord { grant_id: Some(caller.grant_id.clone()), ..record.by(caller.client) };
        match self.answer(operation, &caller, request, upload).await {
            Ok(response) => Answer { response, record },
            Err(refusal) => refusal.answer(record),
        }
    }

    async fn answer(&self, operation: Operation, caller: &Caller<'_>, request: &Request<()>, upload: Upload) -> Reply {
        if caller.client.profile != Profile::Workfront {
            return Err(WorkfrontError::Forbidden("this client is not registered with the profile workfront"));
        }
        let query = Parameters::of_query(request.uri().query().unwrap_or_default());
        let (parameters, upload) = match operation {
            Operation::Upload => (query, Some(upload)),
            _ => (query.with_body(request.headers(), upload).await?, None),
        };
        let clm = Clm::new(&self.upstream, &caller.actor).await?;
        let visit = RequestContext { caller, clm, parameters };
        match (operation, upload) {
            (Operation::Metadata, _) => self.metadata(&visit).await,
            (Operation::Files, _) => self.files(&visit).await,
            (Operation::Search, _) => self.search(&visit).await,
            (Operation::Download, _) => self.download(&visit).await,
            (Operation::Thumbnail, _) => self.thumbnail(&visit).await,
            (Operation::UploadInit, _) => self.upload_init(&visit).await,
            (Operation::Upload, Some(upload)) => self.upload(&visit, upload).await,
            (Operation::CreateFolder, _) => self.create_folder(&visit).await,
            (Operation::Delete, _) => self.delete(&visit).await,
            (Operation::Rename, _) => self.rename(&visit).await,
            (Operation::CustomAction, _) => Ok(service_info::no_such_action()),
            (Operation::Upload | Operation::ServiceInfo | Operation::Open, _) => Err(WorkfrontError::NoSuchOperation),
        }
    }

    /// How `visit`'s client is shown documents.
    fn links<'a>(&'a self, visit: &'a RequestContext<'_>) -> Links<'a> {
        Links { issuer: &self.callers.issuer, client_id: &visit.caller.client.client_id }
    }
}

/// 200 with JSON.
fn said(body: &impl Serialize) -> http::Response<Body> {
    json(http::StatusCode::OK, body).map(Body::Whole)
}
