//! The credentials in a caller's headers: `Authorization: Bearer` (RFC 6750 §2.1), or an API key. Pure.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use crate::endpoints::caller::error::AuthenticationError;

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
    let mut access_tokens = bearers(headers);
    let mut keys = Vec::new();
    for name in API_KEY_HEADERS {
        keys.extend(single(headers, name)?);
    }
    if access_tokens.len() + keys.len() > 1 {
        return Err(AuthenticationError::Malformed("the request has more than one credential; send one"));
    }
    match (access_tokens.pop(), keys.pop()) {
        (Some(access_token), _) => Ok(CallerCredentials::Bearer(access_token.into())),
        (None, Some(api_key)) => Ok(CallerCredentials::ApiKey(api_key.into(), single(headers, "username")?)),
        (None, None) => Ok(CallerCredentials::Missing),
    }
}

/// The access tokens in all `Authorization` headers. The Functions host joins repeated headers with commas.
fn bearers(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(AUTHORIZATION).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.flat_map(|value| split(&value)).filter_map(|credential| bearer(&credential)).collect()
}

fn bearer(credential: &str) -> Option<String> {
    let (scheme, access_token) = credential.split_once(BLANKS)?;
    let access_token = access_token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !access_token.is_empty()).then(|| access_token.to_owned())
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The credentials in one header, each with its scheme. They are separated by commas, but so are the parameters of one
/// credential, and a quoted parameter may contain commas.
fn split(header: &str) -> Vec<String> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let separates = |c: char| {
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && !is_escaped && c == '\\';
        c == ',' && !is_quoted
    };
    let mut credentials: Vec<String> = Vec::new();
    for part in header.split(separates).map(str::trim).filter(|part| !part.is_empty()) {
        match credentials.last_mut() {
            Some(last) if !starts_credential(part) => last.extend([",", part]),
            _ => credentials.push(part.to_owned()),
        }
    }
    credentials
}

/// Whether `part` starts with a scheme. A parameter starts with its name and `=`.
fn starts_credential(part: &str) -> bool {
    let is_token = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    match part.split_once(BLANKS) {
        Some((scheme, rest)) => is_token(scheme) && !rest.trim_start().starts_with('='),
        None => ["basic", "bearer"].iter().any(|scheme| part.eq_ignore_ascii_case(scheme)),
    }
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
            &[("authorization", "Bearer abc, Bearer abc")],
            &[("authorization", "Bearer abc,Basic eA==,Bearer def")],
            &[("apikey", "k"), ("authorization", "Basic eA==, Bearer abc")],
        ] {
            assert!(summary(pairs).starts_with("Malformed"), "{pairs:?}");
        }
    }

    #[test]
    fn other_schemes_in_authorization_do_no_harm() {
        let fixed = [
            "Basic eDp5",
            "basic eDp5==",
            "BASIC  eDp5",
            "Basic",
            "Digest username=\"a, Bearer x\", realm=\"\\\", b\"",
        ];
        let bearers = ["Bearer abc", "bearer abc", "BEARER   abc", "Bearer\tabc"];
        for (fixed, bearer) in fixed.iter().flat_map(|fixed| bearers.map(|bearer| (*fixed, bearer))) {
            for (one, other) in [(fixed, bearer), (bearer, fixed)] {
                assert_eq!(
                    summary(&[("authorization", one), ("authorization", other)]),
                    "bearer abc",
                    "{one} | {other}"
                );
                for comma in [",", ", ", " , ", ",,", "\t,\t", ", ,"] {
                    let joined = format!("{one}{comma}{other}");
                    assert_eq!(summary(&[("authorization", &joined)]), "bearer abc", "{joined}");
                    let thrice = format!("{one}{comma}{other}{comma}{fixed}");
                    assert_eq!(summary(&[("authorization", &thrice)]), "bearer abc", "{thrice}");
                }
            }
        }
        for alone in ["Basic eDp5, Basic eDp5", "Bearer", "Bearer ", "Basic a,Bearer", "Digest a=\"b, Bearer c\"", ","]
        {
            assert_eq!(summary(&[("authorization", alone)]), "nothing", "{alone}");
            assert_eq!(summary(&[("authorization", alone), ("apikey", "k")]), "key k None", "{alone}");
        }
        // What is not a credential of its own makes the token wrong, so it is not dropped.
        assert_eq!(summary(&[("authorization", "Bearer abc,def")]), "bearer abc,def");
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, http::HeaderValue::from_bytes(b"Basic M\xfcnchen, Bearer abc").unwrap());
        assert!(matches!(read(&headers), Ok(CallerCredentials::Bearer(_))), "bytes that are not UTF-8");
    }
}
