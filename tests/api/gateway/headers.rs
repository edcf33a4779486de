//! Which headers cross the gateway: as a property of every header, and as tables of those that matter.

use evergrant::endpoints::gateway::headers::{for_caller, for_docusign};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

/// Headers that reach DocuSign if the caller sends them.
const TO_DOCUSIGN: [&str; 16] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-transfer-encoding",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "x-docusign-edit",
];

/// Headers that never cross in either direction: credentials, cookies, hops, names of hosts, and what browsers act on.
const NEVER: [&str; 40] = [
    "authorization",
    "proxy-authorization",
    "proxy-authenticate",
    "www-authenticate",
    "apikey",
    "x-api-key",
    "username",
    "cookie",
    "set-cookie",
    "x-functions-key",
    "x-ms-client-principal",
    "x-ms-token-aad-access-token",
    "x-identity-header",
    "x-arr-ssl",
    "x-docusign-authentication-token-of-another",
    "host",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-original-url",
    "x-original-host",
    "x-rewrite-url",
    "x-waws-unencoded-url",
    "disguised-host",
    "client-ip",
    "x-real-ip",
    "via",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "origin",
    "referer",
    "x-http-method-override",
    "strict-transport-security",
    "access-control-allow-origin",
];

/// Headers that reach the caller if DocuSign sends them.
const TO_CALLER: [&str; 21] = [
    "accept-ranges",
    "allow",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-transfer-encoding",
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "retry-after",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
    "x-burstlimit-remaining",
    "x-docusign-tracetoken",
    "x-springcm-content-sha256",
    "x-springcm-request-id",
];

fn map(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    pairs.iter().map(pair).collect()
}

/// The value that DocuSign gets.
fn sent(name: &str, value: &str) -> Option<String> {
    let headers = for_docusign(&map(&[(name, value)]), "id").ok()?;
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn returned(name: &str, value: &str) -> Option<String> {
    for_caller(&map(&[(name, value)])).get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn what_concerns_the_content_crosses_unchanged_in_both_directions() {
    for name in TO_DOCUSIGN {
        for value in ["x", "a/b; c=\"d\"", "bytes=0-1", "\"etag\"", "*", "Wednesday 07:28:00 GMT"] {
            assert_eq!(sent(name, value).as_deref(), Some(value), "{name}");
        }
    }
    for name in TO_CALLER {
        assert_eq!(returned(name, "value 1").as_deref(), Some("value 1"), "{name}");
    }
}

#[test]
fn credentials_hops_and_names_of_hosts_cross_in_neither_direction() {
    for name in NEVER {
        let is_docusigns = name.starts_with("x-docusign-");
        assert_eq!(sent(name, "secret"), None, "{name}");
        assert!(is_docusigns || returned(name, "secret").is_none(), "{name}");
    }
    let all: Vec<(&str, &str)> = NEVER.iter().map(|name| (*name, "secret")).collect();
    let headers = for_docusign(&map(&all), "id").unwrap();
    assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-request-id"]);
}

#[test]
fn the_request_id_is_always_our_own() {
    for theirs in [&[][..], &[("x-request-id", "mine")], &[("x-request-id", "a"), ("x-request-id", "b")]] {
        let headers = for_docusign(&map(theirs), "ours").unwrap();
        assert_eq!(headers.get_all("x-request-id").iter().collect::<Vec<_>>(), ["ours"]);
    }
    assert!(for_docusign(&HeaderMap::new(), "a\nb").unwrap().is_empty(), "an id that is no header is left out");
}

#[test]
fn what_connection_names_is_for_one_hop() {
    for connection in ["range", "Range", "close, RANGE", "keep-alive ,range", "range,", ",range"] {
        let request = map(&[("connection", connection), ("range", "bytes=0-1"), ("accept", "a/b")]);
        let headers = for_docusign(&request, "id").unwrap();
        assert_eq!((headers.get("range"), headers["accept"].as_bytes()), (None, &b"a/b"[..]), "{connection}");
        let answer = map(&[("connection", connection), ("range", "x"), ("etag", "\"1\"")]);
        assert_eq!(for_caller(&answer).len(), 1, "{connection}");
    }
    let twice = map(&[("connection", "accept"), ("connection", "range"), ("range", "bytes=0-1"), ("accept", "a/b")]);
    assert_eq!(for_docusign(&twice, "id").unwrap().len(), 1);
    let answer = map(&[("connection", "x-docusign-hop"), ("x-docusign-hop", "1"), ("x-docusign-tracetoken", "2")]);
    assert_eq!(for_caller(&answer).len(), 1);
}

#[test]
fn two_values_of_a_header_that_may_occur_once_are_refused() {
    for (name, one, other) in [
        ("content-type", "application/json", "text/plain"),
        ("content-disposition", "attachment; filename=\"a\"", "attachment; filename=\"b\""),
        ("content-transfer-encoding", "base64", "binary"),
        ("range", "bytes=0-1", "bytes=2-3"),
        ("if-range", "\"1\"", "\"2\""),
        ("if-modified-since", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:01 GMT"),
        ("if-unmodified-since", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:01 GMT"),
        ("x-docusign-edit", "{\"LockToken\":\"1\"}", "{\"LockToken\":\"2\"}"),
    ] {
        assert!(for_docusign(&map(&[(name, one), (name, other)]), "id").is_err(), "{name}");
        let same = for_docusign(&map(&[(name, one), (name, one)]), "id").unwrap();
        assert_eq!(same.get_all(name).iter().collect::<Vec<_>>(), [one], "{name}");
    }
    for name in ["accept", "accept-encoding", "accept-language", "cache-control", "content-encoding", "if-match"] {
        let list = for_docusign(&map(&[(name, "a"), (name, "b")]), "id").unwrap();
        assert_eq!(list.get_all(name).iter().collect::<Vec<_>>(), ["a", "b"], "{name} is a list");
    }
}

#[test]
fn a_content_type_that_the_host_has_joined_is_taken_apart() {
    for (joined, expected) in [
        ("text/plain,text/plain", Some("text/plain")),
        ("text/plain , text/plain", Some("text/plain")),
        ("text/plain, text/plain, text/plain", Some("text/plain")),
        ("text/plain, text/html", None),
        ("text/plain, ", None),
        ("text/plain; charset=utf-8, text/plain", None),
        ("multipart/form-data; boundary=\"a, b\"", Some("multipart/form-data; boundary=\"a, b\"")),
        ("", Some("")),
    ] {
        assert_eq!(sent("content-type", joined).as_deref(), expected, "{joined}");
    }
}

#[test]
fn an_answer_keeps_the_first_of_values_that_contradict_each_other() {
    for name in ["content-type", "content-length", "location", "retry-after", "etag", "x-docusign-tracetoken"] {
        let headers = for_caller(&map(&[(name, "1"), (name, "2")]));
        assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), ["1"], "{name}");
    }
    for name in ["link", "vary", "allow", "accept-ranges", "content-encoding", "content-language"] {
        let headers = for_caller(&map(&[(name, "1"), (name, "2")]));
        assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), ["1", "2"], "{name} is a list");
    }
}

