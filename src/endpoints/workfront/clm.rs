//! Calls to CLM as one DocuSign user.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::docusign::api::account::ClmHosts;
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call, CallBody};
use crate::docusign::api::{Actor, DocusignApi, rate_limit};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::item::{ClmDocument, Folder, or_default};
use crate::endpoints::workfront::naming::ItemId;
use crate::web::streams::StreamPlace;

/// CLM's limit for the items in one response.
const MAX_PAGE_ITEMS: usize = 100;

/// The largest offset sent to CLM. CLM ignores an offset that it cannot parse and starts again from the first item.
const MAX_OFFSET: usize = 100_000;

/// The most pages read for one collection.
const MAX_PAGES: usize = 200;

/// A part of one of CLM's collections.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Deserialize<'de>")]
struct CollectionPage<T> {
    #[serde(default, deserialize_with = "or_default")]
    items: Vec<T>,
    /// The number of items in the whole collection.
    total: Option<usize>,
}

/// The range of items to return, counted across several collections.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How many items to skip.
    pub skip: usize,
    /// How many items to return.
    pub take: usize,
}

/// CLM, called as one user. Cheap to clone.
#[derive(Clone)]
pub struct Clm {
    api: Arc<DocusignApi>,
    actor: Actor,
    hosts: Arc<ClmHosts>,
}

impl Clm {
    /// CLM for `actor`.
    pub async fn new(api: Arc<DocusignApi>, actor: Actor) -> Result<Self, WorkfrontError> {
        let hosts = Box::pin(api.accounts.clm()).await?;
        Ok(Self { api, actor, hosts })
    }

    /// Calls the object host and returns the JSON of its response.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, WorkfrontError> {
        let json = calls::read(self.call_object_host(method, path, body).await?).await?;
        serde_json::from_slice(&json).map_err(|_| WorkfrontError::Unreadable)
    }

    /// Calls the object host. Only the status of the response is used.
    pub async fn run(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(), WorkfrontError> {
        self.call_object_host(method, path, body).await.map(drop)
    }

    async fn call_object_host(
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
        self.send(call).await
    }

    /// Sends `call` and returns a successful response. Every other response becomes an error.
    pub async fn send(&self, call: Call) -> Result<reqwest::Response, WorkfrontError> {
        // Boxed, because it would make the state of every operation large.
        let answer = Box::pin(self.api.calls.send(&self.actor, call)).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let wait = rate_limit::wait(answer.headers());
        let body = calls::read(answer).await.unwrap_or_default();
        Err(match WorkfrontError::of_clm(status, &body) {
            WorkfrontError::Api(error) => WorkfrontError::Api(error.after(wait)),
            refusal => refusal,
        })
    }

    /// Gets bytes from `url`, which is a [`Self::content_url`].
    pub async fn download(&self, url: Url, headers: HeaderMap) -> Result<reqwest::Response, WorkfrontError> {
        self.send(Call::streaming(Method::GET, url, headers, CallBody::Whole(Bytes::new()))).await
    }

    /// A place for one streamed body.
    pub async fn stream_place(&self) -> Result<StreamPlace, WorkfrontError> {
        Ok(self.api.stream_place().await?)
    }

    /// The folder `id`.
    pub async fn folder(&self, id: &ItemId) -> Result<Folder, WorkfrontError> {
        match id {
            ItemId::Root => self.call(Method::GET, "folders/type?systemFolder=root", None).await,
            ItemId::Folder(id) => self.call(Method::GET, &format!("folders/{}?expand=Path", id.as_str()), None).await,
            ItemId::Document(_) | ItemId::Upload(_) => {
                Err(WorkfrontError::Missing("this id does not belong to a folder"))
            }
        }
    }

    /// The document with CLM's id `id`, unless it is in the trash.
    pub async fn document(&self, id: &str) -> Result<ClmDocument, WorkfrontError> {
        let document: ClmDocument = self.call(Method::GET, &format!("documents/{id}"), None).await?;
        if document.is_in_trash {
            Err(WorkfrontError::Missing("the document was deleted in CLM"))
        } else {
            Ok(document)
        }
    }

    /// The items of the collection at `path` that are in `window`. Skipped and returned items are subtracted from `window`.
    pub async fn collect<T: DeserializeOwned>(
        &self,
        path: &str,
        window: &mut Window,
    ) -> Result<Vec<T>, WorkfrontError> {
        let mut collected = Vec::new();
        if window.skip > MAX_OFFSET {
            return Ok(collected);
        }
        for _ in 0..MAX_PAGES {
            if window.take == 0 {
                break;
            }
            let (offset, limit) = (window.skip + collected.len(), window.take.min(MAX_PAGE_ITEMS));
            let page: CollectionPage<T> = self.page(path, offset, limit).await?;
            let seen = offset + page.items.len();
            let is_last = page.items.is_empty() || page.total.map_or(page.items.len() < limit, |total| seen >= total);
            window.take -= page.items.len().min(limit);
            collected.extend(page.items.into_iter().take(limit));
            if is_last {
                window.skip = window.skip.saturating_sub(page.total.unwrap_or(seen));
                break;
            }
        }
        if !collected.is_empty() {
            window.skip = 0;
        }
        Ok(collected)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        offset: usize,
        limit: usize,
    ) -> Result<CollectionPage<T>, WorkfrontError> {
        let separator = if path.contains('?') { '&' } else { '?' };
        self.call(Method::GET, &format!("{path}{separator}offset={offset}&limit={limit}"), None).await
    }

    /// Checks that `folder` has no document called `name`, because CLM would add a second one. CLM's filter may return more than
    /// exact matches, so every name is compared.
    pub async fn check_name_is_free(&self, folder: &ItemId, name: &str) -> Result<(), WorkfrontError> {
        let ItemId::Folder(folder) = folder else { return Err(WorkfrontError::Unreadable) };
        let mut path = format!("folders/{}/documents", folder.as_str());
        // A comma would separate two filters.
        if !name.contains(',') {
            path = format!("{path}?filter=Name={}", utf8_percent_encode(name, NON_ALPHANUMERIC));
        }
        let mut window = Window { skip: 0, take: usize::MAX };
        let documents: Vec<ClmDocument> = self.collect(&path, &mut window).await?;
        let is_taken = documents.iter().any(|document| document.name.to_lowercase() == name.to_lowercase());
        if is_taken { Err(WorkfrontError::NAME_TAKEN) } else { Ok(()) }
    }

    /// The address of the bytes of `document`, on the download host.
    pub fn content_url(&self, document: &ClmDocument) -> Result<Url, WorkfrontError> {
        trusted(&self.hosts.download, &document.download_document_href)
    }

    /// `href` as an address on the upload host.
    pub fn upload_url(&self, href: &str) -> Result<Url, WorkfrontError> {
        trusted(&self.hosts.upload, href)
    }
}

/// Checks that an address from CLM is on the host from account discovery, because no other host may get an access token.
fn trusted(base: &ApiBase, href: &str) -> Result<Url, WorkfrontError> {
    let url = Url::parse(href).ok().filter(|url| base.contains(url));
    url.ok_or_else(|| {
        tracing::warn!(event = "untrusted_address", "CLM returned an address that is not on the account's own hosts");
        WorkfrontError::Unreadable
    })
}
