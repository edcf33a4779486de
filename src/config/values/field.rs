//! The values of a client's fields, by their type in JSON.

use serde_json::Value;

use crate::config::values::reference::Reference;
use crate::config::values::{Reason, common_mistake, kind};

/// A text parsed by `parse`.
pub fn string<T>(parse: impl Fn(&str) -> Result<T, Reason>) -> impl Fn(&Value) -> Result<T, Reason> {
    move |value| {
        let Some(text) = value.as_str() else {
            return Err(format!("it is {} instead of a text in double quotes", kind(value)).into());
        };
        if let Some(reference) = Reference::find(text) {
            return Err(format!("it is {}, which works only as the whole value of a setting", reference.name()).into());
        }
        parse(text).map_err(|reason| match common_mistake(text) {
            Some(mistake) => mistake,
            None if text.trim() != text && parse(text.trim()).is_ok() => "it begins or ends with a space".into(),
            None => reason,
        })
    }
}

/// An array of texts, each parsed by `parse`.
pub fn strings<T>(parse: impl Fn(&str) -> Result<T, Reason>) -> impl Fn(&Value) -> Result<Vec<T>, Reason> {
    let parse = string(parse);
    move |value| {
        let Some(items) = value.as_array() else {
            return Err(format!("it is {} instead of an array in square brackets", kind(value)).into());
        };
        let several = items.len() > 1;
        let numbered = |(index, reason): (usize, Reason)| -> Reason {
            if several { format!("item {}: {reason}", index + 1).into() } else { reason }
        };
        let parsed =
            items.iter().enumerate().map(|(index, item)| parse(item).map_err(|reason| numbered((index, reason))));
        parsed.collect()
    }
}

/// True or false.
pub fn boolean(value: &Value) -> Result<bool, Reason> {
    let quoted = value.as_str().is_some_and(|text| matches!(text, "true" | "false"));
    value.as_bool().ok_or_else(|| {
        if quoted {
            "it has quotes around it".into()
        } else {
            format!("it is {} instead of true or false", kind(value)).into()
        }
    })
}

/// A whole number above 0.
pub fn positive(value: &Value) -> Result<u64, Reason> {
    value.as_u64().filter(|number| *number > 0).ok_or_else(|| match value {
        Value::Number(number) if number.as_u64() == Some(0) => "it is 0 (leave the field out for no limit)".into(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => "it is below 0".into(),
        Value::Number(_) => "it is not a whole number".into(),
        Value::String(text) if text.parse::<u64>().is_ok() => "it has quotes around it".into(),
        other => format!("it is {} instead of a number", kind(other)).into(),
    })
}
