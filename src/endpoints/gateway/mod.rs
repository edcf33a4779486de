//! `/gateway/{clm|clm-upload|clm-download|esign}/…`: DocuSign's APIs for callers who never see a DocuSign token.
//!
//! [`Callers`] identifies the caller → the client's rules are checked → [`target`] (pure) finds the address on one of the
//! account's hosts → [`headers`] (pure) filters the headers → [`DocusignApi`] calls DocuSign with an access token and streams
//! both bodies. DocuSign's response is forwarded. [`error`] has the gateway's own error responses.

mod error;
mod headers;
mod target;

use std::sync::Arc;

use http::header::CONTENT_RANGE;
use http::{Request, Response, StatusCode};

use crate::docusign::api::DocusignApi;
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call, CallBody};
use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::{Caller, Callers, Username};
use crate::oauth::client::gateway_rule::GatewayApi;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{self, Body, Upload};
use error::GatewayError;
use target::Target;

/// The gateway and what it depends on.
pub struct Gateway {
    /// Identifies callers.
    pub callers: Arc<Callers>,
    /// DocuSign's APIs.
    pub upstream: Arc<DocusignApi>,
}

impl Gateway {
    /// Responds to a request. DocuSign gets the same `request_id`.
    pub async fn handle(&self, request: &Request<()>, upload: Upload, request_id: &str) -> Answer<Body> {
        let caller = match self.callers.identify(request.headers(), Username::Optional).await {
            Ok(caller) => caller,
            Err(error) => return GatewayError::from(error).answer(AnswerRecord::default()),
        };
        let operation = Target::read(request.uri()).ok().map(|target| target.named_api.as_str());
        let grant_id = Some(caller.grant_id.clone());
        let record = AnswerRecord { operation, grant_id, ..AnswerRecord::default().by(caller.client) };
        match self.pass_on(&caller, request, upload, request_id).await {
            Ok(response) => Answer { response, record },
            Err(error) => error.answer(record),
        }
    }

    async fn pass_on(
        &self,
        caller: &Caller<'_>,
        request: &Request<()>,
        upload: Upload,
        request_id: &str,
    ) -> Result<Response<Body>, GatewayError> {
        let target = Target::read(request.uri())?;
        if !caller.client.gateway_allow.iter().any(|rule| rule.allows(request.method(), &target.path)) {
            return Err(GatewayError::NotAllowed);
        }
        let (base, account) = self.base(target.api(request.method())).await?;
        let url = target.url(request.method(), &base, &account)?;
        let headers = headers::for_docusign(request.headers(), request_id);
        let body = CallBody::of(upload).await?;
        let call = Call::streaming(request.method().clone(), url, headers, body);
        let answer = self.upstream.calls.send(&caller.actor, call).await?;
        // An upgrade to another protocol cannot be forwarded.
        if answer.status().is_informational() {
            return Err(ApiError::Malformed.into());
        }
        Ok(response(answer))
    }

    /// The base URL of an API, and the account's id.
    async fn base(&self, api: GatewayApi) -> Result<(ApiBase, String), GatewayError> {
        let account = self.upstream.accounts.account().await?;
        let base = match api {
            GatewayApi::Esign => account.esign.clone(),
            GatewayApi::Clm => self.upstream.accounts.clm().await?.object.clone(),
            GatewayApi::ClmUpload => self.upstream.accounts.clm().await?.upload.clone(),
            GatewayApi::ClmDownload => self.upstream.accounts.clm().await?.download.clone(),
        };
        Ok((base, account.id.clone()))
    }
}

/// DocuSign's response for the caller. A 401 with a new access token becomes 403, because the caller's credentials are valid
/// and must not be discarded. CLM sends 205 where RFC 9110 §15.3 requires 206 for partial content and 200 for all of it.
fn response(answer: reqwest::Response) -> Response<Body> {
    let status = match answer.status() {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        StatusCode::RESET_CONTENT if answer.headers().contains_key(CONTENT_RANGE) => StatusCode::PARTIAL_CONTENT,
        StatusCode::RESET_CONTENT => StatusCode::OK,
        status => status,
    };
    let headers = headers::for_caller(answer.headers());
    let mut response = Response::new(Body::Streamed(calls::chunks(answer)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    body::mark_as_foreign(response.headers_mut());
    response
}
