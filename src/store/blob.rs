//! Records as blobs in Azure Storage, shared by all instances. Uses the official SDK.

use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::{Etag, RequestContent, Url};
use azure_storage_blob::models::BlobClientUploadOptions;
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::identity::Identity;
use crate::memory::retry::retry;
use crate::store::{Condition, Record, Store, StoreError, Version, Write};

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
        let credential = self.identity.credential().await.map_err(|_| StoreError::IdentityUnavailable)?;
        let client_options = self.identity.client_options().await;
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
        let version = Version(answer.properties.etag.map(|etag| etag.to_string()).unwrap_or_default());
        let body = answer.body.collect().await.map_err(|error| classify(&error))?;
        let content = String::from_utf8(body.to_vec()).map_err(|_| StoreError::Failed { status: 0 })?;
        Ok(Some(Record { content, version }))
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

    async fn with_retries<T, F>(&self, call: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let limit = self.identity.try_timeout();
        let call = || async { timeout(limit, call()).await.unwrap_or(Err(StoreError::NoAnswer)) };
        retry(call, |error, tries| (tries < TRIES && is_worth_another_try(*error)).then_some(PAUSE)).await
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

const fn is_worth_another_try(error: StoreError) -> bool {
    match error {
        StoreError::NoAnswer | StoreError::IdentityUnavailable => true,
        StoreError::Failed { status } => status == 429 || status >= 500,
        StoreError::AccessDenied | StoreError::NoContainer => false,
    }
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

/// Converts the SDK's error. Its text is dropped, because it names the storage account.
fn classify(error: &azure_core::Error) -> StoreError {
    match error.kind() {
        ErrorKind::HttpResponse { status, .. } => match u16::from(*status) {
            401 | 403 => StoreError::AccessDenied,
            404 => StoreError::NoContainer,
            status => StoreError::Failed { status },
        },
        ErrorKind::Credential => StoreError::IdentityUnavailable,
        ErrorKind::Io | ErrorKind::Connection => StoreError::NoAnswer,
        _ => StoreError::Failed { status: 0 },
    }
}
