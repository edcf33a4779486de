//! What is read of an upstream's answer, and how long callers wait after it.

use evergrant::clock::UnixSeconds;
use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::api::rate_limit;
use evergrant::docusign::error::ExchangeError;
use evergrant::docusign::tokens::minter::MintError;
use evergrant::docusign::tokens::slot::AccessTokenError;
use evergrant::endpoints::triggers::error::TriggerError;
use evergrant::memory::failures::FailureKind;
use evergrant::web::http_client::{read_answer, read_beginning, read_body};
use evergrant::web::obstacle::Obstacle;
use evergrant::web::retry_after;
use evergrant::web::upstream::{MAX_ERROR_BYTES, UpstreamAnswer};
use futures_util::stream;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::ResponseBuilderExt as _;

/// An answer of `host` that consists of these chunks; `!` is a lost connection.
fn answer(status: u16, chunks: &[&'static str]) -> reqwest::Response {
    let chunks = chunks.iter().map(|chunk| if *chunk == "!" { Err(std::io::Error::other("cut")) } else { Ok(*chunk) });
    let body = reqwest::Body::wrap_stream(stream::iter(chunks.collect::<Vec<_>>()));
    let url = "https://host.example/path?secret".parse().unwrap();
    http::Response::builder().status(status).url(url).body(body).unwrap().into()
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    for (chunks, body) in [
        (&[][..], Some("")),
        (&["12345"], Some("12345")),
        (&["12", "345"], Some("12345")),
        (&["123456"], None),
        (&["12345", "6"], None),
        // Nothing is read after the limit.
        (&["123456", "!"], None),
    ] {
        let read = read_body(answer(200, chunks), 5).await.unwrap();
        assert_eq!(read.as_deref(), body.map(str::as_bytes), "{chunks:?}");
    }
    assert!(read_body(answer(200, &["123", "!"]), 5).await.is_err(), "a part is not the body");
    for (chunks, body, is_whole) in [(&["12", "!"][..], "12", false), (&["12", "345", "!"], "12345", true)] {
        let (read, end) = read_beginning(&mut answer(200, chunks), 5).await;
        assert_eq!((read.as_slice(), end.is_ok()), (body.as_bytes(), is_whole), "{chunks:?}");
    }
}

#[tokio::test]
async fn an_unexpected_answer_names_its_host_and_is_understood_without_the_rest_of_its_body() {
    let shown = async |status, chunks: &[&'static str]| read_answer(answer(status, chunks)).await.to_string();
    assert_eq!(shown(502, &["<html>", "!"]).await, "status 502, a web page, from host.example");
    assert_eq!(shown(400, &["{\"error\":\"odd\"}"]).await, "status 400, odd, from host.example");
    let (first, rest) = ("x".repeat(MAX_ERROR_BYTES).leak(), "!");
    assert_eq!(shown(500, &[first, rest]).await, "status 500, from host.example");
}

#[test]
fn retry_after_is_read_as_seconds_or_date() {
    let now = UnixSeconds(784_111_777);
    for (text, expected) in [
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
        ("Sun, 06 Nov 1994 08:49:30 GMT", Some(0)),
        ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
        ("Sun Nov  6 08:49:47 1994", Some(10)),
        ("99999999999999999999999", Some(u64::MAX)),
        ("soon", None),
        ("-1", None),
        ("", None),
    ] {
        assert_eq!(retry_after::read(text, now), expected, "{text}");
    }
}

#[test]
fn the_wait_after_a_rate_limit_is_in_one_of_many_headers_and_at_most_an_hour() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (headers, expected) in [
        (&[][..], None),
        (&[("retry-after", "7")], Some(7)),
        (&[("retry-after", "86400")], Some(3600)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"), date], Some(10)),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], None),
        (&[("x-ratelimit-reset", "Sun, 06 Nov 1994 09:00:00 GMT"), date], Some(623)),
        (&[("x-ratelimit-reset", "784112400"), date], Some(623)),
        (&[("x-ratelimit-reset", "784112400"), ("x-ratelimit-remaining", "0"), date], Some(623)),
        (&[("x-ratelimit-reset", "784112400"), ("x-ratelimit-remaining", "17"), date], None),
        (&[("x-ratelimit-reset", "784112400"), ("retry-after", "7"), date], Some(7)),
        (&[("x-ratelimit-reset", "soon"), ("retry-after", "soon"), date], None),
        (&[("x-ratelimit-reset", "784112400")], None),
        (&[("x-ratelimit-reset", "99999999999999999999"), date], Some(3600)),
        (&[("x-ratelimit-reset", "1"), date], Some(0)),
    ] {
        let map = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        assert_eq!(rate_limit::wait(&map.collect()), expected, "{headers:?}");
    }
}

#[test]
fn retry_after_is_set_once() {
    let mut headers = http::HeaderMap::new();
    for seconds in [0, 5, 7] {
        retry_after::set(&mut headers, seconds);
        let text = headers[RETRY_AFTER].to_str().unwrap();
        assert_eq!(retry_after::read(text, UnixSeconds(0)), Some(seconds));
        assert_eq!(headers.len(), 1);
    }
}

#[test]
fn each_error_of_an_api_says_when_another_try_can_help() {
    let (none, busy) = (|| UpstreamAnswer::NONE, |status| UpstreamAnswer::of_status(status));
    let unavailable = AccessTokenError { error: MintError::Deadline, retry_after: 17 };
    let throttled = |retry_after| ExchangeError::Throttled { retry_after };
    for (error, wait, kind, listed) in [
        (ApiError::NoAccessToken(unavailable), 17, FailureKind::Transient, 5),
        (ApiError::AccountUnknown(throttled(Some(3600))), 3600, FailureKind::Throttled(3600), 5),
        (ApiError::AccountUnknown(throttled(None)), 5, FailureKind::Transient, 5),
        (ApiError::NoAccount, 30, FailureKind::Permanent, 5),
        (ApiError::NoClm { answer: none() }, 30, FailureKind::Permanent, 5),
        (ApiError::Untrusted, 30, FailureKind::Permanent, 5),
        (ApiError::NoUserList { answer: none() }, 30, FailureKind::Permanent, 5),
        (ApiError::of_answer(busy(500)).after(Some(7)), 5, FailureKind::Transient, 5),
        (ApiError::of_answer(busy(429)), 60, FailureKind::Throttled(60), 30),
        (ApiError::of_answer(busy(429)).after(Some(7)), 7, FailureKind::Throttled(7), 30),
        (ApiError::of_answer(busy(429)).after(Some(0)), 1, FailureKind::Throttled(0), 30),
        (ApiError::of_answer(busy(429)).after(Some(900)), 900, FailureKind::Throttled(900), 900),
        (ApiError::Unreachable(Obstacle::Name), 5, FailureKind::Transient, 5),
        (ApiError::AccessTokenReplaced, 1, FailureKind::Transient, 5),
        (ApiError::TooManyStreams, 5, FailureKind::Transient, 5),
    ] {
        assert_eq!((error.retry_after(), error.kind()), (wait, kind), "{error:?}");
        assert_eq!(TriggerError::Api(error.clone()).cached_for(), listed, "{error:?}");
    }
}
