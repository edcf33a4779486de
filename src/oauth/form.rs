//! Reads forms, RFC 6749 §3.2 and appendix B. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use url::form_urlencoded;

use crate::oauth::error::{ErrorCode, OAuthError};

const NOT_UTF8: OAuthError = ErrorCode::InvalidRequest.say("the form is not UTF-8");
const REPEATED: OAuthError = ErrorCode::InvalidRequest.say("a parameter is repeated");

/// The parameters `names` of the form in the body of `request`, as [`parse`] finds them. Everything in the query is
/// ignored: a secret has no place in a URI (§2.3.1).
///
/// # Errors
/// `invalid_request` for another type of body, and as [`parse`].
pub fn read<'a, const N: usize>(
    request: &'a Request<Bytes>,
    names: [&str; N],
) -> Result<[Option<Cow<'a, str>>; N], OAuthError> {
    let mut content_types = request.headers().get_all(CONTENT_TYPE).iter();
    let content_type = content_types.next().and_then(|value| value.to_str().ok());
    if content_types.next().is_some() {
        return Err(ErrorCode::InvalidRequest.say("more than one Content-Type header"));
    }
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(ErrorCode::InvalidRequest.say("the body must be application/x-www-form-urlencoded"));
    }
    parse(request.body(), names)
}

/// The parameters `names` of `form`, in their order. One without a value counts as absent (§3.2); unknown ones are ignored
/// (erratum 5708).
///
/// # Errors
/// `invalid_request` for a form that is not UTF-8, or repeats one of `names`.
pub fn parse<'a, const N: usize>(form: &'a [u8], names: [&str; N]) -> Result<[Option<Cow<'a, str>>; N], OAuthError> {
    let mut found = [const { None }; N];
    for pair in form.split(|byte| *byte == b'&') {
        let (name, value) = read_pair(pair)?;
        let Some(at) = names.iter().position(|known| *known == name) else { continue };
        if found[at].replace(value).is_some() {
            return Err(REPEATED);
        }
    }
    Ok(found.map(|value| value.filter(|value: &Cow<'_, str>| !value.is_empty())))
}

/// A name and its value. Most pairs have nothing to decode, and [`form_urlencoded`] looks at each byte five times.
fn read_pair(pair: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), OAuthError> {
    let is_encoded = pair.iter().fold(false, |encoded, byte| encoded | matches!(byte, b'%' | b'+'));
    if !is_encoded {
        let pair = std::str::from_utf8(pair).map_err(|_| NOT_UTF8)?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        return Ok((name.into(), value.into()));
    }
    let (name, value) = form_urlencoded::parse(pair).next().unwrap_or_default();
    if is_replaced(&name, pair) || is_replaced(&value, pair) { Err(NOT_UTF8) } else { Ok((name, value)) }
}

/// Did [`form_urlencoded`] replace a part of `text`, which it read from `form`, because it is not UTF-8?
pub(super) fn is_replaced(text: &str, form: &[u8]) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER) && percent_decode(form).decode_utf8().is_err()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_found_once_or_refused() {
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
        fn what_is_encoded_is_read_back(name in ".{1,20}", value in ".{1,40}", plus in any::<bool>()) {
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
        fn wild_forms_never_panic(form in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&form, ["a", "b"]);
        }
    }
}
