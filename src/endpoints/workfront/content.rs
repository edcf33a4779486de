//! `GET /download` and `GET /thumbnail`: streams bytes from CLM.

use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use crate::docusign::api::calls;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::item::ClmDocument;
use crate::endpoints::workfront::naming::mime_type;
use crate::endpoints::workfront::{Reply, RequestContext};
use crate::memory::retry::retry;
use crate::web::body::{self, Body};
use crate::web::content_disposition::attachment;
use crate::web::streams::StreamPlace;

/// Pause before the one retry while CLM renders an image.
const RENDERING_PAUSE: Duration = Duration::from_millis(1500);

/// `GET /download`: a document as it was uploaded.
pub async fn download(context: &RequestContext<'_>) -> Reply {
    let document = requested_document(context).await?;
    let native = HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("native")),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ]);
    let answer = context.clm.download(context.clm.content_url(&document)?, native).await?;
    // A partial or compressed response must not be saved as the document.
    if answer.status() != StatusCode::OK || answer.headers().contains_key(CONTENT_ENCODING) {
        return Err(WorkfrontError::Unreadable);
    }
    let mut response = streamed(answer, mime_type(&document.name), context.clm.stream_place().await?);
    if let Ok(disposition) = HeaderValue::from_str(&attachment(&document.name)) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// `GET /thumbnail`: an image of a document's first page. CLM renders it at the first request.
pub async fn thumbnail(context: &RequestContext<'_>) -> Reply {
    let RequestContext { clm, parameters, .. } = context;
    let document = requested_document(context).await?;
    let url = image_url(clm.content_url(&document)?, parameters.number("size"));
    let png = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("image/png"))]);
    let pause = |error: &WorkfrontError, tries| {
        (tries == 1 && matches!(error, WorkfrontError::Missing(_))).then_some(RENDERING_PAUSE)
    };
    let answer = retry(|| clm.download(url.clone(), png.clone()), pause).await.map_err(|error| match error {
        WorkfrontError::Missing(_) => WorkfrontError::Missing("CLM has no image of this document, or not yet"),
        other => other,
    })?;
    Ok(streamed(answer, "image/png", clm.stream_place().await?))
}

async fn requested_document(context: &RequestContext<'_>) -> Result<ClmDocument, WorkfrontError> {
    let id = context.document_id(&context.parameters.item("id")?).await?;
    context.clm.document(&id).await
}

/// The address of the first page's image, about `width` pixels wide. CLM offers a few zoom steps without documented sizes; a
/// page of 8.5 inches at 96 dots per inch is 816 pixels wide.
fn image_url(mut url: Url, width: Option<usize>) -> Url {
    let zoom = match width.unwrap_or(200) {
        ..=300 => "thumbnail",
        301..=500 => "50",
        501..=1000 => "100",
        _ => "200",
    };
    url.query_pairs_mut().append_pair("page", "1").append_pair("zoom", zoom);
    url
}

/// Streams CLM's response to the caller.
fn streamed(answer: reqwest::Response, content_type: &'static str, place: StreamPlace) -> http::Response<Body> {
    let length = answer.headers().get(CONTENT_LENGTH).cloned();
    let mut response = http::Response::new(Body::Streamed(calls::chunks(answer, place)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length);
    }
    body::mark_as_foreign(headers);
    response
}
