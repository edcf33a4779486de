//! The eSignature API below `/restapi`: the users of the account, and an echo for all other calls.

use std::sync::atomic::Ordering;

use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Docusign, User, unix_now};
use crate::bulk::Digest;
use crate::clm::{ACCOUNT_ID, ACCOUNT_NUMBER};
use crate::server::{Body, Cut, Reply, json as json_reply};
use crate::wire::{parameter, random};

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
        let is_own = account.eq_ignore_ascii_case(ACCOUNT_ID) || account == ACCOUNT_NUMBER;
        if request.method() == Method::GET && rest.is_empty() && is_own {
            return Ok(match self.esign_caller(request.headers()) {
                Some(_) => json_reply(200, &json!({"accountIdGuid": ACCOUNT_ID, "accountName": "Example Ltd"})),
                None => unauthenticated(),
            });
        }
        // DocuSign accepts the number everywhere. Here the ID is required, to see what is passed on.
        if !account.eq_ignore_ascii_case(ACCOUNT_ID) {
            return Ok(refusal(400, "ACCOUNT_LACKS_PERMISSIONS", "This Account lacks sufficient permissions."));
        }
        if !looks_up {
            return self.echo(request).await;
        }
        match self.esign_caller(request.headers()) {
            Some(_) => Ok(json_reply(200, &self.user_list(request.uri().query().unwrap_or_default()))),
            None => Ok(unauthenticated()),
        }
    }

    /// The GUID of the caller with a valid token for this API.
    fn esign_caller(&self, headers: &HeaderMap) -> Option<String> {
        let (user, scope) = self.bearer(headers.get("authorization")?.to_str().ok()?)?;
        let active = self.user(&user).is_some_and(|user| user.active);
        (active && scope.split(' ').any(|granted| granted == SCOPE)).then_some(user)
    }

    /// The user list. Numbers are strings, as in DocuSign's responses.
    fn user_list(&self, query: &str) -> Value {
        let (email, status) = (parameter(query, "email"), parameter(query, "status"));
        let fits = |requested: &Option<String>, value: &str| {
            requested
                .as_ref()
                .is_none_or(|requested| requested.split(',').any(|requested| requested.eq_ignore_ascii_case(value)))
        };
        let found = self.users().into_iter().filter(|user| fits(&email, &user.email) && fits(&status, status_of(user)));
        let users: Vec<Value> = found.map(|user| user_json(&user)).collect();
        let (total, last) = (users.len().to_string(), users.len().saturating_sub(1).to_string());
        json!({"users": users, "resultSetSize": total, "totalSetSize": total, "startPosition": "0", "endPosition": last})
    }

    /// Returns the received request, with the validity of the token instead of the token. The status is 401 if it is invalid.
    async fn echo(&self, request: Request<Incoming>) -> Reply {
        let (head, mut body) = request.into_parts();
        let mut digest = Digest::default();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|_| Cut)?.into_data() {
                digest.update(&bytes);
            }
        }
        let content = digest.finish();
        let user = self.esign_caller(&head.headers);
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let others = head.headers.iter().filter(|(name, _)| *name != "authorization");
        let headers: Vec<Value> = others.map(|(name, value)| json!([name.as_str(), text(value)])).collect();
        let mut body = json!({
            "method": head.method.as_str(), "path": head.uri.path(), "query": head.uri.query(), "headers": headers,
            "bearer": {"present": head.headers.contains_key("authorization"), "good": user.is_some(), "user": user},
            "body": {"length": content.length, "sha256": content.sha256},
        });
        if user.is_none() {
            body["errorCode"] = json!("USER_AUTHENTICATION_FAILED");
            body["message"] = json!("One or both of Username and Password are invalid. Invalid access token");
        }
        Ok(decorated(json_reply(if user.is_some() { 200 } else { 401 }, &body)))
    }
}

fn user_json(user: &User) -> Value {
    json!({"userName": user.name, "userId": user.sub, "userType": "CompanyUser", "isAdmin": "False",
           "userStatus": status_of(user), "email": user.email, "uri": format!("/users/{}", user.sub)})
}

const fn status_of(user: &User) -> &'static str {
    if user.active { "Active" } else { "Closed" }
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
