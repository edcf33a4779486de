//! The scopes that a deployment will set, from its parameter file: `docusignScopes` in a `.bicepparam` or JSON file.

use serde_json::Value;

use crate::config::reader::Environment;
use crate::config::values::BYTE_ORDER_MARK;

/// The parameter that becomes `DOCUSIGN_SCOPES`.
pub const SCOPES: &str = "docusignScopes";

/// A variable may name another one this many times.
const MAX_DEPTH: usize = 5;

/// The value of `docusignScopes` in the parameter file `text`; `None` if it is not there, or only Bicep can compute it.
pub fn scopes(text: &str, env: &dyn Environment) -> Option<String> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim_start().starts_with('{') {
        let file: Value = serde_json::from_str(text).ok()?;
        return file.pointer(&format!("/parameters/{SCOPES}/value"))?.as_str().map(ToOwned::to_owned);
    }
    let tokens = tokens(text);
    value(&tokens, declared(&tokens, "param", SCOPES)?, env, MAX_DEPTH)
}

/// What a parameter file is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A string; `None` if it has an expression in it.
    Text(Option<String>),
    Mark(char),
    LineEnd,
}

/// The tokens after `keyword name =`.
fn declared<'t>(tokens: &'t [Token], keyword: &str, name: &str) -> Option<&'t [Token]> {
    let starts = |at: usize| at == 0 || tokens.get(at - 1) == Some(&Token::LineEnd);
    let is_word = |at: usize, word: &str| matches!(tokens.get(at), Some(Token::Word(found)) if found == word);
    let assigns = |at: &usize| {
        starts(*at) && is_word(*at, keyword) && is_word(at + 1, name) && tokens.get(at + 2) == Some(&Token::Mark('='))
    };
    (0..tokens.len()).find(assigns).and_then(|at| tokens.get(at + 3..))
}

/// A string, a variable, or `readEnvironmentVariable`. Anything else is left to Bicep.
fn value(all: &[Token], expression: &[Token], env: &dyn Environment, depth: usize) -> Option<String> {
    let (first, rest) = expression.split_first()?;
    match first {
        Token::Text(text) => ends(rest).then(|| text.clone())?,
        Token::Word(word) if word == "readEnvironmentVariable" => {
            let mut arguments = rest.iter().filter(|token| **token != Token::LineEnd);
            let (open, name) = (arguments.next()?, arguments.next()?);
            let (Token::Mark('('), Token::Text(Some(name))) = (open, name) else { return None };
            let default = match (arguments.next()?, arguments.next()) {
                (Token::Mark(','), Some(Token::Text(default))) => default.clone(),
                _ => None,
            };
            env.var(name).or(default)
        }
        Token::Word(name) if ends(rest) && depth > 0 => value(all, declared(all, "var", name)?, env, depth - 1),
        _ => None,
    }
}

fn ends(rest: &[Token]) -> bool {
    rest.first().is_none_or(|token| *token == Token::LineEnd)
}

/// The tokens of `text`, without comments.
fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), text);
    while let Some(character) = rest.chars().next() {
        let after = rest.split_at(character.len_utf8()).1;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (token, left) = if rest.starts_with("//") {
            (None, rest.trim_start_matches(|c| c != '\n'))
        } else if let Some(comment) = rest.strip_prefix("/*") {
            (None, comment.split_once("*/").map_or("", |(_, left)| left))
        } else if let Some(block) = rest.strip_prefix("'''") {
            let (text, left) = block.split_once("'''").unwrap_or((block, ""));
            let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
            (Some(Token::Text(Some(text.to_owned()))), left)
        } else if character == '\'' {
            let (text, left) = string(after);
            (Some(Token::Text(text)), left)
        } else if is_word(character) {
            let left = rest.trim_start_matches(is_word);
            (Some(Token::Word(rest.strip_suffix(left).unwrap_or(rest).to_owned())), left)
        } else {
            let mark = if character == '\n' { Token::LineEnd } else { Token::Mark(character) };
            (Some(mark).filter(|_| character == '\n' || !character.is_whitespace()), after)
        };
        tokens.extend(token);
        rest = left;
    }
    tokens
}

