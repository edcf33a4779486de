//! Workfront's records in a store that fails: before a write, after it, or because another process was faster.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use evergrant::clock::Clock;
use evergrant::config::Settings;
use evergrant::docusign::api::Actor;
use evergrant::endpoints::caller::Caller;
use evergrant::endpoints::workfront::error::WorkfrontError;
use evergrant::endpoints::workfront::naming::ItemId;
use evergrant::endpoints::workfront::store::{Ticket, WorkfrontStore};
use evergrant::oauth::client::{Client, ClientRegistry};
use evergrant::store::memory::MemoryStore;
use evergrant::store::records::RecordKind;
use evergrant::store::{Condition, Record, Store, StoreError, Write};
use evergrant::types::Guid;
use evergrant::web::obstacle::Obstacle;
use evergrant::web::upstream::UpstreamAnswer;
use sandbox::{INTEGRATION_USER, OTHER_USER};
use serde_json::{Value, json};

use crate::local::environment;
use crate::support::ManualClock;

/// What the next access to the store does.
#[derive(Clone, Debug)]
enum Next {
    Works,
    /// Nothing is read or written.
    Fails,
    /// It is written, and the answer is lost.
    Lost,
    /// Another process writes this first.
    Overtaken(&'static str),
}

/// A store whose accesses go as set.
struct Faulty {
    inner: MemoryStore,
    next: Mutex<VecDeque<Next>>,
    accesses: Mutex<usize>,
}

const UNREACHABLE: StoreError = StoreError::Unreachable(Obstacle::Other(UpstreamAnswer::NONE));

impl Faulty {
    fn take(&self) -> Next {
        *self.accesses.lock().unwrap() += 1;
        self.next.lock().unwrap().pop_front().unwrap_or(Next::Works)
    }

    fn then(&self, next: impl IntoIterator<Item = Next>) {
        *self.next.lock().unwrap() = next.into_iter().collect();
        *self.accesses.lock().unwrap() = 0;
    }

    fn accesses(&self) -> usize {
        *self.accesses.lock().unwrap()
    }
}

#[async_trait]
impl Store for Faulty {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        match self.take() {
            Next::Fails | Next::Lost => Err(UNREACHABLE),
            Next::Works | Next::Overtaken(_) => self.inner.read(name).await,
        }
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        match self.take() {
            Next::Fails => return Err(UNREACHABLE),
            Next::Lost => {
                self.inner.write(write).await?;
                return Err(UNREACHABLE);
            }
            Next::Overtaken(content) => {
                let first = Write { content: content.to_owned(), ..write.clone() };
                assert!(self.inner.write(first).await?);
            }
            Next::Works => {}
        }
        self.inner.write(write).await
    }

    fn process_id(&self) -> Option<&str> {
        None
    }
}

/// The records in a faulty store, and its clients.
struct Stage {
    store: Arc<Faulty>,
    records: WorkfrontStore,
    clock: ManualClock,
    clients: ClientRegistry,
}

impl Stage {
    fn new() -> Self {
        let clock = ManualClock::new();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let inner = MemoryStore::new(Arc::clone(&shared));
        let store = Arc::new(Faulty { inner, next: Mutex::default(), accesses: Mutex::default() });
        let records = WorkfrontStore::new(Arc::<Faulty>::clone(&store), shared);
        let settings = Settings::read(&environment("http://127.0.0.1:1", "http://127.0.0.1:9"))
            .unwrap_or_else(|error| panic!("{error}"));
        let clients = settings.clients.at_start.expect("the clients are in the setting");
        Self { store, records, clock, clients }
    }

    fn caller(&self, client: &str, user: &str) -> Caller<'_> {
        let client: &Client = self.clients.find(client).unwrap();
        let actor = Actor { user: Guid::parse(user).unwrap(), scope: client.scope.clone() };
        Caller { client, actor, grant_id: "test".into() }
    }

    async fn announced(&self) -> (ItemId, Ticket, Condition) {
        let id = self.records.announce(&ticket(None)).await.unwrap();
        let caller = self.caller("workfront", INTEGRATION_USER);
        let (ticket, condition) = self.records.ticket(&id, &caller).await.unwrap();
        (id, ticket, condition)
    }
}

fn ticket(document: Option<&str>) -> Ticket {
    let ticket = json!({"client_id": "workfront", "user": INTEGRATION_USER, "parent": "/", "name": "a.txt",
                        "workfront_document": "wf-1", "version_of": null, "document": document});
    serde_json::from_value(ticket).unwrap()
}

