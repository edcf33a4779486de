//! The keys of a trusted issuer through outages and rollovers: a published key works within a minute, and a withdrawn one for a
//! day at most.

use std::sync::{Arc, LazyLock};

use evergrant::clock::Clock as _;
use evergrant::oauth::assertion::compact::Assertion;
use evergrant::registry::issuers::{IssuerKeys, KeySetSource, VerifyError};
use evergrant::telemetry;
use evergrant::web::http_client::HttpClient;
use proptest::prelude::*;
use serde_json::json;

use crate::support::ManualClock;
use crate::trust::issuer::TestIssuer;
use crate::trust::signer::Signer;

const DAY: u64 = 24 * 3600;

/// Three keys and a token of each.
static KEYS: LazyLock<[(Signer, String); 3]> = LazyLock::new(|| {
    ["one", "two", "three"].map(|kid| {
        let signer = Signer::p256(kid);
        let token = signer.token(&json!({"iss": "x"}));
        (signer, token)
    })
});

/// An issuer, and its keys as the app has them.
struct Stage {
    issuer: TestIssuer,
    keys: IssuerKeys,
    source: KeySetSource,
    clock: ManualClock,
    /// Since when each key is published, and until when it was.
    published: [Option<u64>; 3],
    withdrawn: [Option<u64>; 3],
}

impl Stage {
    async fn new() -> Self {
        let (issuer, clock) = (TestIssuer::start(&[]).await, ManualClock::new());
        let http = Arc::new(HttpClient::new(telemetry::traceparent));
        let keys = IssuerKeys::new(http, Arc::new(clock.clone()));
        let source = KeySetSource::Issuer(issuer.url.clone());
        let this = Self { issuer, keys, source, clock, published: [None; 3], withdrawn: [None; 3] };
        this.issuer.go_down();
        this
    }

    /// Publishes the keys with these numbers; none is an outage.
    fn publish(&mut self, numbers: &[usize]) {
        let now = self.clock.now().0;
        for number in 0..3 {
            match (numbers.contains(&number), self.published[number]) {
                (true, None) => self.published[number] = Some(now),
                (false, Some(_)) => {
                    self.published[number] = None;
                    self.withdrawn[number] = Some(now);
                }
                _ => {}
            }
        }
        if numbers.is_empty() {
            self.issuer.go_down();
        } else {
            self.issuer.publish(&numbers.iter().map(|number| &KEYS[*number].0).collect::<Vec<_>>());
        }
    }

    async fn ask(&self, number: usize) -> Result<(), VerifyError> {
        self.keys.verify(&self.source, &Assertion::parse(&KEYS[number].1).unwrap()).await
    }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Publish(Vec<usize>),
    Ask(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = proptest::sample::subsequence(vec![0, 1, 2], 0..=3);
    let step = prop_oneof![
        3 => prop_oneof![0..70_u64, Just(600), Just(3600), Just(DAY)].prop_map(Step::Wait),
        2 => keys.prop_map(Step::Publish),
        5 => (0..3_usize).prop_map(Step::Ask),
    ];
    proptest::collection::vec(step, 5..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_published_key_works_within_a_minute_and_a_withdrawn_one_for_a_day_at_most(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut stage = Stage::new().await;
            for step in steps {
                let now = stage.clock.now().0;
                match step {
                    Step::Wait(seconds) => stage.clock.advance(seconds),
                    Step::Publish(numbers) => stage.publish(&numbers),
                    Step::Ask(number) => {
                        let verified = stage.ask(number).await;
                        let long_published = stage.published[number].is_some_and(|since| now > since + 60);
                        prop_assert!(verified.is_ok() || !long_published, "key {}: {:?}", number, verified);
                        let ever = stage.published[number].is_some()
                            || stage.withdrawn[number].is_some_and(|until| now < until + DAY);
                        prop_assert!(verified.is_err() || ever, "key {} was not published for a day", number);
                    }
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_a_minute_however_many_there_are() {
    let mut stage = Stage::new().await;
    stage.publish(&[0]);
    assert!(stage.ask(0).await.is_ok());
    let calls = stage.issuer.calls();
    for minute in 1..5 {
        for _ in 0..20 {
            assert!(matches!(stage.ask(1).await, Err(VerifyError::Refused(_))));
        }
        assert!(stage.ask(0).await.is_ok());
        assert_eq!(stage.issuer.calls(), calls + 2 * minute, "a configuration and a key set");
        stage.clock.advance(60);
    }
}

#[tokio::test]
async fn an_unknown_key_during_an_outage_is_an_outage_and_a_known_one_works() {
    let mut stage = Stage::new().await;
    stage.publish(&[0]);
    assert!(stage.ask(0).await.is_ok());
    stage.publish(&[]);
    for _ in 0..5 {
        assert!(matches!(stage.ask(1).await, Err(VerifyError::Unavailable(_))), "it may be the issuer's new key");
        assert!(stage.ask(0).await.is_ok());
        stage.clock.advance(3600);
    }
    stage.clock.advance(DAY);
    let Err(VerifyError::Unavailable(unavailable)) = stage.ask(0).await else { panic!("the keys are too old") };
    assert!((1..=30).contains(&unavailable.retry_after), "{unavailable:?}");
}
