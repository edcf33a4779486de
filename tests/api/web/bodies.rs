//! Streamed bodies: how they end, how long they may pause, and how much of an unread one is drained.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use evergrant::docusign::api::calls::CallBody;
use evergrant::docusign::api::error::ApiError;
use evergrant::web::body::{
    BodySource, Chunks, STANDSTILL, StreamError, Upload, Watched, after_the_head, content_length, waits_for_continue,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue};
use tokio::time::{Instant, sleep};

type Piece = Result<Bytes, StreamError>;

#[expect(clippy::unnecessary_wraps, reason = "an item of a stream")]
fn piece(length: usize) -> Piece {
    Ok(Bytes::from(vec![b'x'; length]))
}

/// `count` pieces of `length` bytes, with a pause before each. The counter has how many were taken.
fn pieces(count: usize, length: usize, pause: Duration) -> (impl Stream<Item = Piece> + Send, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let pieces = stream::iter(0..count).then(move |_| {
        let counter = Arc::clone(&counter);
        async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            counter.fetch_add(1, Ordering::SeqCst);
            piece(length)
        }
    });
    (pieces, taken)
}

#[tokio::test(start_paused = true)]
async fn an_unread_body_is_drained_up_to_128_mib() {
    const MIB: usize = 1 << 20;
    for (count, expected) in [(0, 0), (3, 3), (127, 127), (128, 128), (500, 128)] {
        let (body, taken) = pieces(count, MIB, Duration::ZERO);
        BodySource::new(body).drain().await;
        assert_eq!(taken.load(Ordering::SeqCst), expected, "{count} MiB");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_drained_for_twenty_seconds_only() {
    let (body, taken) = pieces(500, 1, Duration::from_secs(1));
    let begun = Instant::now();
    BodySource::new(body).drain().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
    assert!((18..=20).contains(&taken.load(Ordering::SeqCst)), "{taken:?}");
    let begun = Instant::now();
    BodySource::new(stream::pending()).drain().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
}

#[tokio::test]
async fn draining_ends_with_a_body_that_breaks_off() {
    let (after, taken) = pieces(5, 1, Duration::ZERO);
    let broken = stream::iter([piece(1), Err(StreamError::BrokenOff)]).chain(after);
    BodySource::new(broken).drain().await;
    assert_eq!(taken.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_interrupted_body_stays_interrupted_for_every_reader() {
    for error in [StreamError::BrokenOff, StreamError::Stalled] {
        let mut source = BodySource::new(stream::iter([piece(2), Err(error), piece(3)]));
        let mut second = source.clone();
        assert_eq!(source.next().await, Some(piece(2)));
        assert_eq!(source.next().await, Some(Err(error)));
        for _ in 0..3 {
            assert_eq!(source.next().await, Some(Err(error)), "it never looks complete");
            assert_eq!(second.next().await, Some(Err(error)));
        }
    }
}

#[tokio::test]
async fn a_complete_body_stays_complete_and_readers_share_it() {
    let mut source = BodySource::new(stream::iter([piece(1), piece(2)]));
    let mut second = source.clone();
    assert_eq!((source.next().await, second.next().await), (Some(piece(1)), Some(piece(2))));
    for _ in 0..3 {
        assert_eq!((source.next().await, second.next().await), (None, None));
    }
}

#[tokio::test]
async fn a_body_counts_as_read_from_the_first_look() {
    let source = BodySource::new(stream::pending());
    assert!(!source.was_read());
    let mut reader = source.clone();
    assert!(reader.next().now_or_never().is_none());
    assert!(source.was_read(), "a client that waits for 100 Continue sends from now on");
}

#[tokio::test(start_paused = true)]
async fn a_body_may_pause_as_long_as_the_limit_between_any_two_pieces() {
    let just_in_time = STANDSTILL.saturating_sub(Duration::from_secs(1));
    let (body, _) = pieces(20, 1, just_in_time);
    assert_eq!(Watched::new(body).filter(|piece| std::future::ready(piece.is_ok())).count().await, 20);
    let (body, _) = pieces(3, 1, STANDSTILL + Duration::from_secs(1));
    let begun = Instant::now();
    let all: Vec<Piece> = Watched::new(body).collect().await;
    assert_eq!(all, [Err(StreamError::Stalled)], "and then it ends");
    assert_eq!(begun.elapsed(), STANDSTILL);
}

#[tokio::test]
async fn a_watched_body_ends_with_its_first_error() {
    let all: Vec<Piece> = Watched::new(stream::iter([piece(1), Err(StreamError::BrokenOff), piece(2)])).collect().await;
    assert_eq!(all, [piece(1), Err(StreamError::BrokenOff)]);
    assert_eq!(Watched::new(stream::empty()).next().await, None);
}

#[tokio::test]
async fn an_error_comes_one_poll_late_so_that_the_head_is_sent_first() {
    let chunks: Chunks = Box::pin(stream::iter([piece(1), Err(StreamError::BrokenOff)]));
    let mut late = Box::pin(after_the_head(chunks));
    assert_eq!(late.next().now_or_never(), Some(Some(piece(1))), "what arrives is not delayed");
    assert_eq!(late.next().now_or_never(), None, "not ready at once");
    assert_eq!(late.next().await, Some(Err(StreamError::BrokenOff)));
}

#[test]
fn a_length_is_a_number_and_nothing_else() {
    for (value, expected) in [
        ("0", Some(0)),
        ("5", Some(5)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-1", None),
        ("5, 5", None),
        ("5 ", None),
        ("0x5", None),
        ("", None),
        ("five", None),
    ] {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_LENGTH, HeaderValue::from_static(value))]);
        assert_eq!(content_length(&headers), expected, "{value}");
    }
    assert_eq!(content_length(&HeaderMap::new()), None);
}

#[test]
fn only_100_continue_makes_a_client_wait() {
    for (value, waits) in
        [("100-continue", true), ("100-Continue", true), ("100-continue, x", false), ("", false), ("200-ok", false)]
    {
        let headers = HeaderMap::from_iter([(http::header::EXPECT, HeaderValue::from_static(value))]);
        assert_eq!(waits_for_continue(&headers), waits, "{value}");
    }
}

/// An upload of pieces of `length` bytes.
fn upload(count: usize, length: usize, declared: Option<u64>) -> Upload {
    let chunks: Chunks = Box::pin(stream::iter((0..count).map(move |_| piece(length))));
    Upload { chunks, length: declared }
}

#[tokio::test]
async fn a_body_of_up_to_256_kib_is_kept_to_be_sent_again() {
    const KIB: usize = 1024;
    for (count, length, declared, kept) in [
        (0, 0, Some(0), true),
        (0, 0, None, true),
        (4, 64 * KIB, None, true),
        (4, 64 * KIB, Some(256 * 1024), true),
        (5, 64 * KIB, None, false),
        (1, 256 * KIB + 1, None, false),
        (1, 1, Some(256 * 1024 + 1), false),
    ] {
        let body = CallBody::of(upload(count, length, declared)).await.expect("a body");
        match body {
            CallBody::Whole(bytes) => {
                assert!(kept, "{count} × {length}");
                assert_eq!(bytes.len(), count * length);
            }
            CallBody::Streamed(upload) => {
                assert!(!kept, "{count} × {length}");
                assert_eq!(upload.length, declared, "DocuSign notices whether it is complete");
                let total =
                    upload.chunks.map(|piece| piece.unwrap().len()).fold(0, |sum, len| async move { sum + len });
                assert_eq!(total.await, count * length, "nothing is lost or read twice");
            }
        }
    }
}

#[tokio::test]
async fn a_small_body_that_breaks_off_is_not_sent_at_all() {
    for error in [StreamError::BrokenOff, StreamError::Stalled] {
        let chunks: Chunks = Box::pin(stream::iter([piece(10), Err(error)]));
        let body = CallBody::of(Upload { chunks, length: Some(20) }).await;
        assert!(matches!(body.err(), Some(ApiError::BodyBrokeOff)), "{error}");
    }
}

#[tokio::test]
async fn a_large_body_that_breaks_off_later_is_passed_on_as_broken() {
    let begin = (0..5).map(|_| piece(64 * 1024));
    let chunks: Chunks = Box::pin(stream::iter(begin.chain([Err(StreamError::BrokenOff)])));
    let Ok(CallBody::Streamed(upload)) = CallBody::of(Upload { chunks, length: None }).await else {
        panic!("streamed")
    };
    let all: Vec<Piece> = upload.chunks.collect().await;
    assert_eq!(all.last(), Some(&Err(StreamError::BrokenOff)));
}
