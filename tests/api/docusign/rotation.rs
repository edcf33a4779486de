//! Two signing keys: which one signs first, what is tried next, and that no step of a rotation is an outage.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use evergrant::clock::Clock as _;
use evergrant::docusign::account_server::AccountServer;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::minter::{MintError, Minter, SigningKeys};
use evergrant::signing::{AssertionSigner, SignError};
use evergrant::web::http_client::HttpClient;
use sandbox::fault::Fault;
use sandbox::keys::{RsaKey, SEALING_KEY, SIGNING_KEY};

use crate::local::LocalApp;

/// A key that signs or fails, as set, and notes each time.
struct Signer {
    name: &'static str,
    key: RsaKey,
    failure: Arc<Mutex<Option<SignError>>>,
    signed: Arc<Mutex<Vec<&'static str>>>,
}

#[async_trait]
impl AssertionSigner for Signer {
    async fn sign_digest(&self, digest: [u8; 32]) -> Result<Vec<u8>, SignError> {
        self.signed.lock().unwrap().push(self.name);
        let failure = self.failure.lock().unwrap().clone();
        failure.map_or_else(|| Ok(self.key.sign_digest(&digest).unwrap()), Err)
    }
}

/// A minter with both keys against DocuSign, which knows those that are uploaded.
struct Stage {
    app: LocalApp,
    minter: Minter,
    signed: Arc<Mutex<Vec<&'static str>>>,
    failures: [Arc<Mutex<Option<SignError>>>; 2],
}

impl Stage {
    async fn start() -> Self {
        let app = LocalApp::start().await;
        let signed = Arc::new(Mutex::new(Vec::new()));
        let failures = [Arc::new(Mutex::new(None)), Arc::new(Mutex::new(None))];
        let with_key = |name, key: &RsaKey, failure: &Arc<Mutex<Option<SignError>>>| -> Arc<dyn AssertionSigner> {
            Arc::new(Signer { name, key: key.clone(), failure: Arc::clone(failure), signed: Arc::clone(&signed) })
        };
        let keys = SigningKeys {
            current: with_key("current", &SIGNING_KEY, &failures[0]),
            next: Some(with_key("next", &SEALING_KEY, &failures[1])),
        };
        let (settings, clock) = (&app.app.settings.docusign, Arc::new(app.clock.clone()));
        let http = Arc::new(HttpClient::new(|| None));
        let account_server = AccountServer::new(settings, http, clock.clone());
        let minter = Minter::new(settings, keys, account_server, clock);
        Self { app, minter, signed, failures }
    }

    /// Mints; returns the error and the keys that signed.
    async fn mint(&self) -> (Option<MintError>, Vec<&'static str>) {
        let docusign = &self.app.app.settings.docusign;
        let minted = self.minter.mint(&docusign.user_id, &docusign.scopes).await;
        (minted.err(), std::mem::take(&mut *self.signed.lock().unwrap()))
    }

