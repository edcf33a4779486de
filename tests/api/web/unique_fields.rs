//! JSON without repeated fields: read as any parser reads it, or refused by the field that is there twice.

use evergrant::web::unique_fields::{REPEATED, UniqueFields};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str::<UniqueFields>(text).map(|unique| unique.0).map_err(|error| error.to_string())
}

#[test]
fn every_kind_of_value_is_read() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0.0",
        "1.5e300",
        "-9223372036854775808",
        "18446744073709551615",
        "\"\"",
        "\"\\u00e4\\n\"",
        "[]",
        "{}",
        "[null,[],{}]",
        "{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}}",
        "{\"a\":1,\"A\":2,\" a\":3,\"\":4}",
        " [ 1 , 2 ] ",
    ] {
        assert_eq!(read(text), Ok(serde_json::from_str(text).unwrap()), "{text}");
    }
}

#[test]
fn a_field_that_is_there_twice_is_named_wherever_it_is() {
    for (text, name) in [
        (r#"{"a":1,"a":1}"#, "a"),
        (r#"{"scope":"x","b":0,"scope":null}"#, "scope"),
        (r#"[[{"x":{"client_id":1,"y":2,"client_id":3}}]]"#, "client_id"),
        (r#"{"b":[{"c":0},{"c":0,"c":0}]}"#, "c"),
        (r#"{"key_1":{},"\u006bey_1":{}}"#, "key_1"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(&format!("{REPEATED}{name} is there twice")), "{text}: {error}");
    }
}

#[test]
fn a_name_that_could_be_a_secret_is_not_shown() {
    for name in ["hunter-2", "Secret", "a b", "\u{e4}", &"x".repeat(33), "eyJhbGciOiJSUzI1NiJ9"] {
        let text = format!("{{{0}:1,{0}:2}}", json!(name));
        let error = read(&text).unwrap_err();
        assert!(error.contains("not shown") && !error.contains(name), "{error}");
    }
}

#[test]
fn text_that_is_no_json_is_refused() {
    for text in ["", "{", "{\"a\"}", "{a:1}", "[1,]", "{\"a\":1,}", "'a'", "NaN", "01", "\"\u{1}\"", "{} {}"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn json_that_is_too_deep_is_refused_and_does_not_fill_the_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(read(&deep(100)).is_ok());
        assert!(read(&deep(100_000)).is_err());
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,10}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let members = prop::collection::vec(("[a-c]{0,2}", inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn what_has_no_repeated_field_is_read_as_it_is(value in values()) {
        prop_assert_eq!(read(&value.to_string()), Ok(value));
    }

    #[test]
    fn one_repeated_field_anywhere_is_found(before in values(), after in values(), name in "[a-z_]{1,10}") {
        let text = format!("[{before},{{\"x\":[{{\"{name}\":{before},\"0\":1,\"{name}\":{after}}}]}}]");
        prop_assert!(read(&text).is_err_and(|error| error.contains(&name)), "{}", text);
    }
}
