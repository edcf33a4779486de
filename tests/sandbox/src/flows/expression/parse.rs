//! The syntax of expressions.

use serde_json::Value;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A text, number, boolean or null.
    Literal(Value),
    /// `function(arguments)`.
    Call {
        /// Its name.
        function: String,
        /// Its arguments.
        arguments: Vec<Expression>,
    },
    /// `of[name]`, or `of?[name]` if it is optional.
    Member {
        /// What it is selected from.
        of: Box<Expression>,
        /// Name or index.
        name: Box<Expression>,
        /// Whether a missing member is null.
        optional: bool,
    },
}

/// Parses an expression, without its `@`.
///
/// # Errors
/// If it is no expression.
pub fn parse(source: &str) -> Result<Expression, String> {
    let mut parser = Parser { source, at: 0 };
    let expression = parser.expression()?;
    parser.skip_blanks();
    if parser.at == source.len() { Ok(expression) } else { Err(parser.error("unexpected text")) }
}

/// The length of the expression before the `}` that closes it.
pub(super) fn length_of_braced(source: &str) -> Result<usize, String> {
    let mut quoted = false;
    for (at, character) in source.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '}' if !quoted => return Ok(at),
            _ => {}
        }
    }
    Err(format!("no closing brace in {source}"))
}

struct Parser<'s> {
    source: &'s str,
    at: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expression, String> {
        self.skip_blanks();
        let mut expression = match self.peek() {
            Some('\'') => Expression::Literal(Value::String(self.text()?)),
            Some('0'..='9' | '-') => Expression::Literal(self.number()?),
            _ => self.name_or_call()?,
        };
        loop {
            let optional = self.take("?[");
            if !optional && !self.take("[") {
                return Ok(expression);
            }
            let name = Box::new(self.expression()?);
            self.expect("]")?;
            expression = Expression::Member { of: Box::new(expression), name, optional };
        }
    }

    fn name_or_call(&mut self) -> Result<Expression, String> {
        let rest = &self.source[self.at..];
        let length = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..length];
        self.at += length;
        match name {
            "true" => return Ok(Expression::Literal(Value::Bool(true))),
            "false" => return Ok(Expression::Literal(Value::Bool(false))),
            "null" => return Ok(Expression::Literal(Value::Null)),
            _ => self.expect("(")?,
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.expression()?);
        }
        Ok(Expression::Call { function: name.to_owned(), arguments })
    }

    /// A quotation mark in a text is doubled.
    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = &self.source[self.at..];
            let end = rest.find('\'').ok_or_else(|| self.error("an open text"))?;
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if self.peek() != Some('\'') {
                return Ok(text);
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let rest = &self.source[self.at..];
        let length = rest.find(|character| !matches!(character, '0'..='9' | '-' | '.')).unwrap_or(rest.len());
        self.at += length;
        serde_json::from_str(&rest[..length]).map_err(|_| self.error("not a number"))
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.source[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, expected: &str) -> bool {
        let before = self.at;
        self.skip_blanks();
        let found = self.source[self.at..].starts_with(expected);
        self.at = if found { self.at + expected.len() } else { before };
        found
    }

    fn expect(&mut self, expected: &str) -> Result<(), String> {
        if self.take(expected) { Ok(()) } else { Err(self.error(&format!("expected {expected}"))) }
    }

    fn error(&self, what: &str) -> String {
        format!("{what} at {} of {}", self.at, self.source)
    }
}
