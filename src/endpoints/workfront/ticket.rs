//! What is remembered of uploads: where an announced document belongs, and which of CLM's it became. In the store, since
//! Workfront keeps the id of the announcement for good, and any instance may be asked for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, UnixSeconds};
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::id::ItemId;
use crate::endpoints::workfront::{RequestContext, Workfront};
use crate::random;
use crate::secret::{hex, sha256};
use crate::store::{Condition, Store, Version, Write};

/// For how long, in seconds, a document may be on its way: a week.
const WAITS_FOR: u64 = 7 * 24 * 3600;

/// For how many seconds an item counts as being deleted: longer than whoever saw it alive may take to say so.
const DELETION: u64 = 60;

/// How often a lost race for a record is run again.
const ROUNDS: u32 = 3;

/// A document that was announced.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// The client it was announced by.
    pub client_id: String,
    /// The DocuSign user it was announced by.
    pub user: String,
    /// The folder it belongs into.
    pub(super) parent: String,
    /// Its name.
    pub name: String,
    /// Workfront's own id of the document, if it told.
    pub workfront_document: Option<String>,
    /// CLM's id of the document that this is a new version of.
    pub version_of: Option<String>,
    /// CLM's id of the document that it became.
    pub document: Option<String>,
}

/// The tickets.
#[derive(Clone)]
pub struct Tickets {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Ticket {
    /// A document of `visit`'s user for `parent`, which is a folder's own id.
    pub fn new(visit: &RequestContext<'_>, parent: &ItemId, name: &str) -> Self {
        Self {
            client_id: visit.caller.client.client_id.as_str().to_owned(),
            user: visit.caller.actor.user.as_str().to_owned(),
            parent: parent.to_string(),
            name: name.to_owned(),
            workfront_document: visit.parameters.text("documentId").map(ToOwned::to_owned),
            version_of: None,
            document: None,
        }
    }

    /// The folder it belongs into.
    pub fn parent(&self) -> Result<ItemId, WorkfrontError> {
        ItemId::parse(&self.parent).ok_or(WorkfrontError::Unreadable)
    }
}

impl Tickets {
    /// Over `store`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Remembers an announcement; gives its id.
    pub async fn announce(&self, ticket: &Ticket) -> Result<ItemId, WorkfrontError> {
        let id = ItemId::Upload(random::id::<16>());
        let expires_at = Some(self.clock.now().plus(WAITS_FOR));
        let announcement = Write { expires_at, ..write(name(&id), text(ticket), Condition::Absent) };
        let written = self.store.write(announcement).await?;
        // 128 random bits are there already only if an earlier try came through, though its answer was lost.
        tracing::debug!(event = "upload_announced", written);
        Ok(id)
    }

    /// What was announced under `id`, and which state of the record that is.
    pub async fn read(&self, id: &ItemId) -> Result<(Ticket, Version), WorkfrontError> {
        let record = self.store.read(&name(id)).await?;
        let record = record.ok_or(WorkfrontError::Missing("no upload of this id is known"))?;
        let ticket = serde_json::from_str(&record.content).map_err(|_| WorkfrontError::Unreadable)?;
        Ok((ticket, record.version))
    }

    /// Remembers what became of an announcement; false if somebody else was first.
    pub async fn arrived(&self, id: &ItemId, ticket: &Ticket, version: Version) -> Result<bool, WorkfrontError> {
        let mut round = 1;
        loop {
            let condition = Condition::Unchanged(version.clone());
            match self.store.write(write(name(id), text(ticket), condition)).await {
                Ok(true) => return Ok(true),
                Ok(false) => return Ok(self.read(id).await?.0.document == ticket.document),
                Err(error) if round == ROUNDS => return Err(error.into()),
                Err(_) => round += 1,
            }
        }
    }

    /// May the item called `id` be deleted now, or is somebody about to?
    pub async fn claim_deletion(&self, id: &ItemId) -> Result<bool, WorkfrontError> {
        let (name, now) = (format!("deletions/{}", hex(&sha256(id.to_string().as_bytes()))), self.clock.now());
        let there = self.store.read(&name).await?;
        let begun = there.as_ref().and_then(|there| there.content.parse().ok()).map(UnixSeconds);
        if begun.is_some_and(|begun| (1..=DELETION).contains(&begun.plus(DELETION).seconds_left(now))) {
            return Ok(false);
        }
        let condition = there.map_or(Condition::Absent, |there| Condition::Unchanged(there.version));
        let claim = Write { expires_at: Some(now.plus(DELETION)), ..write(name, now.0.to_string(), condition) };
        Ok(self.store.write(claim).await?)
    }

    /// CLM's id of the document that the client's Workfront knows as `workfront_document`, if it came by here.
    pub async fn known(&self, client_id: &str, workfront_document: &str) -> Result<Option<String>, WorkfrontError> {
        let record = self.store.read(&known_name(client_id, workfront_document)).await?;
        Ok(record.map(|record| record.content))
    }

    /// Remembers which of CLM's documents Workfront's own is. Only later versions depend on it: a failure is logged.
    pub async fn learn(&self, ticket: &Ticket, document: &str) {
        let Some(workfront_document) = &ticket.workfront_document else { return };
        let name = known_name(&ticket.client_id, workfront_document);
        for _ in 0..ROUNDS {
            let Ok(there) = self.store.read(&name).await else { break };
            if there.as_ref().is_some_and(|there| there.content == document) {
                return;
            }
            let condition = there.map_or(Condition::Absent, |there| Condition::Unchanged(there.version));
            if let Ok(true) = self.store.write(write(name.clone(), document.to_owned(), condition)).await {
                return;
            }
        }
        tracing::warn!(event = "store_unavailable", what = "remember which document Workfront's is");
    }
}

fn write(name: String, content: String, condition: Condition) -> Write {
    Write { name, content, condition, expires_at: None }
}

fn text(ticket: &Ticket) -> String {
    // Only strings are written, which cannot fail.
    serde_json::to_string(ticket).unwrap_or_default()
}

fn name(id: &ItemId) -> String {
    format!("uploads/{}", id.to_string().trim_start_matches("u:"))
}

fn known_name(client_id: &str, workfront_document: &str) -> String {
    let digest = sha256(format!("{client_id}\n{workfront_document}").as_bytes());
    format!("workfront-documents/{}", hex(&digest))
}

impl Workfront {
    /// The ticket called `id`, if it concerns `visit`: before the document has arrived, only whoever announced it; later
    /// everybody of the client, as far as CLM lets them see the document.
    pub(super) async fn ticket(&self, visit: &RequestContext<'_>, id: &ItemId) -> Result<Ticket, WorkfrontError> {
        let (ticket, _) = self.tickets.read(id).await?;
        if concerns(&ticket, visit) {
            Ok(ticket)
        } else {
            Err(WorkfrontError::Missing("no upload of this id is known"))
        }
    }
}

/// Does `ticket` concern `visit`?
pub fn concerns(ticket: &Ticket, visit: &RequestContext<'_>) -> bool {
    let own = ticket.user == visit.caller.actor.user.as_str();
    ticket.client_id == visit.caller.client.client_id.as_str() && (own || ticket.document.is_some())
}
