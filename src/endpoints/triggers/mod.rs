//! `/triggers/…`: polling triggers as Power Platform polls them, without a store.
//!
//! [`request`] (pure) reads a request → [`Callers`] identifies the caller → the cursor is opened → [`feed`] reads a list from
//! DocuSign, or has it in its cache, with [`reader`] (pure) putting pages together → [`watermark`] (pure) finds what is new →
//! [`cursor`] (pure) writes what was delivered, and a new cursor is sealed. [`workflow`] waits for one workflow, [`task`] for
//! what the gateway has begun. [`error`] has the error responses.

mod answer;
pub mod crowded_time;
pub mod cursor;
pub mod error;
mod feed;
pub mod item;
pub mod item_hash;
pub mod pages;
pub mod pattern;
pub mod poll;
pub mod reader;
pub mod request;
mod task;
#[cfg(test)]
mod tests;
pub mod watermark;
mod workflow;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Uri};
use tokio::time::timeout_at;

use crate::clock::answer_deadline;
use crate::docusign::api::DocusignApi;
use crate::docusign::api::error::ApiError;
use crate::docusign::moment::Moment;
use crate::endpoints::caller::{Caller, Callers, Username};
use crate::oauth::client::ClientRegistry;
use crate::oauth::query::append;
use crate::sealing::claims::TriggerCursor;
use crate::sealing::keys::OpenError;
use crate::sealing::{Sealable, Sealed};
use crate::secret::random;
use crate::telemetry::{Answer, AnswerRecord};
use crate::web::response::Response;
use error::TriggerError;
use feed::{Feeds, List};
use item::ItemKind;
use poll::Filter;
use request::{Trigger, TriggerParameters, TriggerRoute};
use watermark::Watermark;
use workflow::Workflows;

/// Seconds until the next poll if there is nothing more now.
const IDLE_SECONDS: u64 = 60;
/// The longest address of the next poll.
const MAX_LOCATION_BYTES: usize = 2000;
/// How many delivered changes a cursor lists: the first number that makes the address short enough. More are listed only if so
/// many have one time.
const KNOWN_CHANGES: [usize; 8] = [FEW_CHANGES, MANY_CHANGES, 150, 120, 90, FEW_CHANGES, 24, 0];
const FEW_CHANGES: usize = 48;
const MANY_CHANGES: usize = 180;
/// From here on, a list that is incomplete is accepted.
const LAST_RESORTS: usize = 5;

/// The triggers and what they depend on.
pub struct Triggers {
    callers: Arc<Callers>,
    docusign_api: Arc<DocusignApi>,
    feeds: Feeds,
    workflows: Workflows,
}

/// A poll: who asks for what, and what was delivered before.
struct Poll<'a> {
    trigger: Trigger,
    caller: &'a Caller<'a>,
    binding: String,
    parameters: TriggerParameters,
    state: Option<String>,
}

impl Triggers {
    /// Triggers for callers that `callers` identifies.
    #[must_use]
    pub fn new(callers: Arc<Callers>, docusign_api: Arc<DocusignApi>) -> Self {
        let clock = Arc::clone(&callers.clock);
        let feeds = Feeds::new(Arc::clone(&docusign_api), Arc::clone(&clock));
        let workflows = Workflows::new(Arc::clone(&docusign_api), clock);
        Self { callers, docusign_api, feeds, workflows }
    }

