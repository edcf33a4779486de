//! `Prefer: respond-async` (RFC 7240 §4.1): the caller gets an address where it finds the result of what it has begun, so that it
//! need not ask CLM again and again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;

use crate::docusign::api::calls::{self, Call, CallBody};
use crate::endpoints::caller::{Caller, Callers, WAITING_TASK};
use crate::endpoints::gateway::Gateway;
use crate::endpoints::gateway::error::GatewayError;
use crate::endpoints::gateway::headers;
use crate::endpoints::gateway::target::GatewayTarget;
use crate::sealing::Sealed;
use crate::sealing::claims::WaitingTask;
use crate::sealing::keys::SealingKeys;
use crate::sealing::secret::SealingSecret;
use crate::secret::random;
use crate::web::body::{self, Body, Upload};
use crate::web::retry_after;

/// Seconds until the first look.
const FIRST_LOOK: u64 = 5;
/// The longest query that the look repeats, such as the sorting of a search.
const MAX_QUERY_BYTES: usize = 500;
/// The longest id.
const MAX_ID_BYTES: usize = 64;

/// A call that begins what the caller waits for.
pub struct WaitingCall {
    kind: &'static str,
    query: Option<String>,
    binding: String,
    secret: Arc<SealingSecret>,
}

/// A task or a workflow.
#[derive(Deserialize)]
struct Begun {
    #[serde(rename = "Href")]
    href: String,
}

impl WaitingCall {
    /// How to wait for the result of `request`, if the caller prefers that. The secret comes first: what is begun cannot be
    /// undone.
    pub(super) async fn read(
        sealing: &SealingKeys,
        caller: &Caller<'_>,
        request: &Request<()>,
    ) -> Result<Option<Self>, GatewayError> {
        let Some(kind) = GatewayTarget::read(request.uri())?.begins(request.method()) else { return Ok(None) };
        if !prefers_to_wait(request.headers()) {
            return Ok(None);
        }
        let secret = sealing.current().await.map_err(|_| GatewayError::SealingUnavailable)?;
        let query = request.uri().query().filter(|query| query.len() <= MAX_QUERY_BYTES).map(ToOwned::to_owned);
        Ok(Some(Self { kind, query, binding: caller.binding(WAITING_TASK), secret }))
    }

    /// Makes the call. An answer that does not name what was begun is passed on.
    pub(super) async fn begin(
        self,
        gateway: &Gateway,
        caller: &Caller<'_>,
        mut call: Call,
        upload: Upload,
    ) -> Result<Response<Body>, GatewayError> {
        // The answer is read here, so it must not be compressed.
        call.headers.remove(ACCEPT_ENCODING);
        let call = Call { body: CallBody::of(upload).await?, ..call };
        let answer = gateway.docusign_api.calls.send(&caller.actor, call).await?;
        let (status, mut passed) = (answer.status(), headers::for_caller(answer.headers()));
        let bytes = calls::read(answer).await?;
        if let Some(id) = id_of(&bytes).filter(|_| status.is_success()) {
            return Ok(self.accepted(&gateway.callers, &id));
        }
        passed.remove(CONTENT_LENGTH);
        let mut response = Response::new(Body::Whole(bytes));
        *response.status_mut() = if status == StatusCode::UNAUTHORIZED { StatusCode::FORBIDDEN } else { status };
        *response.headers_mut() = passed;
        body::mark_as_foreign(response.headers_mut());
        Ok(response)
    }

    fn accepted(self, callers: &Callers, id: &str) -> Response<Body> {
        let path = format!("{}/{id}", self.kind);
        let path = self.query.map_or(path.clone(), |query| format!("{path}?{query}"));
        let (issuer, now) = (&callers.issuer, callers.clock.now());
        let task = WaitingTask { binding: self.binding, path };
        let sealed = Sealed::new(issuer.as_str(), random::id::<16>(), now, None, task).seal(&self.secret);
        let location = issuer.join(&format!("/triggers/clm/tasks/{}", sealed.unwrap_or_default()));
        let mut response = Response::new(Body::Whole(Bytes::new()));
        *response.status_mut() = StatusCode::ACCEPTED;
        let headers = response.headers_mut();
        retry_after::set(headers, FIRST_LOOK);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
        headers.extend(HeaderValue::from_str(&location).ok().map(|location| (LOCATION, location)));
        response
    }
}

/// Whether `Prefer` has `respond-async`.
fn prefers_to_wait(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut names = values.flat_map(|list| list.split(',')).filter_map(|one| one.split([';', '=']).next());
    names.any(|name| name.trim().eq_ignore_ascii_case("respond-async"))
}

/// The id in the address of what was begun.
fn id_of(body: &[u8]) -> Option<String> {
    let Begun { href } = serde_json::from_slice(body).ok()?;
    let id = href.trim_end_matches('/').rsplit('/').next()?;
    let is_id = (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_found_among_others() {
        for (values, prefers) in [
            (&["respond-async"][..], true),
            (&["Respond-Async; x=1"], true),
            (&["wait=10, respond-async"], true),
            (&["handling=lenient", "respond-async"], true),
            (&["respond-asynchronously"], false),
            (&["wait=respond-async"], false),
            (&[], false),
        ] {
            let headers =
                values.iter().map(|value| (http::HeaderName::from_static("prefer"), HeaderValue::from_static(value)));
            assert_eq!(prefers_to_wait(&headers.collect()), prefers, "{values:?}");
        }
    }

    #[test]
    fn only_an_id_is_taken_from_an_address() {
        for (body, id) in [
            (r#"{"Status":"Processing","Href":"https://x/v2/a/copytasks/95aa-1"}"#, Some("95aa-1")),
            (r#"{"Href":"https://x/v2/a/copytasks/1/"}"#, Some("1")),
            (r#"{"Href":"https://x/v2/a/copytasks/..%2f1"}"#, None),
            (r#"{"Href":""}"#, None),
            (r#"{"Status":"Success"}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(id_of(body.as_bytes()).as_deref(), id, "{body}");
        }
    }
}
