//! Renewal, fallback and cached failures of access tokens, with a clock that the test controls.

use std::sync::Arc;
use std::time::Duration;

use evergrant::app::App;
use evergrant::config::Settings;
use evergrant::docusign::tokens::slot::{AccessTokenError, CacheResult};
use sandbox::fault::Fault;
use sandbox::keys::RsaKey;
use sandbox::{INTEGRATION_USER, Sandbox};
use secrecy::ExposeSecret;

use crate::support::{ManualClock, TestEnvironment, file_keys};

/// The token cache of an app with file keys and its own clock.
struct Cache {
    sandbox: Sandbox,
    app: App,
    clock: ManualClock,
}

impl Cache {
    async fn start() -> Self {
        Self::with(|_, env| env).await
    }

    async fn with(change: impl Fn(&Sandbox, TestEnvironment) -> TestEnvironment) -> Self {
        let sandbox = Sandbox::start().await;
        let keys = file_keys(&sandbox, &sandbox.signing_key.pkcs8_pem());
        let env = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1")).with_all(&keys);
        let clock = ManualClock::new();
        let env = change(&sandbox, env);
        let app = App::with_clock(Settings::read(&env).unwrap(), Arc::new(clock.clone()));
        Self { sandbox, app, clock }
    }

    async fn get(&self) -> Result<(String, CacheResult), AccessTokenError> {
        let docusign = &self.app.settings.docusign;
        let (token, result) = self.app.access_tokens.get(&docusign.user_id, &docusign.scopes).await?;
        Ok((token.secret.expose_secret().to_owned(), result))
    }