    #[track_caller]
    fn expect(found: &(Option<MintError>, Vec<&'static str>), signed: &[&str]) {
        assert_eq!((&found.0, &found.1[..]), (&None, signed));
    }

    fn upload(&self, keys: &[&RsaKey]) {
        self.app.docusign.delete_public_keys();
        for key in keys {
            self.app.docusign.upload_public_key(&key.public_pem());
        }
    }

    fn fail(&self, current: Option<SignError>, next: Option<SignError>) {
        *self.failures[0].lock().unwrap() = current;
        *self.failures[1].lock().unwrap() = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_a_rotation_gets_a_token() {
    let stage = Stage::start().await;
    // The next key is not uploaded yet: it is tried once in ten minutes.
    Stage::expect(&stage.mint().await, &["next", "current"]);
    for seconds in [0, 300, 299] {
        stage.app.advance(seconds);
        Stage::expect(&stage.mint().await, &["current"]);
    }
    stage.app.advance(1);
    Stage::expect(&stage.mint().await, &["next", "current"]);
    // Both are uploaded.
    stage.upload(&[&SIGNING_KEY, &SEALING_KEY]);
    Stage::expect(&stage.mint().await, &["current"]);
    stage.app.advance(600);
    Stage::expect(&stage.mint().await, &["next"]);
    Stage::expect(&stage.mint().await, &["next"]);
    // The old key is deleted.
    stage.upload(&[&SEALING_KEY]);
    Stage::expect(&stage.mint().await, &["next"]);
    // The next key is withdrawn again.
    stage.upload(&[&SIGNING_KEY]);
    Stage::expect(&stage.mint().await, &["next", "current"]);
    Stage::expect(&stage.mint().await, &["current"]);
    // During the pause the old key is deleted and the new one uploaded: still no outage.
    stage.upload(&[&SEALING_KEY]);
    Stage::expect(&stage.mint().await, &["current", "next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_no_key_is_known_the_current_ones_failure_is_reported() {
    let stage = Stage::start().await;
    stage.upload(&[]);
    let unknown = Some(MintError::Exchange(ExchangeError::NoValidKeys));
    assert_eq!(stage.mint().await, (unknown.clone(), vec!["next", "current"]));
    assert_eq!(stage.mint().await, (unknown, vec!["current", "next"]), "during the pause");
    stage.fail(Some(SignError::AccessDenied), None);
    assert_eq!(stage.mint().await, (Some(MintError::Sign(SignError::AccessDenied)), vec!["current", "next"]));
    stage.app.advance(600);
    assert_eq!(stage.mint().await, (Some(MintError::Sign(SignError::AccessDenied)), vec!["next", "current"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_next_key_that_cannot_sign_rests_only_if_that_lasts() {
    let stage = Stage::start().await;
    stage.upload(&[&SIGNING_KEY, &SEALING_KEY]);
    for (failure, rests) in [
        (SignError::AccessDenied, true),
        (SignError::KeyNotFound, true),
        (SignError::NotInForce, true),
        (SignError::KeyDeleted, true),
        (SignError::WrongKey, true),
        (SignError::NoAnswer, false),
        (SignError::Throttled { retry_after: Some(3), answer: evergrant::web::upstream::UpstreamAnswer::NONE }, false),
    ] {
        stage.app.advance(600);
        stage.fail(None, Some(failure.clone()));
        Stage::expect(&stage.mint().await, &["next", "current"]);
        let expected: &[&str] = if rests { &["current"] } else { &["next", "current"] };
        let second = stage.mint().await;
        assert_eq!((second.0, &second.1[..]), (None, expected), "{failure:?}");
    }
    // The current key fails: the next one takes over, even during its pause.
    stage.app.advance(600);
    stage.fail(Some(SignError::KeyNotFound), Some(SignError::AccessDenied));
    assert!(stage.mint().await.0.is_some());
    stage.fail(Some(SignError::KeyNotFound), None);
    Stage::expect(&stage.mint().await, &["current", "next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_failure_of_the_key_makes_the_other_one_sign() {
    let stage = Stage::start().await;
    stage.upload(&[&SIGNING_KEY, &SEALING_KEY]);
    let refusal = |code: &str| Fault::Json(400, format!(r#"{{"error":"invalid_grant","error_description":"{code}"}}"#));
    for (fault, code) in [
        (Fault::Json(400, r#"{"error":"consent_required"}"#.to_owned()), "consent_required"),
        (refusal("issuer_not_found"), "issuer_not_found"),
        (refusal("user_not_found"), "user_not_found"),
        (Fault::Body("{}".to_owned()), "malformed_answer"),
        (Fault::Status(404), "foreign_answer"),
    ] {
        stage.app.docusign.faults.once(fault);
        let (error, signed) = stage.mint().await;
        assert_eq!((error.unwrap().code(), &signed[..]), (code, &["next"][..]));
    }
    // An assertion that was too old is made again, with the same key, once.
    stage.app.docusign.faults.once(refusal("expired_grant"));
    Stage::expect(&stage.mint().await, &["next", "next"]);
    stage.app.docusign.faults.once(refusal("expired_grant"));
    stage.app.docusign.faults.once(refusal("expired_grant"));
    let expired = Some(MintError::Exchange(ExchangeError::AssertionExpired));
    assert_eq!(stage.mint().await, (expired, vec!["next", "next"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_costs_no_signature() {
    let stage = Stage::start().await;
    stage.upload(&[&SIGNING_KEY, &SEALING_KEY]);
    stage.app.docusign.faults.once(Fault::Throttle(Some("40".to_owned())));
    let throttled = |seconds| Some(MintError::Exchange(ExchangeError::Throttled { retry_after: Some(seconds) }));
    assert_eq!(stage.mint().await, (throttled(40), vec!["next"]));
    let calls = stage.app.docusign.exchanges();
    stage.app.advance(15);
    let left = stage.mint().await;
    assert_eq!(left, (throttled(25), vec![]), "neither Key Vault nor DocuSign is asked");
    assert_eq!(stage.app.docusign.exchanges(), calls);
    stage.app.advance(25);
    Stage::expect(&stage.mint().await, &["next"]);
    assert!(stage.app.clock.now().0 > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_can_be_tried_alone() {
    let stage = Stage::start().await;
    let docusign = &stage.app.app.settings.docusign;
    let try_next = async || stage.minter.try_next_key(&docusign.user_id, &docusign.scopes).await;
    assert_eq!(try_next().await, Some(Err(MintError::Exchange(ExchangeError::NoValidKeys))));
    stage.upload(&[&SIGNING_KEY, &SEALING_KEY]);
    assert_eq!(try_next().await, Some(Ok(())), "and a failure of it does not make it rest");
    Stage::expect(&stage.mint().await, &["next", "next", "next"]);
}
