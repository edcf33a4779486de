//! One call to an API in a user's name.

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
use crate::docusign::tokens::AccessTokens;
use crate::web::body::{Chunks, STANDSTILL, StreamError, Upload, Watched};
use crate::web::http_client::HttpClient;

/// How long an answer that is read as a whole may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call whose bodies pass through may take; the platform ends a function then.
const STREAM_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// An answer larger than this is not read as a whole.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// The body of a call.
pub enum CallBody {
    /// All of it; can be sent twice.
    Whole(Bytes),
    /// Piece by piece, once.
    Streamed(Upload),
}

/// How often a standstill is looked for while one would last.
const STANDSTILL_CHECKS: u32 = 8;

/// A body up to this size is kept, in bytes, so that it can be sent twice.
const MAX_RESENDABLE_BYTES: usize = 256 * 1024;

impl CallBody {
    /// The body of a caller's request: kept if it is small, else passed on.
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
    /// The address, which may be shown an access token.
    pub url: Url,
    /// Headers, without `Authorization` and `Content-Length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// How long it may take.
    pub timeout: Duration,
}

impl Call {
    /// A call whose answer is JSON and read as a whole.
    #[must_use]
    pub fn json(method: Method, url: Url) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Self { method, url, headers, body: CallBody::Whole(Bytes::new()), timeout: ANSWER_TIMEOUT }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &serde_json::Value) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { body: CallBody::Whole(Bytes::from(body.to_string())), ..self }
    }

    /// A call whose bodies pass through.
    #[must_use]
    pub const fn streaming(method: Method, url: Url, headers: HeaderMap, body: CallBody) -> Self {
        Self { method, url, headers, body, timeout: STREAM_TIMEOUT }
    }

    /// The same call once more, if that is possible.
    fn again(&self) -> Option<Self> {
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
    /// Calls over `http`, with tokens of `access_tokens`.
    #[must_use]
    pub const fn new(access_tokens: AccessTokens, http: Arc<HttpClient>) -> Self {
        Self { access_tokens, http }
    }

    /// Makes `call` in the name of `actor`. After a 401 once more with a new access token, if the body can be sent twice;
    /// a second 401 is the answer.
    ///
    /// # Errors
    /// [`ApiError`] if there is no answer. An answer that says no is an answer.
    pub async fn send(&self, actor: &Actor, call: Call) -> Result<reqwest::Response, ApiError> {
        let again = call.again();
        let access_token = self.access_token(actor).await?;
        let answer = self.send_once(&access_token, call).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let Actor { user, scope } = actor;
        let replaced = self.access_tokens.replace(user, scope, &access_token).await;
        let Some(newer) = replaced.map_err(ApiError::NoAccessToken)? else { return Ok(answer) };
        let again = again.ok_or(ApiError::AccessTokenReplaced)?;
        let answer = self.send_once(&newer, again).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.access_tokens.report_refused(user, scope, &newer);
        }
        Ok(answer)
    }

    /// An access token of `actor`, from memory if possible.
    pub(super) async fn access_token(&self, actor: &Actor) -> Result<Arc<DocusignAccessToken>, ApiError> {
        let had = self.access_tokens.get(&actor.user, &actor.scope).await;
        had.map(|(access_token, _)| access_token).map_err(ApiError::NoAccessToken)
    }

    async fn send_once(&self, access_token: &DocusignAccessToken, call: Call) -> Result<reqwest::Response, ApiError> {
        let Call { method, url, headers, body, timeout } = call;
        // Front ends answer 411 where a body is usual and its length is not told.
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
        while_it_moves(request.send(), &progress).await
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
    // With a length, upstream can tell a body that broke off from one that is complete.
    match length {
        Some(length) => request.header(CONTENT_LENGTH, length),
        None => request,
    }
}

/// Waits for the head of an answer as long as the body of the request moves.
async fn while_it_moves(
    sending: impl Future<Output = Result<reqwest::Response, reqwest::Error>>,
    progress: &AtomicU64,
) -> Result<reqwest::Response, ApiError> {
    let mut sending = std::pin::pin!(sending);
    let (mut seen, mut still) = (0, 0);
    while still < STANDSTILL_CHECKS {
        match timeout(STANDSTILL / STANDSTILL_CHECKS, &mut sending).await {
            Ok(sent) => return sent.map_err(|error| no_answer(&error)),
            Err(_) if progress.load(Ordering::Relaxed) == seen => still += 1,
            Err(_) => (seen, still) = (progress.load(Ordering::Relaxed), 0),
        }
    }
    Err(ApiError::TimedOut)
}

fn no_answer(error: &reqwest::Error) -> ApiError {
    if error.is_timeout() {
        return ApiError::TimedOut;
    }
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<StreamError>() {
            return ApiError::BodyBrokeOff;
        }
        cause = error.source();
    }
    ApiError::NoAnswer
}

/// The pieces of an answer's body.
#[must_use]
pub fn chunks(answer: reqwest::Response) -> Chunks {
    // The body is passed on after the request was answered, outside its span.
    let span = Span::current();
    let body = BodyDataStream::new(reqwest::Body::from(answer));
    let chunks = Watched::new(body.map(|chunk| chunk.map_err(|_| StreamError::BrokenOff)));
    Box::pin(chunks.inspect(move |chunk| {
        if let Err(error) = chunk {
            let _entered = span.enter();
            tracing::warn!(event = "stream_broken_off", cause = %error, "an answer that was passed on did not come to its end");
        }
    }))
}

/// All of an answer's body, within bounds.
///
/// # Errors
/// [`ApiError`] if it breaks off or does not end.
pub async fn read(mut answer: reqwest::Response) -> Result<Bytes, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| no_answer(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_LIMIT {
            return Err(ApiError::Malformed);
        }
    }
    Ok(body.into())
}

/// The JSON of a successful answer.
///
/// # Errors
/// [`ApiError`] for every other answer.
pub async fn read_json<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, ApiError> {
    match answer.status() {
        status if status.is_success() => {}
        StatusCode::TOO_MANY_REQUESTS => return Err(ApiError::Throttled),
        status => return Err(ApiError::Failed { status: status.as_u16() }),
    }
    // The parser's error is dropped on purpose: it may quote what is nobody's business.
    serde_json::from_slice(&read(answer).await?).map_err(|_| ApiError::Malformed)
}