/// The string that `text` begins with, after its opening quote, and what follows it.
fn string(text: &str) -> (Option<String>, &str) {
    let (mut value, mut characters) = (Some(String::new()), text.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return (value, text.split_at(at + 1).1),
            '$' if text.split_at(at + 1).1.starts_with('{') => value = None,
            '\\' => match characters.next() {
                Some((_, escaped @ ('\\' | '\'' | '$'))) => value.iter_mut().for_each(|value| value.push(escaped)),
                Some((_, 'n' | 'r' | 't')) => value.iter_mut().for_each(|value| value.push(' ')),
                _ => value = None,
            },
            character => value.iter_mut().for_each(|value| value.push(character)),
        }
    }
    (None, "")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretSlice;

    use super::*;
    use crate::config::FileError;

    /// An environment with one variable.
    struct One;

    impl Environment for One {
        fn var(&self, name: &str) -> Option<String> {
            (name == "SCOPES").then(|| "from the environment".to_owned())
        }

        fn names(&self) -> Vec<String> {
            Vec::new()
        }

        fn file(&self, _: &str) -> Result<SecretSlice<u8>, FileError> {
            Err(FileError::Missing)
        }
    }

    #[test]
    fn scopes_are_found_however_they_are_written() {
        let cases = [
            ("param docusignScopes = 'a b'", Some("a b")),
            ("using 'main.bicep'\r\n\r\nparam docusignScopes = 'a b'\r\nparam x = 'y'\r\n", Some("a b")),
            ("\u{feff}param docusignScopes = 'a b'\r\n", Some("a b")),
            ("param docusignScopes = 'a b' // ours\n", Some("a b")),
            ("param docusignScopes = 'a b'   /* ours */\t\n", Some("a b")),
            ("  param   docusignScopes='a b'\n", Some("a b")),
            ("// param docusignScopes = 'x'\nparam docusignScopes = 'a b'", Some("a b")),
            ("/*\nparam docusignScopes = 'x'\n*/\nparam docusignScopes = 'a b'", Some("a b")),
            ("param other = 'param docusignScopes = x // y'\nparam docusignScopes = 'a b'", Some("a b")),
            ("param docusignScopes = '''\na b'''\n", Some("a b")),
            ("param docusignScopes = ''", Some("")),
            ("param docusignScopes = readEnvironmentVariable('SCOPES')", Some("from the environment")),
            ("param docusignScopes = readEnvironmentVariable('SCOPES', 'x') // y", Some("from the environment")),
            ("param docusignScopes = readEnvironmentVariable(\r\n  'UNSET',\r\n  'a b')\r\n", Some("a b")),
            ("param docusignScopes = readEnvironmentVariable('UNSET')", None),
            ("var scopes = 'a b'\nparam docusignScopes = scopes\n", Some("a b")),
            ("var scopes = scopes\nparam docusignScopes = scopes\n", None),
            ("param docusignScopes = '${base} b'", None),
            ("param docusignScopes = empty(x) ? 'a' : 'b'", None),
            ("param docusignScopes = 'a' == 'b' ? 'c' : 'd'", None),
            ("param docusignScopesExtra = 'a b'", None),
            ("", None),
            (r#"{"parameters": {"docusignScopes": {"value": "a b"}}}"#, Some("a b")),
            ("\u{feff}{\r\n \"parameters\": {\"docusignScopes\": {\"value\": \"a b\"}}\r\n}", Some("a b")),
            (r#"{"parameters": {"docusignScopes": {"reference": {}}}}"#, None),
            (r#"{"parameters": {}}"#, None),
        ];
        let found = cases.map(|(text, _)| (text, scopes(text, &One)));
        assert_eq!(found, cases.map(|(text, expected)| (text, expected.map(ToOwned::to_owned))));
    }
}