    /// Responds to a poll.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let Ok(clients) = self.callers.registry.current().await else {
            return TriggerError::RegistryUnavailable.answer(AnswerRecord::default());
        };
        let mut record = AnswerRecord::default();
        let polling = timeout_at(answer_deadline(), self.respond(&clients, request, &mut record));
        match polling.await.unwrap_or(Err(TriggerError::Api(ApiError::TimedOut))) {
            Ok(response) => Answer { response, record },
            Err(error) => error.answer(record),
        }
    }

    async fn respond(
        &self,
        clients: &ClientRegistry,
        request: &Request<Bytes>,
        record: &mut AnswerRecord,
    ) -> Result<Response, TriggerError> {
        let authenticated = self.callers.authenticate(clients, request.headers(), Username::Optional).await?;
        let grant_id = Some(authenticated.grant_id.clone());
        *record = AnswerRecord { grant_id, ..AnswerRecord::default().for_client(authenticated.client) };
        let route = TriggerRoute::read(request.uri())?;
        record.operation = Some(route.name());
        if let TriggerRoute::Trigger(trigger) = route {
            let path = format!("triggers/{}", trigger.path());
            if !authenticated.client.gateway_allow.iter().any(|rule| rule.allows(request.method(), &path)) {
                return Err(TriggerError::NotAllowed);
            }
        }
        let caller = self.callers.find_user(authenticated).await?;
        match route {
            TriggerRoute::Trigger(trigger) => self.poll(trigger, &caller, request.uri()).await,
            TriggerRoute::Task(sealed) => task::poll_task(self, &caller, sealed).await,
        }
    }

    async fn poll(&self, trigger: Trigger, caller: &Caller<'_>, uri: &Uri) -> Result<Response, TriggerError> {
        let query = uri.query().unwrap_or_default();
        let (sent, binding) = (TriggerParameters::read(trigger, query)?, caller.binding(trigger.path()));
        let (parameters, state) = if let Some(cursor) = request::cursor(query)? {
            let opened = self.open(&cursor, |cursor: &TriggerCursor| cursor.binding == binding).await?;
            let bound = TriggerParameters::read(trigger, &opened.content.query)?;
            if !sent.are_in(&bound) {
                return Err(TriggerError::BadCursor);
            }
            (bound, Some(opened.content.state))
        } else {
            sent.check_complete(trigger)?;
            (sent, None)
        };
        let poll = Poll { trigger, caller, binding, parameters, state };
        match list(trigger, &poll.parameters) {
            Some((kind, list)) => self.poll_list(&poll, kind, &list).await,
            None => workflow::poll_workflow(self, &poll).await,
        }
    }

    async fn poll_list(&self, poll: &Poll<'_>, kind: ItemKind, list: &List) -> Result<Response, TriggerError> {
        let before = match &poll.state {
            Some(state) => Some(cursor::read(state).ok_or(TriggerError::BadCursor)?),
            None => poll.parameters.since().map(Watermark::since),
        };
        let least = if kind == ItemKind::Envelope { self.feeds.a_day_ago() } else { Moment::default() };
        let filter = Filter::of(&poll.parameters);
        let begins_now = if kind == ItemKind::Envelope { least } else { Moment(u64::MAX) };
        let floor = before.as_ref().map_or(begins_now, |watermark| watermark.floor);
        let mut snapshot = self.feeds.get(&poll.caller.actor, list, floor).await?;
        let newest = snapshot.items.iter().map(|item| item.time).max().unwrap_or(floor);
        if before.is_none() && !snapshot.covers(newest) {
            snapshot = self.feeds.get(&poll.caller.actor, list, newest).await?;
        }
        for (attempt, known) in KNOWN_CHANGES.into_iter().enumerate() {
            let step = poll::step(&snapshot, &filter, before.as_ref(), least, known);
            if step.watermark.crowd.is_some() && attempt < LAST_RESORTS {
                continue;
            }
            let location = self.location(poll, cursor::write(&step.watermark)).await?;
            if location.len() <= MAX_LOCATION_BYTES {
                let response = match step.delivered.as_slice() {
                    [] => answer::nothing_yet(),
                    delivered => answer::found(poll::body(kind, &snapshot, delivered, before.as_ref())),
                };
                let retry_after = if step.has_more { 0 } else { IDLE_SECONDS };
                return Ok(answer::with_next(response, &location, retry_after));
            }
        }
        Err(TriggerError::Invalid("the parameters are too long"))
    }

    /// The address of the next poll.
    async fn location(&self, poll: &Poll<'_>, state: String) -> Result<String, TriggerError> {
        let (binding, query) = (poll.binding.clone(), poll.parameters.to_query());
        let sealed = self.seal(TriggerCursor { binding, query, state }).await?;
        let path = format!("/triggers/{}", poll.trigger.path());
        Ok(append(&self.callers.issuer.join(&path), &[("cursor", &sealed)]))
    }

    async fn seal<T: Sealable>(&self, content: T) -> Result<String, TriggerError> {
        let secret = self.callers.sealing.current().await.map_err(|_| TriggerError::SealingUnavailable)?;
        let (issuer, now) = (self.callers.issuer.as_str(), self.callers.clock.now());
        let sealed = Sealed::new(issuer, random::id::<16>(), now, None, content).seal(&secret);
        sealed.map_err(|_| TriggerError::SealingUnavailable)
    }

    /// Opens a sealed token if it is this caller's.
    async fn open<T: Sealable>(
        &self,
        sealed: &str,
        is_callers: impl Fn(&T) -> bool,
    ) -> Result<Sealed<T>, TriggerError> {
        let (issuer, now) = (self.callers.issuer.as_str(), self.callers.clock.now());
        let opened = self.callers.sealing.open::<T>(issuer, sealed, now).await.map_err(|error| match error {
            OpenError::Unavailable(_) => TriggerError::SealingUnavailable,
            _ => TriggerError::BadCursor,
        })?;
        Some(opened.0).filter(|sealed| is_callers(&sealed.content)).ok_or(TriggerError::BadCursor)
    }
}

/// The list that a trigger looks at, unless it looks at one workflow.
fn list(trigger: Trigger, parameters: &TriggerParameters) -> Option<(ItemKind, List)> {
    let id = |name: &str| parameters.get(name).unwrap_or_default().to_lowercase();
    Some(match trigger {
        Trigger::Documents if parameters.get("subfolders") == Some("true") => {
            (ItemKind::Document, List::AllDocuments(id("folder")))
        }
        Trigger::Documents => (ItemKind::Document, List::Documents(id("folder"))),
        Trigger::WorkItems => (ItemKind::WorkItem, List::WorkItems(id("queue"))),
        Trigger::Envelopes => (ItemKind::Envelope, List::Envelopes),
        Trigger::Workflow => return None,
    })
}
