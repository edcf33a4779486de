//! What a caller presents: `Authorization: Bearer` (RFC 6750 §2.1), or an API key. Pure.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use crate::endpoints::caller::AuthenticationError;

/// The headers that carry API keys: Workfront's, and the one of API-key connectors.
const API_KEY_HEADERS: [&str; 2] = ["apikey", "x-api-key"];

/// Credentials that nobody has checked yet.
#[derive(Debug)]
pub enum PresentedCredentials {
    /// None.
    Nothing,
    /// An access token.
    Bearer(SecretString),
    /// An API key, and perhaps the name of a user.
    ApiKey(SecretString, Option<String>),
}

/// Reads the headers. Another scheme of `Authorization` counts as absent, since Workfront can be told to send a fixed one.
pub fn read(headers: &HeaderMap) -> Result<PresentedCredentials, AuthenticationError> {
    let authorization = single(headers, AUTHORIZATION.as_str())?;
    let bearer = authorization.as_deref().and_then(bearer);
    let mut keys = Vec::new();
    for name in API_KEY_HEADERS {
        keys.extend(single(headers, name)?);
    }
    match (bearer, keys.pop(), keys.is_empty()) {
        (_, _, false) | (Some(_), Some(_), _) => {
            Err(AuthenticationError::Malformed("there is more than one way of authentication in the request"))
        }
        (Some(access_token), None, _) => Ok(PresentedCredentials::Bearer(access_token.into())),
        (None, Some(api_key), _) => Ok(PresentedCredentials::ApiKey(api_key.into(), single(headers, "username")?)),
        (None, None, _) => Ok(PresentedCredentials::Nothing),
    }
}

fn bearer(authorization: &str) -> Option<String> {
    let (scheme, access_token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| access_token.trim().to_owned())
}

/// The value of a header that may be there once; blank counts as absent.
fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, AuthenticationError> {
    const MALFORMED: AuthenticationError =
        AuthenticationError::Malformed("a header of the authentication is repeated or cannot be read");
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

    fn told(pairs: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        match read(&headers) {
            Ok(PresentedCredentials::Nothing) => "nothing".to_owned(),
            Ok(PresentedCredentials::Bearer(access_token)) => format!("bearer {}", access_token.expose_secret()),
            Ok(PresentedCredentials::ApiKey(key, username)) => format!("key {} {username:?}", key.expose_secret()),
            Err(stranger) => format!("{stranger:?}"),
        }
    }

    #[test]
    fn b1_credentials_stand_in_headers_and_nowhere_else() {
        assert_eq!(told(&[]), "nothing");
        assert_eq!(told(&[("authorization", "Bearer abc")]), "bearer abc");
        assert_eq!(told(&[("authorization", "bEaReR  abc ")]), "bearer abc");
        assert_eq!(told(&[("authorization", "Basic abc")]), "nothing");
        assert_eq!(told(&[("apikey", "k"), ("username", "a@b.c")]), "key k Some(\"a@b.c\")");
        assert_eq!(told(&[("x-api-key", "k"), ("username", " ")]), "key k None");
        assert_eq!(told(&[("apikey", "k"), ("authorization", "Basic abc")]), "key k None");
        assert_eq!(told(&[("username", "a@b.c")]), "nothing");
    }

    #[test]
    fn what_could_mean_two_things_is_malformed() {
        for pairs in [
            &[("apikey", "k"), ("x-api-key", "k")][..],
            &[("apikey", "k"), ("authorization", "Bearer abc")],
            &[("authorization", "Bearer abc"), ("authorization", "Bearer def")],
            &[("apikey", "k"), ("username", "a"), ("username", "b")],
            &[("apikey", "k"), ("apikey", "k")],
        ] {
            assert!(told(pairs).starts_with("Malformed"), "{pairs:?}");
        }
    }
}
