//! The workflow definition language's expressions: only what the flows use. Anything else is an error, as in the platform.

mod functions;
mod parse;

use serde_json::Value;

pub use functions::{call as call_function, truth};
pub use parse::{Expression, parse};

/// What a run knows when it evaluates an expression.
pub trait Scope {
    /// The result of `parameters('name')`, `body('name')` and the like; `None` if the function is not the run's.
    fn look_up(&self, function: &str, arguments: &[Value]) -> Option<Result<Value, String>>;
}

/// Evaluates every expression in `template`. A text that is one expression becomes its value; other texts stay texts.
///
/// # Errors
/// What the platform reports as `InvalidTemplate`.
pub fn evaluate(template: &Value, scope: &dyn Scope) -> Result<Value, String> {
    match template {
        Value::String(text) => evaluate_text(text, scope),
        Value::Array(items) => items.iter().map(|item| evaluate(item, scope)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| Ok((text_of(&evaluate_text(name, scope)?)?, evaluate(value, scope)?)))
            .collect::<Result<serde_json::Map<_, _>, String>>()
            .map(Value::Object),
        other => Ok(other.clone()),
    }
}

fn evaluate_text(text: &str, scope: &dyn Scope) -> Result<Value, String> {
    if let Some(rest) = text.strip_prefix("@@") {
        return Ok(Value::String(format!("@{rest}")));
    }
    match text.strip_prefix('@') {
        Some(source) if !source.starts_with('{') => value_of(&parse(source)?, scope),
        _ => interpolate(text, scope),
    }
}

/// Replaces each `@{…}` in a text.
fn interpolate(text: &str, scope: &dyn Scope) -> Result<Value, String> {
    let (mut result, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("@{") {
        result.push_str(&rest[..start]);
        let length = parse::length_of_braced(&rest[start + 2..])?;
        let value = value_of(&parse(&rest[start + 2..start + 2 + length])?, scope)?;
        result.push_str(&text_of(&value)?);
        rest = &rest[start + 3 + length..];
    }
    result.push_str(rest);
    Ok(Value::String(result))
}

/// A value within a text.
///
/// # Errors
/// Never for the values of a flow.
pub fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        other => serde_json::to_string(other).map_err(|error| error.to_string()),
    }
}

fn value_of(expression: &Expression, scope: &dyn Scope) -> Result<Value, String> {
    match expression {
        Expression::Literal(value) => Ok(value.clone()),
        Expression::Member { of, name, optional } => member(&value_of(of, scope)?, &value_of(name, scope)?, *optional),
        Expression::Call { function, arguments } => call(function, arguments, scope),
    }
}

/// Only the needed branch of `if`, `and` and `or` is evaluated.
fn call(function: &str, arguments: &[Expression], scope: &dyn Scope) -> Result<Value, String> {
    match (function, arguments) {
        ("if", [condition, yes, no]) => {
            value_of(if functions::truth(&value_of(condition, scope)?)? { yes } else { no }, scope)
        }
        ("and" | "or", _) => {
            for argument in arguments {
                if functions::truth(&value_of(argument, scope)?)? != (function == "and") {
                    return Ok(Value::Bool(function == "or"));
                }
            }
            Ok(Value::Bool(function == "and"))
        }
        _ => {
            let values = arguments.iter().map(|argument| value_of(argument, scope)).collect::<Result<Vec<_>, _>>()?;
            scope.look_up(function, &values).unwrap_or_else(|| functions::call(function, &values))
        }
    }
}

/// `value['name']` is an error if there is no such member, `value?['name']` is then null.
fn member(value: &Value, name: &Value, optional: bool) -> Result<Value, String> {
    let found = match (value, name) {
        (Value::Object(members), Value::String(name)) => members.get(name),
        (Value::Array(items), Value::Number(index)) => {
            index.as_u64().and_then(|index| items.get(usize::try_from(index).ok()?))
        }
        (Value::Null, _) if optional => None,
        _ => return Err(format!("{name} cannot be selected from {value}")),
    };
    match found {
        Some(found) => Ok(found.clone()),
        None if optional => Ok(Value::Null),
        None => Err(format!("there is no {name} in {value}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;

    impl Scope for Fixed {
        fn look_up(&self, function: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
            let body = json!({"Name": "It's", "Size": 5, "Items": [{"Id": 1}], "{Odd}": true});
            (function == "body" && arguments == ["A"]).then_some(Ok(body))
        }
    }

    #[test]
    fn expressions_are_evaluated_as_the_platform_does() {
        for (template, expected) in [
            ("plain", json!("plain")),
            ("@@plain", json!("@plain")),
            ("@body('A')?['Size']", json!(5)),
            ("@body('A')['Items'][0]['Id']", json!(1)),
            ("@body('A')?['Items']?[3]?['Id']", json!(null)),
            ("@body('A')?['{Odd}']", json!(true)),
            ("size @{body('A')?['Size']} of @{concat('}', 'x')}", json!("size 5 of }x")),
            ("none: @{body('A')?['Missing']}", json!("none: ")),
            ("@replace(body('A')?['Name'], '''', '''''')", json!("It''s")),
            ("@if(equals(1, 1), 'yes', body('A')['Missing'])", json!("yes")),
            ("@and(not(empty('x')), less(1, 2.5), or(false, true))", json!(true)),
            ("@coalesce(body('A')?['Missing'], 7)", json!(7)),
            ("@last(split('https://x/y/z', '/'))", json!("z")),
            ("@substring('abcdef', 1, 2)", json!("bc")),
            ("@div(mul(length('abcd'), 3), 4)", json!(3)),
            ("@int('12')", json!(12)),
            ("@min(3, 2)", json!(2)),
            ("@contains(createArray('a', 'b'), 'b')", json!(true)),
            ("@endsWith(toLower('A.PDF'), '.pdf')", json!(true)),
            ("@lastIndexOf('a.b.c', '.')", json!(3)),
            ("@join(skip(split('/a/b/c', '/'), 2), '/')", json!("b/c")),
            ("@string(createArray(1))", json!("[1]")),
            ("@json('{\"a\":1}')['a']", json!(1)),
        ] {
            assert_eq!(evaluate(&json!(template), &Fixed), Ok(expected), "{template}");
        }
    }

    #[test]
    fn what_the_platform_refuses_is_an_error() {
        for template in [
            "@body('A')['Missing']",
            "@greater(null, 1)",
            "@nosuch(1)",
            "@concat('a'",
            "@substring('ab', 1, 5)",
            "@int('x')",
            "@not('text')",
            "text @{body('A')",
        ] {
            assert!(evaluate(&json!(template), &Fixed).is_err(), "{template}");
        }
    }
}
