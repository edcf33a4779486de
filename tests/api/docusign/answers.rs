//! What DocuSign's account server may answer: errors, users and lifetimes in every form, and rate limits.

use evergrant::clock::UnixSeconds;
use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::error::{ExchangeError, RATE_LIMITS};
use evergrant::docusign::lifetimes::read_expires_in;
use evergrant::docusign::rate_limit::{CallKind, Throttles};
use evergrant::docusign::userinfo::UserInfo;
use evergrant::memory::failures::FailureKind;
use evergrant::oauth::subject::SubjectKind;
use evergrant::types::Guid;
use evergrant::web::retry_after;
use evergrant::web::upstream::UpstreamAnswer;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: UnixSeconds = UnixSeconds(1_900_000_000);

fn answer(status: u16, body: &str) -> UpstreamAnswer {
    UpstreamAnswer::read(status, |_| None, body.as_bytes())
}

#[test]
fn a_rate_limit_is_known_by_its_status_or_its_code() {
    for code in RATE_LIMITS {
        for body in [
            json!({"errorCode": code}),
            json!({"error": code.to_uppercase()}),
            json!({"error": "invalid_grant", "error_description": code.to_lowercase()}),
        ] {
            for status in [400, 401, 403, 500, 503] {
                let answer = answer(status, &body.to_string());
                let error = ExchangeError::classify(answer.clone(), Some(9));
                assert_eq!(error, ExchangeError::Throttled { retry_after: Some(9) }, "{status} {body}");
                assert_eq!(ApiError::of_answer(answer).code(), "api_throttled", "{status} {body}");
            }
        }
    }
    let limited = ExchangeError::classify(answer(429, "<html>"), None);
    assert_eq!((limited.kind(), limited.code()), (FailureKind::Transient, "throttled"));
}

#[test]
fn a_failure_at_docusign_is_never_taken_for_a_refusal() {
    let codes = [
        "internal_server_error",
        "server_error",
        "temporarily_unavailable",
        "service_unavailable",
        "unspecified_error",
    ];
    for code in codes {
        for body in [json!({"error": code}), json!({"errorCode": code.to_uppercase()})] {
            for status in [400, 401, 403, 404, 500, 502] {
                let error = ExchangeError::classify(answer(status, &body.to_string()), Some(7200));
                assert_eq!(
                    (error.code(), error.kind()),
                    ("server_failed", FailureKind::Throttled(300)),
                    "{status} {body}"
                );
            }
        }
    }
}

#[test]
fn only_what_concerns_consent_or_the_user_is_up_to_a_user() {
    for error in ExchangeError::ALL {
        let is_users = matches!(error, ExchangeError::ConsentRequired | ExchangeError::UserNotFound);
        assert_eq!(error.is_up_to_the_user(SubjectKind::SignedInUser), is_users, "{error:?}");
        assert!(!error.is_up_to_the_user(SubjectKind::IntegrationUser), "{error:?}");
        let sentences =
            [SubjectKind::SignedInUser, SubjectKind::IntegrationUser].map(|kind| error.client_sentence(kind));
        assert_eq!(sentences[0] != sentences[1], is_users, "{error:?}");
    }
}

