//! Who gets a page and who gets text or JSON, and what each answer says to caches and other sites.

use evergrant::web::host_headers::keep_carried;
use evergrant::web::page::{Page, Part, Title, accepted, is_browser, parts};
use evergrant::web::response::{json, json_text, redirect, text};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

fn headers(accept: &str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())])
}

#[test]
fn only_a_browser_gets_a_page() {
    for (accept, first, browser) in [
        ("text/html", "text/html", true),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", true),
        ("TEXT/HTML", "TEXT/HTML", true),
        ("application/xhtml+xml, text/html;q=0.9", "application/xhtml+xml", true),
        ("application/json", "application/json", false),
        ("application/json, text/plain, */*", "application/json", false),
        ("*/*", "*/*", false),
        ("text/*", "text/*", false),
        ("text/htmlx", "text/htmlx", false),
        ("x/text/html", "x/text/html", false),
        (" text/plain ; charset=utf-8", "text/plain", false),
        (",text/html", "", true),
        ("", "", false),
    ] {
        let headers = headers(accept);
        assert_eq!((accepted(&headers), is_browser(&headers)), (first, browser), "{accept}");
    }
    assert_eq!((accepted(&HeaderMap::new()), is_browser(&HeaderMap::new())), ("", false));
    let bytes = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_bytes(b"text/html\xff").unwrap())]);
    assert!(!is_browser(&bytes) && accepted(&bytes).is_empty());
}

#[test]
fn no_cache_keeps_an_answer_and_no_browser_guesses_its_type() {
    let page = Page::error(StatusCode::BAD_REQUEST, "code", Title("Title"), "Lead", ["Step"]).response("id");
    for (response, kind) in [
        (json(StatusCode::OK, &["x"]), "application/json"),
        (json_text(StatusCode::OK, b"{}".to_vec()), "application/json"),
        (text(StatusCode::OK, "x"), "text/plain; charset=utf-8"),
        (page, "text/html; charset=utf-8"),
    ] {
        let headers = response.headers();
        assert_eq!(
            (headers[CONTENT_TYPE].as_bytes(), headers["cache-control"].as_bytes()),
            (kind.as_bytes(), &b"no-store"[..])
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{kind}");
    }
    let redirected = redirect("https://client.example/cb?code=x");
    assert_eq!(
        (redirected.status(), redirected.headers()["location"].as_bytes()),
        (StatusCode::FOUND, &b"https://client.example/cb?code=x"[..])
    );
    assert_eq!(redirected.headers()["referrer-policy"], "no-referrer", "the code must not go further");
    assert_eq!(redirected.headers()["cache-control"], "no-store");
}

#[test]
fn a_page_escapes_whatever_it_shows_and_allows_a_script_only_where_something_is_copied() {
    let attack = "<script>alert(1)</script>\"'&";
    let mut page = Page::error(StatusCode::BAD_REQUEST, "code", Title("Title"), attack, ["Step"]);
    page.operator = vec![format!("Look at {attack} and `{attack}`.")];
    page.retry_after = Some(7);
    let response = page.response("<id>");
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(!body.contains("<script>alert") && !body.contains("<id>"), "{body}");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for part in
        ["default-src 'none'", "script-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(
        (response.headers()["retry-after"].as_bytes(), response.headers()["x-frame-options"].as_bytes()),
        (&b"7"[..], &b"DENY"[..])
    );
    page.operator = vec!["Run `az login`.".to_owned()];
    let policy = page.response("id").headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
}

#[test]
fn what_an_operator_types_is_set_apart() {
    for (text, expected) in [
        ("", &[Part::Text("")][..]),
        ("`a`", &[Part::Text(""), Part::Typed("a"), Part::Text("")]),
        (
            "Set `A` to `B`.",
            &[Part::Text("Set "), Part::Typed("A"), Part::Text(" to "), Part::Typed("B"), Part::Text(".")],
        ),
        ("`az x`. Then.", &[Part::Text(""), Part::Command("az x"), Part::Text("Then.")]),
        ("`azure`", &[Part::Text(""), Part::Typed("azure"), Part::Text("")]),
        ("unclosed `a", &[Part::Text("unclosed "), Part::Typed("a")]),
    ] {
        assert_eq!(parts(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn an_answer_without_a_body_declares_no_length(status in 100..600_u16, length in "[0-9]{0,22}|[ -~]{0,8}", twice in any::<bool>()) {
        let status = StatusCode::from_u16(status).unwrap();
        let mut headers = HeaderMap::new();
        for _ in 0..=usize::from(twice) {
            headers.append(CONTENT_LENGTH, HeaderValue::from_str(&length).unwrap());
        }
        keep_carried(status, &mut headers);
        let may_have_body = status != StatusCode::NO_CONTENT && !status.is_informational();
        let is_length = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u64>().is_ok();
        prop_assert_eq!(headers.contains_key(CONTENT_LENGTH), may_have_body && is_length && !twice, "{} {}", status, length);
    }
}
