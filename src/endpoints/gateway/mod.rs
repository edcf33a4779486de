//! `/gateway/{clm|clm-upload|clm-download|esign|navigator|maestro}/…`: DocuSign's APIs for callers who never see a DocuSign
//! token.
//!
//! [`Callers`] identifies the caller → the client's rules are checked → [`target`] (pure) finds the address on one of the
//! account's hosts → [`headers`] (pure) filters the headers → [`DocusignApi`] calls DocuSign with an access token and streams
//! both bodies. DocuSign's response is forwarded, unless the caller prefers to [wait](waiting) for what it has begun. [`error`]
//! has the gateway's own error responses.

pub mod error;
pub mod headers;
pub mod target;
mod waiting;

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_RANGE;
use http::{Method, Request, Response, StatusCode};
use tokio::time::timeout_at;

use crate::clock::answer_deadline;
use crate::docusign::api::DocusignApi;
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call, CallBody};
use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::{Caller, Callers, Username};
use crate::oauth::client::gateway_rule::GatewayApi;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{self, Body, Upload};
use crate::web::streams::StreamPlace;
use error::GatewayError;
use target::GatewayTarget;
use waiting::WaitingCall;

/// The account in a path of a caller that does not know it, such as a connector.
const DEFAULT_ACCOUNT: &str = "default";

/// The gateway and what it depends on.
pub struct Gateway {
    /// Identifies callers.
    pub callers: Arc<Callers>,
    /// DocuSign's APIs.
    pub docusign_api: Arc<DocusignApi>,
}

impl Gateway {
    /// Responds to a request. DocuSign gets the same `request_id`.
    pub async fn handle(&self, request: &Request<()>, upload: Upload, request_id: &str) -> Answer<Body> {
        let deadline = answer_deadline();
        let Ok(clients) = self.callers.registry.current().await else {
            return GatewayError::RegistryUnavailable.answer(AnswerRecord::default());
        };
        let identifying = self.callers.identify(&clients, request.headers(), Username::Optional);
        let caller = match timeout_at(deadline, identifying).await {
            Ok(Ok(caller)) => caller,
            Ok(Err(error)) => return GatewayError::from(error).answer(AnswerRecord::default()),
            Err(_) => return GatewayError::Api(ApiError::TimedOut).answer(AnswerRecord::default()),
        };
        let operation = GatewayTarget::read(request.uri()).ok().map(|target| target.named_api.as_str());
        let grant_id = Some(caller.grant_id.clone());
        let record = AnswerRecord { operation, grant_id, ..AnswerRecord::default().for_client(caller.client) };
        let calling = timeout_at(deadline, self.call(&caller, request, request_id)).await;
        let passing = async {
            let call = calling.map_err(|_| ApiError::TimedOut)??;
            match WaitingCall::read(&self.callers.sealing, &caller, request).await? {
                Some(waiting) => waiting.begin(self, &caller, call, upload).await,
                None => self.pass_on(&caller, call, upload).await,
            }
        };
        match passing.await {
            Ok(response) => Answer { response, record },
            Err(error) => error.answer(record),
        }
    }

    /// The call for `request`, still without its body. A client that waits for `100 Continue` gets every refusal before it.
    async fn call(&self, caller: &Caller<'_>, request: &Request<()>, request_id: &str) -> Result<Call, GatewayError> {
        let (method, target) = (request.method(), GatewayTarget::read(request.uri())?);
        if !caller.client.gateway_allow.iter().any(|rule| rule.allows(method, &target.path)) {
            return Err(GatewayError::NotAllowed);
        }
        let headers = headers::for_docusign(request.headers(), request_id)?;
        let (base, account) = self.base(target.api(method)).await?;
        let target = self.in_account(target, &account).await?;
        let url = target.url(method, &base, &account)?;
        self.docusign_api.calls.access_token(&caller.actor).await?;
        Ok(Call::streaming(method.clone(), url, headers, CallBody::Whole(Bytes::new())))
    }

    /// `target`, with the account's id if its path has the account's number or [`DEFAULT_ACCOUNT`].
    async fn in_account<'a>(
        &self,
        target: GatewayTarget<'a>,
        account: &str,
    ) -> Result<GatewayTarget<'a>, GatewayError> {
        let Some(number) = target.other_account(account).map(ToOwned::to_owned) else { return Ok(target) };
        if number == DEFAULT_ACCOUNT || self.docusign_api.accounts.has_number(&number).await? {
            Ok(target.with_account(&number, account))
        } else {
            Err(GatewayError::OtherAccount)
        }
    }

    /// Makes `call`. A call that only reads needs a place for its answer; DocuSign must not do what any other asks for before
    /// there is one.
    async fn pass_on(&self, caller: &Caller<'_>, call: Call, upload: Upload) -> Result<Response<Body>, GatewayError> {
        let only_reads = matches!(call.method, Method::GET | Method::HEAD);
        let place = if only_reads { None } else { Some(self.docusign_api.stream_place().await?) };
        let call = Call { body: CallBody::of(upload).await?, ..call };
        let answer = self.docusign_api.calls.send(&caller.actor, call).await?;
        // An upgrade to another protocol cannot be forwarded.
        if answer.status().is_informational() {
            return Err(ApiError::Malformed.into());
        }
        let place = match place {
            Some(place) => place,
            None => self.docusign_api.stream_place().await?,
        };
        Ok(response(answer, place))
    }

    /// The base URL of an API, and the account's id.
    async fn base(&self, api: GatewayApi) -> Result<(ApiBase, String), GatewayError> {
        let account = self.docusign_api.accounts.account().await?;
        let base = match api {
            GatewayApi::Esign => account.esign.clone(),
            GatewayApi::Navigator | GatewayApi::Maestro => account.platform.clone(),
            GatewayApi::Clm => self.docusign_api.accounts.clm().await?.object.clone(),
            GatewayApi::ClmUpload => self.docusign_api.accounts.clm().await?.upload.clone(),
            GatewayApi::ClmDownload => self.docusign_api.accounts.clm().await?.download.clone(),
        };
        Ok((base, account.id.clone()))
    }
}

/// DocuSign's response for the caller. A 401 with a new access token becomes 403, because the caller's credentials are valid
/// and must not be discarded. CLM sends 205 where RFC 9110 §15.3 requires 206 for partial content and 200 for all of it.
fn response(answer: reqwest::Response, place: StreamPlace) -> Response<Body> {
    let status = match answer.status() {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        StatusCode::RESET_CONTENT if answer.headers().contains_key(CONTENT_RANGE) => StatusCode::PARTIAL_CONTENT,
        StatusCode::RESET_CONTENT => StatusCode::OK,
        status => status,
    };
    let headers = headers::for_caller(answer.headers());
    let mut response = Response::new(Body::Streamed(calls::chunks(answer, place)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    body::mark_as_foreign(response.headers_mut());
    response
}
