//! Workfront's records in the store: announced uploads, the CLM document of each Workfront document, and running deletions.
//! Workfront keeps an upload's id forever and may send it to any instance, so it is in the store.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, UnixSeconds};
use crate::endpoints::caller::Caller;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::naming::ItemId;
use crate::memory::retry::retry;
use crate::secret::random;
use crate::secret::{hex, sha256};
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write, update};

/// How long an item counts as being deleted, in seconds: longer than a request that saw it before the deletion can take.
const DELETION_LIFETIME: u64 = 60;

/// The number of tries for a write.
const MAX_WRITES: u32 = 3;

const NO_SUCH_UPLOAD: WorkfrontError = WorkfrontError::Missing("there is no upload with this id");

/// An announced upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// The client that announced it.
    pub client_id: String,
    /// The DocuSign user who announced it.
    pub user: String,
    /// The folder that gets the document.
    parent: String,
    /// The document's name.
    pub name: String,
    /// Workfront's id of the document, if it sent one.
    pub workfront_document: Option<String>,
    /// CLM's id of the document that gets a new version.
    pub version_of: Option<String>,
    /// CLM's id of the document that the upload became.
    pub document: Option<String>,
}

impl Ticket {
    /// A ticket for a document that `caller` will upload to the CLM folder `parent`.
    #[must_use]
    pub fn new(caller: &Caller<'_>, workfront_document: Option<&str>, parent: &ItemId, name: &str) -> Self {
        Self {
            client_id: caller.client.client_id.as_str().to_owned(),
            user: caller.actor.user.as_str().to_owned(),
            parent: parent.to_string(),
            name: name.to_owned(),
            workfront_document: workfront_document.map(ToOwned::to_owned),
            version_of: None,
            document: None,
        }
    }

    /// The folder that gets the document.
    ///
    /// # Errors
    /// [`WorkfrontError::Unreadable`] if the ticket names none.
    pub fn parent(&self) -> Result<ItemId, WorkfrontError> {
        ItemId::parse(&self.parent).ok_or(WorkfrontError::Unreadable)
    }

    /// Whether `caller` may use it. Until the document has arrived, only the user who announced it may. Later, every user of the
    /// client who can see the document in CLM may.
    fn is_visible_to(&self, caller: &Caller<'_>) -> bool {
        let is_own = self.user == caller.actor.user.as_str();
        self.client_id == caller.client.client_id.as_str() && (is_own || self.document.is_some())
    }
}

/// The right to delete an item. No other request deletes it until this ends.
#[derive(Debug)]
pub struct Claim {
    name: String,
    /// When it began, and a random mark.
    content: String,
}

/// The content of a record whose claim has ended.
const RELEASED: &str = "0";

/// When the claim in a record began. Older versions wrote no mark.
fn begun(content: &str) -> Option<UnixSeconds> {
    content.split(' ').next()?.parse().ok().map(UnixSeconds)
}

fn is_live(begun: UnixSeconds, now: UnixSeconds) -> bool {
    begun.plus(DELETION_LIFETIME).seconds_left_of(DELETION_LIFETIME, now).is_some()
}

/// The records of Workfront's document service.
#[derive(Clone)]
pub struct WorkfrontStore {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl WorkfrontStore {
    /// The records in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Keeps a new ticket and returns the upload's id.
    ///
    /// # Errors
    /// [`WorkfrontError::StoreUnavailable`] if the store does not answer.
    pub async fn announce(&self, ticket: &Ticket) -> Result<ItemId, WorkfrontError> {
        let id = random::id::<16>();
        let (kind, now) = (RecordKind::AnnouncedUpload, self.clock.now());
        let announcement = write(kind.name(&id), json(ticket), Condition::Absent);
        let announcement = Write { expires_at: kind.expires_at(now), ..announcement };
        let written = self.store.write(announcement).await?;
        // False only if an earlier try succeeded and its response was lost, because the id is random.
        tracing::debug!(event = "upload_announced", written);
        Ok(ItemId::Upload(id))
    }

