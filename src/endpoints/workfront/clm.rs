//! Calls to CLM in the name of one user.

use std::sync::Arc;

use http::{HeaderMap, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::docusign::api::account::ClmHosts;
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call, CallBody};
use crate::docusign::api::{Actor, DocusignApi};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::ItemId;
use crate::endpoints::workfront::item::{Document, Folder, or_default};

/// The most items that CLM gives at once.
const PAGE: usize = 100;

/// No collection reaches further; CLM would take an offset that it does not understand for none.
const MAX_SEARCHED_ITEMS: usize = 100_000;

/// Pages that are asked for at most: more children than that no folder may have.
const PAGES: usize = 200;

/// A collection of CLM's, or a part of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    /// The items of this part.
    #[serde(default, deserialize_with = "or_default")]
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: Option<usize>,
}

/// The part that is wanted of several collections, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How many items to pass over.
    pub skip: usize,
    /// How many items to give.
    pub take: usize,
}

/// CLM for one user.
pub struct Clm<'a> {
    upstream: &'a DocusignApi,
    actor: &'a Actor,
    hosts: Arc<ClmHosts>,
}

impl<'a> Clm<'a> {
    /// CLM for `actor`.
    pub async fn new(upstream: &'a DocusignApi, actor: &'a Actor) -> Result<Self, WorkfrontError> {
        Ok(Self { upstream, actor, hosts: upstream.clm().await? })
    }

    /// One call to the object host: its JSON.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, WorkfrontError> {
        let json = calls::read(self.send(method, path, body).await?).await?;
        serde_json::from_slice(&json).map_err(|_| WorkfrontError::Unreadable)
    }

    /// One call to the object host whose answer says no more than that it is done.
    pub async fn done(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), WorkfrontError> {
        self.send(method, path, body).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, WorkfrontError> {
        let call = Call::json(method, self.hosts.object.below(path).ok_or(WorkfrontError::Unreadable)?);
        let call = match body {
            Some(body) => call.with_json(body),
            None => call,
        };
        succeeded(self.upstream.send(self.actor, call).await?).await
    }

    /// The folder called `id`.
    pub async fn folder(&self, id: &ItemId) -> Result<Folder, WorkfrontError> {
        match id {
            ItemId::Root => self.call(Method::GET, "folders/type?systemFolder=root", None).await,
            ItemId::Folder(id) => self.call(Method::GET, &format!("folders/{}?expand=Path", id.as_str()), None).await,
            ItemId::Document(_) | ItemId::Upload(_) => Err(WorkfrontError::Missing("this id is not a folder's")),
        }
    }

    /// The document with CLM's id `id`. One that was deleted is no more.
    pub async fn document(&self, id: &str) -> Result<Document, WorkfrontError> {
        let document: Document = self.call(Method::GET, &format!("documents/{id}"), None).await?;
        if document.is_in_trash {
            Err(WorkfrontError::Missing("the document was deleted in CLM"))
        } else {
            Ok(document)
        }
    }

    /// The part of the collection at `path` that `window` wants; what it passes over and gives is taken off the window.
    pub async fn collect<T: DeserializeOwned>(
        &self,
        path: &str,
        window: &mut Window,
    ) -> Result<Vec<T>, WorkfrontError> {
        let mut collected = Vec::new();
        if window.skip > MAX_SEARCHED_ITEMS {
            return Ok(collected);
        }
        for _ in 0..PAGES {
            if window.take == 0 {
                break;
            }
            let joint = if path.contains('?') { '&' } else { '?' };
            let (offset, limit) = (window.skip + collected.len(), window.take.min(PAGE));
            let page: Page<T> =
                self.call(Method::GET, &format!("{path}{joint}offset={offset}&limit={limit}"), None).await?;
            let given = offset + page.items.len();
            let ended = page.items.is_empty() || page.total.map_or(page.items.len() < limit, |total| given >= total);
            let total = page.total.unwrap_or(given);
            window.take -= page.items.len().min(limit);
            collected.extend(page.items.into_iter().take(limit));
            if ended {
                window.skip = window.skip.saturating_sub(total);
                break;
            }
        }
        if !collected.is_empty() {
            window.skip = 0;
        }
        Ok(collected)
    }

    /// Gets bytes from the download host.
    pub async fn download(&self, url: Url, headers: HeaderMap) -> Result<reqwest::Response, WorkfrontError> {
        let body = CallBody::Whole(bytes::Bytes::new());
        let call = Call::streaming(Method::GET, url, headers, body);
        succeeded(self.upstream.send(self.actor, call).await?).await
    }

    /// The address of a document's bytes, if it is one of the download host's.
    pub fn bytes_of(&self, document: &Document) -> Result<Url, WorkfrontError> {
        within(&self.hosts.download, &document.download_document_href)
    }

    /// An address of the upload host's.
    pub fn upload_address(&self, href: &str) -> Result<Url, WorkfrontError> {
        within(&self.hosts.upload, href)
    }
}

/// An address that CLM told, if it lies on the host that discovery told: an access token goes nowhere else.
fn within(base: &ApiBase, href: &str) -> Result<Url, WorkfrontError> {
    let url = Url::parse(href).ok().filter(|url| base.contains(url));
    url.ok_or_else(|| {
        tracing::warn!(event = "untrusted_address", "CLM told an address that is not on the account's own hosts");
        WorkfrontError::Unreadable
    })
}

/// A successful answer, or what the other one means.
pub async fn succeeded(answer: reqwest::Response) -> Result<reqwest::Response, WorkfrontError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = calls::read(answer).await.unwrap_or_default();
    Err(WorkfrontError::of_clm(status, &body))
}
