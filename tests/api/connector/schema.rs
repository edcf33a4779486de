//! Checks values against the schemas of an OpenAPI 2.0 document, strictly: a member that is not in the schema is an error too,
//! because it would be missing in the designer.

use serde_json::Value;

use super::resolve;

/// Checks that `value` matches `schema`. The error has the place and the difference.
pub fn check(definition: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let schema = resolve(definition, schema);
    let fault = |problems: &str| Err(format!("{place}: {problems}: {value}"));
    let fits = match schema["type"].as_str() {
        Some("object") => return object(definition, schema, value, place),
        Some("array") => return array(definition, schema, value, place),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => false,
    };
    if !fits {
        return fault("of another type");
    }
    let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    let dated = schema["format"] != "date-time" || value.as_str().is_some_and(is_date_time);
    let number = value.as_f64();
    let low = schema["minimum"].as_f64().zip(number).is_some_and(|(minimum, number)| number < minimum);
    let high = schema["maximum"].as_f64().zip(number).is_some_and(|(maximum, number)| number > maximum);
    if listed && dated && !low && !high { Ok(()) } else { fault("out of bounds") }
}

fn object(definition: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let members = value.as_object().ok_or_else(|| format!("{place}: not an object: {value}"))?;
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        members.get(name).ok_or_else(|| format!("{place}: {name} is missing"))?;
    }
    for (name, member) in members {
        let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        // `{"type": "object"}` alone allows any object.
        let open = schema.get("properties").is_none() && schema.get("additionalProperties").is_none();
        match known {
            Some(known) => check(definition, known, member, &format!("{place}.{name}"))?,
            None if open => {}
            None => return Err(format!("{place}: {name} is not in the schema")),
        }
    }
    Ok(())
}

fn array(definition: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let items = value.as_array().ok_or_else(|| format!("{place}: not an array: {value}"))?;
    let mut items = items.iter().enumerate();
    items.try_for_each(|(number, item)| check(definition, &schema["items"], item, &format!("{place}[{number}]")))
}

/// `2031-02-03T08:15:30.5Z`, with any number of fraction digits.
fn is_date_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let (whole, fraction) = shape.trim_end_matches('Z').split_once('.').unwrap_or((shape.trim_end_matches('Z'), "0"));
    shape.ends_with('Z') && whole == "0000-00-00T00:00:00" && !fraction.is_empty() && fraction.chars().all(|c| c == '0')
}

#[test]
fn values_that_do_not_match_are_found() {
    use serde_json::json;
    let definition = json!({"definitions": {"Name": {"type": "string", "enum": ["a"]}}});
    let schema = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"$ref": "#/definitions/Name"}, "when": {"type": "string", "format": "date-time"},
        "count": {"type": "integer", "maximum": 3}, "list": {"type": "array", "items": {"type": "boolean"}},
        "groups": {"type": "object", "additionalProperties": {"type": "object"}}}});
    let good =
        json!({"name": "a", "when": "2031-02-03T08:15:30.25Z", "count": 3, "list": [true], "groups": {"g": {"x": 1}}});
    assert_eq!(check(&definition, &schema, &good, "body"), Ok(()));
    for (name, wrong) in [
        ("name", json!("b")),
        ("when", json!("2031-02-03")),
        ("count", json!(4)),
        ("count", json!("3")),
        ("list", json!([1])),
        ("groups", json!({"g": 1})),
        ("other", json!(1)),
        ("name", json!(null)),
    ] {
        let mut value = good.clone();
        value[name] = wrong;
        assert!(check(&definition, &schema, &value, "body").is_err(), "{value}");
    }
    assert!(check(&definition, &schema, &json!({}), "body").is_err());
}
