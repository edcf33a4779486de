//! The way of a request: its function, its key, its body, and the mode that calls the handler.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::body::{Body, BodyFault, Framing};
use super::head::Head;
use super::headers::Headers;
use super::reply::Reply;
use super::upstream::Upload;
use super::wire::Wire;
use super::{Generation, HOLD, Inner, Mode, Phase, envelope, forward, proxy};
use crate::manifest::{Function, Manifest};

/// The size of the page that the host shows at `/`, in bytes.
const HOME_PAGE_BYTES: usize = 150_000;

impl Inner {
    /// The way of a request.
    pub(super) async fn answer(&self, head: &Head, body: &mut Body, client: &mut Wire) -> Reply {
        let Some(function) = self.manifest.find(&head.path, &head.method) else {
            return self.without_function(head);
        };
        if let Err(status) = self.keys.authorize(&self.options, function, head) {
            return Reply::bare(status);
        }
        let Framing::Length(length @ 1..) = head.framing else {
            let upload = if head.framing == Framing::Chunked { Upload::Chunked(body) } else { Upload::Nothing };
            return self.call(function, head, upload, client).await;
        };
        let memory = self.memory.hold(length).filter(|_| length <= self.memory.limit);
        if memory.is_none() {
            // The connection is closed while the client still sends.
            return Reply::bare(500).closing();
        }
        match body.rest(client).await {
            Ok(whole) => self.call(function, head, Upload::Whole(&whole), client).await.holding(memory),
            Err(BodyFault::CutOff) => Reply::hang_up(),
            Err(_) => Reply::bare(500).closing(),
        }
    }

    async fn call(&self, function: &Function, head: &Head, upload: Upload<'_>, client: &mut Wire) -> Reply {
        match self.mode(function) {
            Mode::Proxy => proxy::call(self, head, upload, client).await,
            Mode::Forward => forward::call(self, head, upload, client).await,
            Mode::Envelope => envelope::call(self, head, upload, client, &function.name).await,
        }
    }

    /// The host's own answers: a large page at `/`, the admin API, and an empty 404.
    fn without_function(&self, head: &Head) -> Reply {
        if head.path == "/" {
            let mut headers = Headers::default();
            headers.push("Content-Type", "text/html");
            let page =
                format!("<!DOCTYPE html><title>Your app is up and running</title>{}", " ".repeat(HOME_PAGE_BYTES));
            return Reply::whole(200, headers, Bytes::from(page));
        }
        let is_admin = head.path.to_ascii_lowercase().starts_with("/admin/");
        Reply::bare(if is_admin { self.keys.admin_status(&self.options, head) } else { 404 })
    }

    /// The handler's port, once it is up; `None` if it does not come up.
    pub(super) async fn port(&self) -> Option<u16> {
        let mut phase = self.phase.clone();
        let settled = tokio::time::timeout(HOLD, phase.wait_for(|phase| *phase != Phase::Starting)).await;
        match settled.ok().and_then(Result::ok).map(|phase| phase.clone()) {
            Some(Phase::Ready(port)) => Some(port),
            _ => None,
        }
    }

    pub(super) fn invocation_id(&self) -> String {
        let number = self.invocations.fetch_add(1, Ordering::SeqCst);
        format!("00000000-0000-4000-8000-{number:012x}")
    }

    fn mode(&self, function: &Function) -> Mode {
        let Manifest { proxying, forwarding, .. } = self.manifest;
        match self.options.generation {
            Generation::Proxying if proxying && function.http_in_and_out => Mode::Proxy,
            Generation::Proxying | Generation::Forwarding if forwarding && function.http_in_and_out => Mode::Forward,
            _ => Mode::Envelope,
        }
    }
}