/// Whether the store was unavailable.
fn is_outage<T>(result: &Result<T, WorkfrontError>) -> bool {
    matches!(result, Err(WorkfrontError::StoreUnavailable))
}

#[tokio::test]
async fn only_the_announcing_user_sees_an_upload_until_it_has_arrived() {
    let stage = Stage::new();
    let (id, _, condition) = stage.announced().await;
    let sees = async |client: &str, user: &str| stage.records.ticket(&id, &stage.caller(client, user)).await.is_ok();
    assert!(sees("workfront", INTEGRATION_USER).await);
    assert!(!sees("workfront", OTHER_USER).await && !sees("web", INTEGRATION_USER).await);
    assert!(stage.records.complete(&id, &ticket(Some("one")), &condition).await.unwrap());
    assert!(sees("workfront", OTHER_USER).await, "CLM decides who may see the document");
    assert!(!sees("web", INTEGRATION_USER).await, "another client never");
}

#[tokio::test]
async fn an_upload_is_completed_through_faults_and_its_own_lost_answers() {
    for (next, completed) in [
        (vec![], Ok(true)),
        (vec![Next::Fails], Ok(true)),
        (vec![Next::Fails, Next::Fails], Ok(true)),
        (vec![Next::Lost], Ok(true)),
        (vec![Next::Fails, Next::Lost], Ok(true)),
        (vec![Next::Lost, Next::Works, Next::Fails], Err(())),
        (vec![Next::Fails, Next::Fails, Next::Fails], Err(())),
        (vec![Next::Fails, Next::Fails, Next::Lost], Err(())),
    ] {
        let stage = Stage::new();
        let (id, _, condition) = stage.announced().await;
        stage.store.then(next.clone());
        let result = stage.records.complete(&id, &ticket(Some("one")), &condition).await;
        assert_eq!(is_outage(&result), completed.is_err(), "{next:?}");
        assert_eq!(result.map_err(drop), completed, "{next:?}");
        assert!(stage.store.accesses() <= 4, "{next:?}");
    }
}

#[tokio::test]
async fn of_two_uploads_with_one_id_the_second_learns_that_it_was_too_late() {
    let stage = Stage::new();
    let (id, _, condition) = stage.announced().await;
    let text = serde_json::to_string(&ticket(Some("first"))).unwrap();
    stage.store.then([Next::Overtaken(String::leak(text))]);
    assert!(!stage.records.complete(&id, &ticket(Some("second")), &condition).await.unwrap());
    let (kept, condition) = stage.records.ticket(&id, &stage.caller("workfront", INTEGRATION_USER)).await.unwrap();
    assert_eq!(kept.document.as_deref(), Some("first"));
    assert!(stage.records.complete(&id, &ticket(Some("second")), &condition).await.unwrap(), "a later version counts");
}

