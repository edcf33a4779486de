//! DocuSign's lists for triggers. One call serves all callers of a list for [`LIST_LIFETIME`] seconds.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::clock::{Clock, UnixSeconds};
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call};
use crate::docusign::api::error::ApiError;
use crate::docusign::api::{Actor, DocusignApi, rate_limit};
use crate::docusign::moment::Moment;
use crate::endpoints::triggers::error::TriggerError;
use crate::endpoints::triggers::item::{Item, ItemKind};
use crate::endpoints::triggers::pages::{self, PAGE_ITEMS, SearchPage};
use crate::endpoints::triggers::reader::{ListPage, ListReader, Next, Snapshot};
use crate::memory::cache::Cache;
use crate::memory::cached::{Lifetime, Lifetimes};
use crate::oauth::query::append;
use crate::web::http_client::read_answer;

/// How long a list is cached, in seconds.
const LIST_LIFETIME: u64 = 30;
/// Expired lists are dropped once the cache holds this many.
const MIN_CACHED_LISTS: usize = 64;
/// How often a list is read for one poll because what others have read does not go back far enough.
const MAX_READINGS: usize = 20;
/// How often a search is asked whether it is finished, and how long after the answer before.
const SEARCH_POLLS: usize = 10;
const SEARCH_PAUSE: Duration = Duration::from_millis(500);

/// A list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// The documents of a folder.
    Documents(String),
    /// The documents of a folder and of those below it.
    AllDocuments(String),
    /// The work items of a queue.
    WorkItems(String),
    /// The envelopes of the account.
    Envelopes,
}

/// A list as one user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ListKey {
    user: String,
    scope: String,
    list: List,
}

/// A list or an error, and how many seconds it took.
#[derive(Clone)]
struct Fetched {
    result: Result<Arc<Snapshot<Item>>, TriggerError>,
    took: u64,
}

impl Fetched {
    /// Where a short list of envelopes begins. The next one begins there too, so that it serves callers with different floors.
    fn begins(&self) -> Option<Moment> {
        let short = self.result.as_ref().ok().filter(|snapshot| snapshot.items.len() <= PAGE_ITEMS / 2)?;
        Some(short.complete_after.map_or_else(Moment::default, Moment::next))
    }
}

/// Reads lists.
pub struct Feeds {
    api: Arc<DocusignApi>,
    clock: Arc<dyn Clock>,
    cache: Cache<ListKey, Fetched, Infallible>,
}

impl Feeds {
    /// Lists of `api`.
    #[must_use]
    pub fn new(api: Arc<DocusignApi>, clock: Arc<dyn Clock>) -> Self {
        let answer = |fetched: &Fetched| {
            let lifetime = fetched.result.as_ref().map_or_else(TriggerError::cached_for, |_| LIST_LIFETIME);
            Lifetime::Seconds(lifetime + fetched.took)
        };
        Self { api, clock, cache: Cache::new(MIN_CACHED_LISTS, Lifetimes { answer, failure: |_, _| 0 }) }
    }

    /// The list, at least from `floor` on.
    ///
    /// # Errors
    /// [`TriggerError`] if it cannot be read now. An older state is never returned.
    pub async fn get(&self, actor: &Actor, list: &List, floor: Moment) -> Result<Arc<Snapshot<Item>>, TriggerError> {
        let key = ListKey { user: actor.user.as_str().into(), scope: actor.scope.to_string(), list: list.clone() };
        let entry = self.cache.entry(&key, self.clock.now());
        for _ in 0..MAX_READINGS {
            let before = entry.last_answer().filter(|_| *list == List::Envelopes);
            let from = before.and_then(|fetched| fetched.begins()).map_or(floor, |begins| begins.min(floor));
            let reading = read(Arc::clone(&self.api), Arc::clone(&self.clock), actor.clone(), list.clone(), from);
            let fetched = entry.get_in_task(&self.clock, reading).await;
            let Ok(Ok(Fetched { result, .. })) = fetched else { return Err(TriggerError::Api(ApiError::TimedOut)) };
            match result {
                Ok(snapshot) if !snapshot.covers(floor) => entry.drop_answer(),
                result => return result,
            }
        }
        Err(TriggerError::Unsteady)
    }

