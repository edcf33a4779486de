//! What a poll answers for each answer of DocuSign's, and how long that is cached. What a filter selects.

use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::error::TriggerError;
use evergrant::endpoints::triggers::item::{Item, ItemKind};
use evergrant::endpoints::triggers::poll::{Filter, MAX_DELIVERED, body, step};
use evergrant::endpoints::triggers::reader::Snapshot;
use evergrant::endpoints::triggers::request::{Trigger, TriggerParameters};
use evergrant::endpoints::triggers::watermark::Watermark;
use evergrant::telemetry::AnswerRecord;
use evergrant::web::upstream::UpstreamAnswer;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn of(status: u16, body: &str) -> TriggerError {
    TriggerError::of_docusign(UpstreamAnswer::read(status, |_| None, body.as_bytes()))
}

fn clm(code: u32) -> String {
    json!({"Error": {"HttpStatusCode": 400, "ErrorCode": code}}).to_string()
}

#[test]
fn each_answer_of_docusign_has_its_status_and_its_time_in_the_cache() {
    let (page, rate) = ("<!DOCTYPE html><h1>Sign in</h1>", r#"{"errorCode":"HOURLY_APIINVOCATION_LIMIT_EXCEEDED"}"#);
    let rows: [(u16, &str, u16, &str, u64); 22] = [
        (400, "", 503, "api_failed", 5),
        (400, &clm(114), 404, "", 30),
        (400, &clm(115), 404, "", 30),
        (400, &clm(110), 503, "api_failed", 5),
        (400, rate, 503, "api_throttled", 30),
        (401, "", 403, "", 30),
        (401, &clm(103), 403, "", 30),
        (401, page, 503, "api_failed", 5),
        (403, "", 403, "", 30),
        (403, page, 503, "api_failed", 5),
        (404, "", 404, "", 30),
        (404, &clm(109), 404, "", 30),
        (404, page, 503, "api_failed", 5),
        (409, "", 503, "api_failed", 5),
        (422, &clm(114), 404, "", 30),
        (422, &clm(1012), 503, "api_failed", 5),
        (429, "", 503, "api_throttled", 30),
        (429, &clm(103), 503, "api_throttled", 30),
        (302, "", 503, "api_failed", 5),
        (500, page, 503, "api_failed", 5),
        (502, &clm(114), 503, "api_failed", 5),
        (503, "", 503, "api_failed", 5),
    ];
    for (status, body, expected, cause, cached_for) in rows {
        let error = of(status, body);
        let answer = error.answer(AnswerRecord::default());
        assert_eq!(answer.response.status(), expected, "{status} {body}");
        assert_eq!(answer.record.cause.unwrap_or_default(), cause, "{status} {body}");
        assert_eq!(error.cached_for(), cached_for, "{status} {body}");
        let retries = answer.response.headers().get("retry-after").is_some();
        assert_eq!(retries, expected == 503, "{status} {body}");
        assert!(answer.response.headers().get("location").is_none(), "a flow keeps its address");
    }
}

#[test]
fn an_outage_is_in_the_log_and_a_refusal_is_not_logged_twice() {
    for (error, logged) in [
        (TriggerError::Api(ApiError::Malformed), true),
        (TriggerError::Api(ApiError::TimedOut), true),
        (of(500, ""), true),
        (TriggerError::Unsteady, true),
        (TriggerError::Forbidden, false),
        (TriggerError::Missing, false),
        (TriggerError::BadCursor, false),
        (TriggerError::NotAllowed, false),
        (TriggerError::Invalid("x"), false),
    ] {
        assert_eq!(!error.line().is_empty(), logged, "{error:?}");
    }
}

#[test]
fn every_error_of_a_trigger_is_json_that_no_cache_keeps() {
    for (error, status, code) in [
        (TriggerError::NoSuchTrigger, 404, "not_found"),
        (TriggerError::Invalid("a sentence"), 400, "invalid_request"),
        (TriggerError::BadCursor, 400, "invalid_request"),
        (TriggerError::NotAllowed, 403, "insufficient_scope"),
        (TriggerError::Forbidden, 403, "access_denied"),
        (TriggerError::Missing, 404, "not_found"),
        (TriggerError::RegistryUnavailable, 503, "temporarily_unavailable"),
        (TriggerError::SealingUnavailable, 503, "temporarily_unavailable"),
        (TriggerError::Unsteady, 503, "temporarily_unavailable"),
    ] {
        let answer = error.answer(AnswerRecord::default());
        let headers = answer.response.headers();
        assert_eq!(
            (answer.response.status().as_u16(), &headers["cache-control"]),
            (status, &"no-store".parse().unwrap())
        );
        let json: Value = serde_json::from_slice(answer.response.body()).unwrap();
        assert_eq!(json["error"], code, "{error:?}");
        assert!(!json["error_description"].as_str().unwrap().is_empty());
        assert_eq!(headers.contains_key("www-authenticate"), code == "insufficient_scope", "RFC 6750 section 3");
    }
}

fn snapshot(items: &[Value], kind: ItemKind) -> Snapshot<Item> {
    let items = items.iter().map(|json| Item::read(kind, RawValue::from_string(json.to_string()).unwrap()).unwrap());
    Snapshot { items: items.collect(), complete_after: None }
}

/// The ids that a trigger with this query selects, since the beginning of time.
fn selected(trigger: Trigger, query: &str, snapshot: &Snapshot<Item>) -> Vec<String> {
    let filter = Filter::of(&TriggerParameters::read(trigger, query).unwrap());
    let step = step(snapshot, &filter, Some(&Watermark::since(Moment(0))), Moment(0), 48);
    step.delivered.iter().map(|place| snapshot.items[*place].id.clone()).collect()
}

#[test]
fn envelopes_are_selected_by_their_status() {
    let states = ["sent", "Completed", "voided", "created"].iter().enumerate();
    let items: Vec<Value> = states
        .map(|(at, status)| {
            json!({"envelopeId": status, "status": status, "statusChangedDateTime": format!("2031-02-01T00:00:0{at}Z")})
        })
        .collect();
    let envelopes = snapshot(&items, ItemKind::Envelope);
    for (query, expected) in [
        ("", &["sent", "Completed", "voided", "created"][..]),
        ("status=any", &["sent", "Completed", "voided", "created"]),
        ("status=completed", &["Completed"]),
        ("status=COMPLETED,Voided", &["Completed", "voided"]),
        ("status=sent+created", &["sent", "created"]),
        ("status=,sent,,", &["sent"]),
        ("status=declined", &[]),
        ("status=send", &[]),
        ("status=,", &["sent", "Completed", "voided", "created"]),
    ] {
        assert_eq!(selected(Trigger::Envelopes, query, &envelopes), expected, "{query}");
    }
}

#[test]
fn documents_in_the_trash_and_with_other_names_are_left_out() {
    let document = |id: &str, name: &str, trash: bool| json!({"Href": id, "Name": name, "UpdatedDate": "2031-02-01T00:00:00Z", "IsInTrash": trash});
    let documents = snapshot(
        &[document("1", "a.pdf", false), document("2", "b.PDF", true), document("3", "c.txt", false)],
        ItemKind::Document,
    );
    let sorted = |query: &str| {
        let mut ids = selected(Trigger::Documents, query, &documents);
        ids.sort();
        ids
    };
    assert_eq!(sorted("folder=1"), ["1", "3"]);
    assert_eq!(sorted("folder=1&name=*.pdf"), ["1"]);
    assert_eq!(sorted("folder=1&name=*"), ["1", "3"]);
    assert!(sorted("folder=1&name=x").is_empty());
}

#[test]
fn a_new_document_is_added_and_a_document_that_was_there_is_changed() {
    let time = |second: u32| format!("2031-02-01T00:00:{second:02}Z");
    let moment = |second: u32| Moment::parse(&time(second)).unwrap();
    let document = |created: Option<u32>, updated: u32| {
        snapshot(
            &[json!({"Href": "1", "CreatedDate": created.map(time), "UpdatedDate": time(updated)})],
            ItemKind::Document,
        )
    };
    let known = Watermark {
        known: [(moment(20), evergrant::endpoints::triggers::item_hash::ItemHash(1))].into(),
        ..Watermark::since(moment(10))
    };
    for (created, updated, watermark, expected) in [
        (Some(30), 30, Some(&known), "added"),
        (Some(30), 40, Some(&known), "added"),
        (Some(20), 40, Some(&known), "changed"),
        (Some(5), 40, Some(&known), "changed"),
        (Some(15), 15, Some(&known), "added"),
        (None, 40, Some(&known), "changed"),
        (Some(9), 12, Some(&Watermark::since(moment(10))), "changed"),
        (Some(10), 12, Some(&Watermark::since(moment(10))), "added"),
        (Some(9), 12, None, "added"),
    ] {
        let written = body(ItemKind::Document, &document(created, updated), &[0], watermark);
        let json: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(json["value"][0]["ChangeType"], expected, "{created:?} {updated}");
    }
    let empty: Value = serde_json::from_slice(&body(ItemKind::Document, &document(None, 1), &[], None)).unwrap();
    assert_eq!(empty, json!({"value": []}));
}

#[test]
fn one_answer_has_at_most_a_hundred_items() {
    let items: Vec<Value> =
        (0..250).map(|id| json!({"Href": id.to_string(), "UpdatedDate": "2031-02-01T00:00:00Z"})).collect();
    let documents = snapshot(&items, ItemKind::Document);
    let filter = Filter::of(&TriggerParameters::default());
    let (mut watermark, mut counts) = (Watermark::since(Moment(0)), Vec::new());
    loop {
        let step = step(&documents, &filter, Some(&watermark), Moment(0), 180);
        counts.push(step.delivered.len());
        watermark = step.watermark;
        if !step.has_more {
            break;
        }
    }
    assert_eq!(counts, [MAX_DELIVERED, MAX_DELIVERED, 50]);
}
