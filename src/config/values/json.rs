//! The client registry's JSON, and where it is broken.

use serde_json::{Error, Value};

use crate::config::error::Reason;
use crate::config::values::kind;

/// An array.
pub fn array(text: &str) -> Result<Vec<Value>, Reason> {
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => Ok(items),
        Ok(Value::Object(_)) => Err("it is an object (put it into square brackets)".into()),
        Ok(other) => Err(format!("it is {} instead of an array", kind(&other)).into()),
        Err(error) => Err(why_no_json(text, &error)),
    }
}

fn why_no_json(text: &str, error: &Error) -> Reason {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("line {line}, column {column}: {}", explain(message, character(text, line, column))).into()
}

/// The character at the place of an error. `serde_json` counts columns in bytes, from 1.
fn character(text: &str, line: usize, column: usize) -> Option<char> {
    let line = text.split('\n').nth(line.checked_sub(1)?)?;
    line.char_indices().take_while(|(start, _)| *start < column).last().map(|(_, character)| character)
}

/// The messages of `serde_json` quote no part of the text.
fn explain(message: &str, found: Option<char>) -> String {
    let text = match (message, found) {
        ("trailing comma", _) => "there is a comma before the closing bracket",
        ("trailing characters", _) => "there is something after the end of the JSON",
        (_, Some('\'')) => "there is a single quote, but JSON has double quotes",
        (_, Some('“' | '”' | '„' | '‘' | '’')) => "there is a typographic quote, but JSON has straight ones",
        (_, Some('/' | '#')) => "there is a comment, but JSON has none",
        (_, Some('\\')) => "there is a backslash outside a text",
        (_, Some('\u{feff}')) => "there is a byte order mark (save the file without it)",
        (message, _) if message.starts_with("EOF") => "the text ends before a bracket or a quote is closed",
        (message, _) if message.starts_with("control character") => "there is a line break or a tab inside a text",
        ("key must be a string", _) => "there is a field name without double quotes",
        ("expected `,` or `}`" | "expected `,` or `]`", _) => "there is no comma between two items",
        ("expected `:`", _) => "there is no colon after a field name",
        ("expected value" | "expected ident", Some(',')) => {
            "there are two commas in a row, or one before the first item"
        }
        ("expected value" | "expected ident", _) => "there is a value without double quotes",
        (other, _) => return format!("JSON error: {other}"),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_explained_with_line_and_column() {
        let cases = [
            ("[1,]", "line 1, column 4: there is a comma before the closing bracket"),
            ("[{\n  \"a\": 1,\n}]", "line 3, column 1: there is a comma before the closing bracket"),
            ("[{'a': 1}]", "line 1, column 3: there is a single quote, but JSON has double quotes"),
            ("[{“a”: 1}]", "line 1, column 3: there is a typographic quote, but JSON has straight ones"),
            ("[\n // x\n]", "line 2, column 2: there is a comment, but JSON has none"),
            ("[{\\\"a\\\": 1}]", "line 1, column 3: there is a backslash outside a text"),
            ("\u{feff}[]", "line 1, column 1: there is a byte order mark (save the file without it)"),
            ("[{\"a\": 1", "line 1, column 8: the text ends before a bracket or a quote is closed"),
            ("[{a: 1}]", "line 1, column 3: there is a field name without double quotes"),
            ("[{\"a\": 1 \"b\": 2}]", "line 1, column 10: there is no comma between two items"),
            ("[{\"a\" 1}]", "line 1, column 7: there is no colon after a field name"),
            ("[{\"a\": yes}]", "line 1, column 8: there is a value without double quotes"),
            ("[\"a\nb\"]", "line 2, column 0: there is a line break or a tab inside a text"),
            ("[1,,2]", "line 1, column 4: there are two commas in a row, or one before the first item"),
            ("[] x", "line 1, column 4: there is something after the end of the JSON"),
            ("{}", "it is an object (put it into square brackets)"),
            ("5", "it is a number instead of an array"),
        ];
        let explained = cases.map(|(text, _)| (text, array(text).unwrap_err().into_owned()));
        assert_eq!(explained, cases.map(|(text, expected)| (text, expected.to_owned())));
    }
}
