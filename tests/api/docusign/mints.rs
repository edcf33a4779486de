//! Time limits of a mint, with a clock that is paused while nothing happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use evergrant::clock::Clock;
use evergrant::config::Settings;
use evergrant::docusign::account_server::AccountServer;
use evergrant::docusign::tokens::AccessTokens;
use evergrant::docusign::tokens::minter::{MintError, Minter, SigningKeys};
use evergrant::memory::failures::FailureKind;
use evergrant::signing::{AssertionSigner, SignError};
use evergrant::types::Explained as _;
use evergrant::web::http_client::HttpClient;
use tokio::time::{Instant, sleep};

use crate::local::environment;
use crate::support::ManualClock;

/// A vault that answers after a while, with an error.
struct SlowSigner {
    pause: Duration,
    error: SignError,
    signatures: AtomicU32,
}

#[async_trait]
impl AssertionSigner for SlowSigner {
    async fn sign_digest(&self, _: [u8; 32]) -> Result<Vec<u8>, SignError> {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        sleep(self.pause).await;
        Err(self.error.clone())
    }
}

fn settings() -> Settings {
    Settings::read(&environment("http://127.0.0.1:1", "http://127.0.0.1:9")).unwrap_or_else(|error| panic!("{error}"))
}

/// A minter whose keys need these pauses. It never gets as far as DocuSign.
fn minter(settings: &Settings, pauses: &[u64], clock: &ManualClock) -> (Minter, Vec<Arc<SlowSigner>>) {
    let signer = |pause: &u64| {
        let (pause, signatures) = (Duration::from_secs(*pause), AtomicU32::new(0));
        Arc::new(SlowSigner { pause, error: SignError::AccessDenied, signatures })
    };
    let signers: Vec<_> = pauses.iter().map(signer).collect();
    let mut keys = signers.iter().map(|signer| Arc::clone(signer) as Arc<dyn AssertionSigner>);
    let keys = SigningKeys { current: keys.next().unwrap(), next: keys.next() };
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let http = Arc::new(HttpClient::new(|| None));
    let account_server = AccountServer::new(&settings.docusign, http, Arc::clone(&clock));
    (Minter::new(&settings.docusign, keys, account_server, clock), signers)
}

#[tokio::test(start_paused = true)]
async fn a_mint_ends_after_fourteen_seconds_however_slow_its_keys_are() {
    let (settings, clock) = (settings(), ManualClock::new());
    let denied = MintError::Sign(SignError::AccessDenied);
    for (pauses, expected, seconds) in [
        (&[13][..], denied.clone(), 13),
        (&[15], MintError::Deadline, 14),
        (&[1000], MintError::Deadline, 14),
        (&[6, 7], denied.clone(), 13),
        (&[7, 8], MintError::Deadline, 14),
        (&[1, 1000], MintError::Deadline, 14),
    ] {
        let (minter, _) = minter(&settings, pauses, &clock);
        let begun = Instant::now();
        let result = minter.mint(&settings.docusign.user_id, &settings.docusign.scopes).await;
        assert_eq!((result.err(), begun.elapsed()), (Some(expected), Duration::from_secs(seconds)), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn trying_the_next_key_has_the_same_limit() {
    let (settings, clock) = (settings(), ManualClock::new());
    let docusign = &settings.docusign;
    let (alone, _) = minter(&settings, &[1], &clock);
    assert_eq!(alone.try_next_key(&docusign.user_id, &docusign.scopes).await, None, "there is no next key");
    let (slow, _) = minter(&settings, &[1, 1000], &clock);
    let begun = Instant::now();
    assert_eq!(slow.try_next_key(&docusign.user_id, &docusign.scopes).await, Some(Err(MintError::Deadline)));
    assert_eq!(begun.elapsed(), Duration::from_secs(14));
}

#[tokio::test(start_paused = true)]
async fn callers_share_a_slow_mint_and_its_failure_and_one_that_leaves_cancels_nothing() {
    let (settings, clock) = (settings(), ManualClock::new());
    let (minter, signers) = minter(&settings, &[10], &clock);
    let access_tokens = AccessTokens::new(Arc::new(minter), Arc::new(clock.clone()));
    let get = async || access_tokens.get(&settings.docusign.user_id, &settings.docusign.scopes).await;
    let leaves = async { tokio::time::timeout(Duration::from_secs(3), get()).await };
    let others = futures_util::future::join_all((0..100).map(|_| get()));
    let begun = Instant::now();
    let (left, others) = tokio::join!(leaves, others);
    assert!(left.is_err());
    assert_eq!((others.len(), begun.elapsed()), (100, Duration::from_secs(10)));
    for refused in others {
        let unavailable = refused.expect_err("a failure");
        assert_eq!((unavailable.error, unavailable.retry_after), (MintError::Sign(SignError::AccessDenied), 30));
    }
    assert_eq!(signers[0].signatures.load(Ordering::SeqCst), 1);
    // The failure is remembered for 30 s of the clock.
    clock.advance(29);
    assert!(get().await.is_err_and(|unavailable| unavailable.retry_after == 1));
    assert_eq!(signers[0].signatures.load(Ordering::SeqCst), 1);
    clock.advance(1);
    assert!(get().await.is_err());
    assert_eq!(signers[0].signatures.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn forced_mints_that_arrive_together_cost_two() {
    let (settings, clock) = (settings(), ManualClock::new());
    let (minter, signers) = minter(&settings, &[1], &clock);
    let access_tokens = AccessTokens::new(Arc::new(minter), Arc::new(clock));
    let force = async || access_tokens.force_mint(&settings.docusign.user_id, &settings.docusign.scopes).await;
    let during = async {
        sleep(Duration::from_millis(500)).await;
        futures_util::future::join_all((0..20).map(|_| force())).await
    };
    let (first, others) = tokio::join!(force(), during);
    assert!(first.is_err() && others.iter().all(Result::is_err));
    assert_eq!(signers[0].signatures.load(Ordering::SeqCst), 2, "the first, and one for all who came meanwhile");
    force().await.unwrap_err();
    assert_eq!(signers[0].signatures.load(Ordering::SeqCst), 3, "a failure is not remembered");
}

#[test]
fn a_mint_that_was_too_slow_or_interrupted_may_pass_by_itself() {
    for (error, code) in [(MintError::Deadline, "deadline"), (MintError::BrokenOff, "broken_off")] {
        assert_eq!((error.kind(), error.code()), (FailureKind::Transient, code));
        assert!(
            error.details().is_empty()
                && !error.client_sentence(evergrant::oauth::subject::SubjectKind::IntegrationUser).is_empty()
        );
        assert!(!error.to_string().is_empty());
    }
}
