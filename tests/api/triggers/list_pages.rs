//! Pages of DocuSign's lists, tasks and searches: which answers are whole, which are last, and which are malformed.

use evergrant::endpoints::triggers::item::ItemKind;
use evergrant::endpoints::triggers::pages::{
    PAGE_ITEMS, SearchPage, has_ended, of_collection, of_envelopes, of_search,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(number: usize) -> Value {
    json!({"Href": format!("https://h/v2/a/documents/{number}"), "UpdatedDate": "2031-02-01T00:00:00Z", "Name": "x"})
}

fn envelope(number: usize) -> Value {
    json!({"envelopeId": number.to_string(), "status": "sent", "statusChangedDateTime": "2031-02-01T00:00:00Z"})
}

fn many(count: usize, item: fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(item).collect()
}

/// How many items a page of documents has, and whether it is the last.
fn collection(body: &Value, offset: usize) -> Option<(usize, bool)> {
    let page = of_collection(ItemKind::Document, body.to_string().as_bytes(), offset)?;
    Some((page.items.len(), page.is_last))
}

fn envelopes(body: &Value, offset: usize) -> Option<(usize, bool)> {
    let page = of_envelopes(body.to_string().as_bytes(), offset)?;
    Some((page.items.len(), page.is_last))
}

#[test]
fn a_page_of_a_collection_is_last_if_clm_says_so() {
    for (body, offset, expected) in [
        (json!({"Items": []}), 0, Some((0, true))),
        (json!({"Items": [], "Total": 5}), 0, Some((0, false))),
        (json!({"Items": many(2, document)}), 0, Some((2, true))),
        (json!({"Items": many(2, document), "Total": 2}), 0, Some((2, true))),
        (json!({"Items": many(2, document), "Total": "2"}), 0, Some((2, true))),
        (json!({"Items": many(2, document), "Total": 3}), 0, Some((2, false))),
        (json!({"Items": many(2, document), "Total": 3}), 1, Some((2, true))),
        (json!({"Items": many(2, document), "Total": 3}), 100, Some((2, true))),
        (json!({"Items": many(2, document), "Next": "https://h/next"}), 0, Some((2, false))),
        (json!({"Items": many(2, document), "Next": null, "Total": null}), 0, Some((2, true))),
        (json!({"Items": many(2, document), "Next": {"Href": "x"}, "Total": 2}), 0, Some((2, false))),
        (json!({"Items": many(PAGE_ITEMS, document)}), 0, Some((PAGE_ITEMS, false))),
        (json!({"Items": many(PAGE_ITEMS, document), "Total": "many"}), 0, Some((PAGE_ITEMS, false))),
        (json!({"Items": many(PAGE_ITEMS - 1, document), "Total": -1}), 0, Some((PAGE_ITEMS - 1, true))),
        (json!({"Items": many(1, document), "Total": [1]}), 0, Some((1, true))),
    ] {
        assert_eq!(collection(&body, offset), expected, "{offset} {}", body.to_string().get(..120).unwrap_or("short"));
    }
}

#[test]
fn an_answer_that_is_no_page_is_never_an_empty_page() {
    for body in [
        json!({}),
        json!(null),
        json!([]),
        json!({"Items": null}),
        json!({"Items": {}}),
        json!({"items": []}),
        json!({"Items": [null]}),
        json!({"Items": [{"Href": "1"}]}),
        json!({"Items": [document(1), {"Href": "2"}]}),
        json!({"Error": {"ErrorCode": 103}}),
    ] {
        assert_eq!(collection(&body, 0), None, "{body}");
    }
    for text in ["", "<html>", "{\"Items\":[", "{\"Items\":[]}x", "\u{feff}{\"Items\":[]}"] {
        assert!(of_collection(ItemKind::Document, text.as_bytes(), 0).is_none(), "{text}");
    }
    assert!(of_collection(ItemKind::Document, &[0xff, 0xfe], 0).is_none());
}

#[test]
fn envelopes_may_be_missing_only_where_docusign_counts_none() {
    for (body, offset, expected) in [
        (json!({"resultSetSize": "0", "totalSetSize": "0"}), 0, Some((0, true))),
        (json!({"resultSetSize": 0, "totalSetSize": 0}), 0, Some((0, true))),
        (json!({"envelopes": null, "resultSetSize": "0"}), 0, Some((0, true))),
        (json!({"envelopes": [], "resultSetSize": "0", "totalSetSize": "7"}), 0, Some((0, false))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": "3"}), 0, Some((3, true))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": 4}), 0, Some((3, false))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": "103"}), 100, Some((3, true))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": "3", "nextUri": "/next"}), 0, Some((3, false))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": "3", "nextUri": ""}), 0, Some((3, true))),
        (json!({"envelopes": many(3, envelope), "totalSetSize": "3", "nextUri": null}), 0, Some((3, true))),
        (json!({"resultSetSize": "1"}), 0, None),
        (json!({"totalSetSize": "0"}), 0, None),
        (json!({}), 0, None),
        (json!({"envelopes": [{}], "resultSetSize": "0"}), 0, None),
        (json!({"envelopes": "none", "resultSetSize": "0"}), 0, None),
        (json!({"errorCode": "USER_LACKS_MEMBERSHIP"}), 0, None),
    ] {
        assert_eq!(envelopes(&body, offset), expected, "{offset} {body}");
    }
}

