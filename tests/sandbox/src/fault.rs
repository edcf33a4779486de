//! Simulated faults.

mod explain;

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use http::Response;

use crate::html::redirect;
use crate::server::{Body, Cut, Reply, reply};

pub use explain::explain;

/// A simulated fault.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The response is delayed.
    Latency(Duration),
    /// No response.
    Hang,
    /// A response with this status and an HTML body.
    Status(u16),
    /// A response with this status and this JSON.
    Json(u16, String),
    /// 429 with this `Retry-After`, if any.
    Throttle(Option<String>),
    /// 503 with this `Retry-After`.
    Unavailable(String),
    /// 200 with this body.
    Body(String),
    /// A redirect to this address.
    Redirect(String),
    /// The connection is closed.
    Cut,
}

/// Names of the faults for `POST /sandbox/fault`; `none` ends a fault.
pub const KINDS: [&str; 9] =
    ["none", "slow", "status-400", "status-500", "forbidden", "throttle", "hang", "malformed", "cut"];

/// Key Vault's answer to an identity without a role on the key.
const FORBIDDEN: &str = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.","innererror":{"code":"ForbiddenByRbac"}}}"#;

impl Fault {
    /// The fault with this name: `None` if there is none, `Some(None)` for `none`.
    #[must_use]
    pub fn named(kind: &str) -> Option<Option<Self>> {
        Some(match kind {
            "none" => None,
            "slow" => Some(Self::Latency(Duration::from_secs(2))),
            "status-400" => Some(Self::Status(400)),
            "status-500" => Some(Self::Status(500)),
            "forbidden" => Some(Self::Json(403, FORBIDDEN.to_owned())),
            "throttle" => Some(Self::Throttle(Some("5".to_owned()))),
            "hang" => Some(Self::Hang),
            "malformed" => Some(Self::Body("{".to_owned())),
            "cut" => Some(Self::Cut),
            _ => return None,
        })
    }
}

/// The faults of one server: first those that apply once, then the lasting one.
#[derive(Debug, Default)]
pub struct Faults {
    once: Mutex<Vec<Fault>>,
    lasting: Mutex<Option<Fault>>,
}

impl Faults {
    /// Makes every response fail; `None` ends it.
    pub fn set(&self, fault: Option<Fault>) {
        *lock(&self.lasting) = fault;
    }

    /// Makes the next response fail. Several calls of this method are queued.
    pub fn once(&self, fault: Fault) {
        lock(&self.once).insert(0, fault);
    }

    /// Applies the next fault; `Some` is the response to send instead of the real one.
    pub async fn strike(&self) -> Option<Reply> {
        let fault = lock(&self.once).pop();
        let fault = fault.or_else(|| lock(&self.lasting).clone())?;
        match fault {
            Fault::Latency(pause) => {
                tokio::time::sleep(pause).await;
                None
            }
            Fault::Hang => std::future::pending().await,
            Fault::Status(status) => Some(Ok(reply(status, "text/html", "<h1>Something went wrong</h1>"))),
            Fault::Json(status, text) => Some(Ok(reply(status, "application/json", text))),
            Fault::Throttle(retry_after) => Some(Ok(come_back_later(429, retry_after))),
            Fault::Unavailable(retry_after) => Some(Ok(come_back_later(503, Some(retry_after)))),
            Fault::Body(text) => Some(Ok(reply(200, "application/json", text))),
            Fault::Redirect(to) => Some(Ok(redirect(&to))),
            Fault::Cut => Some(Err(Cut)),
        }
    }
}

fn come_back_later(status: u16, retry_after: Option<String>) -> Response<Body> {
    let mut response = reply(status, "application/json", "{}");
    if let Some(value) = retry_after.and_then(|value| value.parse().ok()) {
        response.headers_mut().insert("retry-after", value);
    }
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic while held")
}
