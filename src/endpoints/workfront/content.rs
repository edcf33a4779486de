//! `GET /download` and `GET /thumbnail`: bytes, piece by piece.

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::time::sleep;
use url::Url;

use crate::docusign::api::calls;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::ItemId;
use crate::endpoints::workfront::item::Document;
use crate::endpoints::workfront::name::{attachment, mime_type};
use crate::endpoints::workfront::{Reply, RequestContext, Workfront};
use crate::web::body::{self, Body};

/// Pause before the one repetition when CLM is still making an image.
const RENDERING: Duration = Duration::from_millis(1500);

impl Workfront {
    /// A document as it was uploaded.
    pub(super) async fn download(&self, visit: &RequestContext<'_>) -> Reply {
        let document = self.document(visit).await?;
        let native = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("native")),
            (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        ]);
        let answer = visit.clm.download(visit.clm.bytes_of(&document)?, native).await?;
        // A part, or something packed, must not pass for the whole.
        if answer.status() != StatusCode::OK || answer.headers().contains_key(CONTENT_ENCODING) {
            return Err(WorkfrontError::Unreadable);
        }
        let mut response = passing(answer, mime_type(&document.name));
        if let Ok(disposition) = HeaderValue::from_str(&attachment(&document.name)) {
            response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
        }
        Ok(response)
    }

    /// An image of a document's first page. CLM makes it when it is first asked for.
    pub(super) async fn thumbnail(&self, visit: &RequestContext<'_>) -> Reply {
        let document = self.document(visit).await?;
        let url = image(visit.clm.bytes_of(&document)?, visit.parameters.number("size"));
        let png = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("image/png"))]);
        let answer = match visit.clm.download(url.clone(), png.clone()).await {
            Err(WorkfrontError::Missing(_)) => {
                sleep(RENDERING).await;
                visit.clm.download(url, png).await
            }
            settled => settled,
        };
        let answer = answer.map_err(|refusal| match refusal {
            WorkfrontError::Missing(_) => WorkfrontError::Missing("CLM has no image of this document, or not yet"),
            other => other,
        })?;
        Ok(passing(answer, "image/png"))
    }

    async fn document(&self, visit: &RequestContext<'_>) -> Result<Document, WorkfrontError> {
        match visit.parameters.item("id")? {
            ItemId::Document(document) => visit.clm.document(document.as_str()).await,
            id @ ItemId::Upload(_) => {
                let document = self.ticket(visit, &id).await?.document;
                visit.clm.document(&document.ok_or(WorkfrontError::Missing("the document has not arrived yet"))?).await
            }
            ItemId::Root | ItemId::Folder(_) => Err(WorkfrontError::Missing("a folder has no content")),
        }
    }
}

/// The address of a page's image, about `width` pixels wide. CLM has steps of its own, whose sizes nobody documents; a page
/// of 8.5 inches at 96 dots is 816 pixels wide.
fn image(mut url: Url, width: Option<usize>) -> Url {
    let zoom = match width.unwrap_or(200) {
        ..=300 => "thumbnail",
        301..=500 => "50",
        501..=1000 => "100",
        _ => "200",
    };
    url.query_pairs_mut().append_pair("page", "1").append_pair("zoom", zoom);
    url
}

/// Bytes of CLM's as an answer of ours.
fn passing(answer: reqwest::Response, content_type: &'static str) -> http::Response<Body> {
    let length = answer.headers().get(CONTENT_LENGTH).cloned();
    let mut response = http::Response::new(Body::Streamed(calls::chunks(answer)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length);
    }
    body::mark_as_foreign(headers);
    response
}
