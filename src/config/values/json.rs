//! The client registry's JSON, and where it is broken.

use serde_json::{Error, Value};

use crate::config::values::{BYTE_ORDER_MARK, Reason, kind};
use crate::web::unique_fields::{REPEATED, UniqueFields};

/// An array, in which no object has a field twice.
pub fn array(text: &str) -> Result<Vec<Value>, Reason> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match serde_json::from_str(text) {
        Ok(UniqueFields(Value::Array(items))) => Ok(items),
        Ok(UniqueFields(Value::Object(_))) => Err("it is an object (put it in square brackets)".into()),
        Ok(UniqueFields(other)) => Err(format!("it is {} instead of an array", kind(&other)).into()),
        Err(error) => Err(why_no_json(text, &error)),
    }
}

fn why_no_json(text: &str, error: &Error) -> Reason {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (line, column, found) = place(text, error.line(), error.column());
    format!("line {line}, column {column}: {}", explain(message, found)).into()
}

/// The place of an error as editors count it, and the character there. `serde_json` counts columns in bytes, and a line break
/// as column 0 of the next line.
fn place(text: &str, line: usize, column: usize) -> (usize, usize, Option<char>) {
    let before = |line: usize| text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    if column == 0 && line > 1 {
        return (line - 1, before(line - 1).chars().count() + 1, None);
    }
    let characters = before(line).char_indices().take_while(|(start, _)| *start < column);
    let (count, last) = characters.fold((0, None), |(count, _), (_, character)| (count + 1, Some(character)));
    (line, count, last)
}

/// The messages of `serde_json` quote no part of the text.
fn explain(message: &str, found: Option<char>) -> String {
    let text = match (message, found) {
        (message, _) if message.starts_with(REPEATED) => return message.to_owned(),
        ("trailing comma", _) => "there is a comma before the closing bracket",
        ("trailing characters", _) => "there is something after the end of the JSON",
        (_, Some('\'')) => "there is a single quote, but JSON has double quotes",
        (_, Some('“' | '”' | '„' | '‘' | '’')) => "there is a typographic quote, but JSON has straight ones",
        (_, Some('/' | '#')) => "there is a comment, but JSON has none",
        (_, Some('\\')) => "there is a backslash outside a text",
        (_, Some('\u{feff}')) => "there is a second byte order mark (save the file without it)",
        (_, Some('\u{a0}' | '\u{200b}')) => "there is a blank that is no plain space",
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
            ("\u{feff}\u{feff}[]", "line 1, column 1: there is a second byte order mark (save the file without it)"),
            ("[\u{a0}1]", "line 1, column 2: there is a blank that is no plain space"),
            ("\u{feff}[1,\r\n]", "line 2, column 1: there is a comma before the closing bracket"),
            ("[{\"ä\": 1,}]", "line 1, column 10: there is a comma before the closing bracket"),
            ("[{\"a\": 1, \"b\": 2,\n\"a\": 3}]", "line 2, column 3: the field a is there twice"),
            ("[{\"a\": [{\"b_c\": 1, \"b_c\": 1}]}]", "line 1, column 24: the field b_c is there twice"),
            (
                "[{\"Secret!\": 1, \"Secret!\": 2}]",
                "line 1, column 25: the field (its name is not shown) is there twice",
            ),
            ("[{\"a\": 1", "line 1, column 8: the text ends before a bracket or a quote is closed"),
            ("[{a: 1}]", "line 1, column 3: there is a field name without double quotes"),
            ("[{\"a\": 1 \"b\": 2}]", "line 1, column 10: there is no comma between two items"),
            ("[{\"a\" 1}]", "line 1, column 7: there is no colon after a field name"),
            ("[{\"a\": yes}]", "line 1, column 8: there is a value without double quotes"),
            ("[\"a\nb\"]", "line 1, column 4: there is a line break or a tab inside a text"),
            ("[1,,2]", "line 1, column 4: there are two commas in a row, or one before the first item"),
            ("[] x", "line 1, column 4: there is something after the end of the JSON"),
            ("{}", "it is an object (put it in square brackets)"),
            ("5", "it is a number instead of an array"),
        ];
        let explained = cases.map(|(text, _)| (text, array(text).unwrap_err().into_owned()));
        assert_eq!(explained, cases.map(|(text, expected)| (text, expected.to_owned())));
    }
}
