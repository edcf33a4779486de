//! The headers that the gateway forwards in both directions. Pure.
//!
//! Both directions use an allow-list, because the platform adds headers, DocuSign must not see the caller's credentials, and
//! hop-by-hop headers (RFC 9110 §7.6.1) are for one connection only.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION,
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LINK, LOCATION, RANGE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::endpoints::gateway::error::GatewayError;

/// `base64` in a request for a document, and in its answer.
const CONTENT_TRANSFER_ENCODING: HeaderName = HeaderName::from_static("content-transfer-encoding");
/// The lock under which an envelope or a template is edited.
const X_DOCUSIGN_EDIT: HeaderName = HeaderName::from_static("x-docusign-edit");

/// Request headers that are sent to DocuSign.
const REQUEST_HEADERS: [HeaderName; 16] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TRANSFER_ENCODING,
    CONTENT_TYPE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
    X_DOCUSIGN_EDIT,
];

/// Those that may occur once, RFC 9110 §5.3. The values of all others are lists.
const SINGLE_REQUEST_HEADERS: [HeaderName; 8] = [
    CONTENT_DISPOSITION,
    CONTENT_TRANSFER_ENCODING,
    CONTENT_TYPE,
    IF_MODIFIED_SINCE,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
    X_DOCUSIGN_EDIT,
];

/// Response headers that are sent to the caller.
const RESPONSE_HEADERS: [HeaderName; 15] = [
    ACCEPT_RANGES,
    ALLOW,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TRANSFER_ENCODING,
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
    LINK,
    LOCATION,
    RETRY_AFTER,
    VARY,
];

/// Those that may be repeated. Of all others the first value counts.
const LIST_RESPONSE_HEADERS: [HeaderName; 6] = [ACCEPT_RANGES, ALLOW, CONTENT_ENCODING, CONTENT_LANGUAGE, LINK, VARY];

/// Prefixes of more response headers: rate limits, and DocuSign's request ids.
const RESPONSE_PREFIXES: [&str; 4] = ["x-ratelimit-", "x-burstlimit-", "x-docusign-", "x-springcm-"];

/// The most bytes of response headers, names included. The Functions host answers 500 if all headers of an answer have more
/// than 64 KiB.
const MAX_RESPONSE_HEADERS_BYTES: usize = 32 * 1024;

/// The headers of the call to DocuSign, without those in the caller's `Connection` header.
///
/// # Errors
/// [`GatewayError::RepeatedHeader`] if a header that may occur once has two values.
pub fn for_docusign(request: &HeaderMap, request_id: &str) -> Result<HeaderMap, GatewayError> {
    let mut headers = filter(request, |name| REQUEST_HEADERS.contains(name));
    for name in &SINGLE_REQUEST_HEADERS {
        if let Some(value) = single(&headers, name)? {
            headers.insert(name, value);
        }
    }
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", request_id);
    }
    Ok(headers)
}

/// The value of a header that may occur once. The Functions host joins repeated headers with commas, and only a content type
/// cannot contain one.
fn single(headers: &HeaderMap, name: &HeaderName) -> Result<Option<HeaderValue>, GatewayError> {
    let mut values = headers.get_all(name).iter().flat_map(|value| match value.to_str() {
        Ok(text) if name == CONTENT_TYPE && !text.contains('"') => {
            text.split(',').map(|part| part.trim().as_bytes()).collect()
        }
        _ => vec![value.as_bytes()],
    });
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|other| other != first) {
        return Err(GatewayError::RepeatedHeader);
    }
    Ok(HeaderValue::from_bytes(first).ok())
}

/// The headers of the response to the caller.
#[must_use]
pub fn for_caller(answer: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let passed = filter(answer, |name| {
        RESPONSE_HEADERS.contains(name) || RESPONSE_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix))
    });
    let mut left = MAX_RESPONSE_HEADERS_BYTES;
    for (name, value) in &passed {
        let size = name.as_str().len() + value.len();
        if size <= left && (LIST_RESPONSE_HEADERS.contains(name) || !headers.contains_key(name)) {
            headers.append(name, value.clone());
            left -= size;
        }
    }
    headers
}

