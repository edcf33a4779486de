//! Shared records when the store's responses are lost, late or missing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use async_trait::async_trait;
use evergrant::clock::{Clock, UnixSeconds};
use evergrant::oauth::scope::Scope;
use evergrant::oauth::subject::Subject;
use evergrant::sealing::claims::Grant;
use evergrant::sealing::keys::{SealingKey, SealingKeys};
use evergrant::secret::Sha256;
use evergrant::signing::{AssertionSigner, SignError};
use evergrant::store::codes::UsedCodes;
use evergrant::store::memory::MemoryStore;
use evergrant::store::revocations::Revocations;
use evergrant::store::rotation::{GRACE, Rotation, Rotations};
use evergrant::store::{Record, Store, StoreError, Write, update};
use evergrant::types::Explained as _;
use futures_util::future::join_all;

use crate::support::ManualClock;

pub const GOOD: u8 = 0;
/// Writes succeed, but their responses are lost.
pub const DEAF: u8 = 1;
/// The store cannot be reached.
pub const AWAY: u8 = 2;
/// Writes succeed, but there is never a response.
pub const SILENT: u8 = 3;
/// Another process changes a record just before each write.
const CONTESTED: u8 = 4;

/// After so many changes by others, one's own succeeds.
const RIVALS: u32 = 8;

/// A shared store with an unreliable connection.
pub struct BadLine {
    inner: MemoryStore,
    state: AtomicU8,
    reads: AtomicU32,
    rivals: AtomicU32,
}

impl BadLine {
    pub fn new(clock: &ManualClock) -> Arc<Self> {
        let inner = MemoryStore::new(Arc::new(clock.clone()));
        Arc::new(Self { inner, state: AtomicU8::new(GOOD), reads: AtomicU32::new(0), rivals: AtomicU32::new(0) })
    }

    pub fn is(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for BadLine {
    async fn read(&self, name: &str) -> Result<Option<Record>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        match self.state.load(Ordering::SeqCst) {
            GOOD | CONTESTED => self.inner.read(name).await,
            SILENT => std::future::pending().await,
            _ => Err(StoreError::NoAnswer),
        }
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        match self.state.load(Ordering::SeqCst) {
            GOOD => self.inner.write(write).await,
            CONTESTED => {
                self.rivals.fetch_add(1, Ordering::SeqCst);
                let rival = Write { content: format!("{} rival", write.content), ..write.clone() };
                assert_eq!(self.inner.write(rival).await, Ok(true));
                if self.rivals.load(Ordering::SeqCst).is_multiple_of(RIVALS) {
                    self.is(GOOD);
                }
                self.inner.write(write).await
            }
            AWAY => Err(StoreError::NoAnswer),
            SILENT => {
                let _ = self.inner.write(write).await;
                std::future::pending().await
            }
            _ => self.inner.write(write).await.and(Err(StoreError::NoAnswer)),
        }
    }

    fn process_id(&self) -> Option<&str> {
        None
    }
}

/// A grant to the client `client`.
pub fn grant(granted_at: UnixSeconds) -> Grant {
    Grant {
        grant_id: "grant".to_owned(),
        client_id: evergrant::oauth::client::ClientId::parse("client").unwrap(),
        subject: Subject::IntegrationUser,
        scope: Scope::parse("signature").unwrap(),
        granted_at,
    }
}

#[tokio::test]
async fn a_code_can_be_redeemed_again_after_a_lost_response() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let [here, there] = [(); 2].map(|()| UsedCodes::new(store.clone(), Arc::new(clock.clone())));
    let until = clock.now().plus(300);
    for lost in [DEAF, AWAY] {
        let code = format!("code {lost}");
        store.is(lost);
        assert_eq!(here.use_up(&code, None, until).await, Err(StoreError::NoAnswer));
        assert_eq!(here.use_up(&code, None, until).await, Err(StoreError::NoAnswer));
        store.is(GOOD);
        assert_eq!(here.use_up(&code, None, until).await, Ok(true), "{lost}: the retry after a 503");
        assert_eq!(here.use_up(&code, None, until).await, Ok(false));
        assert_eq!(there.use_up(&code, None, until).await, Ok(false));
    }
}

