//! The paths and parameters of triggers: each trigger with each malformed parameter, and what a cursor binds.

use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::error::TriggerError;
use evergrant::endpoints::triggers::request::{Trigger, TriggerParameters, TriggerRoute, cursor};
use http::Uri;
use proptest::prelude::*;

fn read(trigger: Trigger, query: &str) -> Result<TriggerParameters, TriggerError> {
    let parameters = TriggerParameters::read(trigger, query)?;
    parameters.check_complete(trigger).map(|()| parameters)
}

/// The sentence of the refusal.
fn refusal(trigger: Trigger, query: &str) -> &'static str {
    match read(trigger, query) {
        Err(TriggerError::Invalid(sentence)) => sentence,
        other => panic!("{trigger:?} {query}: {other:?}"),
    }
}

#[test]
fn only_the_paths_of_triggers_lead_somewhere() {
    for (path, expected) in [
        ("/triggers/clm/documents", Some(("clm/documents", false))),
        ("/triggers/clm/workitems", Some(("clm/workitems", false))),
        ("/triggers/clm/workflow", Some(("clm/workflow", false))),
        ("/triggers/esignature/envelopes", Some(("esignature/envelopes", false))),
        ("/triggers/clm/tasks/sealed.name", Some(("clm/tasks", true))),
        ("/triggers/clm/tasks/", Some(("clm/tasks", true))),
        ("/triggers/clm/tasks", None),
        ("/triggers/clm/tasks/a/b", None),
        ("/triggers/clm/documents/", None),
        ("/triggers/clm/Documents", None),
        ("/triggers/CLM/documents", None),
        ("/triggers/clm/workflows", None),
        ("/triggers/esign/envelopes", None),
        ("/triggers/clm/%64ocuments", None),
        ("/triggers//clm/documents", None),
        ("/triggers/clm/documents;x", None),
        ("/triggers/", None),
        ("/triggers", None),
        ("/gateway/clm/documents", None),
    ] {
        let uri: Uri = path.parse().unwrap();
        let route = TriggerRoute::read(&uri);
        let found = route.as_ref().ok().map(|route| (route.name(), matches!(route, TriggerRoute::Task(_))));
        assert_eq!(found, expected, "{path}");
        assert!(route.is_ok() || matches!(route, Err(TriggerError::NoSuchTrigger)), "{path}");
    }
}

#[test]
fn what_a_trigger_requires_is_named_when_it_is_missing() {
    for (trigger, name) in [(Trigger::Documents, "folder"), (Trigger::WorkItems, "queue"), (Trigger::Workflow, "id")] {
        for query in ["", "since=2031-01-01T00:00:00Z", &format!("{name}="), name, "cursor=x", "Folder=1"] {
            assert!(refusal(trigger, query).starts_with(&format!("{name} is missing")), "{trigger:?} {query}");
        }
        assert_eq!(read(trigger, &format!("{name}=A1-b")).unwrap().get(name), Some("A1-b"));
    }
    assert_eq!(read(Trigger::Envelopes, "").unwrap(), TriggerParameters::default());
}