    /// Advances this app's clock and DocuSign's together.
    fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
        let ours = evergrant::clock::Clock::now(&self.clock).0;
        let offset = i64::try_from(ours).unwrap() - i64::try_from(sandbox::docusign::unix_now()).unwrap();
        self.sandbox.docusign.set_clock_offset(offset);
    }

    fn exchanges(&self) -> u32 {
        self.sandbox.docusign.exchanges()
    }

    /// Waits until DocuSign has seen this many exchanges and the last token is cached; with a time limit.
    async fn until_renewed(&self, old: &str) -> String {
        for _ in 0..400 {
            let (token, _) = self.get().await.unwrap();
            if token != old {
                return token;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not renewed in 4 s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_minted_once_and_cached_until_ten_minutes_before_expiry() {
    let cache = Cache::start().await;
    let (first, result) = cache.get().await.unwrap();
    assert_eq!(result, CacheResult::Minted);
    cache.advance(3600 - 601);
    assert_eq!(cache.get().await.unwrap(), (first, CacheResult::Hit));
    assert_eq!(cache.exchanges(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_its_last_ten_minutes_a_token_is_returned_at_once_and_renewed_in_the_background() {
    let cache = Cache::start().await;
    let (first, _) = cache.get().await.unwrap();
    cache.advance(3600 - 600);
    cache.sandbox.docusign.faults.once(Fault::Latency(Duration::from_millis(500)));
    assert_eq!(cache.get().await.unwrap(), (first.clone(), CacheResult::Hit), "no caller waits");
    cache.until_renewed(&first).await;
    assert_eq!(cache.exchanges(), 2, "one renewal for all callers");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_its_last_five_minutes_callers_wait_for_the_renewal() {
    let cache = Cache::start().await;
    let (first, _) = cache.get().await.unwrap();
    cache.advance(3600 - 300);
    let (second, result) = cache.get().await.unwrap();
    assert!(second != first && result == CacheResult::Minted);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_renewal_the_old_token_is_used_until_it_expires() {
    let cache = Cache::start().await;
    let (first, _) = cache.get().await.unwrap();
    cache.advance(3600 - 300);
    cache.sandbox.docusign.faults.set(Some(Fault::Status(500)));
    assert_eq!(cache.get().await.unwrap(), (first.clone(), CacheResult::Stale));
    let calls = cache.exchanges();
    assert_eq!(cache.get().await.unwrap(), (first.clone(), CacheResult::Stale), "and makes no call for a while");
    assert_eq!(cache.exchanges(), calls);
    cache.advance(270);
    assert_eq!(cache.get().await.unwrap(), (first, CacheResult::Stale), "30 s left");
    cache.advance(1);
    assert!(cache.get().await.is_err(), "29 s left");
    cache.sandbox.docusign.faults.set(None);
    cache.advance(10);
    assert_eq!(cache.get().await.unwrap().1, CacheResult::Minted);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_cached_longer_each_time_up_to_a_limit() {
    let cache = Cache::start().await;
    cache.sandbox.docusign.faults.set(Some(Fault::Status(500)));
    for expected in [2, 4, 8, 10, 10] {
        let error = cache.get().await.unwrap_err();
        assert_eq!(error.retry_after, expected);
        let calls = cache.exchanges();
        cache.advance(expected - 1);
        assert_eq!(cache.get().await.unwrap_err().retry_after, 1);
        assert_eq!(cache.exchanges(), calls, "cached, not tried");
        cache.advance(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_mint_ignores_cached_failures() {
    let cache = Cache::start().await;
    cache.sandbox.docusign.withdraw_consent(INTEGRATION_USER);
    assert_eq!(cache.get().await.unwrap_err().retry_after, 30);
    cache.sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation spring_read spring_write");
    assert!(cache.get().await.is_err(), "still cached");
    let docusign = &cache.app.settings.docusign;
    cache.app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await.unwrap();
    assert_eq!(cache.get().await.unwrap().1, CacheResult::Hit, "and all callers get it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_works_every_hour_for_a_year() {
    let cache = Cache::start().await;
    for _ in 0..24 {
        cache.get().await.unwrap();
        cache.advance(365 * 3600);
    }
    assert_eq!(cache.exchanges(), 24);
}

/// An app in the middle of a rotation, and its next key.
async fn rotating() -> (Cache, RsaKey) {
    let next = RsaKey::generate();
    let pem = next.pkcs8_pem();
    let cache = Cache::with(move |sandbox, env| {
        let path = sandbox.file("next.pem", &pem);
        env.with("EVERGRANT_SIGNING_KEY_ID_NEXT", &format!("file:{}", path.display()))
    })
    .await;
    (cache, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_is_tried_first_again_after_ten_minutes() {
    let (cache, next) = rotating().await;
    cache.get().await.unwrap();
    assert_eq!(cache.exchanges(), 2, "the next key was rejected, the current one accepted");
    let docusign = &cache.app.settings.docusign;
    cache.advance(599);
    cache.app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await.unwrap();
    assert_eq!(cache.exchanges(), 3, "the next key is not tried first");
    cache.sandbox.docusign.upload_public_key(&next.public_pem());
    cache.advance(1);
    cache.app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await.unwrap();
    assert_eq!(cache.exchanges(), 4, "the next key is accepted");
    let (n, e) = next.components();
    let key = jsonwebtoken::DecodingKey::from_rsa_raw_components(&n, &e);
    let assertion = cache.sandbox.docusign.assertions().pop().unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["account-d.docusign.com"]);
    validation.validate_exp = false;
    assert!(jsonwebtoken::decode::<serde_json::Value>(&assertion, &key, &validation).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_works_in_every_order_of_upload_and_deletion() {
    let (cache, next) = rotating().await;
    cache.get().await.unwrap();
    cache.sandbox.docusign.delete_public_keys();
    cache.sandbox.docusign.upload_public_key(&next.public_pem());
    cache.advance(400);
    let docusign = &cache.app.settings.docusign;
    let minted = cache.app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await;
    assert!(minted.is_ok(), "the current key is gone while the next one is tried second: {minted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_waiting_for_a_failing_mint_gets_the_token_minted_meanwhile() {
    let cache = Cache::start().await;
    let docusign = &cache.app.settings.docusign;
    cache.sandbox.docusign.faults.once(Fault::Hang);
    let waiting = cache.get();
    let fixing = async {
        while cache.exchanges() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cache.app.access_tokens.force_mint(&docusign.user_id, &docusign.scopes).await.unwrap()
    };
    let (waited, minted) = tokio::join!(waiting, fixing);
    assert_eq!(waited.unwrap().0, minted.secret.expose_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_the_clock_back_extends_no_lifetime() {
    let cache = Cache::start().await;
    cache.advance(7200);
    let (first, _) = cache.get().await.unwrap();
    cache.clock.set_back(7200);
    cache.advance(0);
    let (second, result) = cache.get().await.unwrap();
    assert!(second != first && result == CacheResult::Minted);
}
