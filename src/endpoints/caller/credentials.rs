//! The credentials in a caller's headers: `Authorization: Bearer` (RFC 6750 §2.1), or an API key. Pure.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use crate::endpoints::caller::AuthenticationError;

/// The headers with API keys: Workfront's, and the one of the API-key connector.
const API_KEY_HEADERS: [&str; 2] = ["apikey", "x-api-key"];

/// Unchecked credentials.
#[derive(Debug)]
pub enum CallerCredentials {
    /// None.
    Missing,
    /// An access token.
    Bearer(SecretString),
    /// An API key, and the user name if there is one.
    ApiKey(SecretString, Option<String>),
}

/// Reads the headers. Other schemes of `Authorization` are ignored, because Workfront can be set to send a fixed header.
pub fn read(headers: &HeaderMap) -> Result<CallerCredentials, AuthenticationError> {
    let authorization = single(headers, AUTHORIZATION.as_str())?;
    let bearer = authorization.as_deref().and_then(bearer);
    let mut keys = Vec::new();
    for name in API_KEY_HEADERS {
        keys.extend(single(headers, name)?);
    }
    match (bearer, keys.pop(), keys.is_empty()) {
        (_, _, false) | (Some(_), Some(_), _) => {
            Err(AuthenticationError::Malformed("the request has more than one credential; send one"))
        }
        (Some(access_token), None, _) => Ok(CallerCredentials::Bearer(access_token.into())),
        (None, Some(api_key), _) => Ok(CallerCredentials::ApiKey(api_key.into(), single(headers, "username")?)),
        (None, None, _) => Ok(CallerCredentials::Missing),
    }
}

fn bearer(authorization: &str) -> Option<String> {
    let (scheme, access_token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| access_token.trim().to_owned())
}

/// The value of a header that may occur once. An empty value counts as absent.
fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, AuthenticationError> {
    const MALFORMED: AuthenticationError =
        AuthenticationError::Malformed("an authentication header is repeated or not UTF-8");
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(MALFORMED);
    }
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| MALFORMED)?.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn summary(pairs: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        match read(&headers) {
            Ok(CallerCredentials::Missing) => "nothing".to_owned(),
            Ok(CallerCredentials::Bearer(access_token)) => format!("bearer {}", access_token.expose_secret()),
            Ok(CallerCredentials::ApiKey(key, username)) => format!("key {} {username:?}", key.expose_secret()),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn b1_credentials_are_read_from_headers_only() {
        assert_eq!(summary(&[]), "nothing");
        assert_eq!(summary(&[("authorization", "Bearer abc")]), "bearer abc");
        assert_eq!(summary(&[("authorization", "bEaReR  abc ")]), "bearer abc");
        assert_eq!(summary(&[("authorization", "Basic abc")]), "nothing");
        assert_eq!(summary(&[("apikey", "k"), ("username", "a@b.c")]), "key k Some(\"a@b.c\")");
        assert_eq!(summary(&[("x-api-key", "k"), ("username", " ")]), "key k None");
        assert_eq!(summary(&[("apikey", "k"), ("authorization", "Basic abc")]), "key k None");
        assert_eq!(summary(&[("username", "a@b.c")]), "nothing");
    }

    #[test]
    fn ambiguous_credentials_are_malformed() {
        for pairs in [
            &[("apikey", "k"), ("x-api-key", "k")][..],
            &[("apikey", "k"), ("authorization", "Bearer abc")],
            &[("authorization", "Bearer abc"), ("authorization", "Bearer def")],
            &[("apikey", "k"), ("username", "a"), ("username", "b")],
            &[("apikey", "k"), ("apikey", "k")],
        ] {
            assert!(summary(pairs).starts_with("Malformed"), "{pairs:?}");
        }
    }
}
