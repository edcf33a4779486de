//! Records as blobs in Azure Storage, shared by all instances.
//!
//! A record counts only if it has the text of its kind, because records end connections.

use async_trait::async_trait;
use azure_core::http::Url;
use azure_storage_blob::models::BlobType;

use crate::identity::Identity;
use crate::store::container::{Container, classify, foreign, is_missing_blob};
use crate::store::records::RecordKind;
use crate::store::{Record, Store, StoreError, Version, Write};

/// A container with records.
pub struct BlobStore(Container);

impl BlobStore {
    /// The container at `container_url`. Makes no calls yet.
    #[must_use]
    pub const fn new(container_url: Url, identity: Identity) -> Self {
        Self(Container::new(container_url, identity))
    }

    async fn get(&self, name: &str) -> Result<Option<Record>, StoreError> {
        let answer = self.0.blob(name).await?.download(None).await;
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
}

#[async_trait]
impl Store for BlobStore {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        self.0.with_retries(|| self.get(name)).await
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        self.0.with_retries(|| self.0.put(&write.name, &write.content, &write.condition)).await
    }

    fn process_id(&self) -> Option<&str> {
        None
    }
}