    /// The time before which envelopes do not matter if a caller begins now. It may be far too early, so that it does not matter
    /// if the clocks differ.
    #[must_use]
    pub fn a_day_ago(&self) -> Moment {
        Moment::of_unix(self.clock.now().minus(86_400))
    }
}

async fn read(
    api: Arc<DocusignApi>,
    clock: Arc<dyn Clock>,
    actor: Actor,
    list: List,
    floor: Moment,
) -> Result<Fetched, Infallible> {
    let begun: UnixSeconds = clock.now();
    let mut source = ListSource { api: &api, actor: &actor, list: &list, floor, search: None, is_sorted: true };
    let result = source.read().await.map(Arc::new);
    if let Err(error @ (TriggerError::Api(_) | TriggerError::Unsteady)) = &result {
        let line = error.line();
        tracing::warn!(event = "api_unavailable", "{line}");
    }
    Ok(Fetched { result, took: clock.now().0.saturating_sub(begun.0) })
}

/// Reads one list.
struct ListSource<'a> {
    api: &'a DocusignApi,
    actor: &'a Actor,
    list: &'a List,
    floor: Moment,
    /// The id of the search whose results are read.
    search: Option<String>,
    /// Whether the list is asked for in order. If DocuSign cannot do that, all of it is read.
    is_sorted: bool,
}

