//! What triggers read of DocuSign's items, whatever their members are, and what callers get.

use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::item::{Item, ItemKind};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn read(kind: ItemKind, json: &Value) -> Option<Item> {
    Item::read(kind, RawValue::from_string(json.to_string()).unwrap())
}

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

const EARLY: &str = "2031-01-01T00:00:00Z";
const LATE: &str = "2031-02-01T00:00:00Z";

#[test]
fn each_kind_has_its_own_id_and_time() {
    for (kind, json, id, time) in [
        (
            ItemKind::Document,
            json!({"Href": "https://h/documents/1", "UpdatedDate": LATE, "CreatedDate": EARLY}),
            "1",
            LATE,
        ),
        (
            ItemKind::Document,
            json!({"Href": "https://h/documents/1/", "UpdatedDate": null, "CreatedDate": EARLY}),
            "1",
            EARLY,
        ),
        (ItemKind::Document, json!({"Href": "1", "UpdatedDate": "soon", "CreatedDate": EARLY}), "1", EARLY),
        (ItemKind::WorkItem, json!({"Href": "/workitems/2", "AssignDate": LATE, "CreatedDate": EARLY}), "2", LATE),
        (ItemKind::WorkItem, json!({"Href": "/workitems/2", "AssignDate": EARLY, "CreatedDate": LATE}), "2", LATE),
        (ItemKind::WorkItem, json!({"Href": "/workitems/2", "CreatedDate": EARLY}), "2", EARLY),
        (ItemKind::WorkItem, json!({"Href": "/workitems/2", "AssignDate": LATE, "CreatedDate": ""}), "2", LATE),
        (
            ItemKind::Envelope,
            json!({"envelopeId": "3", "statusChangedDateTime": LATE, "statusDateTime": EARLY, "createdDateTime": EARLY}),
            "3",
            LATE,
        ),
        (ItemKind::Envelope, json!({"envelopeId": "3", "statusDateTime": LATE, "createdDateTime": EARLY}), "3", LATE),
        (ItemKind::Envelope, json!({"envelopeId": 3, "statusDateTime": "", "createdDateTime": EARLY}), "3", EARLY),
    ] {
        let item = read(kind, &json).unwrap_or_else(|| panic!("{json}"));
        assert_eq!((item.id.as_str(), item.time), (id, moment(time)), "{json}");
    }
}

#[test]
fn without_an_id_or_a_time_the_list_is_malformed() {
    use ItemKind::{Document, Envelope, WorkItem};
    for (kind, json) in [
        (Document, json!({"UpdatedDate": LATE})),
        (Document, json!({"Href": "", "UpdatedDate": LATE})),
        (Document, json!({"Href": "///", "UpdatedDate": LATE})),
        (Document, json!({"Href": null, "UpdatedDate": LATE})),
        (Document, json!({"Href": ["1"], "UpdatedDate": LATE})),
        (Document, json!({"Href": "1"})),
        (Document, json!({"Href": "1", "AssignDate": LATE})),
        (Document, json!({"Href": "1", "UpdatedDate": {"at": LATE}})),
        (Document, json!({"envelopeId": "1", "UpdatedDate": LATE})),
        (WorkItem, json!({"Href": "1", "UpdatedDate": LATE})),
        (WorkItem, json!({"AssignDate": LATE})),
        (Envelope, json!({"Href": "1", "statusChangedDateTime": LATE})),
        (Envelope, json!({"envelopeId": "1", "UpdatedDate": LATE})),
        (Envelope, json!({"envelopeId": "1", "statusChangedDateTime": "2031-02-30T00:00:00Z"})),
        (Document, json!([])),
        (Document, json!(null)),
        (Document, json!("1")),
    ] {
        assert!(read(kind, &json).is_none(), "{kind:?} {json}");
    }
}

