//! Client authentication, RFC 6749 §2.3: HTTP Basic or the body, not both.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::error::{ErrorCode, OAuthError};

/// Client credentials from either method, RFC 6749 §2.3.1.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The client identifier.
    pub client_id: Cow<'a, str>,
    /// The client secret; a public client has none.
    pub client_secret: Option<SecretString>,
}

/// What an `Authorization` header begins with.
#[derive(Clone, Copy)]
enum Scheme {
    Basic,
    Bearer,
    /// Several headers that the Functions host joined.
    Several,
    Empty,
    Other,
}

impl Scheme {
    fn of(authorization: &HeaderValue) -> Self {
        let scheme = authorization.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        match scheme.to_ascii_lowercase().as_slice() {
            b"basic" | b"bearer" if authorization.as_bytes().contains(&b',') => Self::Several,
            b"basic" => Self::Basic,
            b"bearer" => Self::Bearer,
            b"" => Self::Empty,
            _ => Self::Other,
        }
    }

    /// The error for this header and a `client_secret`.
    const fn with_a_secret(self) -> &'static str {
        match self {
            Self::Basic => {
                "the request has both an Authorization header with Basic and client_secret in the body; send only one of them"
            }
            Self::Bearer => {
                "the request has both an Authorization header with Bearer and client_secret in the body; remove the header"
            }
            Self::Several => {
                "the request has both several Authorization headers and client_secret in the body; send only one of them"
            }
            Self::Empty => {
                "the request has both an empty Authorization header and client_secret in the body; remove the header"
            }
            Self::Other => {
                "the request has both an Authorization header with an unknown scheme and client_secret in the body; remove \
                 the header"
            }
        }
    }

    /// The error for this header if it has no valid credentials.
    const fn alone(self) -> &'static str {
        match self {
            Self::Basic => {
                "the Authorization header is not valid HTTP Basic: expected Basic and the Base64 of client_id:client_secret"
            }
            Self::Bearer => {
                "the Authorization header is not valid HTTP Basic but has a Bearer token; a client authenticates with Basic \
                 or with client_id and client_secret in the body"
            }
            Self::Several => "the Authorization header is not valid HTTP Basic but several headers in one; send one",
            Self::Empty => "the Authorization header is not valid HTTP Basic but empty",
            Self::Other => "the Authorization header is not valid HTTP Basic but has another scheme",
        }
    }
}

const FAILED: OAuthError =
    ErrorCode::InvalidClient.with_description("client authentication failed: unknown client or wrong secret");

impl<'a> Credentials<'a> {
    /// Reads the credentials from the header or the body. The body may repeat the `client_id` of HTTP Basic. Empty values in
    /// the body are already `None`.
    ///
    /// # Errors
    /// `invalid_request` for two methods at once, `invalid_client` for none.
    pub fn read(
        headers: &HeaderMap,
        client_id: Option<Cow<'a, str>>,
        client_secret: Option<SecretString>,
    ) -> Result<Self, OAuthError> {
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        let Some(authorization) = authorizations.next() else {
            let client_id = client_id
                .ok_or(ErrorCode::InvalidClient.with_description("no client authentication in the request"))?;
            return Ok(Self { client_id, client_secret });
        };
        if authorizations.next().is_some() {
            return Err(ErrorCode::InvalidRequest.with_description("more than one Authorization header"));
        }
        let scheme = Scheme::of(authorization);
        if client_secret.is_some() {
            return Err(ErrorCode::InvalidRequest.with_description(scheme.with_a_secret()));
        }
        let basic = authorization.to_str().ok().and_then(read_basic);
        let basic = basic.ok_or(ErrorCode::InvalidClient.with_description(scheme.alone()))?;
        if client_id.is_some_and(|client_id| client_id != basic.client_id) {
            return Err(ErrorCode::InvalidRequest
                .with_description("client_id differs from the one in the Authorization header"));
        }
        Ok(basic)
    }

