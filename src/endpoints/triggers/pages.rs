//! Pages of DocuSign's lists, as they arrive. Pure.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::endpoints::triggers::item::{Item, ItemKind};
use crate::endpoints::triggers::reader::ListPage;

/// How many items a page is asked to have: CLM's limit.
pub const PAGE_ITEMS: usize = 100;

/// The final states of CLM's workflows and tasks.
const FINAL: [&str; 5] = ["Completed", "Failed", "Aborted", "Success", "Failure"];

/// A workflow or a task.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ongoing {
    status: String,
}

/// CLM's collection.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Collection {
    items: Vec<Box<RawValue>>,
    #[serde(default)]
    total: Option<Value>,
    #[serde(default)]
    next: Option<Value>,
}

/// CLM's search.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Search {
    status: String,
    href: String,
    #[serde(default)]
    result: Option<Collection>,
}

/// eSignature's list. Without envelopes it has no array.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeList {
    #[serde(default)]
    envelopes: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    result_set_size: Option<Value>,
    #[serde(default)]
    total_set_size: Option<Value>,
    #[serde(default)]
    next_uri: Option<Value>,
}

/// A search that CLM has begun.
#[derive(Debug)]
pub enum SearchPage {
    /// It is finished.
    Finished {
        /// The task's id.
        id: String,
        /// The first page of its results.
        page: ListPage<Item>,
    },
    /// It goes on.
    Running {
        /// The task's id.
        id: String,
    },
}

/// Reads a page of a collection that begins at `offset`; `None` if it is malformed.
#[must_use]
pub fn of_collection(kind: ItemKind, body: &[u8], offset: usize) -> Option<ListPage<Item>> {
    serde_json::from_slice::<Collection>(body).ok()?.page(kind, offset)
}

/// Reads a search; `None` if it is malformed or has failed.
#[must_use]
pub fn of_search(body: &[u8], offset: usize) -> Option<SearchPage> {
    let Search { status, href, result } = serde_json::from_slice(body).ok()?;
    let id = href.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())?.to_owned();
    match (status.to_lowercase().as_str(), result) {
        ("success", Some(result)) => Some(SearchPage::Finished { id, page: result.page(ItemKind::Document, offset)? }),
        ("processing" | "waiting", _) => Some(SearchPage::Running { id }),
        _ => None,
    }
}

/// Whether a workflow or a task has ended; `None` if it is malformed. A status that is not known is not final.
#[must_use]
pub fn has_ended(body: &[u8]) -> Option<bool> {
    let Ongoing { status } = serde_json::from_slice(body).ok()?;
    Some(FINAL.iter().any(|known| known.eq_ignore_ascii_case(&status)))
}

/// Reads a page of envelopes that begins at `offset`; `None` if it is malformed.
#[must_use]
pub fn of_envelopes(body: &[u8], offset: usize) -> Option<ListPage<Item>> {
    let list: EnvelopeList = serde_json::from_slice(body).ok()?;
    let envelopes = match list.envelopes {
        Some(envelopes) => envelopes,
        None if number(list.result_set_size.as_ref()) == Some(0) => Vec::new(),
        None => return None,
    };
    let has_next = list.next_uri.as_ref().and_then(Value::as_str).is_some_and(|next| !next.is_empty());
    page(ItemKind::Envelope, envelopes, offset, has_next, number(list.total_set_size.as_ref()))
}

impl Collection {
    fn page(self, kind: ItemKind, offset: usize) -> Option<ListPage<Item>> {
        let has_next = self.next.as_ref().is_some_and(|next| !next.is_null());
        page(kind, self.items, offset, has_next, number(self.total.as_ref()))
    }
}

fn page(
    kind: ItemKind,
    items: Vec<Box<RawValue>>,
    offset: usize,
    has_next: bool,
    total: Option<usize>,
) -> Option<ListPage<Item>> {
    let end = offset + items.len();
    let is_last = !has_next && total.map_or(items.len() < PAGE_ITEMS, |total| end >= total);
    let items = items.into_iter().map(|json| Item::read(kind, json)).collect::<Option<_>>()?;
    Some(ListPage { items, is_last })
}

/// A number, or a text with one.
fn number(value: Option<&Value>) -> Option<usize> {
    match value? {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
