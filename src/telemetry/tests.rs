//! The subscriber as a whole: whatever a field, a span or a thread does, a line is one JSON object with the fields of its
//! request.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Map, Value};
use tracing::dispatcher::{Dispatch, with_default};
use tracing::{debug, error, info, info_span, trace, warn};

use crate::telemetry::log::Log;
use crate::telemetry::output::Output;
use crate::telemetry::spans::Spans;
use crate::telemetry::{Answer, AnswerRecord, RequestIds, background_span, record_failures, record_hint, traceparent};

/// Keeps what was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The lines that `work` writes with these levels.
fn lines(levels: &str, work: impl FnOnce()) -> Vec<Value> {
    let written = Written::default();
    let output = Output::new(written.clone());
    let log = Log { levels: levels.parse().unwrap(), spans: Spans::default(), output: output.clone() };
    with_default(&Dispatch::new(log), work);
    output.close();
    let text = String::from_utf8(written.0.lock().unwrap().clone()).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The only line.
fn line(work: impl FnOnce()) -> Value {
    let lines = lines("trace", work);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].clone()
}

fn fields(line: &Value) -> &Map<String, Value> {
    line.as_object().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_in_any_field_is_one_line_and_reads_back(
        text in "\\PC{0,30}|[\\x00-\\x7f]{0,30}|(\"|\\\\|\n|\r|\u{2028}|\\}|\\{|,|:){0,12}", hint in "\\PC{0,12}|[\\x00-\\x1f]{0,4}",
        number in any::<u64>(), signed in any::<i64>(), fraction in any::<f64>(), flag in any::<bool>(),
    ) {
        let found = line(|| {
            let span = info_span!("request", request_id = text.as_str());
            let _entered = span.enter();
            record_hint(&hint);
            info!(event = text.as_str(), number, signed, fraction, flag, debug = ?text, "{text}");
        });
        prop_assert_eq!(&found["event"], &Value::from(text.as_str()));
        prop_assert_eq!(&found["request_id"], &Value::from(text.as_str()));
        prop_assert_eq!(&found["message"], &Value::from(text.as_str()));
        prop_assert_eq!(&found["debug"], &Value::from(format!("{text:?}")));
        prop_assert_eq!(&found["hint"], &Value::from(hint.as_str()));
        prop_assert_eq!(&found["number"], &Value::from(number));
        prop_assert_eq!(&found["signed"], &Value::from(signed));
        prop_assert_eq!(&found["flag"], &Value::from(flag));
        // JSON has no infinity.
        prop_assert_eq!(found["fraction"].is_null(), !fraction.is_finite());
    }

    #[test]
    fn docusigns_code_is_logged_only_if_it_looks_like_one(error in "\\PC{0,70}|[a-z_]{0,70}") {
        let found = AnswerRecord::default().with_docusign_error(&error).docusign_error;
        let is_code = error.len() <= 60 && error.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        prop_assert_eq!(found, is_code.then_some(error));
    }
}