    /// The ticket of the upload `id`, if `caller` may use it, and the condition to [`Self::complete`] it.
    ///
    /// # Errors
    /// [`WorkfrontError`] if there is none, or if the store does not answer.
    pub async fn ticket(&self, id: &ItemId, caller: &Caller<'_>) -> Result<(Ticket, Condition), WorkfrontError> {
        let (ticket, condition) = self.read_ticket(id).await?;
        if ticket.is_visible_to(caller) { Ok((ticket, condition)) } else { Err(NO_SUCH_UPLOAD) }
    }

    /// Looks up completed uploads first, because their announcements remain until they expire.
    async fn read_ticket(&self, id: &ItemId) -> Result<(Ticket, Condition), WorkfrontError> {
        let ItemId::Upload(id) = id else { return Err(NO_SUCH_UPLOAD) };
        let (content, condition) = if let Some(record) = self.store.read(&RecordKind::Upload.name(id)).await? {
            (record.content, Condition::Unchanged(record.version))
        } else {
            let announced = self.store.read(&RecordKind::AnnouncedUpload.name(id)).await?;
            (announced.ok_or(NO_SUCH_UPLOAD)?.content, Condition::Absent)
        };
        let ticket = serde_json::from_str(&content).map_err(|_| WorkfrontError::Unreadable)?;
        Ok((ticket, condition))
    }

    /// Keeps the completed ticket under `condition`; false if another upload with this id became a different document.
    ///
    /// # Errors
    /// [`WorkfrontError::StoreUnavailable`] if the store does not answer.
    pub async fn complete(&self, id: &ItemId, ticket: &Ticket, condition: &Condition) -> Result<bool, WorkfrontError> {
        let ItemId::Upload(random) = id else { return Err(NO_SUCH_UPLOAD) };
        let completed = || write(RecordKind::Upload.name(random), json(ticket), condition.clone());
        let is_written = with_retries(|| self.store.write(completed())).await?;
        Ok(is_written || self.read_ticket(id).await?.0.document == ticket.document)
    }

    /// Claims the deletion of `id`; `None` if another request is deleting it.
    ///
    /// # Errors
    /// [`WorkfrontError::StoreUnavailable`] if the store does not answer.
    pub async fn claim_deletion(&self, id: &ItemId) -> Result<Option<Claim>, WorkfrontError> {
        let (name, now) = (RecordKind::Deletion.name(&hex(&sha256(id.to_string().as_bytes()))), self.clock.now());
        let record = self.store.read(&name).await?;
        if record.as_ref().and_then(|record| begun(&record.content)).is_some_and(|begun| is_live(begun, now)) {
            return Ok(None);
        }
        let condition = record.map_or(Condition::Absent, |record| Condition::Unchanged(record.version));
        let expires_at = RecordKind::Deletion.expires_at(now);
        let claim = Claim { name, content: format!("{} {}", now.0, random::id::<8>()) };
        let claiming = Write { expires_at, ..write(claim.name.clone(), claim.content.clone(), condition) };
        match self.store.write(claiming).await {
            Ok(true) => Ok(Some(claim)),
            // The answer to an earlier try may have been lost.
            Ok(false) => {
                let record = self.store.read(&claim.name).await?;
                Ok(record.is_some_and(|record| record.content == claim.content).then_some(claim))
            }
            Err(error) => {
                self.release_deletion(&claim).await;
                Err(error.into())
            }
        }
    }

    /// Ends `claim` after a failed deletion, so that the next request can try at once. If that fails too, the claim ends by
    /// itself.
    pub async fn release_deletion(&self, claim: &Claim) {
        // Another claim may have taken its place.
        let release =
            |there: Option<&str>| (there.filter(|there| *there == claim.content).map(|_| RELEASED.into()), ());
        if with_retries(|| update(self.store.as_ref(), &claim.name, None, release)).await.is_err() {
            tracing::warn!(event = "store_unavailable", what = "end the claim of a deletion that failed");
        }
    }

    /// CLM's id of the Workfront document `workfront_document` of this client, if it was uploaded here.
    ///
    /// # Errors
    /// [`WorkfrontError::StoreUnavailable`] if the store does not answer.
    pub async fn document_of(
        &self,
        client_id: &str,
        workfront_document: &str,
    ) -> Result<Option<String>, WorkfrontError> {
        let record = self.store.read(&document_record(client_id, workfront_document)).await?;
        Ok(record.map(|record| record.content))
    }

