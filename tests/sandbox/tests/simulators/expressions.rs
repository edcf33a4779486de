//! The flow interpreter's expressions: as the platform evaluates them, and refused where it refuses.

use sandbox::flows::expression::{Scope, evaluate, parse, text_of};
use serde_json::{Value, json};

/// A run with one body.
struct Run;

impl Scope for Run {
    fn look_up(&self, function: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        let body = json!({"a": {"b c": [10, {"d": null}]}, "text": "T", "yes": true, "": "empty name"});
        match (function, arguments) {
            ("body", [Value::String(name)]) if name == "Get" => Some(Ok(body)),
            ("body", _) => Some(Err("InvalidTemplate: no such action".to_owned())),
            _ => None,
        }
    }
}

fn value(template: &Value) -> Result<Value, String> {
    evaluate(template, &Run)
}

#[test]
fn members_are_selected_strictly_or_with_a_question_mark() {
    for (template, expected) in [
        ("@body('Get')['a']['b c'][0]", Some(json!(10))),
        ("@body('Get')?['a']?['b c']?[1]?['d']", Some(json!(null))),
        ("@body('Get')?['x']?['y']?[0]", Some(json!(null))),
        ("@body('Get')['']", Some(json!("empty name"))),
        ("@body('Get')?['a']?['b c']?[2]", Some(json!(null))),
        ("@body('Get')['x']", None),
        ("@body('Get')?['x']['y']", None),
        ("@body('Get')['a']['b c'][2]", None),
        ("@body('Get')['a'][0]", None),
        ("@body('Get')['text']['x']", None),
        ("@body('Get')?['text']?['x']", None),
        ("@body('Get')['a']['b c']['0']", None),
        ("@body('Get')['a']['b c'][-1]", None),
        ("@body('Other')", None),
        ("@body('get')", None),
    ] {
        assert_eq!(value(&json!(template)).ok(), expected, "{template}");
    }
}

#[test]
fn texts_keep_what_is_no_expression() {
    for (template, expected) in [
        ("", json!("")),
        ("@@", json!("@")),
        ("@@{x}", json!("@{x}")),
        ("a@b.c", json!("a@b.c")),
        (" @body('Get')['text']", json!(" @body('Get')['text']")),
        ("@{body('Get')['text']}", json!("T")),
        ("@{body('Get')['yes']}", json!("true")),
        ("@{body('Get')['a']['b c']}", json!("[10,{\"d\":null}]")),
        ("@{null}@{1}@{'x'}", json!("1x")),
        ("@{'}'}{@{'it''s'}}", json!("}{it's}")),
        ("100 % {}", json!("100 % {}")),
    ] {
        assert_eq!(value(&json!(template)), Ok(expected), "{template}");
    }
    let nested = json!({"@{concat('k', '1')}": ["@body('Get')['yes']", {"n": null, "m": 5}], "plain": "@@x"});
    assert_eq!(value(&nested), Ok(json!({"k1": [true, {"n": null, "m": 5}], "plain": "@x"})));
}