#[test]
fn a_malformed_parameter_is_refused_with_its_reason() {
    use Trigger::{Documents, Envelopes, WorkItems, Workflow};
    let (id, time) = ("letters, digits and hyphens", "since must be a time");
    for (trigger, query, reason) in [
        (Documents, "folder=../x", id),
        (Documents, "folder=a%2Fb", id),
        (Documents, "folder=a%20b", id),
        (Documents, "folder=a_b", id),
        (Documents, "folder=%C3%A4", id),
        (Documents, "folder=a%00", id),
        (Documents, "folder=https://clm/x/..", id),
        (Documents, "folder=1&subfolders=yes", "true or false"),
        (Documents, "folder=1&subfolders=1", "true or false"),
        (Documents, "folder=1&subfolders=%20true", "true or false"),
        (Documents, "folder=1&since=2031-01-01", time),
        (Documents, "folder=1&since=2031-01-01T00:00:00", time),
        (Documents, "folder=1&name=a%0Ab", "control characters"),
        (Documents, "folder=1&name=%7F", "control characters"),
        (Documents, "folder=1&name=%FF", "not UTF-8"),
        (Documents, "folder=1&name=a&name=a", "sent twice"),
        (Documents, "folder=1&folder=1", "sent twice"),
        (Documents, "folder=1&%66older=2", "sent twice"),
        (WorkItems, "queue=a/b", id),
        (WorkItems, "queue=1&since=now", time),
        (WorkItems, "queue=1&queue=2", "sent twice"),
        (Workflow, "id=a.b", id),
        (Workflow, "id=a&id=a", "sent twice"),
        (Envelopes, "status=sent%00", "control characters"),
        (Envelopes, "status=sent&status=completed", "sent twice"),
        (Envelopes, "since=1", time),
    ] {
        assert!(refusal(trigger, query).contains(reason), "{trigger:?} {query}: {}", refusal(trigger, query));
    }
}

#[test]
fn long_parameters_are_refused_because_they_come_back_in_every_cursor() {
    for (trigger, prefix, letter, max) in [
        (Trigger::Documents, "folder=", "a", 64),
        (Trigger::WorkItems, "queue=", "a", 64),
        (Trigger::Workflow, "id=", "a", 64),
        (Trigger::Documents, "folder=1&name=", "a", 380),
        (Trigger::Documents, "folder=1&name=", "%C3%A4", 190),
        (Trigger::Envelopes, "status=", "a", 200),
    ] {
        assert!(read(trigger, &format!("{prefix}{}", letter.repeat(max))).is_ok(), "{prefix}");
        refusal(trigger, &format!("{prefix}{}", letter.repeat(max + 1)));
    }
    let long_time = format!("since=2031-01-01T00:00:00.{}Z", "0".repeat(20));
    assert!(read(Trigger::Envelopes, &long_time).is_err(), "longer than 40 bytes");
}

#[test]
fn an_address_from_a_dropdown_is_read_as_its_id_and_a_boolean_in_any_case() {
    let address = "https%3A%2F%2Fapi.springcm.com%2Fv2%2Facc%2Ffolders%2F12-34";
    for (trigger, query, name, expected) in [
        (Trigger::Documents, format!("folder={address}"), "folder", "12-34"),
        (Trigger::Documents, "folder=http://h/folders/12-34".to_owned(), "folder", "12-34"),
        (Trigger::WorkItems, format!("queue={address}"), "queue", "12-34"),
        (Trigger::Workflow, format!("id={address}"), "id", "12-34"),
        (
            Trigger::Documents,
            format!("folder=1&name={address}"),
            "name",
            "https://api.springcm.com/v2/acc/folders/12-34",
        ),
        (Trigger::Documents, "folder=1&subfolders=True".to_owned(), "subfolders", "true"),
        (Trigger::Documents, "folder=1&subfolders=FALSE".to_owned(), "subfolders", "false"),
    ] {
        assert_eq!(read(trigger, &query).unwrap().get(name), Some(expected), "{query}");
    }
}

#[test]
fn parameters_of_other_triggers_are_ignored() {
    for (trigger, query) in [
        (Trigger::Documents, "folder=1&queue=/&id=/&status=%00&x=%FF&since="),
        (Trigger::WorkItems, "queue=1&folder=/&name=%00&subfolders=maybe"),
        (Trigger::Workflow, "id=1&since=never&since=ever"),
        (Trigger::Envelopes, "folder=/&folder=/&name=%0A"),
    ] {
        let read = read(trigger, query).unwrap_or_else(|error| panic!("{trigger:?} {query}: {error:?}"));
        assert!(read.to_query().matches('=').count() <= 1, "{}", read.to_query());
    }
}