fn filter(headers: &HeaderMap, is_allowed: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let connection = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let hop_by_hop: Vec<String> =
        connection.flat_map(|list| list.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    let passed = headers
        .iter()
        .filter(|(name, _)| is_allowed(name) && !hop_by_hop.iter().any(|hop_by_hop| hop_by_hop == name.as_str()));
    passed.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn neither_credentials_nor_the_platforms_headers_reach_docusign() {
        let request = map(&[
            ("authorization", "Bearer x"),
            ("apikey", "k"),
            ("x-api-key", "k"),
            ("username", "u"),
            ("cookie", "c"),
            ("x-functions-key", "f"),
            ("x-forwarded-for", "1"),
            ("host", "h"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("proxy-authorization", "p"),
            ("x-docusign-authentication", "a"),
            ("expect", "100-continue"),
            ("x-http-method-override", "DELETE"),
            ("range", "bytes=0-1"),
            ("content-type", "a/b"),
        ]);
        assert_eq!(names(&for_docusign(&request, "id").unwrap()), ["content-type", "range", "x-request-id"]);
    }

    #[test]
    fn headers_named_by_connection_are_dropped() {
        let request = map(&[("connection", "close, Range"), ("range", "bytes=0-1"), ("accept", "a/b")]);
        assert_eq!(names(&for_docusign(&request, "id").unwrap()), ["accept", "x-request-id"]);
    }

    #[test]
    fn rate_limits_are_forwarded_and_cookies_are_not() {
        let answer = map(&[
            ("set-cookie", "a=b"),
            ("x-ratelimit-limit", "3000"),
            ("x-burstlimit-remaining", "9"),
            ("connection", "close"),
            ("keep-alive", "x"),
            ("transfer-encoding", "chunked"),
            ("content-type", "a/b"),
            ("x-docusign-tracetoken", "t"),
            ("access-control-allow-origin", "*"),
            ("strict-transport-security", "x"),
            ("server", "s"),
            ("www-authenticate", "Bearer"),
        ]);
        let expected = ["content-type", "x-burstlimit-remaining", "x-docusign-tracetoken", "x-ratelimit-limit"];
        assert_eq!(names(&for_caller(&answer)), expected);
    }

    #[test]
    fn a_header_that_may_occur_once_is_passed_on_once_or_refused() {
        for name in REQUEST_HEADERS {
            let is_single = SINGLE_REQUEST_HEADERS.contains(&name);
            for (values, passed) in [(["a/b", "a/b"], if is_single { 1 } else { 2 }), (["a/b", "c/d"], 2)] {
                let request: HeaderMap =
                    values.map(|value| (name.clone(), HeaderValue::from_static(value))).into_iter().collect();
                match for_docusign(&request, "id") {
                    Ok(headers) => assert_eq!(headers.get_all(&name).iter().count(), passed, "{name} {values:?}"),
                    Err(_) => assert!(is_single && values[0] != values[1], "{name} {values:?}"),
                }
            }
        }
        for (joined, expected) in [
            ("application/json, application/json", Some("application/json")),
            ("application/json,text/plain", None),
            ("multipart/form-data; boundary=\"a,b\"", Some("multipart/form-data; boundary=\"a,b\"")),
        ] {
            let passed = for_docusign(&map(&[("content-type", joined)]), "id");
            assert_eq!(
                passed.ok().map(|headers| headers["content-type"].clone()),
                expected.map(HeaderValue::from_static),
                "{joined}"
            );
        }
        let others = ["authorization", "host", "content-length", "cookie", "transfer-encoding", "expect", "username"];
        let twice: HeaderMap = others
            .iter()
            .flat_map(|name| ["1", "2"].map(|value| (HeaderName::from_static(name), HeaderValue::from_static(value))))
            .collect();
        assert_eq!(names(&for_docusign(&twice, "id").unwrap()), ["x-request-id"]);
    }

    #[test]
    fn an_answer_has_each_header_once_and_is_not_too_large_for_the_functions_host() {
        for name in RESPONSE_HEADERS {
            let answer = HeaderMap::from_iter(["1", "2"].map(|value| (name.clone(), HeaderValue::from_static(value))));
            let expected = if LIST_RESPONSE_HEADERS.contains(&name) { 2 } else { 1 };
            assert_eq!(for_caller(&answer).get_all(&name).iter().count(), expected, "{name}");
        }
        let long = HeaderValue::try_from("x".repeat(20_000)).unwrap();
        let names = ["x-docusign-a", "x-docusign-b", "x-docusign-c"].map(HeaderName::from_static);
        assert_eq!(for_caller(&names.map(|name| (name, long.clone())).into_iter().collect()).len(), 1);
    }
}
