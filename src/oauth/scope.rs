//! Scope, RFC 6749 §3.3.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope-tokens in a fixed order; on the wire, separated by single spaces.
///
/// Narrowing keeps the order of the wider scope, so two equal subsets of one scope are equal values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Vec<String>);

/// The text holds a character that RFC 6749 §3.3 does not allow in a scope-token, or no scope-token at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed scope")]
pub struct MalformedScope;

impl Scope {
    /// Reads scope-tokens separated by spaces; a repeated one counts once.
    ///
    /// # Errors
    /// [`MalformedScope`] for anything but `1*( %x21 / %x23-5B / %x5D-7E )` between the spaces.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        let mut scope_tokens: Vec<String> = Vec::new();
        for scope_token in text.split(' ').filter(|scope_token| !scope_token.is_empty()) {
            if !scope_token.bytes().all(is_scope_char) {
                return Err(MalformedScope);
            }
            if !scope_tokens.iter().any(|known| known == scope_token) {
                scope_tokens.push(scope_token.to_owned());
            }
        }
        if scope_tokens.is_empty() { Err(MalformedScope) } else { Ok(Self(scope_tokens)) }
    }

    /// Is `scope_token` one of the scope-tokens?
    #[must_use]
    pub fn contains(&self, scope_token: &str) -> bool {
        self.0.iter().any(|known| known == scope_token)
    }

    /// Does this scope hold every scope-token of `other`?
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|scope_token| self.contains(scope_token))
    }

    /// The part of this scope that `wanted` names, in this scope's order; `None` unless this scope covers `wanted`.
    #[must_use]
    pub fn narrowed_to(&self, wanted: &Self) -> Option<Self> {
        self.covers(wanted).then(|| {
            let kept = self.0.iter().filter(|scope_token| wanted.contains(scope_token));
            Self(kept.cloned().collect())
        })
    }

    /// The part of this scope that `other` holds too, in this scope's order; `None` if they share nothing.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Option<Self> {
        let shared: Vec<String> = self.0.iter().filter(|scope_token| other.contains(scope_token)).cloned().collect();
        (!shared.is_empty()).then_some(Self(shared))
    }

    /// This scope with `scope_token` added at the end unless it is there already.
    #[must_use]
    pub fn with(mut self, scope_token: &str) -> Self {
        if !self.contains(scope_token) {
            self.0.push(scope_token.to_owned());
        }
        self
    }

    /// The scope-tokens in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = MalformedScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
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
    fn refuses_what_the_grammar_refuses() {
        for text in ["", "  ", "a\"b", "a\\b", "a\tb", "ä", "a\u{7f}"] {
            assert_eq!(Scope::parse(text), Err(MalformedScope), "{text:?}");
        }
    }

    #[test]
    fn narrowing_keeps_the_wider_scopes_order_and_never_widens() {
        let allowed = scope("signature impersonation spring_read");
        let narrowed = allowed.narrowed_to(&scope("spring_read signature"));
        assert_eq!(narrowed, Some(scope("signature spring_read")));
        assert_eq!(allowed.narrowed_to(&scope("signature extended")), None);
    }
}