#[test]
fn a_cursor_may_be_sent_once_and_not_empty() {
    assert!(matches!(cursor("folder=1"), Ok(None)));
    assert_eq!(cursor("folder=1&cursor=a%2Bb").unwrap().as_deref(), Some("a+b"));
    for empty in ["cursor=", "cursor", "folder=1&cursor=", "%63ursor="] {
        assert!(matches!(cursor(empty), Err(TriggerError::BadCursor)), "{empty}");
    }
    for unclear in ["cursor=a&cursor=a", "cursor=a&cursor=", "cursor=%FF"] {
        assert!(matches!(cursor(unclear), Err(TriggerError::Invalid(_))), "{unclear}");
    }
}

#[test]
fn parameters_next_to_a_cursor_must_not_contradict_it() {
    let bound = read(Trigger::Documents, "folder=1&name=a*&since=2031-01-01T00:00:00Z").unwrap();
    for (sent, fits) in [
        ("", true),
        ("folder=1", true),
        ("name=a*&folder=1", true),
        ("subfolders=false", true),
        ("since=2031-01-01T00:00:00Z", true),
        ("folder=2", false),
        ("name=A*", false),
        ("subfolders=true", false),
        ("since=2031-01-01T00:00:00.0Z", false),
    ] {
        let parameters = TriggerParameters::read(Trigger::Documents, sent).unwrap();
        assert_eq!(parameters.are_in(&bound), fits, "{sent}");
    }
    let deep = read(Trigger::Documents, "folder=1&subfolders=true").unwrap();
    let flat = TriggerParameters::read(Trigger::Documents, "subfolders=false").unwrap();
    assert!(!flat.are_in(&deep), "false is the default only where nothing was said");
}

proptest! {
    #[test]
    fn what_a_cursor_keeps_is_what_was_sent(name in "\\PC{0,60}", folder in "[A-Za-z0-9-]{1,64}", deep in any::<bool>()) {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("folder", &folder).append_pair("name", &name).append_pair("subfolders", &deep.to_string()).finish();
        let sent = read(Trigger::Documents, &query).unwrap();
        let kept = read(Trigger::Documents, &sent.to_query()).unwrap();
        prop_assert_eq!(&kept, &sent);
        prop_assert!(sent.are_in(&kept) && kept.are_in(&sent));
        prop_assert_eq!(kept.get("name"), Some(name.as_str()).filter(|name| !name.is_empty()));
    }

    #[test]
    fn no_query_panics_and_what_is_accepted_is_short_and_printable(query in "[a-z=&%0-9A-F+]{0,80}|\\PC{0,60}") {
        for trigger in Trigger::ALL {
            let Ok(parameters) = TriggerParameters::read(trigger, &query) else { continue };
            for name in ["folder", "queue", "id", "name", "status", "since", "subfolders"] {
                let value = parameters.get(name).unwrap_or_default();
                prop_assert!(value.len() <= 380 && !value.chars().any(char::is_control), "{} {}", query, value);
            }
            prop_assert_eq!(parameters.since().is_some(), parameters.get("since").is_some());
        }
    }
}

#[test]
fn since_is_the_time_that_was_sent() {
    for (sent, time) in [
        ("since=2031-02-03T08:00:00Z", "2031-02-03T08:00:00Z"),
        ("since=2031-02-03T10:00:00+02:00", "2031-02-03T08:00:00Z"),
        ("since=2031-02-03T10:00:00%2B02:00", "2031-02-03T08:00:00Z"),
        ("since=2031-02-03T06:00:00.000-02:00", "2031-02-03T08:00:00Z"),
    ] {
        for trigger in [Trigger::Documents, Trigger::WorkItems, Trigger::Envelopes] {
            let parameters = TriggerParameters::read(trigger, sent).unwrap();
            assert_eq!(parameters.since(), Moment::parse(time), "{sent}");
        }
    }
}
