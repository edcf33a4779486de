//! The download host.

use http::header::CONTENT_LENGTH;
use http::{Method, Response};

use crate::bulk::Source;
use crate::clm::error::ClmRefusal;
use crate::clm::request::Call;
use crate::clm::state::{Document, State};
use crate::clm::upload::Counted;
use crate::clm::{Answer, Clm, no_such_route, wrong_method};
use crate::server::{Body, body};

/// A page of a document, 60 by 80 pixels.
const PAGE: &[u8] = include_bytes!("page.png");

/// The content of a download.
struct Rendition {
    media_type: &'static str,
    source: Source,
    /// Digest of the native bytes, in base64.
    sha256: Option<String>,
}

impl Clm {
    pub(super) fn download(&self, call: &Call, path: &[&str]) -> Answer {
        match (&call.method, path) {
            (&Method::GET | &Method::HEAD, ["documents", id]) => {
                let rendition = {
                    let mut state = self.state();
                    let current = document_of(&state, id)?;
                    rendition(call, state.document_mut(&current, &call.user.sub)?, id)?
                };
                Ok(self.send(rendition, call.method == Method::HEAD))
            }
            (_, ["documents", _]) => Ok(wrong_method(call)),
            _ => Ok(no_such_route()),
        }
    }

    /// The native bytes of a document, if the caller may download it.
    pub(super) fn native(&self, id: &str, user: &str) -> Answer {
        let rendition = native(self.state().document(id, user)?, id)?;
        Ok(self.send(rendition, false))
    }

    fn send(&self, rendition: Rendition, head_only: bool) -> Response<Body> {
        let Rendition { media_type, source, sha256 } = rendition;
        let length = source.known_length();
        let mut response = Response::new(if head_only { body("") } else { self.stream(source) });
        let headers = response.headers_mut();
        headers.insert("content-type", media_type.parse().expect("a content type"));
        headers.extend(length.map(|length| (CONTENT_LENGTH, length.into())));
        if let Some(sha256) = sha256 {
            headers.insert("x-springcm-content-sha256", sha256.parse().expect("a header"));
        }
        response
    }

    fn stream(&self, source: Source) -> Body {
        let cut = self.traffic.cut_download.lock().unwrap().take();
        let source = cut.into_iter().fold(source, Source::breaking_after);
        source.body(Counted::new(&self.traffic.downloads))
    }
}

/// The document with a version with this ID.
fn document_of(state: &State, version: &str) -> Result<String, ClmRefusal> {
    let found = state.documents.iter().find(|document| document.versions.iter().any(|known| known.id == version));
    found.map(|document| document.id.clone()).ok_or(ClmRefusal::new(404, 117))
}

/// The rendition in `Accept`. It is rendered at the first request and available at the second.
fn rendition(call: &Call, document: &mut Document, version: &str) -> Result<Rendition, ClmRefusal> {
    let (media_type, missing): (&str, u16) = match call.header("accept").as_str() {
        "" | "native" | "*/*" => return native(document, version),
        "application/pdf" => ("application/pdf", 104),
        "text/plain" => ("text/plain", 104),
        "image/png" => ("image/png", 119),
        _ => return Err(ClmRefusal::new(406, 100)),
    };
    if media_type == "image/png" && call.parameter("page").is_some_and(|page| page != "1") {
        return Err(ClmRefusal::new(422, 124));
    }
    document.renditions_asked += 1;
    if document.renditions_asked < 2 || document.never_rendered {
        return Err(ClmRefusal::new(404, missing));
    }
    let bytes: &'static [u8] = match media_type {
        "application/pdf" => b"%PDF-1.4\n% of the sandbox\n%%EOF\n",
        "image/png" => PAGE,
        _ => b"text of the document",
    };
    Ok(Rendition { media_type, source: Source::from(bytes), sha256: None })
}

/// A large upload that was not kept cannot be served.
fn native(document: &Document, version: &str) -> Result<Rendition, ClmRefusal> {
    let version = document.versions.iter().find(|known| known.id == version).ok_or(ClmRefusal::new(404, 117))?;
    let source = version.stored.source().ok_or(ClmRefusal::new(404, 100))?;
    let sha256 = Some(version.stored.summary.sha256_base64());
    Ok(Rendition { media_type: "application/octet-stream", source, sha256 })
}
