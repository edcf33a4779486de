//! Calls DocuSign's APIs as a user.

use std::error::Error;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyDataStream, StreamBody};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::Span;
use url::Url;

use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::api::Actor;
use crate::docusign::api::error::ApiError;
use crate::docusign::api::rate_limit;
use crate::docusign::tokens::AccessTokens;
use crate::web::body::{Chunks, STANDSTILL, StreamError, Upload, Watched};
use crate::web::http_client::{HttpClient, obstacle_of, read_answer, read_body};
use crate::web::obstacle::Obstacle;
use crate::web::streams::StreamPlace;
use crate::web::upstream::UpstreamAnswer;

/// Time limit for a call whose response is buffered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Time limit for a call with streamed bodies; the Functions host ends requests then.
const STREAM_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Size limit in bytes for a buffered response.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// The body of a call.
pub enum CallBody {
    /// Complete in memory; it can be sent again.
    Whole(Bytes),
    /// A stream; it can be sent only once.
    Streamed(Upload),
}

/// How often a stalled transfer is checked for within its time limit.
const STANDSTILL_CHECKS: u32 = 8;

/// A body up to this size, in bytes, is buffered so that it can be sent again.
const MAX_RESENDABLE_BYTES: usize = 256 * 1024;

impl CallBody {
    /// The body of a caller's request: buffered if it is small, otherwise streamed.
    ///
    /// # Errors
    /// [`ApiError::BodyBrokeOff`].
    pub async fn of(upload: Upload) -> Result<Self, ApiError> {
        let Upload { mut chunks, length } = upload;
        if length.is_some_and(|length| length > MAX_RESENDABLE_BYTES as u64) {
            return Ok(Self::Streamed(Upload { chunks, length }));
        }
        let mut kept = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            kept.extend_from_slice(&chunk.map_err(|_| ApiError::BodyBrokeOff)?);
            if kept.len() > MAX_RESENDABLE_BYTES {
                let begun = stream::iter([Ok(kept.freeze())]).chain(chunks);
                return Ok(Self::Streamed(Upload { chunks: Box::pin(begun), length }));
            }
        }
        Ok(Self::Whole(kept.freeze()))
    }
}

/// A call without its access token.
pub struct Call {
    /// The method.
    pub method: Method,
    /// The address; it must be trusted with an access token.
    pub url: Url,
    /// Headers, without `Authorization` and `Content-Length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// Its time limit.
    pub timeout: Duration,
}

impl Call {
    /// A call with a buffered JSON response.
    #[must_use]
    pub fn json(method: Method, url: Url) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { method, url, headers, body: CallBody::Whole(Bytes::new()), timeout: ANSWER_TIMEOUT }
    }

    /// A call with a JSON body and a buffered JSON response.
    #[must_use]
    pub fn with_json(mut self, body: &serde_json::Value) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { body: CallBody::Whole(Bytes::from(body.to_string())), ..self }
    }

    /// A call with streamed bodies.
    #[must_use]
    pub const fn streaming(method: Method, url: Url, headers: HeaderMap, body: CallBody) -> Self {
        Self { method, url, headers, body, timeout: STREAM_TIMEOUT }
    }

    /// A copy of the call for a retry; `None` if its body is a stream.
    fn try_clone(&self) -> Option<Self> {
        let CallBody::Whole(body) = &self.body else { return None };
        Some(Self {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: CallBody::Whole(body.clone()),
            timeout: self.timeout,
        })
    }
}

/// Makes calls with access tokens from the cache.
pub struct Calls {
    access_tokens: AccessTokens,
    http: Arc<HttpClient>,
}

impl Calls {
    /// Calls over `http`, with access tokens from `access_tokens`.
    #[must_use]
    pub const fn new(access_tokens: AccessTokens, http: Arc<HttpClient>) -> Self {
        Self { access_tokens, http }
    }

    /// Makes `call` as `actor`. After a 401 it retries once with a new access token, if the body can be sent again. A second
    /// 401 is returned. A question without a body is also repeated once if the connection was lost.
    ///
    /// # Errors
    /// [`ApiError`] if there is no response. An error status is not an error here.
    pub async fn send(&self, actor: &Actor, call: Call) -> Result<reqwest::Response, ApiError> {
        let again = call.try_clone();
        let access_token = self.access_token(actor).await?;
        let answer = self.send_or_repeat(&access_token, call).await?;
        let Actor { user, scope } = actor;
        if answer.status() != StatusCode::UNAUTHORIZED {
            self.access_tokens.report_accepted(user, scope);
            return Ok(answer);
        }
        let replaced = self.access_tokens.replace(user, scope, &access_token).await;
        let Some(newer) = replaced.map_err(ApiError::NoAccessToken)? else { return Ok(answer) };
        let again = again.ok_or(ApiError::AccessTokenReplaced)?;
        let answer = self.send_or_repeat(&newer, again).await?;
        match answer.status() {
            StatusCode::UNAUTHORIZED => self.access_tokens.report_refused(user, scope, &newer),
            _ => self.access_tokens.report_accepted(user, scope),
        }
        Ok(answer)
    }

    /// An access token for `actor`, from the cache if possible.
    ///
    /// # Errors
    /// [`ApiError::NoAccessToken`].
    pub async fn access_token(&self, actor: &Actor) -> Result<Arc<DocusignAccessToken>, ApiError> {
        let had = self.access_tokens.get(&actor.user, &actor.scope).await;
        had.map(|(access_token, _)| access_token).map_err(ApiError::NoAccessToken)
    }

