//! The eSignature API below `/restapi`: the account, its users, its envelopes and their documents, and an echo for all other
//! calls.

mod echo;
mod envelopes;
mod users;

use std::sync::atomic::Ordering;

use http::{HeaderMap, HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use serde_json::json;

use super::{Docusign, unix_now};
use crate::clm::{ACCOUNT_ID, ACCOUNT_NUMBER};
use crate::server::{Body, Reply, json as json_reply};
use crate::wire::random;

pub use envelopes::Envelope;

/// The base path of the API.
pub(super) const BASE: &str = "/restapi/v2.1/accounts/";
/// The scope that the API requires.
const SCOPE: &str = "signature";
/// Response headers that must not be forwarded.
const NOT_FORWARDED: [(&str, &str); 4] =
    [("connection", "x-secret-hop"), ("x-secret-hop", "1"), ("keep-alive", "timeout=5"), ("set-cookie", "upstream=1")];

impl Docusign {
    /// The number of user lookups, including failed ones.
    #[must_use]
    pub fn user_lookups(&self) -> u32 {
        self.user_lookups.load(Ordering::SeqCst)
    }

    pub(super) async fn esign(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().strip_prefix(BASE).unwrap_or_default().to_owned();
        let (account, rest) = path.split_once('/').unwrap_or((&path, ""));
        let looks_up = request.method() == Method::GET && rest == "users";
        self.user_lookups.fetch_add(u32::from(looks_up), Ordering::SeqCst);
        if let Some(struck) = self.esign_faults.strike().await {
            return struck;
        }
        let is_account = request.method() == Method::GET && rest.is_empty();
        // DocuSign accepts the number everywhere. Here only the account itself does, to see what is passed on.
        let is_own = account.eq_ignore_ascii_case(ACCOUNT_ID) || (is_account && account == ACCOUNT_NUMBER);
        if !is_own {
            return Ok(refusal(400, "ACCOUNT_LACKS_PERMISSIONS", "This Account lacks sufficient permissions."));
        }
        let segments: Vec<&str> = rest.split('/').collect();
        let is_known = is_account || looks_up || matches!(segments.as_slice(), ["envelopes", ..]);
        if is_known && self.esign_caller(request.headers()).is_none() {
            return Ok(unauthenticated());
        }
        let query = request.uri().query().unwrap_or_default();
        Ok(decorated(match (request.method(), segments.as_slice()) {
            (&Method::GET, [""]) => {
                json_reply(200, &json!({"accountIdGuid": ACCOUNT_ID, "accountName": "Example Ltd"}))
            }
            (&Method::GET, ["users"]) => self.user_list(query),
            (&Method::GET, ["envelopes"]) => self.list_envelopes(query),
            (&Method::POST, ["envelopes"]) => self.create_envelope(request).await,
            (&Method::GET, ["envelopes", id, "documents", document]) => {
                self.envelope_document(id, document, request.headers())
            }
            _ => self.echo(request).await?,
        }))
    }

    /// Agreement Manager and Workflow Builder: an echo.
    pub(super) async fn platform(&self, request: Request<Incoming>) -> Reply {
        self.echo(request).await
    }

    /// The GUID of the caller with a valid token for this API.
    fn esign_caller(&self, headers: &HeaderMap) -> Option<String> {
        let (user, scope) = self.bearer(headers.get("authorization")?.to_str().ok()?)?;
        let active = self.user(&user).is_some_and(|user| user.active);
        (active && scope.split(' ').any(|granted| granted == SCOPE)).then_some(user)
    }
}

fn unauthenticated() -> Response<Body> {
    let message = "One or both of Username and Password are invalid. Invalid access token";
    refusal(401, "USER_AUTHENTICATION_FAILED", message)
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Body> {
    json_reply(status, &json!({"errorCode": code, "message": message}))
}

fn invalid_parameter(reason: &str) -> Response<Body> {
    let message = format!("The request contained at least one invalid parameter. {reason}");
    refusal(400, "INVALID_REQUEST_PARAMETER", &message)
}

/// Adds DocuSign's response headers, and some that must not be forwarded.
fn decorated(mut response: Response<Body>) -> Response<Body> {
    let reset = (unix_now() / 3600 + 1) * 3600;
    let own = [
        ("x-ratelimit-limit", "3000".to_owned()),
        ("x-ratelimit-remaining", "2999".to_owned()),
        ("x-ratelimit-reset", reset.to_string()),
        ("x-burstlimit-limit", "500".to_owned()),
        ("x-docusign-tracetoken", random()),
    ];
    let headers = response.headers_mut();
    for (name, value) in own {
        headers.insert(name, value.parse().expect("a header"));
    }
    for (name, value) in NOT_FORWARDED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
