//! Which headers the gateway passes on, in both directions. Pure.
//!
//! Both are lists of what may pass: the platform adds headers of its own, a caller's credentials are not DocuSign's
//! business, and what names the connection (RFC 9110 §7.6.1) ends with the connection.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION,
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, LINK, LOCATION, RANGE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What DocuSign hears of a caller's request.
const UP: [HeaderName; 14] = [
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

/// What a caller hears of DocuSign's answer.
const DOWN: [HeaderName; 14] = [
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

/// The same by how they begin: limits of calls, and names of a request at DocuSign.
const DOWN_PREFIXES: [&str; 4] = ["x-ratelimit-", "x-burstlimit-", "x-docusign-", "x-springcm-"];

/// The headers of the call to DocuSign. Those that the caller's `Connection` names do not pass, whatever they are.
#[must_use]
pub fn upstream(asked: &HeaderMap, request_id: &str) -> HeaderMap {
    let mut headers = passed(asked, |name| UP.contains(name));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", request_id);
    }
    headers
}

/// The headers of the answer to the caller.
#[must_use]
pub fn downstream(answered: &HeaderMap) -> HeaderMap {
    passed(answered, |name| DOWN.contains(name) || DOWN_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix)))
}

fn passed(headers: &HeaderMap, may_pass: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let connection = headers.get_all("connection").iter().filter_map(|value| value.to_str().ok());
    let of_this_connection: Vec<String> =
        connection.flat_map(|list| list.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect();
    let passing = headers
        .iter()
        .filter(|(name, _)| may_pass(name) && !of_this_connection.iter().any(|named| named == name.as_str()));
    passing.map(|(name, value)| (name.clone(), value.clone())).collect()
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
        let asked = map(&[
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
        assert_eq!(names(&upstream(&asked, "id")), ["content-type", "range", "x-request-id"]);
    }

    #[test]
    fn what_connection_names_ends_here() {
        let asked = map(&[("connection", "close, Range"), ("range", "bytes=0-1"), ("accept", "a/b")]);
        assert_eq!(names(&upstream(&asked, "id")), ["accept", "x-request-id"]);
    }

    #[test]
    fn limits_come_back_and_cookies_do_not() {
        let answered = map(&[
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
        let wanted = ["content-type", "x-burstlimit-remaining", "x-docusign-tracetoken", "x-ratelimit-limit"];
        assert_eq!(names(&downstream(&answered)), wanted);
    }
}