#[tokio::test]
async fn an_announcement_that_the_store_did_not_confirm_is_an_outage() {
    for next in [Next::Fails, Next::Lost] {
        let stage = Stage::new();
        stage.store.then([next]);
        assert!(is_outage(&stage.records.announce(&ticket(None)).await));
    }
    let stage = Stage::new();
    let (id, ..) = stage.announced().await;
    let caller = stage.caller("workfront", INTEGRATION_USER);
    for next in [vec![Next::Fails], vec![Next::Works, Next::Fails]] {
        stage.store.then(next);
        assert!(is_outage(&stage.records.ticket(&id, &caller).await), "it is not known whether there is one");
    }
    for id in [ItemId::Root, ItemId::Upload("AAAAAAAAAAAAAAAAAAAAAA".to_owned())] {
        let missing = stage.records.ticket(&id, &caller).await;
        assert!(matches!(missing, Err(WorkfrontError::Missing(_))), "{id:?}");
    }
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_is_an_error() {
    let stage = Stage::new();
    let caller = stage.caller("workfront", INTEGRATION_USER);
    for content in ["", "<html>", "{}", "[]", "{\"client_id\":\"workfront\"}"] {
        let id = ItemId::Upload("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
        let name = RecordKind::Upload.name("AAAAAAAAAAAAAAAAAAAAAA");
        let known = stage.store.inner.read(&name).await.unwrap();
        let condition = known.map_or(Condition::Absent, |record| Condition::Unchanged(record.version));
        let write = Write { name, content: content.to_owned(), condition, expires_at: None };
        assert!(stage.store.inner.write(write).await.unwrap());
        assert!(matches!(stage.records.ticket(&id, &caller).await, Err(WorkfrontError::Unreadable)), "{content}");
    }
    let mut broken: Value = serde_json::to_value(ticket(None)).unwrap();
    broken["parent"] = json!("nowhere");
    let broken: Ticket = serde_json::from_value(broken).unwrap();
    assert!(matches!(broken.parent(), Err(WorkfrontError::Unreadable)));
    assert!(matches!(ticket(None).parent(), Ok(ItemId::Root)));
}

#[tokio::test]
async fn a_deletion_is_claimed_by_one_request_whatever_the_store_does() {
    for (next, claimed) in [
        (vec![], Ok(true)),
        (vec![Next::Fails], Err(())),
        (vec![Next::Works, Next::Fails], Err(())),
        (vec![Next::Works, Next::Lost], Err(())),
        (vec![Next::Works, Next::Overtaken("1 another")], Ok(false)),
    ] {
        let stage = Stage::new();
        stage.store.then(next.clone());
        let claim = stage.records.claim_deletion(&ItemId::Root).await;
        assert_eq!(is_outage(&claim), claimed.is_err(), "{next:?}");
        assert_eq!(claim.map(|claim| claim.is_some()).map_err(drop), claimed, "{next:?}");
        // A claim that was not confirmed does not hold off the next request.
        stage.store.then([]);
        let again = stage.records.claim_deletion(&ItemId::Root).await.unwrap();
        assert_eq!(again.is_some(), claimed.is_err() || claimed == Ok(false), "{next:?}");
    }
}

#[tokio::test]
async fn a_claim_ends_after_a_minute_or_when_it_is_released_through_faults() {
    let stage = Stage::new();
    let claim = async || stage.records.claim_deletion(&ItemId::Root).await.unwrap();
    let held = claim().await.expect("free");
    stage.clock.advance(59);
    assert!(claim().await.is_none());
    stage.clock.advance(1);
    let second = claim().await.expect("the first has ended");
    stage.records.release_deletion(&held).await;
    assert!(claim().await.is_none(), "the first is not the second");
    for (next, released) in [
        (vec![Next::Fails, Next::Fails], true),
        (vec![Next::Works, Next::Fails, Next::Works, Next::Lost], true),
        (vec![Next::Fails, Next::Fails, Next::Fails], false),
    ] {
        stage.clock.advance(60);
        let held = claim().await.expect("free");
        stage.store.then(next.clone());
        stage.records.release_deletion(&held).await;
        stage.store.then([]);
        assert_eq!(claim().await.is_some(), released, "{next:?}");
    }
    drop(second);
    stage.clock.advance(60);
    assert!(claim().await.is_some());
    stage.clock.set_back(100);
    assert!(claim().await.is_some(), "a clock that was set back does not hold a claim forever");
}

#[tokio::test]
async fn which_document_belongs_to_workfronts_is_kept_in_the_end_or_not_at_all() {
    for (next, kept) in [
        (vec![], Some("new")),
        (vec![Next::Works, Next::Fails], Some("new")),
        (vec![Next::Works, Next::Lost], Some("new")),
        (vec![Next::Works, Next::Overtaken("other")], Some("new")),
        (vec![Next::Fails], Some("new")),
        (vec![Next::Works, Next::Fails, Next::Works, Next::Fails, Next::Works, Next::Fails], None),
    ] {
        let stage = Stage::new();
        stage.store.then(next.clone());
        stage.records.remember_document(&ticket(None), "new").await;
        stage.store.then([]);
        let found = stage.records.document_of("workfront", "wf-1").await.unwrap();
        assert_eq!(found.as_deref(), kept, "{next:?}");
        assert_eq!(stage.records.document_of("web", "wf-1").await.unwrap(), None, "each client has its own");
    }
    let stage = Stage::new();
    stage.records.remember_document(&ticket(None), "new").await;
    stage.store.then([]);
    stage.records.remember_document(&ticket(None), "new").await;
    assert_eq!(stage.store.accesses(), 1, "what is known is not written again");
    stage.store.then([Next::Fails]);
    assert!(is_outage(&stage.records.document_of("workfront", "wf-1").await));
}
