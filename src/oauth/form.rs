//! Reads the form of a POST, RFC 6749 §3.2 and appendix B.

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use crate::oauth::error::{ErrorCode, OAuthError};

/// The body of `request` as a form. A repeated parameter that `T` names is refused; unknown ones are ignored (erratum
/// 5708), and so is everything in the query: a secret has no place in a URI (§2.3.1).
///
/// # Errors
/// `invalid_request` for another type of body, one that is not UTF-8, or one that `T` refuses.
pub fn read<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, OAuthError> {
    let mut content_types = request.headers().get_all(CONTENT_TYPE).iter();
    let content_type = content_types.next().and_then(|value| value.to_str().ok());
    if content_types.next().is_some() {
        return Err(ErrorCode::InvalidRequest.say("more than one Content-Type header"));
    }
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(ErrorCode::InvalidRequest.say("the body must be application/x-www-form-urlencoded"));
    }
    parse(request.body())
}

/// `form` as `T`.
///
/// # Errors
/// As [`read`].
pub fn parse<T: DeserializeOwned>(form: &[u8]) -> Result<T, OAuthError> {
    if percent_decode(form).decode_utf8().is_err() {
        return Err(ErrorCode::InvalidRequest.say("the form is not UTF-8"));
    }
    let parsed = serde_urlencoded::from_bytes(form);
    // serde's message may quote a parameter's value.
    parsed.map_err(|_| ErrorCode::InvalidRequest.say("a parameter is repeated or the form cannot be read"))
}