prop_compose! {
    /// A header that either is known or made up.
    fn headers()(known in prop::option::of(0_usize..TO_DOCUSIGN.len() + NEVER.len()), wild in "[a-z][a-z0-9-]{0,20}", value in "[ -~]{0,20}")
        -> (String, String) {
        let name = known.map(|at| *TO_DOCUSIGN.iter().chain(&NEVER).nth(at).unwrap());
        (name.map_or(wild, ToOwned::to_owned), value.trim().to_owned())
    }
}

proptest! {
    #[test]
    fn nothing_else_ever_crosses(headers in prop::collection::vec(headers(), 0..12)) {
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sent = map(&pairs);
        if let Ok(passed) = for_docusign(&sent, "id") {
            for (name, value) in &passed {
                let is_ours = name == "x-request-id" && value == "id";
                prop_assert!(is_ours || TO_DOCUSIGN.contains(&name.as_str()), "{}", name);
                prop_assert!(is_ours || sent.contains_key(name));
            }
        }
        for (name, value) in &for_caller(&sent) {
            let is_docusigns = ["x-ratelimit-", "x-burstlimit-", "x-docusign-", "x-springcm-"].iter().any(|prefix| name.as_str().starts_with(prefix));
            prop_assert!(is_docusigns || TO_CALLER.contains(&name.as_str()), "{}", name);
            prop_assert!(sent.get_all(name).iter().any(|known| known == value), "values are not changed");
        }
    }

    #[test]
    fn an_answer_fits_the_functions_host(sizes in prop::collection::vec(0_usize..20_000, 0..10)) {
        let headers: HeaderMap = sizes.iter().enumerate()
            .map(|(at, size)| (format!("x-docusign-{at}").parse::<HeaderName>().unwrap(), HeaderValue::try_from("x".repeat(*size)).unwrap()))
            .collect();
        let passed = for_caller(&headers);
        let bytes: usize = passed.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        prop_assert!(bytes <= 32 * 1024, "{}", bytes);
        let total: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        prop_assert!(total > 32 * 1024 || passed.len() == headers.len(), "nothing is dropped that fits");
    }
}
