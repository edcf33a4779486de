//! The eSignature API below `/restapi`: the account, its users, envelopes, templates and folders, and an echo for all other
//! calls.
//!
//! It is as strict as DocuSign's OpenAPI document: [`request`] refuses unknown parameters and members, and bodies of another
//! shape. [`envelope`] has the data, [`template`] the account's templates.

mod documents;
mod echo;
mod envelope;
mod envelopes;
mod folders;
mod recipients;
mod request;
mod shapes;
mod template;
mod users;
mod views;

use std::sync::atomic::Ordering;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;

use self::request::{Call, EsignError};
use super::{Docusign, unix_now};
use crate::clm::{ACCOUNT_ID, ACCOUNT_NUMBER};
use crate::server::{self, Body, Reply, json as json_reply};
use crate::wire::random;

pub use envelope::{Envelope, EnvelopeDocument, Recipient};

/// The base path of the API.
pub(super) const BASE: &str = "/restapi/v2.1/accounts/";
/// The scope that the API requires.
const SCOPE: &str = "signature";
/// Response headers that must not be forwarded.
const NOT_FORWARDED: [(&str, &str); 4] =
    [("connection", "x-secret-hop"), ("x-secret-hop", "1"), ("keep-alive", "timeout=5"), ("set-cookie", "upstream=1")];

/// What a handler returns.
type EsignResult = Result<Response<Body>, EsignError>;

impl Docusign {
    /// The number of user lookups, including failed ones.
    #[must_use]
    pub fn user_lookups(&self) -> u32 {
        self.user_lookups.load(Ordering::SeqCst)
    }

    /// The number of lists of envelopes, including failed ones.
    #[must_use]
    pub fn envelope_lists(&self) -> u32 {
        self.envelope_lists.load(Ordering::SeqCst)
    }

    pub(super) async fn esign(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().strip_prefix(BASE).unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let (account, rest) = path.split_once('/').unwrap_or((&path, ""));
        let looks_up = request.method() == Method::GET && rest == "users";
        self.user_lookups.fetch_add(u32::from(looks_up), Ordering::SeqCst);
        let lists = request.method() == Method::GET && rest == "envelopes";
        self.envelope_lists.fetch_add(u32::from(lists), Ordering::SeqCst);
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
        let is_known = matches!(segments[0], "" | "users" | "envelopes" | "templates" | "folders");
        if is_known && self.esign_caller(request.headers()).is_none() {
            return Ok(unauthenticated());
        }
        if !is_known {
            return Ok(decorated(self.echo(request).await?));
        }
        let (head, body) = request.into_parts();
        let is_json =
            head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
        let call = Call {
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &server::read(body).await,
            is_json,
        };
        let answer = self.dispatch(&head.method, &segments, &call);
        Ok(decorated(answer.unwrap_or_else(|EsignError(status, code, message)| refusal(status, code, &message))))
    }

    fn dispatch(&self, method: &Method, segments: &[&str], call: &Call) -> EsignResult {
        match (method.as_str(), segments) {
            ("GET", [""]) => Ok(json_reply(200, &json!({"accountIdGuid": ACCOUNT_ID, "accountName": "Example Ltd"}))),
            ("GET", ["users"]) => self.user_list(call.query),
            ("GET", ["envelopes"]) => self.list_envelopes(call),
            ("POST", ["envelopes"]) => self.create_envelope(call),
            ("GET", ["envelopes", id]) => self.show_envelope(id, call),
            ("PUT", ["envelopes", id]) => self.update_envelope(id, call),
            ("GET", ["envelopes", id, "form_data"]) => self.form_data(id, call),
            ("GET", ["envelopes", id, "audit_events"]) => self.audit_events(id, call),
            (_, ["envelopes", id, "custom_fields"]) => self.custom_fields(method, id, call),
            (_, ["envelopes", id, "recipients"]) => self.recipients(method, id, call),
            (_, ["envelopes", id, "recipients", recipient, "tabs"]) => self.tabs(method, id, recipient, call),
            ("GET", ["envelopes", id, "documents"]) => self.list_documents(id, call),
            ("GET", ["envelopes", id, "documents", document]) => self.envelope_document(id, document, call),
            ("POST", ["envelopes", id, "views", kind]) => self.create_view(id, kind, call),
            ("GET", ["templates"]) => template::list_templates(call),
            ("GET", ["templates", id]) => template::show_template(id, call),
            ("GET", ["folders"]) => self.list_folders(call),
            ("GET", ["folders", id]) => self.folder_contents(id, call),
            ("PUT", ["folders", id]) => self.move_envelopes(id, call),
            _ => Err(EsignError(
                404,
                "RESOURCE_NOT_FOUND",
                "The URL provided does not resolve to a resource.".to_owned(),
            )),
        }
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