    /// Stores which CLM document belongs to a Workfront document. Only later versions need this, so a failure is only logged.
    pub async fn remember_document(&self, ticket: &Ticket, document: &str) {
        let Some(workfront_document) = &ticket.workfront_document else { return };
        let name = document_record(&ticket.client_id, workfront_document);
        let replace = |there: Option<&str>| (Some(document.to_owned()).filter(|_| there != Some(document)), ());
        if with_retries(|| update(self.store.as_ref(), &name, None, replace)).await.is_err() {
            tracing::warn!(event = "store_unavailable", what = "remember which CLM document belongs to Workfront's");
        }
    }
}

async fn with_retries<T, F>(write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    retry(write, |_, tries| (tries < MAX_WRITES).then_some(Duration::ZERO)).await
}

fn write(name: String, content: String, condition: Condition) -> Write {
    Write { name, content, condition, expires_at: None }
}

fn json(ticket: &Ticket) -> String {
    // A ticket holds only strings, so serializing it cannot fail.
    serde_json::to_string(ticket).unwrap_or_default()
}

fn document_record(client_id: &str, workfront_document: &str) -> String {
    let digest = sha256(format!("{client_id}\n{workfront_document}").as_bytes());
    RecordKind::WorkfrontDocument.name(&hex(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::memory::MemoryStore;

    const ID: &str = "aaaaaaaaaaaaaaaaaaaaaa";

    fn ticket(document: Option<&str>) -> Ticket {
        Ticket {
            client_id: "workfront".to_owned(),
            user: "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e".to_owned(),
            parent: "/".to_owned(),
            name: "a.txt".to_owned(),
            workfront_document: None,
            version_of: None,
            document: document.map(ToOwned::to_owned),
        }
    }

    fn stage() -> (Arc<dyn Store>, WorkfrontStore) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
        (Arc::clone(&store), WorkfrontStore::new(store, Arc::new(SystemClock)))
    }

    #[tokio::test]
    async fn a_completed_upload_never_expires() {
        let (store, records) = stage();
        let id = records.announce(&ticket(None)).await.unwrap();
        let ItemId::Upload(random) = &id else { panic!("{id:?}") };
        assert_eq!(store.read(&RecordKind::Upload.name(random)).await, Ok(None));
        let (announced, condition) = records.read_ticket(&id).await.unwrap();
        assert_eq!((announced.document, &condition), (None, &Condition::Absent));
        assert!(records.complete(&id, &ticket(Some("first")), &condition).await.unwrap());
        assert!(!records.complete(&id, &ticket(Some("second")), &condition).await.unwrap(), "it is complete");
        let (completed, condition) = records.read_ticket(&id).await.unwrap();
        assert_eq!(completed.document.as_deref(), Some("first"));
        assert!(records.complete(&id, &ticket(Some("again")), &condition).await.unwrap());
        assert!(store.read(&RecordKind::Upload.name(random)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn announcements_of_older_versions_can_be_completed() {
        let (store, records) = stage();
        let id = ItemId::Upload(ID.to_owned());
        let old = write(RecordKind::Upload.name(ID), json(&ticket(None)), Condition::Absent);
        assert_eq!(store.write(old).await, Ok(true));
        let (announced, condition) = records.read_ticket(&id).await.unwrap();
        assert_eq!(announced.document, None);
        assert!(records.complete(&id, &ticket(Some("first")), &condition).await.unwrap());
        assert!(!records.complete(&id, &ticket(Some("second")), &condition).await.unwrap());
        assert_eq!(records.read_ticket(&id).await.unwrap().0.document.as_deref(), Some("first"));
    }

    #[tokio::test]
    async fn a_claim_ends_when_it_is_released_and_not_by_another() {
        let (_, records) = stage();
        let id = ItemId::Root;
        let claim = records.claim_deletion(&id).await.unwrap().unwrap();
        assert!(records.claim_deletion(&id).await.unwrap().is_none(), "it is being deleted");
        records.release_deletion(&claim).await;
        let next = records.claim_deletion(&id).await.unwrap().expect("free at once");
        records.release_deletion(&claim).await;
        assert!(records.claim_deletion(&id).await.unwrap().is_none(), "the claim of the first has ended already");
        records.release_deletion(&next).await;
        assert!(records.claim_deletion(&id).await.unwrap().is_some());
    }
}
