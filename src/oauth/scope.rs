//! Scope, RFC 6749 §3.3.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of scope-tokens in a fixed order, written with single spaces between them. Cheap to clone.
///
/// Narrowing keeps the order of the wider scope, so equal subsets of a scope are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Arc<str>);

/// The text has a character that RFC 6749 §3.3 does not allow, or no scope-token at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed scope")]
pub struct MalformedScopeError;

/// The longest accepted scope in bytes. Finding repeated scope-tokens takes quadratic time.
const MAX_SCOPE_BYTES: usize = 4096;

impl Scope {
    /// Parses scope-tokens separated by spaces. Repeated ones count once.
    ///
    /// # Errors
    /// [`MalformedScopeError`] for anything but `1*( %x21 / %x23-5B / %x5D-7E )` between the spaces, and for more than 4,096
    /// characters, which is far more than all of DocuSign's scopes.
    pub fn parse(text: &str) -> Result<Self, MalformedScopeError> {
        if text.len() > MAX_SCOPE_BYTES || !text.bytes().all(|byte| byte == b' ' || is_scope_char(byte)) {
            return Err(MalformedScopeError);
        }
        Self::of(split(text).filter(|scope_token| !scope_token.is_empty())).ok_or(MalformedScopeError)
    }

    /// A scope with each of these scope-tokens once; `None` if there are none.
    fn of<'a>(scope_tokens: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut text = String::new();
        for scope_token in scope_tokens {
            if split(&text).any(|known| known == scope_token) {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(scope_token);
        }
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The scope-tokens with single spaces between them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `scope_token` is one of the scope-tokens.
    #[must_use]
    pub fn contains(&self, scope_token: &str) -> bool {
        self.iter().any(|known| known == scope_token)
    }

    /// Whether this scope has every scope-token of `other`.
    #[must_use]
    pub fn is_superset(&self, other: &Self) -> bool {
        self == other || other.iter().all(|scope_token| self.contains(scope_token))
    }

    /// Limits this scope to `requested`, in this scope's order; `None` if `requested` has more than this scope.
    #[must_use]
    pub fn narrow(&self, requested: &Self) -> Option<Self> {
        if self.is_superset(requested) { self.intersection(requested) } else { None }
    }

    /// The scope-tokens that are also in `other`, in this scope's order; `None` if there are none.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(self.clone());
        }
        Self::of(self.iter().filter(|scope_token| other.contains(scope_token)))
    }

    /// Adds `scope_token` at the end unless it is already there.
    #[must_use]
    pub fn with(self, scope_token: &str) -> Self {
        if self.contains(scope_token) { self } else { Self(format!("{self} {scope_token}").into()) }
    }

    /// The scope-tokens in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        split(&self.0)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = MalformedScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

#[expect(
    clippy::manual_pattern_char_comparison,
    reason = "searching for a char is optimized for long texts and slow here"
)]
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char| char == ' ')
}

const fn is_scope_char(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn order_is_kept_and_repeats_count_once() {
        assert_eq!(scope(" b  a b ").to_string(), "b a");
    }

    #[test]
    fn malformed_scopes_are_rejected() {
        for text in ["", "  ", "a\"b", "a\\b", "a\tb", "ä", "a\u{7f}"] {
            assert_eq!(Scope::parse(text), Err(MalformedScopeError), "{text:?}");
        }
        assert!(Scope::parse(&"a ".repeat(2048)).is_ok());
        assert_eq!(Scope::parse(&"a ".repeat(2049)), Err(MalformedScopeError));
    }

    #[test]
    fn narrowing_keeps_the_order_and_never_adds_scope_tokens() {
        let allowed = scope("signature impersonation spring_read");
        let narrowed = allowed.narrow(&scope("spring_read signature"));
        assert_eq!(narrowed, Some(scope("signature spring_read")));
        assert_eq!(allowed.narrow(&scope("signature extended")), None);
    }
}