#[tokio::test]
async fn a_caller_that_disconnects_while_its_code_is_written_may_retry() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let codes = UsedCodes::new(store.clone(), Arc::new(clock.clone()));
    store.is(SILENT);
    let hung_up = codes.use_up("code", None, clock.now().plus(300));
    assert!(tokio::time::timeout(std::time::Duration::from_millis(20), hung_up).await.is_err());
    store.is(GOOD);
    let all = join_all((0..50).map(|_| codes.use_up("code", None, clock.now().plus(300)))).await;
    assert_eq!(all.iter().filter(|used_up| **used_up == Ok(true)).count(), 1);
}

#[tokio::test]
async fn rotations_work_while_the_store_is_down_and_no_connection_is_lost() {
    let clock = ManualClock::new();
    for trouble in [DEAF, AWAY] {
        let store = BadLine::new(&clock);
        let rotations = Rotations::new(store.clone());
        let grant = grant(clock.now());
        store.is(trouble);
        let turn = rotations.rotate(&grant, 0, clock.now()).await;
        assert!(matches!(turn, Rotation::Successor { generation: 1, .. }), "{turn:?}");
        store.is(GOOD);
        clock.advance(10 * GRACE);
        let turn = rotations.rotate(&grant, 1, clock.now()).await;
        assert!(matches!(turn, Rotation::Successor { generation: 2, .. }), "{trouble}: {turn:?}");
        clock.advance(GRACE + 1);
        assert_eq!(rotations.rotate(&grant, 1, clock.now()).await, Rotation::Reused);
    }
}

#[tokio::test]
async fn parallel_workers_after_a_store_outage_do_not_count_as_reuse() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let rotations = Rotations::new(store.clone());
    let grant = grant(clock.now());
    rotations.rotate(&grant, 0, clock.now()).await;
    clock.advance(3600);
    store.is(AWAY);
    rotations.rotate(&grant, 1, clock.now()).await;
    store.is(GOOD);
    clock.advance(1);
    let newest = rotations.rotate(&grant, 2, clock.now()).await;
    assert!(matches!(newest, Rotation::Successor { generation: 3, .. }), "{newest:?}");
    clock.advance(5);
    for behind in [1, 2] {
        assert_eq!(rotations.rotate(&grant, behind, clock.now()).await, newest);
    }
    assert_eq!(rotations.rotate(&grant, 0, clock.now()).await, Rotation::Reused);
}

#[tokio::test]
async fn a_hundred_refreshes_make_one_lookup_and_few_wait_in_an_outage() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let revocations = Revocations::new(store.clone(), Arc::new(clock.clone()));
    let grant = grant(clock.now());
    assert!(join_all((0..100).map(|_| revocations.is_revoked(&grant))).await.iter().all(|revoked| !revoked));
    assert_eq!(store.reads.load(Ordering::SeqCst), 2, "one for the grant, one for its client");
    clock.advance(59);
    assert!(!revocations.is_revoked(&grant).await);
    assert_eq!(store.reads.load(Ordering::SeqCst), 2, "cached for a minute");
    clock.advance(1);
    store.is(AWAY);
    for _ in 0..20 {
        assert!(!revocations.is_revoked(&grant).await);
    }
    assert_eq!(store.reads.load(Ordering::SeqCst), 4, "no lookups while it is down");
    store.is(GOOD);
    let elsewhere = Revocations::new(store.clone(), Arc::new(clock.clone()));
    elsewhere.revoke("grant", None).await.unwrap();
    clock.advance(10);
    let mut revoked = false;
    for _ in 0..400 {
        revoked = revocations.is_revoked(&grant).await;
        if revoked {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(revoked, "looked up again in the background");
}

#[tokio::test]
async fn the_revocation_time_of_a_client_only_increases() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let fresh = || Revocations::new(store.clone(), Arc::new(clock.clone()));
    let now = clock.now();
    fresh().revoke_all_before("client", now.plus(100)).await.unwrap();
    fresh().revoke_all_before("client", now.plus(50)).await.unwrap();
    assert!(fresh().is_revoked(&grant(now.plus(99))).await);
    assert!(!fresh().is_revoked(&grant(now.plus(100))).await);
    fresh().revoke_all_before("client", now.plus(200)).await.unwrap();
    assert!(fresh().is_revoked(&grant(now.plus(199))).await);
}

