//! `/gateway/{clm|clm-upload|clm-download|esign}/…`: DocuSign's APIs for callers who never see a DocuSign token.
//!
//! [`Callers`] tells who calls → the client's rules say whether it may → [`target`] (pure) finds the address on one of the
//! account's own hosts → [`headers`] (pure) leaves out what is between two machines only → [`DocusignApi`] calls with a fresh
//! token, both bodies piece by piece → [`error`] tells what went wrong on the way. What DocuSign answers is passed on.

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
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::body::{self, Body, Upload};
use error::GatewayError;
use target::{Api, Target};

/// The gateway and what it depends on.
pub struct Gateway {
    /// Who may call.
    pub callers: Arc<Callers>,
    /// Whom it calls.
    pub upstream: Arc<DocusignApi>,
}

impl Gateway {
    /// Answers a request, whose id upstream is told as well.
    pub async fn handle(&self, request: &Request<()>, upload: Upload, request_id: &str) -> Answer<Body> {
        let caller = match self.callers.identify(request.headers(), Username::Optional).await {
            Ok(caller) => caller,
            Err(stranger) => return GatewayError::from(stranger).answer(AnswerRecord::default()),
        };
        let operation = Target::read(request.uri()).ok().map(|target| target.named());
        let grant_id = Some(caller.grant_id.clone());
        let record = AnswerRecord { operation, grant_id, ..AnswerRecord::default().by(caller.client) };
        match self.pass_on(&caller, request, upload, request_id).await {
            Ok(response) => Answer { response, record },
            Err(refusal) => refusal.answer(record),
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
        if !caller.client.gateway_allow.iter().any(|rule| rule.allows(request.method(), &target.asked)) {
            return Err(GatewayError::NotAllowed);
        }
        let (base, account) = self.base(target.api(request.method())).await?;
        let url = target.url(request.method(), &base, &account)?;
        let headers = headers::upstream(request.headers(), request_id);
        let body = CallBody::of(upload).await?;
        let call = Call::streaming(request.method().clone(), url, headers, body);
        let answer = self.upstream.send(&caller.actor, call).await?;
        // Another protocol is nothing that could be passed on.
        if answer.status().is_informational() {
            return Err(ApiError::Malformed.into());
        }
        Ok(response(answer))
    }

    /// The base of an API, and the account's id.
    async fn base(&self, api: Api) -> Result<(ApiBase, String), GatewayError> {
        let account = self.upstream.account().await?;
        let base = match api {
            Api::Esign => account.esign.clone(),
            Api::Clm => self.upstream.clm().await?.object.clone(),
            Api::ClmUpload => self.upstream.clm().await?.upload.clone(),
            Api::ClmDownload => self.upstream.clm().await?.download.clone(),
        };
        Ok((base, account.id.clone()))
    }
}

/// What DocuSign answered. A 401 after a new token is no fault of the caller's credentials, and must not make it throw
/// them away: it is told as 403. CLM says 205 for a part of a content, which RFC 9110 §15.3.6 knows as the end of one.
fn response(answer: reqwest::Response) -> Response<Body> {
    let status = match answer.status() {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        StatusCode::RESET_CONTENT if answer.headers().contains_key(CONTENT_RANGE) => StatusCode::PARTIAL_CONTENT,
        StatusCode::RESET_CONTENT => StatusCode::OK,
        status => status,
    };
    let headers = headers::downstream(answer.headers());
    let mut response = Response::new(Body::Streamed(calls::chunks(answer)));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    body::mark_as_foreign(response.headers_mut());
    response
}
