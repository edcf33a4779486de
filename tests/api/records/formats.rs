//! Records of earlier versions keep their meaning: a revocation that was stored years ago still holds.

use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::oauth::client::ClientId;
use evergrant::secret::{hex, sha256};
use evergrant::store::assertions::UsedAssertions;
use evergrant::store::codes::UsedCodes;
use evergrant::store::redirect_requests::RedirectRequests;
use evergrant::store::revocations::Revocations;
use evergrant::store::rotation::{Rotation, Rotations};
use evergrant::store::{Condition, Store, Write};

use super::Spy;
use crate::store::{BadLine, grant};
use crate::support::ManualClock;

/// A store with this record.
async fn with_record(clock: &ManualClock, name: &str, content: &str) -> Arc<BadLine> {
    let store = BadLine::new(clock);
    let (name, content) = (name.to_owned(), content.to_owned());
    let write = Write { name, content, condition: Condition::Absent, expires_at: None };
    assert_eq!(store.write(write).await, Ok(true));
    store
}

#[tokio::test]
async fn a_stored_revocation_holds() {
    let clock = ManualClock::new();
    let is_revoked = async |name: &str, content: &str, granted_at: u64| {
        let store = with_record(&clock, name, content).await;
        Revocations::new(store, Arc::new(clock.clone())).is_revoked(&grant(UnixSeconds(granted_at))).await
    };
    let of_client = format!("not-before/{}", hex(&sha256(b"client")));
    for (name, content, granted_at, expected) in [
        ("revoked/grant", "revoked", 1_700_000_000, true),
        ("revoked/other", "revoked", 1_700_000_000, false),
        (of_client.as_str(), "1700000001", 1_700_000_000, true),
        (&of_client, "1700000000", 1_700_000_000, false),
        (&of_client, "1700000001\n", 1_700_000_000, true),
        ("not-before/client", "1700000001", 1_700_000_000, false),
    ] {
        assert_eq!(is_revoked(name, content, granted_at).await, expected, "{name} {content}");
    }
}

#[tokio::test]
async fn a_stored_rotation_holds() {
    let clock = ManualClock::new();
    let now = clock.now();
    let content = format!("5:{} 4:{} 3:{}", now.0 - 10, now.0 - 20, now.0 - 100);
    for (presented, expected) in [
        (5, Rotation::Successor { generation: 6, at: now }),
        (4, Rotation::Successor { generation: 5, at: now.minus(10) }),
        (3, Rotation::Successor { generation: 5, at: now.minus(10) }),
        (2, Rotation::Reused),
        (0, Rotation::Reused),
        (9, Rotation::Successor { generation: 10, at: now }),
    ] {
        let store = with_record(&clock, "rotated/grant", &content).await;
        assert_eq!(Rotations::new(store).rotate(&grant(now), presented, now).await, expected, "{presented}");
    }
}

#[tokio::test]
async fn a_code_and_an_assertion_that_were_used_stay_so() {
    let clock = ManualClock::new();
    let until = clock.now().plus(300);
    let used = format!("redeemed/{}", hex(&sha256(b"a.b.c")));
    let store = with_record(&clock, &used, "mark").await;
    let codes = UsedCodes::new(store, Arc::new(clock.clone()));
    assert_eq!(codes.use_up("a.b.c", None, until).await, Ok(false));
    assert_eq!(codes.use_up("a.b.d", None, until).await, Ok(true));
    let used = format!("used-assertions/{}", hex(&sha256(b"web:jti")));
    let store = with_record(&clock, &used, "mark").await;
    let assertions = UsedAssertions::new(store, Arc::new(clock.clone()));
    let client_id = ClientId::parse("web").unwrap();
    assert_eq!(assertions.use_up(&client_id, "jti", until).await, Ok(false));
    assert_eq!(assertions.use_up(&client_id, "jti2", until).await, Ok(true));
}

#[tokio::test]
async fn stored_redirect_uris_are_listed_and_a_foreign_record_is_replaced() {
    let clock = ManualClock::new();
    let now = clock.now().0;
    let content =
        format!(r#"{{"requests":[{{"client_id":"web","redirect_uri":"https://c.example/cb","asked_at":{now}}}]}}"#);
    let store = with_record(&clock, "requested-redirects/latest", &content).await;
    let latest = RedirectRequests::new(store, Arc::new(clock.clone())).latest().await;
    let found: Vec<(&str, &str)> =
        latest.requests.iter().map(|request| (request.client_id.as_str(), request.redirect_uri.as_str())).collect();
    assert_eq!((found, latest.is_complete), (vec![("web", "https://c.example/cb")], true));
    for foreign in ["{}", "{\"requests\":1}", "{\"requests\":[{}]}"] {
        let spy = Spy::on(with_record(&clock, "requested-redirects/latest", foreign).await);
        let requests = RedirectRequests::new(spy.clone(), Arc::new(clock.clone()));
        requests.record("web", "https://c.example/new");
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(spy.writes().len(), 1, "{foreign}");
        assert_eq!(requests.latest().await.requests.len(), 1, "{foreign}");
    }
}