impl ListSource<'_> {
    async fn read(&mut self) -> Result<Snapshot<Item>, TriggerError> {
        let (mut reader, mut offset) = (ListReader::new(self.floor), 0);
        loop {
            match reader.take(self.page(offset).await?) {
                Next::Page(next) => offset = next,
                Next::Done(snapshot) => return Ok(self.limited(snapshot)),
                Next::Unsteady => return Err(TriggerError::Unsteady),
            }
        }
    }

    /// The list of envelopes begins at `floor`, so it is complete only if that is the beginning of time.
    fn limited(&self, snapshot: Snapshot<Item>) -> Snapshot<Item> {
        let begins = self.floor.0.checked_sub(1).map(Moment).filter(|_| matches!(self.list, List::Envelopes));
        Snapshot { complete_after: snapshot.complete_after.max(begins), ..snapshot }
    }

    async fn page(&mut self, offset: usize) -> Result<ListPage<Item>, TriggerError> {
        const MALFORMED: TriggerError = TriggerError::Api(ApiError::Malformed);
        match self.list {
            List::Documents(folder) => {
                let body = self.collection(&format!("folders/{folder}/documents"), "UpdatedDate", offset).await?;
                pages::of_collection(ItemKind::Document, &body, offset).ok_or(MALFORMED)
            }
            List::WorkItems(queue) => {
                let body = self.collection(&format!("workflowqueues/{queue}/workitems"), "AssignDate", offset).await?;
                pages::of_collection(ItemKind::WorkItem, &body, offset).ok_or(MALFORMED)
            }
            List::AllDocuments(folder) => self.search(folder, offset).await,
            List::Envelopes => {
                let body = self.envelopes(offset).await?;
                pages::of_envelopes(&body, offset).ok_or(MALFORMED)
            }
        }
    }

    /// A page of one of CLM's collections, newest first.
    async fn collection(&mut self, path: &str, property: &str, offset: usize) -> Result<Bytes, TriggerError> {
        let base = self.api.accounts.clm().await?.object.clone();
        if self.is_sorted {
            let path = page_of(path, Some(property), offset);
            match self.ask(&base, Method::GET, &path, None).await {
                Err(TriggerError::Api(error)) if is_about_sorting(&error) => self.is_sorted = false,
                answer => return answer,
            }
        }
        self.ask(&base, Method::GET, &page_of(path, None, offset), None).await
    }

    /// A page of a search for all documents in a folder and below it, newest first.
    async fn search(&mut self, folder: &str, offset: usize) -> Result<ListPage<Item>, TriggerError> {
        let base = self.api.accounts.clm().await?.object.clone();
        let sorted = Some("UpdatedDate");
        if let Some(id) = self.search.clone().filter(|_| offset > 0) {
            let path = page_of(&format!("documentsearchtasks/{id}/result"), sorted, offset);
            let body = self.ask(&base, Method::GET, &path, None).await?;
            return pages::of_collection(ItemKind::Document, &body, offset).ok_or(ApiError::Malformed.into());
        }
        let scope = base.below(&format!("folders/{folder}")).ok_or(ApiError::Untrusted)?;
        let criteria = json!({"Title": "", "InFolder": {"Href": scope.as_str()}, "IncludeSubFolders": true});
        let begin = page_of("documentsearchtasks", sorted, 0);
        let mut body = self.ask(&base, Method::POST, &begin, Some(&criteria)).await?;
        for _ in 0..SEARCH_POLLS {
            match pages::of_search(&body, 0).ok_or(ApiError::Malformed)? {
                SearchPage::Finished { id, page } => {
                    self.search = Some(id);
                    return Ok(page);
                }
                SearchPage::Running { id } => {
                    sleep(SEARCH_PAUSE).await;
                    let path = page_of(&format!("documentsearchtasks/{id}"), sorted, 0);
                    body = self.ask(&base, Method::GET, &path, None).await?;
                }
            }
        }
        Err(ApiError::TimedOut.into())
    }

    /// A page of the envelopes whose status has changed, newest first.
    async fn envelopes(&self, offset: usize) -> Result<Bytes, TriggerError> {
        let account = self.api.accounts.account().await?;
        let (from, start) = (self.floor.to_string(), offset.to_string());
        let parameters = [
            ("from_date", from.as_str()),
            ("from_to_status", "changed"),
            ("order", "desc"),
            ("order_by", "status_changed"),
            ("count", "100"),
            ("start_position", &start),
        ];
        let path = append(&format!("v2.1/accounts/{}/envelopes", account.id), &parameters);
        self.ask(&account.esign, Method::GET, &path, None).await
    }

    async fn ask(
        &self,
        base: &ApiBase,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, TriggerError> {
        ask(self.api, self.actor, base, method, path, body).await
    }
}

/// Calls DocuSign and returns the body of a successful answer.
///
/// # Errors
/// [`TriggerError`] for every other answer.
pub async fn ask(
    api: &DocusignApi,
    actor: &Actor,
    base: &ApiBase,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Bytes, TriggerError> {
    let call = Call::json(method, base.below(path).ok_or(ApiError::Untrusted)?);
    let call = match body {
        Some(body) => call.with_json(body),
        None => call,
    };
    let answer = api.calls.send(actor, call).await?;
    if !answer.status().is_success() {
        let wait = rate_limit::wait(answer.headers());
        return Err(match TriggerError::of_docusign(read_answer(answer).await) {
            TriggerError::Api(error) => TriggerError::Api(error.after(wait)),
            refusal => refusal,
        });
    }
    Ok(calls::read(answer).await?)
}

/// CLM's code for a property by which it cannot sort.
fn is_about_sorting(error: &ApiError) -> bool {
    matches!(error, ApiError::Failed { answer } if answer.has(&["110"]))
}

/// The path of a page, sorted by a property if there is one.
fn page_of(path: &str, property: Option<&str>, offset: usize) -> String {
    let (limit, offset) = (PAGE_ITEMS.to_string(), offset.to_string());
    let mut parameters = vec![("pageSortParams.limit", limit.as_str()), ("pageSortParams.offset", &offset)];
    if let Some(property) = property {
        parameters.extend([("pageSortParams.sortProperty", property), ("pageSortParams.sortDirection", "DESC")]);
    }
    append(path, &parameters)
}