#[test]
fn a_line_begins_with_time_level_and_event_and_ends_with_its_target() {
    let found = line(|| warn!(event = "store_unavailable", what = "used code", "the store does not answer"));
    let names: Vec<&str> = fields(&found).keys().map(String::as_str).collect();
    assert_eq!((names.first(), names.get(1), names.last()), (Some(&"timestamp"), Some(&"level"), Some(&"target")));
    assert_eq!((&found["level"], &found["what"]), (&"WARN".into(), &"used code".into()));
    assert_eq!(found["target"], "evergrant::telemetry::tests");
    let timestamp = found["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 27 && timestamp.ends_with('Z'), "{timestamp}");
}

#[test]
fn levels_choose_lines_but_never_audit_lines() {
    let work = || {
        trace!("t");
        debug!("d");
        info!("i");
        warn!("w");
        error!("e");
        info!(target: "evergrant::audit", event = "token_issued", "a");
        info!(target: "hyper::proto", "another crate's");
        error!(target: "reqwest", "another crate's");
        error!(target: "evergran", "another crate's");
    };
    for (levels, expected) in [
        ("trace", &["t", "d", "i", "w", "e", "a"][..]),
        ("info", &["i", "w", "e", "a"]),
        ("error", &["e", "a"]),
        ("off", &["a"]),
        ("hyper=trace,off", &["a"]),
        ("off,evergrant::telemetry=warn", &["w", "e", "a"]),
        ("off,evergrant::docusign=trace", &["a"]),
    ] {
        let messages: Vec<Value> = lines(levels, work).into_iter().map(|line| line["message"].clone()).collect();
        assert_eq!(messages, expected, "{levels}");
    }
}

#[test]
fn the_fields_of_a_request_are_in_all_its_lines_and_in_no_other() {
    let headers = HeaderMap::new();
    let (one, other) = (RequestIds::new(&headers), RequestIds::new(&headers));
    let found = lines("info", || {
        info!("before");
        let (first, second) = (one.span(), other.span());
        first.in_scope(|| {
            info!("one");
            record_failures(21);
            second.in_scope(|| info!("other"));
            info_span!("mint", scope = "signature").in_scope(|| info!("inside"));
            info!("one again");
        });
        info!("after");
    });
    let by_message = |message: &str| found.iter().find(|line| line["message"] == message).unwrap();
    for (message, ids, failures, scope) in [
        ("before", None, false, false),
        ("one", Some(&one), false, false),
        ("other", Some(&other), false, false),
        ("inside", Some(&one), true, true),
        ("one again", Some(&one), true, false),
        ("after", None, false, false),
    ] {
        let line = by_message(message);
        assert_eq!(line["request_id"].as_str(), ids.map(|ids| ids.request_id.as_str()), "{message}");
        assert_eq!(line["trace_id"].as_str(), ids.map(|ids| ids.trace.trace_id.as_str()), "{message}");
        assert_eq!((line["failures"] == 21, line["scope"] == "signature"), (failures, scope), "{message}");
    }
}

#[test]
fn a_closed_span_leaves_nothing_in_the_next_one() {
    let found = lines("info", || {
        for number in 0..50 {
            let span = info_span!("request", request_id = format!("r{number}"));
            span.in_scope(|| {
                if number % 2 == 0 {
                    record_hint("a hint");
                }
                info!(number, "line");
            });
        }
    });
    for (number, line) in found.iter().enumerate() {
        assert_eq!(line["request_id"], format!("r{number}"));
        assert_eq!(line["hint"].is_string(), number % 2 == 0, "{line}");
        assert_eq!(fields(line).len(), if number % 2 == 0 { 7 } else { 6 }, "{line}");
    }
}

#[test]
fn threads_do_not_see_each_others_spans() {
    let found = lines("info", || {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let threads = (0..8).map(|thread| {
            let dispatch = dispatch.clone();
            std::thread::spawn(move || {
                with_default(&dispatch, || {
                    for _ in 0..25 {
                        info_span!("request", request_id = format!("r{thread}")).in_scope(|| info!(thread, "line"));
                    }
                });
            })
        });
        threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    });
    assert_eq!(found.len(), 200);
    for line in found {
        assert_eq!(line["request_id"], format!("r{}", line["thread"]), "{line}");
    }
}

#[test]
fn a_span_that_is_left_out_of_order_or_twice_does_no_harm() {
    let found = lines("info", || {
        let (outer, inner) = (info_span!("a", request_id = "outer"), info_span!("b", operation = "inner"));
        let (first, second) = (outer.clone().entered(), inner.clone().entered());
        drop(first);
        info!("inner only");
        drop(second);
        info!("none");
        outer.in_scope(|| outer.in_scope(|| info!("twice")));
        info!("none again");
    });
    let inside = |message: &str, field: &str| {
        let line = found.iter().find(|line| line["message"] == message).unwrap();
        line[field].clone()
    };
    assert_eq!(inside("inner only", "operation"), "inner");
    assert_eq!(inside("twice", "request_id"), "outer");
    assert!(inside("none", "request_id").is_null() && inside("none again", "request_id").is_null());
}

#[test]
fn calls_carry_the_trace_of_their_request_with_a_span_id_each() {
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers: HeaderMap =
        [(http::HeaderName::from_static("traceparent"), caller.parse().unwrap())].into_iter().collect();
    lines("info", || {
        assert_eq!(traceparent(), None, "outside of a request");
        let ids = RequestIds::new(&headers);
        ids.span().in_scope(|| {
            let sent: Vec<String> = (0..3).map(|_| traceparent().unwrap().to_str().unwrap().to_owned()).collect();
            for header in &sent {
                assert!(
                    header.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && header.ends_with("-01"),
                    "{header}"
                );
                assert!(header.len() == 55 && !header.contains("b7ad6b7169203331"), "{header}");
            }
            assert!(sent[0] != sent[1] && sent[1] != sent[2]);
        });
        // Without a caller's trace, the flags are not set and the id is the request's.
        let own = RequestIds::new(&HeaderMap::new());
        let sent = own.span().in_scope(|| traceparent().unwrap());
        let sent = sent.to_str().unwrap();
        assert!(sent.starts_with(&format!("00-{}-", own.request_id)) && sent.ends_with("-00"), "{sent}");
        background_span().in_scope(|| assert!(traceparent().is_some()));
    });
}

#[test]
fn an_answer_is_a_success_refused_or_failed_by_its_status() {
    for (status, outcome, level) in [
        (200, "success", "INFO"),
        (302, "success", "INFO"),
        (399, "success", "INFO"),
        (400, "refused", "INFO"),
        (429, "refused", "INFO"),
        (499, "refused", "INFO"),
        (500, "failed", "WARN"),
        (503, "failed", "WARN"),
    ] {
        let found = line(|| {
            let response = http::Response::builder().status(status).body(()).unwrap();
            let answer = Answer { response, record: AnswerRecord::default() };
            super::log(&answer, "/oauth/token", None, crate::clock::Stopwatch::start());
        });
        assert_eq!(
            (&found["outcome"], &found["level"], &found["status"]),
            (&outcome.into(), &level.into(), &status.into())
        );
        assert_eq!((&found["event"], &found["route"]), (&"answered".into(), &"/oauth/token".into()));
        assert!(
            found["duration_ms"].is_number() && !fields(&found).contains_key("error"),
            "empty fields are left out: {found}"
        );
    }
}

#[test]
fn an_alarm_is_an_error_and_audit_lines_have_their_own_target() {
    for (record, level, target, message) in [
        (AnswerRecord::of("token_issued"), "INFO", "evergrant::audit", "request answered"),
        (AnswerRecord::of("grant_revoked"), "INFO", "evergrant::audit", "request answered"),
        (AnswerRecord::of("token_refused"), "INFO", "evergrant::answers", "request answered"),
        (AnswerRecord { alarm: Some("fix it"), ..AnswerRecord::default() }, "ERROR", "evergrant::answers", "fix it"),
    ] {
        let found = line(|| {
            let answer = Answer { response: http::Response::new(()), record };
            super::log(&answer, "/", Some("an-id"), crate::clock::Stopwatch::start());
        });
        assert_eq!((&found["level"], &found["target"]), (&level.into(), &target.into()));
        assert_eq!((&found["message"], &found["invocation_id"]), (&message.into(), &"an-id".into()));
    }
}

#[test]
fn the_reuse_of_a_refresh_token_is_an_audit_line_at_every_level() {
    for kept in [true, false] {
        let found = lines("off", || super::audit_reuse("AAAAAAAAAAAAAAAAAAAAAA", kept));
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0]["event"], &found[0]["kept"]), (&"grant_revoked".into(), &kept.into()));
        assert_eq!((&found[0]["cause"], &found[0]["level"]), (&"refresh_token_reused".into(), &"WARN".into()));
    }
}