    /// The client, authenticated with its secret. A public client has none.
    ///
    /// # Errors
    /// `invalid_client`, the same for an unknown client and a wrong secret.
    pub fn authenticate<'c>(&self, clients: &'c ClientRegistry) -> Result<&'c Client, OAuthError> {
        let client = clients.find(&self.client_id).ok_or(FAILED)?;
        match &self.client_secret {
            Some(secret) if client.has_secret(secret.expose_secret()) => Ok(client),
            None if client.is_public() => Ok(client),
            _ => Err(FAILED),
        }
    }

    /// The client, if it sent no secret and may refresh without one (`secretless_refresh`).
    #[must_use]
    pub fn secretless<'c>(&self, clients: &'c ClientRegistry) -> Option<&'c Client> {
        let client = clients.find(&self.client_id)?;
        (self.client_secret.is_none() && client.secretless_refresh).then_some(client)
    }
}

/// `Basic base64(form-urlencoded id ":" form-urlencoded secret)`, RFC 6749 §2.3.1 and appendix B.
pub(super) fn read_basic(header: &str) -> Option<Credentials<'static>> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let decoded = SecretString::from(String::from_utf8(decoded).ok()?);
    let (client_id, client_secret) = decoded.expose_secret().split_once(':')?;
    let client_secret = decode(client_secret)?;
    let client_secret = (!client_secret.is_empty()).then(|| SecretString::from(client_secret));
    Some(Credentials { client_id: decode(client_id)?.into(), client_secret })
}

/// Decodes one form-encoded value. It may contain `&` and `=`, because some clients do not encode it.
fn decode(value: &str) -> Option<String> {
    let spaced = SecretString::from(value.replace('+', " "));
    percent_decode_str(spaced.expose_secret()).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> Option<(String, Option<String>)> {
        let credentials = read_basic(&format!("Basic {}", STANDARD.encode(text)))?;
        let secret = credentials.client_secret.map(|secret| secret.expose_secret().to_owned());
        Some((credentials.client_id.into_owned(), secret))
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let some = |id: &str, secret: &str| Some((id.to_owned(), Some(secret.to_owned())));
        assert_eq!(basic("id:secret"), some("id", "secret"));
        assert_eq!(basic("my%20id:p%40ss+w%3Ard%25"), some("my id", "p@ss w:rd%"));
        assert_eq!(basic("id:a:b"), some("id", "a:b"));
        assert_eq!(basic("id:a=b&c"), some("id", "a=b&c"));
        assert_eq!(basic("id:"), Some(("id".to_owned(), None)));
        assert_eq!(basic("no colon"), None);
        assert_eq!(basic("id:%ff"), None);
    }

    #[test]
    fn other_schemes_and_broken_base64_are_rejected() {
        for header in ["Bearer abc", "Basic", "Basic !!!", "basicabc", ""] {
            assert!(read_basic(header).is_none(), "{header}");
        }
        assert!(read_basic("bAsIc aWQ6c2VjcmV0").is_some());
    }

    #[test]
    fn t4_two_authentication_methods_at_once_are_rejected() {
        let read = |headers: &[&str], client_id: Option<&str>, client_secret: Option<&str>| {
            let mut map = HeaderMap::new();
            for header in headers {
                map.append(AUTHORIZATION, header.parse().unwrap());
            }
            let read = Credentials::read(&map, client_id.map(Into::into), client_secret.map(Into::into));
            read.map(|credentials| credentials.client_id.into_owned()).map_err(|error| error.error)
        };
        let basic = format!("Basic {}", STANDARD.encode("id:secret"));
        assert_eq!(read(&[&basic], Some("id"), None), Ok("id".to_owned()));
        assert_eq!(read(&[&basic], Some("id"), Some("secret")), Err(ErrorCode::InvalidRequest));
        assert_eq!(read(&[&basic], Some("other"), None), Err(ErrorCode::InvalidRequest));
        assert_eq!(read(&[&basic, &basic], None, None), Err(ErrorCode::InvalidRequest));
        assert_eq!(read(&[], None, Some("secret")), Err(ErrorCode::InvalidClient));
    }
}