#[test]
fn a_look_up_of_the_user_may_pass_by_itself_whatever_it_says() {
    for status in [200, 302, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504] {
        for body in
            ["", "<html>", r#"{"error":"consent_required"}"#, r#"{"error":"invalid_scope"}"#, r#"{"error":"new"}"#]
        {
            let error = ExchangeError::classify_userinfo(answer(status, body), None);
            assert_eq!(error.kind(), FailureKind::Transient, "{status} {body}: {error:?}");
        }
    }
}

#[test]
fn the_account_of_the_setting_is_found_in_any_spelling_and_no_other() {
    let id = |last: &str| format!("3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4{last}");
    let user: UserInfo = serde_json::from_value(json!({"sub": "s", "accounts": [
        {"account_id": id("aa"), "account_name": "A"}, {"account_id": id("BB"), "account_name": "B", "is_default": true},
        {"account_id": id("bb"), "account_name": "later"}, {"account_name": "without"}, 5,
    ]}))
    .unwrap();
    let with = |id: &str| user.account_with_id(&Guid::parse(id).unwrap()).map(|account| account.name.as_str());
    assert_eq!(
        (with(&id("aa")), with(&id("AA")), with(&id("bb")), with(&id("cc"))),
        (Some("A"), Some("A"), Some("B"), None)
    );
    assert_eq!(user.account().map(|account| account.name.as_str()), Some("B"));
}

#[test]
fn several_default_accounts_and_none_are_settled_by_their_order() {
    for (defaults, expected) in [
        (&[json!(false), json!(true), json!(true)][..], "1"),
        (&[json!("false"), json!("False"), json!("TRUE")], "2"),
        (&[json!(0), json!(1), json!("yes")], "0"),
        (&[json!(null), json!([true]), json!({"true": true})], "0"),
    ] {
        let accounts: Vec<Value> = (0..3).map(|at| json!({"account_id": at, "is_default": defaults[at]})).collect();
        let user: UserInfo = serde_json::from_value(json!({"sub": "s", "accounts": accounts})).unwrap();
        assert_eq!(user.account().unwrap().id, expected, "{defaults:?}");
    }
}

#[test]
fn a_lifetime_is_whole_seconds_of_at_most_a_day() {
    for (value, seconds) in [
        (json!(0), 0),
        (json!(1), 1),
        (json!("0"), 0),
        (json!("3600"), 3600),
        (json!("3600.9"), 3600),
        (json!(28_800.0), 28_800),
        (json!(86_400), 86_400),
        (json!(86_401), 86_400),
        (json!("99999999999999999999"), 3600),
        (json!(1e30), 3600),
        (json!("-5"), 3600),
        (json!("5 minutes"), 3600),
        (json!(""), 3600),
        (json!(true), 3600),
        (json!([60]), 3600),
        (json!({}), 3600),
    ] {
        assert_eq!(read_expires_in(&value), seconds, "{value}");
    }
}

#[test]
fn retry_after_is_read_as_every_server_writes_it() {
    let date = |seconds: u64| httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds));
    for (text, expected) in [
        ("0".to_owned(), Some(0)),
        (" 12 ".to_owned(), Some(12)),
        ("007".to_owned(), Some(7)),
        ("-1".to_owned(), None),
        ("+1".to_owned(), None),
        ("1.5".to_owned(), None),
        ("1, 2".to_owned(), None),
        (String::new(), None),
        (date(NOW.0 + 90), Some(90)),
        (date(NOW.0), Some(0)),
        (date(NOW.0 - 90), Some(0)),
        (date(0), Some(0)),
        ("Sun, 31 Feb 2030 00:00:00 GMT".to_owned(), None),
        ("2030-03-17T17:46:40Z".to_owned(), None),
    ] {
        assert_eq!(retry_after::read(&text, NOW), expected, "{text}");
    }
}

#[test]
fn a_pause_ends_when_it_is_over_and_never_grows_with_the_clock() {
    let throttled = |seconds| ExchangeError::Throttled { retry_after: Some(seconds) };
    for (asked, pause) in [(1, 1), (60, 60), (3600, 3600), (3601, 3600), (u64::MAX, 3600), (0, 0)] {
        let limits = Throttles::default();
        limits.remember(CallKind::Mint, &throttled(asked), NOW);
        let left = |now| limits.check(CallKind::Mint, now).err();
        if pause > 0 {
            assert_eq!(left(NOW), Some(throttled(pause)), "{asked}");
            assert_eq!(left(NOW.plus(pause - 1)), Some(throttled(1)), "{asked}");
        }
        assert_eq!(left(NOW.plus(pause)), None, "{asked}");
        assert_eq!(left(NOW.minus(3601)), None, "{asked}: the clock was set back");
    }
    let limits = Throttles::default();
    for other in
        [ExchangeError::ConsentRequired, ExchangeError::TimedOut, ExchangeError::Throttled { retry_after: None }]
    {
        limits.remember(CallKind::Mint, &other, NOW);
        assert_eq!(limits.check(CallKind::Mint, NOW), Ok(()), "{other:?}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_one_error_with_a_sentence_that_is_ours(status in 100_u16..600, body in "\\PC{0,80}", code in "[a-zA-Z_]{1,30}", retry in prop::option::of(any::<u64>())) {
        for body in [body.clone(), json!({"error": code, "error_description": body}).to_string(), json!({"errorCode": code}).to_string()] {
            for error in [ExchangeError::classify(answer(status, &body), retry), ExchangeError::classify_userinfo(answer(status, &body), retry)] {
                let sentence = error.client_sentence(SubjectKind::IntegrationUser);
                prop_assert!(ExchangeError::ALL.iter().any(|known| known.client_sentence(SubjectKind::IntegrationUser) == sentence));
                prop_assert!((1..=3600).contains(&error.kind().cached_for(1)));
                prop_assert!(!error.code().is_empty());
            }
        }
    }

    #[test]
    fn no_userinfo_panics_and_a_user_always_has_an_id(text in "\\PC{0,60}", sub in prop::option::of("\\PC{0,20}"), accounts in prop::collection::vec(any::<i32>(), 0..3)) {
        drop(serde_json::from_str::<UserInfo>(&text));
        let user = serde_json::from_value::<UserInfo>(json!({"sub": sub, "accounts": accounts, "name": accounts}));
        prop_assert_eq!(user.is_ok(), sub.is_some_and(|sub| !sub.is_empty()));
    }
}
