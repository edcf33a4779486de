//! A container of Azure Blob storage, called through the official SDK.
//!
//! An answer counts only if it has the headers of Azure Storage: a proxy's page must never look like a blob.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Etag, Request, RequestContent, Url};
use azure_storage_blob::models::BlobClientUploadOptions;
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobContainerClientOptions};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::identity::{Identity, IdentityError, sdk_answer};
use crate::memory::retry::retry;
use crate::store::{Condition, StoreError, Version};
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// The first try and one retry.
const TRIES: u32 = 2;

/// Pause before the retry.
const PAUSE: Duration = Duration::from_millis(200);

/// A container. No calls are made before it is used.
pub struct Container {
    url: Url,
    identity: Identity,
    client: OnceCell<BlobContainerClient>,
}

impl Container {
    /// The container at `url`, called as `identity`.
    pub const fn new(url: Url, identity: Identity) -> Self {
        Self { url, identity, client: OnceCell::const_new() }
    }

    /// The client of the blob `name`.
    pub async fn blob(&self, name: &str) -> Result<BlobClient, StoreError> {
        Ok(self.client.get_or_try_init(|| self.build_client()).await?.blob_client(name))
    }

    async fn build_client(&self) -> Result<BlobContainerClient, StoreError> {
        let credential = self.identity.credential().await.map_err(StoreError::IdentityUnavailable)?;
        let mut client_options = self.identity.client_options().await;
        client_options.per_try_policies.push(Arc::new(OnlyAzureStorage));
        let options = BlobContainerClientOptions { client_options, ..Default::default() };
        let client = BlobContainerClient::new(self.url.clone(), Some(credential), Some(options));
        client.map_err(|error| classify(&error))
    }

    /// Writes the blob `name`; false if the condition failed.
    pub async fn put(&self, name: &str, content: &str, condition: &Condition) -> Result<bool, StoreError> {
        let (if_match, if_none_match) = match condition {
            Condition::Absent => (None, Some(Etag::from("*"))),
            Condition::Unchanged(Version(etag)) => (Some(Etag::from(etag.clone())), None),
        };
        let options = BlobClientUploadOptions { if_match, if_none_match, ..Default::default() };
        let content = RequestContent::from(content.as_bytes().to_vec());
        match self.blob(name).await?.upload(content, Some(options)).await {
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

    /// The result of `call`, which is repeated once if that may help.
    pub async fn with_retries<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let limit = self.identity.try_timeout();
        let call = || async { timeout(limit, call()).await.unwrap_or_else(|_| Err(self.no_answer())) };
        retry(call, |error, tries| (tries < TRIES && error.is_worth_another_try()).then_some(PAUSE)).await
    }
}

/// Headers that each answer of Azure Storage has. An error, or a 304, may be without the version.
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
        if has(&ID_HEADER) && (has(&VERSION_HEADER) || status == 304 || status >= 400) {
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

/// A blob that is not one of ours.
pub fn foreign() -> StoreError {
    StoreError::Foreign { answer: UpstreamAnswer::of_status(200) }
}

/// Whether the condition of a write failed: 409 if the blob must not exist but does, 412 if it has changed.
fn is_failed_condition(error: &azure_core::Error) -> bool {
    let code = error_code(error);
    let status = error.http_status().map(u16::from);
    status == Some(412) || (status == Some(409) && code == Some("BlobAlreadyExists"))
}

/// Whether there is no blob with this name.
pub fn is_missing_blob(error: &azure_core::Error) -> bool {
    error.http_status().map(u16::from) == Some(404) && error_code(error) == Some("BlobNotFound")
}

fn error_code(error: &azure_core::Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

/// Converts the SDK's error. Of its text, only harmless words are kept.
pub fn classify(error: &azure_core::Error) -> StoreError {
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
