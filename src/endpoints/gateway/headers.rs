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

/// Request headers that are sent to DocuSign.
const REQUEST_HEADERS: [HeaderName; 14] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CACHE_CONTROL,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_TYPE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
];

/// Response headers that are sent to the caller.
const RESPONSE_HEADERS: [HeaderName; 14] = [
    ACCEPT_RANGES,
    ALLOW,
    CONTENT_DISPOSITION,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    ETAG,
    LAST_MODIFIED,
    LINK,
    LOCATION,
    RETRY_AFTER,
    VARY,
];

/// Prefixes of more response headers: rate limits, and DocuSign's request ids.
const RESPONSE_PREFIXES: [&str; 4] = ["x-ratelimit-", "x-burstlimit-", "x-docusign-", "x-springcm-"];

/// The headers of the call to DocuSign, without those in the caller's `Connection` header.
#[must_use]
pub fn for_docusign(request: &HeaderMap, request_id: &str) -> HeaderMap {
    let mut headers = filter(request, |name| REQUEST_HEADERS.contains(name));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", request_id);
    }
    headers
}

/// The headers of the response to the caller.
#[must_use]
pub fn for_caller(answer: &HeaderMap) -> HeaderMap {
    filter(answer, |name| {
        RESPONSE_HEADERS.contains(name) || RESPONSE_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix))
    })
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
        assert_eq!(names(&for_docusign(&request, "id")), ["content-type", "range", "x-request-id"]);
    }

    #[test]
    fn headers_named_by_connection_are_dropped() {
        let request = map(&[("connection", "close, Range"), ("range", "bytes=0-1"), ("accept", "a/b")]);
        assert_eq!(names(&for_docusign(&request, "id")), ["accept", "x-request-id"]);
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
}
