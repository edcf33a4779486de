//! Records as blobs in Azure Storage, shared by all instances. Uses the official SDK.
//!
//! An answer counts only if it has the headers of Azure Storage, and a record only if it has the text of its kind. A proxy's
//! page must never look like a record, because records end connections.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Etag, Request, RequestContent, Url};
use azure_storage_blob::models::{BlobClientUploadOptions, BlobType};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::identity::{Identity, IdentityError, sdk_answer};
use crate::memory::retry::retry;
use crate::store::records::RecordKind;
use crate::store::{Condition, Record, Store, StoreError, Version, Write};
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// The first try and one retry.
const TRIES: u32 = 2;

/// Pause before the retry.
const PAUSE: Duration = Duration::from_millis(200);

/// A blob container.
pub struct BlobStore {
    container_url: Url,
    identity: Identity,
    client: OnceCell<BlobContainerClient>,
}

impl BlobStore {
    /// The container at `container_url`. Makes no calls yet.
    #[must_use]
    pub const fn new(container_url: Url, identity: Identity) -> Self {
        Self { container_url, identity, client: OnceCell::const_new() }
    }

    async fn client(&self) -> Result<&BlobContainerClient, StoreError> {
        self.client.get_or_try_init(|| self.build_client()).await
    }

    async fn build_client(&self) -> Result<BlobContainerClient, StoreError> {
        let credential = self.identity.credential().await.map_err(StoreError::IdentityUnavailable)?;
        let mut client_options = self.identity.client_options().await;
        client_options.per_try_policies.push(Arc::new(OnlyAzureStorage));
        let options = BlobContainerClientOptions { client_options, ..Default::default() };
        let client = BlobContainerClient::new(self.container_url.clone(), Some(credential), Some(options));
        client.map_err(|error| classify(&error))
    }

    async fn get(&self, name: &str) -> Result<Option<Record>, StoreError> {
        let answer = self.client().await?.blob_client(name).download(None).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is_missing_blob(&error) => return Ok(None),
            Err(error) => return Err(classify(&error)),
        };
        let is_block_blob = answer.properties.blob_type == Some(BlobType::BlockBlob);
        let etag = answer.properties.etag.filter(|_| is_block_blob).ok_or_else(foreign)?;
        let body = answer.body.collect().await.map_err(|error| classify(&error))?;
        let content = String::from_utf8(body.to_vec()).map_err(|_| foreign())?;
        let is_ours = RecordKind::of(name).is_some_and(|kind| kind.accepts(&content));
        if is_ours { Ok(Some(Record { content, version: Version(etag.to_string()) })) } else { Err(foreign()) }
    }

    async fn put(&self, write: &Write) -> Result<bool, StoreError> {
        let (if_match, if_none_match) = match &write.condition {
            Condition::Absent => (None, Some(Etag::from("*"))),
            Condition::Unchanged(Version(etag)) => (Some(Etag::from(etag.clone())), None),
        };
        let options = BlobClientUploadOptions { if_match, if_none_match, ..Default::default() };
        let content = RequestContent::from(write.content.clone().into_bytes());
        match self.client().await?.blob_client(&write.name).upload(content, Some(options)).await {
            Ok(_) => Ok(true),
            Err(error) if is_failed_condition(&error) => Ok(false),
            Err(error) => Err(classify(&error)),
        }
    }

    fn no_answer(&self) -> StoreError {
        if self.identity.is_waiting() {
            StoreError::IdentityUnavailable(IdentityError::TimedOut)
        } else {
            StoreError::NoAnswer
        }
    }

    async fn with_retries<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let limit = self.identity.try_timeout();
        let call = || async { timeout(limit, call()).await.unwrap_or_else(|_| Err(self.no_answer())) };
        retry(call, |error, tries| (tries < TRIES && error.is_worth_another_try()).then_some(PAUSE)).await
    }
}

#[async_trait]
impl Store for BlobStore {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        self.with_retries(|| self.get(name)).await
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        self.with_retries(|| self.put(&write)).await
    }

    fn process_id(&self) -> Option<&str> {
        None
    }
}

/// Headers that each answer of Azure Storage has. An error may be without the version.
const ID_HEADER: HeaderName = HeaderName::from_static("x-ms-request-id");
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-ms-version");

/// Refuses an answer that is not from Azure Storage.
#[derive(Debug)]
struct OnlyAzureStorage;

#[async_trait]
impl Policy for OnlyAzureStorage {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((first, rest)) = next.split_first() else {
            return Err(azure_core::Error::with_message(ErrorKind::Other, "no policy is left to send the request"));
        };
        let answer = first.send(context, request, rest).await?;
        let has = |name: &HeaderName| answer.headers().get_optional_str(name).is_some_and(|value| !value.is_empty());
        let status = u16::from(answer.status());
        if has(&ID_HEADER) && (has(&VERSION_HEADER) || status >= 400) {
            return Ok(answer);
        }
        let header = |name: &'static str| {
            let value = answer.headers().get_optional_str(&HeaderName::from_static(name));
            value.map(ToOwned::to_owned)
        };
        let error = StoreError::Foreign { answer: UpstreamAnswer::read(status, header, &[]) };
        Err(azure_core::Error::new(ErrorKind::Other, error))
    }
}

/// A record that is not one of ours.
fn foreign() -> StoreError {
    StoreError::Foreign { answer: UpstreamAnswer::of_status(200) }
}

/// Whether the condition of a write failed: 409 if the blob must not exist but does, 412 if it has changed.
fn is_failed_condition(error: &azure_core::Error) -> bool {
    let code = error_code(error);
    let status = error.http_status().map(u16::from);
    status == Some(412) || (status == Some(409) && code == Some("BlobAlreadyExists"))
}

fn is_missing_blob(error: &azure_core::Error) -> bool {
    error.http_status().map(u16::from) == Some(404) && error_code(error) == Some("BlobNotFound")
}

fn error_code(error: &azure_core::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

/// Converts the SDK's error. Of its text, only harmless words are kept.
fn classify(error: &azure_core::Error) -> StoreError {
    if let Some(error) = IdentityError::within(error) {
        return StoreError::IdentityUnavailable(error);
    }
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            StoreError::of_answer(sdk_answer(u16::from(*status), raw_response.as_deref()))
        }
        ErrorKind::Io | ErrorKind::Connection => StoreError::Unreachable(Obstacle::of(error)),
        _ => error
            .downcast_ref::<StoreError>()
            .cloned()
            .unwrap_or_else(|| StoreError::Foreign { answer: UpstreamAnswer::of_error(error) }),
    }
}