#[test]
fn members_of_other_types_count_as_missing() {
    let odd = json!({"Href": "1", "UpdatedDate": LATE, "Name": ["x"], "Version": true, "IsInTrash": "true", "CreatedDate": 5});
    let item = read(ItemKind::Document, &odd).unwrap();
    assert_eq!((item.name.as_str(), item.version.as_str(), item.is_in_trash, item.created), ("", "", false, None));
    let numbered = json!({"Href": "1", "UpdatedDate": LATE, "Name": 7, "Version": 2.0, "IsInTrash": true});
    let item = read(ItemKind::Document, &numbered).unwrap();
    assert_eq!((item.name.as_str(), item.version.as_str(), item.is_in_trash), ("7", "2.0", true));
}

#[test]
fn another_version_or_time_is_another_event_and_another_name_is_not() {
    let base = json!({"Href": "1", "UpdatedDate": LATE, "Version": "1", "Name": "a"});
    let event = |changes: Value| {
        let mut changed = base.clone();
        changed.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let item = read(ItemKind::Document, &changed).unwrap();
        (item.event_id, item.key)
    };
    let first = event(json!({}));
    for same in [
        json!({"Name": "b"}),
        json!({"UpdatedDate": "2031-02-01T00:00:00.0000000"}),
        json!({"UpdatedDate": "2031-02-01T01:00:00+01:00"}),
        json!({"Href": "https://another.host/v2/documents/1/"}),
        json!({"Version": 1}),
    ] {
        assert_eq!(event(same.clone()), first, "{same}");
    }
    for other in [
        json!({"Href": "2"}),
        json!({"Version": "2"}),
        json!({"Version": null}),
        json!({"UpdatedDate": "2031-02-01T00:00:00.0000001Z"}),
    ] {
        let event = event(other.clone());
        assert!(event.0 != first.0 && event.1 != first.1, "{other}");
    }
}

#[test]
fn an_envelope_in_another_status_is_another_event() {
    let event = |status: &str| {
        let json = json!({"envelopeId": "1", "status": status, "statusChangedDateTime": LATE});
        read(ItemKind::Envelope, &json).unwrap().event_id
    };
    assert_ne!(event("sent"), event("completed"));
    assert_eq!(event("sent").len(), 32);
}

#[test]
fn callers_get_the_item_as_docusign_has_it_with_the_event_in_front() {
    for (text, change) in [
        (r#"{"Href":"1","UpdatedDate":"2031-02-01T00:00:00Z","Extra":{"a":[1,2.50,"ä"]}}"#, Some("added")),
        ("  {\n \"Href\" : \"1\" , \"UpdatedDate\" : \"2031-02-01T00:00:00Z\" }", Some("changed")),
        (r#"{"Href":"1","UpdatedDate":"2031-02-01T00:00:00Z","Name":null}"#, None),
    ] {
        let item = Item::read(ItemKind::Document, RawValue::from_string(text.to_owned()).unwrap()).unwrap();
        let mut out = Vec::new();
        item.write(change, &mut out);
        let written: Value =
            serde_json::from_slice(&out).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out)));
        assert_eq!(written["ChangeType"].as_str(), change, "{text}");
        let mut theirs: Value = serde_json::from_str(text).unwrap();
        theirs["EventId"] = json!(item.event_id);
        theirs.as_object_mut().unwrap().extend(change.map(|change| ("ChangeType".to_owned(), json!(change))));
        assert_eq!(written, theirs);
        assert!(String::from_utf8(out).unwrap().starts_with(&format!("{{\"EventId\":\"{}\"", item.event_id)));
    }
}

proptest! {
    #[test]
    fn no_item_panics_and_what_is_read_has_an_id(href in "\\PC{0,40}", date in "[0-9TZ:.-]{0,30}", version in any::<i64>()) {
        let json = json!({"Href": href, "UpdatedDate": date, "CreatedDate": LATE, "AssignDate": date, "Version": version,
                          "envelopeId": href, "statusChangedDateTime": date});
        for kind in [ItemKind::Document, ItemKind::WorkItem, ItemKind::Envelope] {
            let Some(item) = read(kind, &json) else { continue };
            prop_assert!(!item.id.is_empty());
            prop_assert!(kind == ItemKind::Envelope || !item.id.contains('/'), "{}", item.id);
            let mut out = Vec::new();
            item.write(Some("changed"), &mut out);
            prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
        }
    }
}
