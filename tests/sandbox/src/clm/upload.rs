//! The upload host. Bodies are streamed; a document or version appears when its body is complete.

use percent_encoding::percent_decode_str;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::clm::documents::MAX_DOCUMENT_NAME_CHARS;
use crate::clm::error::{ClmRefusal, guid};
use crate::clm::folders::check_name;
use crate::clm::request::Call;
use crate::clm::state::{State, Version};
use crate::clm::stored::{Arriving, Stored};
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, Cut, Reply, json as json_reply};

/// The running transfers, and the interruptions that tests requested.
#[derive(Debug, Default)]
pub struct Traffic {
    pub uploads: Arc<AtomicUsize>,
    pub downloads: Arc<AtomicUsize>,
    /// Where the next upload is interrupted.
    pub cut_upload: Mutex<Option<u64>>,
    /// Where the next download is interrupted.
    pub cut_download: Mutex<Option<u64>>,
}

/// Counts a transfer until it is dropped.
#[derive(Debug)]
pub struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub fn new(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counter))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The target of an allowed upload.
enum Target {
    Folder { id: String, name: String },
    Document { id: String },
}

impl Clm {
    /// Handles an upload. An error is returned after the body was read, because an earlier response can be lost.
    pub(super) async fn upload(&self, call: &Call, path: &[&str], body: Incoming) -> Reply {
        let target = match self.target(call, path) {
            Ok(Ok(target)) => target,
            Ok(Err(response)) => return Ok(response),
            Err(refusal) => {
                drain(body).await;
                return Ok(refusal.answer());
            }
        };
        let stored = self.receive(body).await?;
        Ok(self.store(call, target, stored).unwrap_or_else(ClmRefusal::answer))
    }

    /// Reads a body to its end or to the requested interruption.
    async fn receive(&self, mut body: Incoming) -> Result<Stored, Cut> {
        let _counted = Counted::new(&self.traffic.uploads);
        let cut = self.traffic.cut_upload.lock().unwrap().take();
        let mut arriving = Arriving::default();
        while let Some(frame) = body.frame().await {
            let Ok(bytes) = frame.map_err(|_| Cut)?.into_data() else { continue };
            arriving.take(&bytes);
            if cut.is_some_and(|most| arriving.length() >= most) {
                return Err(Cut);
            }
        }
        Ok(arriving.finish())
    }

    fn target(&self, call: &Call, path: &[&str]) -> Result<Result<Target, Response<Body>>, ClmRefusal> {
        match (&call.method, path) {
            (&Method::POST, ["folders", id, "documents"]) => {
                let id = check_folder(&self.state(), call, id)?;
                let name = call.parameter("name").ok_or(ClmRefusal::new(422, 129))?;
                check_name(&name, MAX_DOCUMENT_NAME_CHARS)?;
                check_type(call)?;
                Ok(Ok(Target::Folder { id, name }))
            }
            (&Method::POST, ["documents", id]) => {
                let id = check_document(&self.state(), call, id)?;
                let name = file_name(&call.header("content-disposition")).ok_or(ClmRefusal::new(422, 145))?;
                check_name(&name, MAX_DOCUMENT_NAME_CHARS)?;
                check_type(call)?;
                Ok(Ok(Target::Document { id }))
            }
            (_, ["folders", _, "documents"] | ["documents", _]) => Ok(Err(wrong_method(call))),
            _ => Ok(Err(no_such_route())),
        }
    }

    /// Stores an upload. Everything is checked again, because the account may have changed meanwhile. A name in use adds a second
    /// document with that name, and a version returns 200; CLM's behavior is not documented in either case.
    fn store(&self, call: &Call, target: Target, stored: Stored) -> Answer {
        // CLM does not document whether a document may be empty.
        if stored.summary.length == 0 {
            return Err(ClmRefusal::new(422, 116));
        }
        let mut state = self.state();
        let (status, id) = match target {
            Target::Folder { id, name } => {
                let folder = check_folder(&state, call, &id)?;
                (201, state.add_document(&name, &folder, stored))
            }
            Target::Document { id } => {
                let id = check_document(&state, call, &id)?;
                add_version(&mut state, &id, &call.user.sub, stored)?;
                (200, id)
            }
        };
        let document = state.document(&id, &call.user.sub)?;
        Ok(json_reply(status, &self.document_json(&state, document, &call.user.sub)))
    }
}

fn check_folder(state: &State, call: &Call, id: &str) -> Result<String, ClmRefusal> {
    let id = state.folder(id, &call.user.sub)?.id.clone();
    state.check_write(&call.user.sub, &id).map(|()| id)
}

fn check_document(state: &State, call: &Call, id: &str) -> Result<String, ClmRefusal> {
    let document = state.document(id, &call.user.sub)?;
    document.check_lock(&call.user.sub)?;
    state.check_write(&call.user.sub, &document.id).map(|()| document.id.clone())
}

/// Adds a version. The document keeps its ID, so the previous version gets a new one.
pub fn add_version(state: &mut State, id: &str, user: &str, stored: Stored) -> Result<(), ClmRefusal> {
    let now = state.clock.now();
    let document = state.document_mut(id, user)?;
    document.versions.iter_mut().filter(|version| version.id == document.id).for_each(|old| old.id = guid());
    document.versions.push(Version { id: document.id.clone(), stored, created: now });
    document.updated = now;
    Ok(())
}

/// Reads and drops a body.
pub async fn drain(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Rejects `multipart/form-data`.
fn check_type(call: &Call) -> Result<(), ClmRefusal> {
    if call.header("content-type").starts_with("multipart/") { Err(ClmRefusal::new(422, 116)) } else { Ok(()) }
}

/// Reads `attachment; filename="…"`, optionally followed by `filename*` (RFC 6266 §4.3).
fn file_name(disposition: &str) -> Option<String> {
    let named = disposition.strip_prefix("attachment; filename=\"")?;
    let name = match named.split_once("; filename*=UTF-8''") {
        Some((_, encoded)) => percent_decode_str(encoded).decode_utf8().ok()?.into_owned(),
        None => named.strip_suffix('"')?.to_owned(),
    };
    (!name.is_empty()).then_some(name)
}