#[test]
fn functions_give_what_microsoft_documents() {
    for (expression, expected) in [
        ("concat()", json!("")),
        ("concat('a', 1, null, true)", json!("a1true")),
        ("replace('aXbX', 'X', '')", json!("ab")),
        ("toLower('ÄB')", json!("äb")),
        ("trim('  a b ')", json!("a b")),
        ("startsWith('Hello', 'hE')", json!(true)),
        ("endsWith('Hello', 'LO')", json!(true)),
        ("split('a,,b', ',')", json!(["a", "", "b"])),
        ("split('', ',')", json!([""])),
        ("lastIndexOf('äbä', 'ä')", json!(2)),
        ("lastIndexOf('a', 'x')", json!(-1)),
        ("substring('äöü', 1, 1)", json!("ö")),
        ("substring('abc', 3, 0)", json!("")),
        ("encodeURIComponent('a b/c?ä-_.~')", json!("a%20b%2Fc%3F%C3%A4-_.~")),
        ("json('[1,{\"a\":null}]')", json!([1, {"a": null}])),
        ("string(1.5)", json!("1.5")),
        ("string('a')", json!("a")),
        ("equals(1, 1.0)", json!(true)),
        ("equals('a', 'A')", json!(false)),
        ("equals(null, '')", json!(false)),
        ("greater(2, 1.5)", json!(true)),
        ("greaterOrEquals(2, 2)", json!(true)),
        ("lessOrEquals(3, 2)", json!(false)),
        ("coalesce(null, null)", json!(null)),
        ("coalesce(null, false, 1)", json!(false)),
        ("add(2, -3)", json!(-1)),
        ("sub(2, 3)", json!(-1)),
        ("div(7, 2)", json!(3)),
        ("div(-7, 2)", json!(-3)),
        ("min(3, 1, 2)", json!(1)),
        ("int(' 42 ')", json!(42)),
        ("empty('')", json!(true)),
        ("empty(createArray())", json!(true)),
        ("length('äö')", json!(2)),
        ("first(createArray())", json!(null)),
        ("skip(createArray(1, 2), 5)", json!([])),
        ("join(createArray('a', 1, null), '-')", json!("a-1-")),
        ("contains('abc', 'bc')", json!(true)),
        ("contains(createArray(1), 1.0)", json!(true)),
        ("base64ToBinary('YQ==')", json!({"$content-type": "application/octet-stream", "$content": "YQ=="})),
    ] {
        assert_eq!(value(&json!(format!("@{expression}"))), Ok(expected), "{expression}");
    }
}

#[test]
fn only_the_branch_that_is_needed_is_evaluated() {
    for (expression, expected) in [
        ("if(true, 1, body('x'))", Some(json!(1))),
        ("if(false, body('x'), 2)", Some(json!(2))),
        ("and(false, body('x'))", Some(json!(false))),
        ("or(true, body('x'))", Some(json!(true))),
        ("and()", Some(json!(true))),
        ("or()", Some(json!(false))),
        ("and(true, body('x'))", None),
        ("if('true', 1, 2)", None),
        ("if(true, 1)", None),
        ("or(0, true)", None),
    ] {
        assert_eq!(value(&json!(format!("@{expression}"))).ok(), expected, "{expression}");
    }
}

#[test]
fn what_the_platform_refuses_is_refused() {
    for expression in [
        "nosuch()",
        "concat",
        "concat(",
        "concat('a'",
        "concat('a' 'b')",
        "concat('a',)",
        "'open",
        "'a' 'b'",
        "1 2",
        "[0]",
        "?['a']",
        "body('Get')[",
        "body('Get')['a'",
        "body('Get').a",
        "toLower(1)",
        "length(5)",
        "split('a')",
        "substring('ab', 1, 2)",
        "substring('ab', -1, 1)",
        "int('1.5')",
        "int('')",
        "div(1, 0)",
        "add(1, '2')",
        "greater('b', 'a')",
        "not(null)",
        "json('{')",
        "base64ToBinary('%')",
        "first('abc')",
        "skip('abc', 1)",
        "contains(5, 5)",
        "1.2.3",
        "--1",
        "TRUE",
        "createArray(1,,2)",
    ] {
        assert!(
            value(&json!(format!("@{expression}"))).is_err(),
            "{expression}: {:?}",
            value(&json!(format!("@{expression}")))
        );
    }
    for text in ["a @{", "@{'a}", "@{concat('a'}", "@{}"] {
        assert!(value(&json!(text)).is_err(), "{text}");
    }
    assert!(parse(" concat ( 'a' , 'b' ) ").is_ok(), "blanks do not matter");
    assert_eq!(text_of(&json!({"a": 1})).as_deref(), Ok("{\"a\":1}"));
}