#[test]
fn a_search_is_running_finished_or_malformed() {
    let href = "https://h/v2/a/documentsearchtasks/77/";
    let result = json!({"Items": [document(1)], "Total": 1});
    for (body, expected) in [
        (json!({"Status": "Success", "Href": href, "Result": result}), Some("finished 77")),
        (json!({"Status": "SUCCESS", "Href": "77", "Result": result}), Some("finished 77")),
        (json!({"Status": "Processing", "Href": href}), Some("running 77")),
        (json!({"Status": "waiting", "Href": href, "Result": null}), Some("running 77")),
        (json!({"Status": "Processing", "Href": href, "Result": result}), Some("running 77")),
        (json!({"Status": "Success", "Href": href}), None),
        (json!({"Status": "Success", "Href": href, "Result": null}), None),
        (json!({"Status": "Success", "Href": href, "Result": {"Items": [{}]}}), None),
        (json!({"Status": "Failure", "Href": href}), None),
        (json!({"Status": "Failure", "Href": href, "Result": result}), None),
        (json!({"Status": "", "Href": href, "Result": result}), None),
        (json!({"Status": null, "Href": href}), None),
        (json!({"Status": "Success", "Href": "", "Result": result}), None),
        (json!({"Status": "Success", "Href": "/", "Result": result}), None),
        (json!({"Status": "Success", "Result": result}), None),
    ] {
        let found = of_search(body.to_string().as_bytes(), 0).map(|page| match page {
            SearchPage::Finished { id, page } => {
                assert_eq!((page.items.len(), page.is_last), (1, true));
                format!("finished {id}")
            }
            SearchPage::Running { id } => format!("running {id}"),
        });
        assert_eq!(found.as_deref(), expected, "{body}");
    }
}

#[test]
fn only_a_known_final_status_ends_the_waiting() {
    for (status, ended) in [
        (json!("Completed"), Some(true)),
        (json!("completed"), Some(true)),
        (json!("FAILED"), Some(true)),
        (json!("Aborted"), Some(true)),
        (json!("Success"), Some(true)),
        (json!("Failure"), Some(true)),
        (json!("Running"), Some(false)),
        (json!("Processing"), Some(false)),
        (json!("Waiting"), Some(false)),
        (json!("Complete"), Some(false)),
        (json!(" Completed"), Some(false)),
        (json!("Completed with errors"), Some(false)),
        (json!(""), Some(false)),
        (json!(null), None),
        (json!(5), None),
    ] {
        assert_eq!(has_ended(json!({"Status": status}).to_string().as_bytes()), ended, "{status}");
    }
    for body in ["{}", "null", "", "<html>", "{\"status\":\"Completed\"}"] {
        assert_eq!(has_ended(body.as_bytes()), None, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_that_count_lead_through_the_whole_list_once(total in 0_usize..450, size in 1_usize..101) {
        let mut offset = 0;
        loop {
            let count = size.min(total - offset);
            let body = json!({"Items": many(count, document), "Total": total});
            let (found, is_last) = collection(&body, offset).unwrap();
            offset += found;
            prop_assert_eq!(is_last, offset == total);
            if is_last {
                break;
            }
        }
    }

}

proptest! {
    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..60), offset in 0_usize..1000) {
        prop_assert!(of_collection(ItemKind::WorkItem, &body, offset).is_none());
        prop_assert!(of_envelopes(&body, offset).is_none() && of_search(&body, offset).is_none());
        prop_assert!(has_ended(&body).is_none());
    }
}