#[tokio::test]
async fn a_revocation_that_could_not_be_stored_still_applies_in_this_process() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let revocations = Revocations::new(store.clone(), Arc::new(clock.clone()));
    store.is(AWAY);
    assert_eq!(revocations.revoke("grant", None).await, Err(StoreError::NoAnswer));
    store.is(GOOD);
    for _ in 0..3 {
        assert!(revocations.is_revoked(&grant(clock.now())).await);
        clock.advance(61);
    }
}

#[tokio::test]
async fn a_record_that_others_change_all_the_time_is_not_reported_as_an_outage() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let add = |there: Option<&str>| (Some(format!("{} mine", there.unwrap_or("none"))), there.map(ToOwned::to_owned));
    assert_eq!(update(store.as_ref(), "record", None, add).await, Ok(None));
    store.is(CONTESTED);
    let contended = update(store.as_ref(), "record", None, add).await.unwrap_err();
    assert_eq!(contended, StoreError::Contended);
    assert!(!contended.problem().contains("no answer") && !contended.fix(&[]).contains("DNS"), "{}", contended.line());
    let seen = update(store.as_ref(), "record", None, add).await.unwrap().unwrap();
    assert_eq!(seen.matches("rival").count(), 8, "each try begins with what is there: {seen}");
    let unchanged = |there: Option<&str>| (None, there.map(str::len));
    assert!(update(store.as_ref(), "record", None, unchanged).await.unwrap() > Some(seen.len()));
    let (revocations, now) = (Revocations::new(store.clone(), Arc::new(clock.clone())), clock.now());
    store.is(CONTESTED);
    assert_eq!(revocations.revoke_all_before("client", now).await, Err(StoreError::Contended));
    store.is(CONTESTED);
    let rotation = Rotations::new(store).rotate(&grant(now), 0, now).await;
    assert!(matches!(rotation, Rotation::Successor { .. }), "a client keeps its connection: {rotation:?}");
}

/// A key that cannot sign until `fixed` is set.
struct BrokenKey {
    calls: AtomicU32,
    fixed: AtomicU8,
}

#[async_trait]
impl AssertionSigner for BrokenKey {
    async fn sign_digest(&self, _: Sha256) -> Result<Vec<u8>, SignError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if self.fixed.load(Ordering::SeqCst) == 0 { Err(SignError::NoAnswer) } else { Ok(vec![7; 256]) }
    }
}

#[tokio::test]
async fn a_failing_sealing_key_is_tried_once_for_all_callers_and_then_paused() {
    let clock = ManualClock::new();
    let key = Arc::new(BrokenKey { calls: AtomicU32::new(0), fixed: AtomicU8::new(0) });
    let sealing_key = SealingKey::new("v1".to_owned(), key.clone(), Arc::new(clock.clone()));
    let keys = SealingKeys::new(sealing_key, Vec::new());
    let hung_up = tokio::time::timeout(std::time::Duration::from_millis(1), keys.current()).await;
    assert!(hung_up.is_err(), "a caller that disconnects cancels nothing");
    let all = join_all((0..100).map(|_| keys.current())).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(key.calls.load(Ordering::SeqCst), 1);
    key.fixed.store(1, Ordering::SeqCst);
    clock.advance(2);
    assert!(join_all((0..100).map(|_| keys.current())).await.iter().all(Result::is_ok));
    assert_eq!(key.calls.load(Ordering::SeqCst), 2);
}
