//! Reads `POST /oauth/token` into types, RFC 6749 §2.3.1 and §3.2. Nothing after this sees the form. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use percent_encoding::{percent_decode, percent_decode_str};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::oauth::error::{ErrorCode, OAuthError};

/// The parameters RFC 6749 and 7636 define for the grants this server knows. A repeated one is refused by serde (§3.2); unknown ones
/// are ignored, and so is everything in the query: a secret has no place in a URI (§2.3.1).
#[derive(Default, Deserialize)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    scope: Option<String>,
    #[serde(rename = "code")]
    _code: Option<SecretString>,
    #[serde(rename = "redirect_uri")]
    _redirect_uri: Option<String>,
    #[serde(rename = "code_verifier")]
    _code_verifier: Option<SecretString>,
    #[serde(rename = "refresh_token")]
    _refresh_token: Option<SecretString>,
}

/// A request as it came, before anyone is believed.
#[derive(Debug)]
pub struct RawTokenRequest {
    /// Who claims to ask.
    pub credentials: Credentials,
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
}

/// Client credentials by whichever method, RFC 6749 §2.3.1.
#[derive(Debug)]
pub struct Credentials {
    /// The client identifier.
    pub client_id: String,
    /// The client secret; a public client has none.
    pub client_secret: Option<SecretString>,
}

impl RawTokenRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request` for a malformed one, `invalid_client` if it does not say who asks.
    pub fn read(request: &Request<Bytes>) -> Result<Self, OAuthError> {
        let form = read_form(request)?;
        let credentials = read_credentials(request, form.client_id, form.client_secret)?;
        Ok(Self { credentials, grant_type: form.grant_type, scope: form.scope })
    }
}

fn read_form(request: &Request<Bytes>) -> Result<Form, OAuthError> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(ErrorCode::InvalidRequest.say("the body must be application/x-www-form-urlencoded"));
    }
    if percent_decode(request.body()).decode_utf8().is_err() {
        return Err(ErrorCode::InvalidRequest.say("the form is not UTF-8"));
    }
    let form: Result<Form, _> = serde_urlencoded::from_bytes(request.body());
    // serde's message may quote a parameter's value.
    let form = form.map_err(|_| ErrorCode::InvalidRequest.say("a parameter is repeated or the form cannot be read"))?;
    // A parameter without a value counts as absent, §3.2.
    Ok(Form {
        grant_type: form.grant_type.filter(|text| !text.is_empty()),
        client_id: form.client_id.filter(|text| !text.is_empty()),
        client_secret: form.client_secret.filter(|secret| !secret.expose_secret().is_empty()),
        scope: form.scope.filter(|text| !text.is_empty()),
        ..Form::default()
    })
}

/// Basic or body credentials, never both (§2.3). The same `client_id` beside Basic is fine.
fn read_credentials(
    request: &Request<Bytes>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
) -> Result<Credentials, OAuthError> {
    let mut authorizations = request.headers().get_all(AUTHORIZATION).iter();
    let Some(authorization) = authorizations.next() else {
        let client_id = client_id.ok_or(ErrorCode::InvalidClient.say("no client authentication in the request"))?;
        return Ok(Credentials { client_id, client_secret });
    };
    if authorizations.next().is_some() {
        return Err(ErrorCode::InvalidRequest.say("more than one Authorization header"));
    }
    if client_secret.is_some() {
        return Err(ErrorCode::InvalidRequest.say("use HTTP Basic or client_secret in the body, not both"));
    }
    let basic = authorization.to_str().ok().and_then(read_basic);
    let basic = basic.ok_or(ErrorCode::InvalidClient.say("the Authorization header is not valid HTTP Basic"))?;
    if client_id.is_some_and(|client_id| client_id != basic.client_id) {
        return Err(ErrorCode::InvalidRequest.say("client_id differs from the one in the Authorization header"));
    }
    Ok(basic)
}

/// `Basic base64(form-urlencoded id ":" form-urlencoded secret)`, RFC 6749 §2.3.1 and appendix B.
fn read_basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let decoded = SecretString::from(String::from_utf8(decoded).ok()?);
    let (client_id, client_secret) = decoded.expose_secret().split_once(':')?;
    let client_secret = form_decode(client_secret)?;
    let client_secret = (!client_secret.is_empty()).then(|| SecretString::from(client_secret));
    Some(Credentials { client_id: form_decode(client_id)?, client_secret })
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn basic(text: &str) -> Option<(String, Option<String>)> {
        let credentials = read_basic(&format!("Basic {}", STANDARD.encode(text)))?;
        let secret = credentials.client_secret.map(|secret| secret.expose_secret().to_owned());
        Some((credentials.client_id, secret))
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let some = |id: &str, secret: &str| Some((id.to_owned(), Some(secret.to_owned())));
        assert_eq!(basic("id:secret"), some("id", "secret"));
        assert_eq!(basic("my%20id:p%40ss+w%3Ard%25"), some("my id", "p@ss w:rd%"));
        assert_eq!(basic("id:a:b"), some("id", "a:b"));
        assert_eq!(basic("id:"), Some(("id".to_owned(), None)));
        assert_eq!(basic("no colon"), None);
        assert_eq!(basic("id:%ff"), None);
    }

    #[test]
    fn other_schemes_and_broken_base64_are_refused() {
        for header in ["Bearer abc", "Basic", "Basic !!!", "basicabc", ""] {
            assert!(read_basic(header).is_none(), "{header}");
        }
        assert!(read_basic("bAsIc aWQ6c2VjcmV0").is_some());
    }

    proptest! {
        #[test]
        fn wild_requests_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300), header in "[ -~]{0,80}") {
            let request = Request::post("/oauth/token")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(AUTHORIZATION, header)
                .body(Bytes::from(body))
                .unwrap();
            let _ = RawTokenRequest::read(&request);
        }
    }
}
