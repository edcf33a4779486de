//! `EVERGRANT_STORE`: where used codes and revocations are stored.

use url::Url;

use crate::config::values::Reason;
use crate::config::values::url::{Http, https_url};

/// Where used codes and revocations are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSetting {
    /// In this process, which works only with one process.
    Memory,
    /// In a container of Azure Blob storage, shared by all instances.
    Blob(Url),
}

/// `memory`, or the URL of a Blob container.
pub fn parse(text: &str) -> Result<StoreSetting, Reason> {
    if text == "memory" {
        return Ok(StoreSetting::Memory);
    }
    if text.eq_ignore_ascii_case("memory") {
        return Err("it has capital letters (write memory)".into());
    }
    if text.contains("AccountKey=") || text.contains("BlobEndpoint=") || text.contains("AccountName=") {
        return Err("it is a connection string instead of a URL: the app uses its identity, and no key".into());
    }
    let mut url = https_url(text, Http::Never).map_err(|reason| match reason {
        _ if text.contains("sig=") => "it has a SAS token, which the app does not need: it uses its identity".into(),
        _ if !text.contains("://") => "it is neither memory nor a URL".into(),
        reason => reason,
    })?;
    let container = url.path().trim_matches('/').to_owned();
    if container.is_empty() {
        return Err("it has no container after the host".into());
    }
    // A trailing slash must not make it a different store.
    url.set_path(&container);
    Ok(StoreSetting::Blob(url))
}