    /// A kept connection may have been closed by the other side just before the question was sent on it.
    async fn send_or_repeat(
        &self,
        access_token: &DocusignAccessToken,
        call: Call,
    ) -> Result<reqwest::Response, ApiError> {
        let again = matches!(call.method, Method::GET | Method::HEAD).then(|| call.try_clone()).flatten();
        match (self.send_once(access_token, call).await, again) {
            (Err(ApiError::Unreachable(Obstacle::Other(_))), Some(again)) => self.send_once(access_token, again).await,
            (answer, _) => answer,
        }
    }

    async fn send_once(&self, access_token: &DocusignAccessToken, call: Call) -> Result<reqwest::Response, ApiError> {
        let Call { method, url, headers, body, timeout } = call;
        // Some front ends answer 411 if a method that usually has a body comes without `Content-Length`.
        let usual = !matches!(method, Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS);
        let request = self.http.request(method, url).await.headers(headers).timeout(timeout);
        let request = request.bearer_auth(access_token.secret.expose_secret());
        let progress = Arc::new(AtomicU64::new(0));
        let request = match body {
            CallBody::Whole(bytes) if bytes.is_empty() && usual => request.header(CONTENT_LENGTH, 0),
            CallBody::Whole(bytes) if bytes.is_empty() => request,
            CallBody::Whole(bytes) => request.body(bytes),
            CallBody::Streamed(upload) => with_upload(request, upload, &progress),
        };
        unless_stalled(request.send(), &progress).await
    }
}

fn with_upload(request: reqwest::RequestBuilder, upload: Upload, progress: &Arc<AtomicU64>) -> reqwest::RequestBuilder {
    let Upload { chunks, length } = upload;
    let progress = Arc::clone(progress);
    let frames = chunks.map(move |chunk| {
        progress.fetch_add(1, Ordering::Relaxed);
        chunk.map(Frame::data)
    });
    let request = request.body(reqwest::Body::wrap(StreamBody::new(frames)));
    // With a length, DocuSign can detect an incomplete body.
    match length {
        Some(length) => request.header(CONTENT_LENGTH, length),
        None => request,
    }
}

/// Waits for the response head while the request body makes progress.
async fn unless_stalled(
    sending: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    progress: &AtomicU64,
) -> Result<reqwest::Response, ApiError> {
    let mut sending = std::pin::pin!(sending);
    let (mut seen, mut stalled_checks) = (0, 0);
    while stalled_checks < STANDSTILL_CHECKS {
        match timeout(STANDSTILL / STANDSTILL_CHECKS, &mut sending).await {
            Ok(sent) => return sent.map_err(|error| no_answer(&error)),
            Err(_) if progress.load(Ordering::Relaxed) == seen => stalled_checks += 1,
            Err(_) => (seen, stalled_checks) = (progress.load(Ordering::Relaxed), 0),
        }
    }
    Err(ApiError::TimedOut)
}

fn no_answer(error: &reqwest::Error) -> ApiError {
    let mut causes = iter::successors(error.source(), |&error| error.source());
    if causes.any(<dyn Error>::is::<StreamError>) {
        return ApiError::BodyBrokeOff;
    }
    obstacle_of(error).map_or(ApiError::TimedOut, ApiError::Unreachable)
}

/// The chunks of a response body, which keep `place` while they are streamed.
#[must_use]
pub fn chunks(answer: reqwest::Response, place: StreamPlace) -> Chunks {
    // The body is streamed after the handler has returned, outside its span.
    let span = Span::current();
    let body = BodyDataStream::new(reqwest::Body::from(answer));
    let chunks = Watched::new(body.map(|chunk| chunk.map_err(|_| StreamError::BrokenOff)));
    Box::pin(place.hold(Box::pin(chunks)).inspect(move |chunk| {
        if let Err(error) = chunk {
            let _entered = span.enter();
            tracing::warn!(event = "stream_broken_off", cause = %error, "a streamed response ended before it was complete");
        }
    }))
}

/// Reads a response body, up to [`ANSWER_LIMIT`].
///
/// # Errors
/// [`ApiError`] if it is incomplete, too slow or too large.
pub async fn read(answer: reqwest::Response) -> Result<Bytes, ApiError> {
    let body = read_body(answer, ANSWER_LIMIT).await.map_err(|error| no_answer(&error))?;
    body.map(Bytes::from).ok_or(ApiError::Malformed)
}

/// Parses the JSON of a successful response.
///
/// # Errors
/// [`ApiError`] for every other response.
pub async fn read_json<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, ApiError> {
    read_json_or(answer, ApiError::of_answer).await
}

/// Like [`read_json`], with `classify` for an answer with an error status.
///
/// # Errors
/// [`ApiError`] for every response but a successful one with this JSON.
pub async fn read_json_or<T: DeserializeOwned>(
    response: reqwest::Response,
    classify: fn(UpstreamAnswer) -> ApiError,
) -> Result<T, ApiError> {
    if !response.status().is_success() {
        let wait = rate_limit::wait(response.headers());
        return Err(classify(read_answer(response).await).after(wait));
    }
    // The parser's error is dropped, because it may quote confidential data.
    serde_json::from_slice(&read(response).await?).map_err(|_| ApiError::Malformed)
}
