//! The functions that depend on their arguments only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::text_of;

/// What `encodeURIComponent` leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

type FunctionResult = Result<Value, String>;

/// Calls a function.
///
/// # Errors
/// If there is no such function, or it does not accept the arguments.
pub fn call(function: &str, arguments: &[Value]) -> FunctionResult {
    texts(function, arguments)
        .or_else(|| logic(function, arguments))
        .or_else(|| numbers(function, arguments))
        .or_else(|| collections(function, arguments))
        .unwrap_or_else(|| Err(format!("{function} does not accept {arguments:?}, or is unknown")))
}

/// The value of a condition.
///
/// # Errors
/// If it is not a boolean.
pub fn truth(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("{value} is not a boolean"))
}

fn texts(function: &str, arguments: &[Value]) -> Option<FunctionResult> {
    Some(match (function, arguments) {
        ("concat", _) => arguments.iter().map(text_of).collect::<Result<String, _>>().map(Value::String),
        ("string", [value]) => text_of(value).map(Value::String),
        ("replace", [Value::String(text), Value::String(old), Value::String(new)]) => Ok(json!(text.replace(old, new))),
        ("toLower", [Value::String(text)]) => Ok(json!(text.to_lowercase())),
        ("trim", [Value::String(text)]) => Ok(json!(text.trim())),
        ("startsWith", [Value::String(text), Value::String(start)]) => Ok(json!(starts(text, start))),
        ("endsWith", [Value::String(text), Value::String(end)]) => {
            Ok(json!(text.to_lowercase().ends_with(&end.to_lowercase())))
        }
        ("split", [Value::String(text), Value::String(by)]) => Ok(text.split(by.as_str()).collect()),
        ("lastIndexOf", [Value::String(text), Value::String(part)]) => {
            Ok(text.rfind(part.as_str()).map_or(json!(-1), |at| json!(text[..at].chars().count())))
        }
        ("substring", [Value::String(text), start, length]) => substring(text, start, length),
        ("encodeURIComponent", [Value::String(text)]) => Ok(json!(utf8_percent_encode(text, UNRESERVED).to_string())),
        ("json", [Value::String(text)]) => serde_json::from_str(text).map_err(|error| error.to_string()),
        ("base64ToBinary", [Value::String(text)]) => match STANDARD.decode(text) {
            Ok(_) => Ok(json!({"$content-type": "application/octet-stream", "$content": text})),
            Err(error) => Err(error.to_string()),
        },
        _ => return None,
    })
}

fn starts(text: &str, start: &str) -> bool {
    text.to_lowercase().starts_with(&start.to_lowercase())
}

fn substring(text: &str, start: &Value, length: &Value) -> FunctionResult {
    let number = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
    let (Some(start), Some(length)) = (number(start), number(length)) else { return Err("no such part".to_owned()) };
    let part: String = text.chars().skip(start).take(length).collect();
    if part.chars().count() == length { Ok(json!(part)) } else { Err(format!("{text} is too short")) }
}

fn logic(function: &str, arguments: &[Value]) -> Option<FunctionResult> {
    Some(match (function, arguments) {
        ("not", [value]) => truth(value).map(|value| json!(!value)),
        ("equals", [left, right]) => Ok(json!(equal(left, right))),
        ("greater", [left, right]) => order(left, right, |left, right| left > right),
        ("greaterOrEquals", [left, right]) => order(left, right, |left, right| left >= right),
        ("less", [left, right]) => order(left, right, |left, right| left < right),
        ("lessOrEquals", [left, right]) => order(left, right, |left, right| left <= right),
        ("coalesce", _) => Ok(arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or_default()),
        _ => return None,
    })
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value, fits: fn(f64, f64) -> bool) -> FunctionResult {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => Ok(json!(fits(left, right))),
        _ => Err(format!("{left} and {right} cannot be compared")),
    }
}

fn numbers(function: &str, arguments: &[Value]) -> Option<FunctionResult> {
    let whole: Option<Vec<i64>> = arguments.iter().map(Value::as_i64).collect();
    Some(match (function, whole.as_deref()) {
        ("add", Some([left, right])) => Ok(json!(left + right)),
        ("sub", Some([left, right])) => Ok(json!(left - right)),
        ("mul", Some([left, right])) => Ok(json!(left * right)),
        ("div", Some([left, right])) if *right != 0 => Ok(json!(left / right)),
        ("min", Some([first, rest @ ..])) => Ok(json!(rest.iter().fold(*first, |least, value| least.min(*value)))),
        ("int", _) => match arguments {
            [Value::Number(number)] => Ok(Value::Number(number.clone())),
            [Value::String(text)] => {
                text.trim().parse::<i64>().map(Value::from).map_err(|_| format!("{text} is not a number"))
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn collections(function: &str, arguments: &[Value]) -> Option<FunctionResult> {
    Some(match (function, arguments) {
        ("createArray", _) => Ok(Value::Array(arguments.to_vec())),
        ("empty", [Value::Null]) => Ok(json!(true)),
        ("empty", [Value::String(text)]) => Ok(json!(text.is_empty())),
        ("empty", [Value::Array(items)]) => Ok(json!(items.is_empty())),
        ("length", [Value::String(text)]) => Ok(json!(text.chars().count())),
        ("length", [Value::Array(items)]) => Ok(json!(items.len())),
        ("first", [Value::Array(items)]) => Ok(items.first().cloned().unwrap_or_default()),
        ("skip", [Value::Array(items), count]) => Ok(items
            .iter()
            .skip(count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
            .cloned()
            .collect()),
        ("join", [Value::Array(items), Value::String(by)]) => {
            items.iter().map(text_of).collect::<Result<Vec<_>, _>>().map(|items| json!(items.join(by)))
        }
        ("last", [Value::Array(items)]) => Ok(items.last().cloned().unwrap_or_default()),
        ("contains", [Value::Array(items), item]) => Ok(json!(items.iter().any(|value| equal(value, item)))),
        ("contains", [Value::String(text), Value::String(part)]) => Ok(json!(text.contains(part.as_str()))),
        _ => return None,
    })
}
