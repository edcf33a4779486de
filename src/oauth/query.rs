//! URL queries: parsed by the rules of RFC 6749 §3.1, and written so that every decoder reads the same.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

use crate::oauth::form::is_replaced;

/// The characters to encode: all except the unreserved ones of RFC 3986 §2.3. A space becomes `%20`, because only form
/// decoders read `+` as a space.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Not sent, or sent without a value, which counts as not sent (RFC 6749 §3.1).
    Absent,
    /// Sent once.
    Once(String),
    /// Ambiguous: sent more than once, or not UTF-8.
    Unclear,
}

impl Parameter {
    /// The parameter with this name.
    #[must_use]
    pub fn find(query: &str, name: &str) -> Self {
        let named = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
        let mut values = named.map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) if value.is_empty() => Self::Absent,
            (Some(value), None) if !is_replaced(&value, query.as_bytes()) => Self::Once(value.into_owned()),
            (Some(_), _) => Self::Unclear,
        }
    }

    /// The value, if it was sent.
    ///
    /// # Errors
    /// `unclear` if the parameter is ambiguous.
    pub fn value_or<E>(self, unclear: E) -> Result<Option<String>, E> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Unclear => Err(unclear),
        }
    }
}

/// Adds `parameters` to `uri`. An existing query is kept unchanged (RFC 6749 §3.1.2).
#[must_use]
pub fn append(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = uri.to_owned();
    for (name, value) in parameters {
        let joint = match (out.contains('?'), out.ends_with(['?', '&'])) {
            (false, _) => "?",
            (true, false) => "&",
            (true, true) => "",
        };
        out.push_str(joint);
        out.push_str(name);
        out.push('=');
        out.extend(utf8_percent_encode(value, VALUE));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn repeated_parameters_are_ambiguous() {
        let once = |text: &str| Parameter::Once(text.to_owned());
        for (query, expected) in [
            ("", Parameter::Absent),
            ("other=1", Parameter::Absent),
            ("a", Parameter::Absent),
            ("a=", Parameter::Absent),
            ("a=1", once("1")),
            ("x&a=b=c&y", once("b=c")),
            ("%61=%C3%A4+b%2B", once("ä b+")),
            ("a=1&a=2", Parameter::Unclear),
            ("a=1&a=1", Parameter::Unclear),
            ("a=&a=1", Parameter::Unclear),
            ("a=1&%61=2", Parameter::Unclear),
            ("a=%FF", Parameter::Unclear),
            ("a=1&other=%FF", once("1")),
            ("a=%EF%BF%BD", once("\u{fffd}")),
        ] {
            assert_eq!(Parameter::find(query, "a"), expected, "{query}");
        }
    }

    #[test]
    fn a9_an_existing_query_is_kept() {
        for (uri, expected) in [
            ("https://c.example/cb", "https://c.example/cb?code=a%20b"),
            ("https://c.example/cb?", "https://c.example/cb?code=a%20b"),
            ("https://c.example/cb?x=%2f+", "https://c.example/cb?x=%2f+&code=a%20b"),
            ("https://c.example/cb?x&", "https://c.example/cb?x&code=a%20b"),
        ] {
            assert_eq!(append(uri, &[("code", "a b")]), expected);
        }
    }

    proptest! {
        #[test]
        fn appended_parameters_round_trip(value in ".{1,60}") {
            let query = append("", &[("x", "1"), ("state", &value)]);
            prop_assert_eq!(Parameter::find(query.trim_start_matches('?'), "state"), Parameter::Once(value));
        }
    }
}
