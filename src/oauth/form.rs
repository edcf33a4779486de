//! Parses forms, RFC 6749 §3.2 and appendix B. Pure.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use memchr::{memchr, memchr_iter, memchr2};
use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::oauth::error::{ErrorCode, OAuthError};

const NOT_UTF8: OAuthError = ErrorCode::InvalidRequest.with_description("the form is not UTF-8");
const REPEATED: OAuthError = ErrorCode::InvalidRequest.with_description("a parameter is repeated");

/// A request with a form as its body.
#[derive(Default)]
pub struct Form {
    /// The headers of the request.
    pub headers: HeaderMap,
    /// The query of its URI.
    pub query: Option<String>,
    /// The complete body.
    pub body: Bytes,
}

/// Every part can have a secret.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").finish_non_exhaustive()
    }
}

impl Form {
    /// Parses the body with [`parse`]. The query is ignored, because secrets must not be in a URI (§2.3.1).
    ///
    /// # Errors
    /// `invalid_request` for another content type, and the errors of [`parse`].
    pub fn parameters<const N: usize>(&self, names: [&str; N]) -> Result<[Option<Cow<'_, str>>; N], OAuthError> {
        let mut content_types = self.headers.get_all(CONTENT_TYPE).iter();
        let content_type = content_types.next().and_then(|value| value.to_str().ok());
        if content_types.next().is_some() {
            return Err(ErrorCode::InvalidRequest.with_description("more than one Content-Type header"));
        }
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(
                ErrorCode::InvalidRequest.with_description("the body must be application/x-www-form-urlencoded")
            );
        }
        parse(&self.body, names)
    }
}

/// The values of the parameters `names` in `form`. Empty values count as absent (§3.2); unknown parameters are ignored
/// (erratum 5708).
///
/// # Errors
/// `invalid_request` if the form is not UTF-8 or repeats one of `names`.
pub fn parse<'a, const N: usize>(form: &'a [u8], names: [&str; N]) -> Result<[Option<Cow<'a, str>>; N], OAuthError> {
    let form = std::str::from_utf8(form).map_err(|_| NOT_UTF8)?;
    let mut found = [const { None }; N];
    let mut start = 0;
    // `memchr` is faster than `split`, because tokens are long.
    for end in memchr_iter(b'&', form.as_bytes()).chain([form.len()]) {
        let (name, value) = read_pair(&form[start..end])?;
        start = end + 1;
        let Some(at) = names.iter().position(|known| *known == name) else { continue };
        if found[at].replace(value).is_some() {
            return Err(REPEATED);
        }
    }
    Ok(found.map(|value| value.filter(|value: &Cow<'_, str>| !value.is_empty())))
}

/// Reads a name and its value. Most pairs have no escapes, and then this is faster than [`form_urlencoded`].
fn read_pair(pair: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), OAuthError> {
    let (name, value) = pair.split_at(memchr(b'=', pair.as_bytes()).unwrap_or(pair.len()));
    let value = value.get(1..).unwrap_or_default();
    match memchr2(b'%', b'+', pair.as_bytes()) {
        None => Ok((name.into(), value.into())),
        Some(_) if memchr(b'%', pair.as_bytes()).is_none() => Ok((without_plus(name), without_plus(value))),
        Some(_) => read_escaped_pair(pair.as_bytes()),
    }
}

fn read_escaped_pair(pair: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), OAuthError> {
    let (name, value) = form_urlencoded::parse(pair).next().unwrap_or_default();
    if is_replaced(&name, pair) || is_replaced(&value, pair) { Err(NOT_UTF8) } else { Ok((name, value)) }
}

/// The text with a space for each `+`.
fn without_plus(text: &str) -> Cow<'_, str> {
    if text.contains('+') { text.replace('+', " ").into() } else { text.into() }
}

/// Whether [`form_urlencoded`] replaced invalid UTF-8 when it decoded `text` from `form`.
pub(super) fn is_replaced(text: &str, form: &[u8]) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER) && percent_decode(form).decode_utf8().is_err()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_found_and_repeated_ones_rejected() {
        let some = |text: &str| Some(Cow::from(text.to_owned()));
        for (form, expected) in [
            ("", Ok([None, None])),
            ("a", Ok([None, None])),
            ("a=&b=", Ok([None, None])),
            ("b=2&a=1", Ok([some("1"), some("2")])),
            ("x=9&&a=1=2&=&c", Ok([some("1=2"), None])),
            ("%61=%C3%A4+b%2B%26", Ok([some("ä b+&"), None])),
            ("a=100%&b=%zz", Ok([some("100%"), some("%zz")])),
            ("a=1&a=2", Err(REPEATED)),
            ("a=1&%61=1", Err(REPEATED)),
            ("a=&a=1", Err(REPEATED)),
            ("c=1&c=2", Ok([None, None])),
            ("a=%FF", Err(NOT_UTF8)),
            ("a=+%FF", Err(NOT_UTF8)),
            ("%FF=1", Err(NOT_UTF8)),
            ("unknown=%FF", Err(NOT_UTF8)),
            ("a=%C3&b=%A4", Err(NOT_UTF8)),
            ("a=%EF%BF%BD&b=\u{fffd}", Ok([some("\u{fffd}"), some("\u{fffd}")])),
        ] {
            assert_eq!(parse(form.as_bytes(), ["a", "b"]), expected, "{form}");
        }
        assert_eq!(parse(b"a=\xff", ["a", "b"]), Err(NOT_UTF8));
    }

    proptest! {
        #[test]
        fn encoded_parameters_round_trip(name in ".{1,20}", value in ".{1,40}", plus in any::<bool>()) {
            let encode = |text: &str| {
                let encoded = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
                if plus { encoded.replace("%20", "+") } else { encoded }
            };
            let form = format!("other=1&{}={}", encode(&name), encode(&value));
            prop_assume!(name != "other");
            let found = parse(form.as_bytes(), [&name]).unwrap();
            prop_assert_eq!(found, [Some(Cow::from(value))]);
        }

        #[test]
        fn arbitrary_forms_never_panic(form in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&form, ["a", "b"]);
        }
    }
}
