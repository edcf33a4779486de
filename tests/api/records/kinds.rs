//! What is written is what is accepted when it is read again, and lives as long as the table of kinds says.

use std::sync::Arc;

use evergrant::clock::{Clock as _, UnixSeconds};
use evergrant::oauth::assertion::claim_checks::LEEWAY;
use evergrant::store::Write;
use evergrant::store::assertions::UsedAssertions;
use evergrant::store::codes::UsedCodes;
use evergrant::store::memory::MemoryStore;
use evergrant::store::records::RecordKind;
use evergrant::store::redirect_requests::RedirectRequests;
use evergrant::store::revocations::Revocations;
use evergrant::store::rotation::Rotations;
use proptest::prelude::*;

use super::Spy;
use crate::store::grant;
use crate::support::ManualClock;

/// One write of each kind that the OAuth endpoints make, with the latest expiry that they can have.
async fn writes(clock: &ManualClock) -> Vec<Write> {
    let spy = Spy::on(Arc::new(MemoryStore::new(Arc::new(clock.clone()))));
    let (grant, now) = (grant(clock.now()), clock.now());
    let of_process = spy.inner.process_id().map(ToOwned::to_owned);
    let codes = UsedCodes::new(spy.clone(), Arc::new(clock.clone()));
    assert_eq!(codes.use_up("a.b.c", of_process.as_deref(), now.plus(300)).await, Ok(true));
    let assertions = UsedAssertions::new(spy.clone(), Arc::new(clock.clone()));
    assert_eq!(assertions.use_up(&grant.client_id, "jti", now.plus(3600 + LEEWAY)).await, Ok(true));
    let revocations = Revocations::new(spy.clone(), Arc::new(clock.clone()));
    revocations.revoke("grant", None).await.unwrap();
    revocations.revoke("jti", Some(now.plus(3600))).await.unwrap();
    revocations.revoke_all_before("client", now).await.unwrap();
    for generation in 0..40 {
        Rotations::new(spy.clone()).rotate(&grant, generation, now).await;
    }
    let requests = RedirectRequests::new(spy.clone(), Arc::new(clock.clone()));
    requests.record("client", "https://client.example/cb?x=\"\u{e4}\"");
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    spy.writes()
}

#[tokio::test]
async fn every_record_is_accepted_when_it_is_read_again() {
    let clock = ManualClock::new();
    let writes = writes(&clock).await;
    let mut kinds = Vec::new();
    for write in &writes {
        let kind = RecordKind::of(&write.name).unwrap_or_else(|| panic!("{write:?} is of no kind"));
        assert!(kind.accepts(&write.content), "{write:?}");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte);
        assert!(write.name.bytes().all(is_plain) && write.name.matches('/').count() == 1, "{write:?}");
        // The lifecycle rule of a kind deletes by age, so no record may need to live longer.
        let needed = write.expires_at.map(|end| end.seconds_left(clock.now()));
        let kept = kind.lifetime();
        assert!(kept.is_none() || needed.is_some_and(|needed| needed <= kept.unwrap()), "{write:?}");
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    assert_eq!(
        kinds,
        [
            RecordKind::UsedCode,
            RecordKind::UsedAssertion,
            RecordKind::Revocation,
            RecordKind::NotBefore,
            RecordKind::Rotation,
            RecordKind::RequestedRedirects
        ]
    );
}

#[test]
fn the_expiry_of_a_kind_is_its_lifetime_from_now() {
    for kind in RecordKind::ALL {
        let now = UnixSeconds(1_000_000);
        assert_eq!(kind.expires_at(now), kind.lifetime().map(|seconds| now.plus(seconds)), "{kind:?}");
        assert_eq!(RecordKind::of(&kind.name("a/b")), Some(kind));
        assert_eq!(RecordKind::of(kind.prefix()), None, "a folder is no record");
        assert_eq!(RecordKind::of(&format!("x{}", kind.name("a"))), None);
        assert_eq!(RecordKind::of(&kind.name("a").to_uppercase()), None);
    }
    for ends_connections in [RecordKind::Revocation, RecordKind::NotBefore, RecordKind::Rotation] {
        assert_eq!(ends_connections.deleted_after_days(), None, "{ends_connections:?} must never be deleted");
    }
}

#[test]
fn each_kind_accepts_its_own_text_only() {
    for (kind, own, foreign) in [
        (
            RecordKind::Revocation,
            &["revoked"][..],
            &["Revoked", "revoked\n", " revoked", "revoked revoked", "true"][..],
        ),
        (RecordKind::NotBefore, &["0", "1795319592", "1795319592\n"], &["-1", "1.5", "1 2", "x", "0x10", "\u{661}"]),
        (
            RecordKind::Rotation,
            &["1:2", "5:1795319592 4:1795319590"],
            &["1", "1:", ":2", "1:2 ", "1:2  3:4", "1:2,3:4", "a:b", "-1:2"],
        ),
        (RecordKind::UsedCode, &["aGVsbG8", "-_"], &["a b", "a=", "a.b", "a/b", "a\n", "\u{e4}"]),
        (RecordKind::UsedAssertion, &["aGVsbG8"], &["a b", "{}", "a:b"]),
        (RecordKind::Deletion, &["0", "1795319592 aGVsbG8", "1:2"], &["a,b", "{}", "a/b", "\n"]),
        (RecordKind::WorkfrontDocument, &["1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e"], &["a,b", "<a>", "a\"b"]),
        (RecordKind::Upload, &["{}", "{\"a\":1}"], &["[]", " {}", "{}\n", "{", "}", "null"]),
        (RecordKind::AnnouncedUpload, &["{\"a\":1}"], &["[{}]", "x{}"]),
        (RecordKind::RequestedRedirects, &["{\"requests\":[]}"], &["", "{\"requests\":[]"]),
    ] {
        for text in own {
            assert!(kind.accepts(text), "{kind:?} {text}");
        }
        for text in foreign.iter().chain(&["", "<html>", "\0"]) {
            assert!(!kind.accepts(text), "{kind:?} {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_page_of_a_proxy_is_a_record(page in "<[!a-zA-Z][ -~\\n]{0,60}|[A-Z][a-z ]{2,20}[!,?][a-z .]{0,20}|HTTP/1.1 [0-9]{3} [A-Za-z ]{2,20}") {
        for kind in RecordKind::ALL {
            prop_assert!(!kind.accepts(&page), "{:?} {}", kind, page);
        }
    }

    #[test]
    fn only_the_word_revokes(text in "\\PC{0,12}|[a-z]{7}|revoked.?") {
        prop_assert_eq!(RecordKind::Revocation.accepts(&text), text == "revoked");
    }
}
