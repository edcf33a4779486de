//! What is kept of an answer that was not expected: codes and ids of each vendor, and nothing that could be a secret.

use evergrant::web::obstacle::Obstacle;
use evergrant::web::upstream::{MAX_ERROR_BYTES, UpstreamAnswer, words_of};
use proptest::prelude::*;
use serde_json::json;
use std::error::Error;
use std::fmt;

fn read(status: u16, headers: &[(&str, &str)], body: &[u8]) -> UpstreamAnswer {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    UpstreamAnswer::read(status, header, body)
}

#[test]
fn the_codes_of_each_vendor_come_in_the_order_of_how_much_they_say() {
    for (body, codes) in [
        (json!({"error": "a", "error_description": "b"}), &["a", "b"][..]),
        (json!({"errorCode": "A", "message": "b"}), &["A", "b"]),
        (json!({"code": "z", "errorCode": "A"}), &["A", "z"]),
        (json!({"Error": {"ErrorCode": 103, "UserMessage": "No"}}), &["103", "No"]),
        (json!({"Error": {"ErrorCode": "103"}}), &["103"]),
        (json!({"error": {"code": "Outer", "innererror": {"code": "Inner"}}}), &["Inner", "Outer"]),
        (json!({"error": {"code": "Outer", "innerError": {"code": "Inner"}}}), &["Inner", "Outer"]),
        (json!({"error": {"code": "Outer", "message": "See AKV10032 in vault contoso"}}), &["AKV10032", "Outer"]),
        (json!({"error": {"code": "Outer", "message": "vault contoso"}}), &["Outer"]),
        (
            json!({"error": "x", "error_description": "AADSTS70021: nothing matches"}),
            &["AADSTS70021", "x", "AADSTS70021: nothing matches"],
        ),
        (json!({"error": "a", "errorCode": "a", "message": "a"}), &["a"]),
        (json!({"error": ["a"], "message": {"b": 1}, "errorCode": true}), &[]),
        (json!({"error": "", "message": "  "}), &[]),
        (json!(["error"]), &[]),
        (json!("error"), &[]),
    ] {
        assert_eq!(read(400, &[], body.to_string().as_bytes()).codes(), codes, "{body}");
    }
}

#[test]
fn at_most_four_codes_are_kept_and_deep_ones_end() {
    let mut error = json!({"code": "L0"});
    for level in 1..50 {
        error = json!({"code": format!("L{}", char::from(b'a' + level % 26)), "innererror": error});
    }
    let answer = read(403, &[], json!({"error": error, "message": "m", "errorCode": "e"}).to_string().as_bytes());
    assert_eq!(answer.codes().len(), 4, "{:?}", answer.codes());
}

#[test]
fn challenges_headers_and_xml_have_codes_too() {
    for (headers, body, codes) in [
        (&[("www-authenticate", "Bearer error=\"invalid_token\"")][..], "", &["invalid_token"][..]),
        (&[("www-authenticate", "Bearer error=\"unclosed")], "", &[]),
        (&[("www-authenticate", "Bearer")], "", &[]),
        (&[("x-ms-error-code", "BlobNotFound")], "", &["BlobNotFound"]),
        (
            &[],
            "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Issuer validation failed</AuthenticationErrorDetail></Error>",
            &["AuthenticationFailed", "Issuer validation failed"],
        ),
        (&[], "<Code>unclosed", &[]),
        (&[], "<code>lower</code>", &[]),
        (&[("x-ms-error-code", "A")], "<Code>A</Code>", &["A"]),
    ] {
        assert_eq!(read(401, headers, body.as_bytes()).codes(), codes, "{headers:?} {body}");
    }
}

#[test]
fn a_web_page_is_known_by_its_type_or_its_beginning() {
    for (kind, body, is_html) in [
        ("text/html", "", true),
        ("TEXT/HTML; charset=utf-8", "{}", true),
        ("application/json", "<html lang=en>", true),
        ("", " \r\n<!DOCTYPE HTML>", true),
        ("", "<!doctype html", true),
        ("application/xhtml+xml", "", false),
        ("", "<?xml version=\"1.0\"?><html>", false),
        ("", "<Error/>", false),
        ("application/html+json", "", false),
        ("", "say <html>", false),
    ] {
        let headers = [("content-type", kind)];
        let headers = if kind.is_empty() { &[][..] } else { &headers };
        assert_eq!(read(200, headers, body.as_bytes()).is_html(), is_html, "{kind} {body}");
    }
}

#[test]
fn the_request_id_is_one_that_a_vendor_can_look_up() {
    let guid = "3b6a9d74-1fb6-48b5-aef1-d66ac4361155";
    for (headers, body, id) in [
        (&[("x-ms-request-id", guid)][..], json!({}), Some(guid)),
        (&[("x-docusign-tracetoken", "abc123")], json!({}), Some("abc123")),
        (&[("x-ms-correlation-request-id", guid)], json!({}), Some(guid)),
        (&[], json!({"reference_id": guid}), Some(guid)),
        (&[], json!({"Error": {"ReferenceId": guid}}), Some(guid)),
        (&[], json!({"correlationId": guid}), Some(guid)),
        (&[("x-ms-request-id", "two words")], json!({"reference_id": guid}), Some(guid)),
        (&[("x-ms-request-id", "a@b.c")], json!({}), None),
        (&[("x-ms-request-id", "")], json!({}), None),
        (&[("x-request-id", guid)], json!({}), None),
    ] {
        let shown = read(500, headers, body.to_string().as_bytes()).to_string();
        assert_eq!(shown.split_once(", request id ").map(|(_, id)| id), id, "{headers:?} {body}");
    }
    let long = "a".repeat(65);
    assert!(!read(500, &[("x-ms-request-id", long.as_str())], b"").to_string().contains("request id"));
}

#[test]
fn codes_are_compared_without_case() {
    let answer = read(400, &[], br#"{"error":"Consent_Required","message":"Polling limit"}"#);
    assert!(answer.has(&["consent_required"]) && answer.has(&["x", "CONSENT_REQUIRED"]));
    assert!(!answer.has(&["consent"]) && !answer.has(&[]));
    assert!(answer.mentions("polling") && !answer.mentions("Polling"), "the text is given in lower case");
    assert!(!UpstreamAnswer::NONE.has(&[""]) && UpstreamAnswer::NONE.details().is_empty());
    assert_eq!(UpstreamAnswer::of_status(502).from("h.example").to_string(), "status 502, from h.example");
    assert_eq!(UpstreamAnswer::NONE.from("h.example").to_string(), "");
}

/// An error with a cause.
#[derive(Debug)]
struct Caused(String, Option<Box<Caused>>);

impl fmt::Display for Caused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Caused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|cause| -> &(dyn Error + 'static) { cause })
    }
}

fn caused(texts: &[&str]) -> Caused {
    Caused(texts[0].to_owned(), (texts.len() > 1).then(|| Box::new(caused(&texts[1..]))))
}

#[test]
fn the_words_of_a_library_keep_no_address() {
    for (texts, words) in [
        (&["a", "b", "c"][..], "a: b: c"),
        (&["send failed", "failed", "connection reset"], "send failed: connection reset"),
        (&["error for url (https://vault.contoso.com/keys?x=1)"], "error for url ..."),
        (&["connect to 10.1.2.3:443 failed"], "connect to ... failed"),
        (&["cannot resolve contoso.example"], "cannot resolve ..."),
        (&["`quoted`"], "quoted"),
        (&["token eyJhbGciOiJSUzI1NiJ9abc was wrong"], "token ... was wrong"),
        (&["", "only the cause"], "only the cause"),
        (&[""], ""),
    ] {
        assert_eq!(words_of(&caused(texts)), words, "{texts:?}");
    }
    let long = "word ".repeat(200);
    assert!(words_of(&caused(&[long.as_str(), "x"])).len() <= 240);
    assert!(matches!(Obstacle::of(&caused(&["x", "DNS error: no such name"])), Obstacle::Name));
}

/// Texts that must never be kept.
fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        "eyJ[A-Za-z0-9_-]{10,40}\\.[A-Za-z0-9_-]{10,40}\\.[A-Za-z0-9_-]{10,40}",
        "[A-Za-z]{2,8}[0-9]{1,8}@[a-z]{2,8}\\.(com|example)",
        "[0-9a-f]{30,64}".prop_filter("has digits", |text| text.bytes().any(|byte| byte.is_ascii_digit())),
        "[0-9]{6,20}",
        "https://[a-z]{3,9}\\.example/\\?key=[A-Za-z0-9]{8}",
        "[A-Za-z]{49,80}",
        "[A-Za-z]{3}[$=+&#%][A-Za-z0-9]{4,10}",
    ]
}

proptest! {
    #[test]
    fn no_secret_is_kept_wherever_it_is(secret in secrets(), place in 0_usize..8) {
        let sentence = format!("The value {secret} is wrong");
        let body = match place {
            0 => json!({"error": secret}).to_string(),
            1 => json!({"error": "x", "error_description": sentence}).to_string(),
            2 => json!({"errorCode": "X", "message": sentence}).to_string(),
            3 => json!({"error": {"code": secret, "message": sentence}}).to_string(),
            4 => json!({"Error": {"UserMessage": sentence, "ErrorCode": secret}}).to_string(),
            5 => format!("<Error><Code>{sentence}</Code></Error>"),
            6 => secret.clone(),
            _ => String::new(),
        };
        let challenge = format!("Bearer error=\"x\", error_description=\"{sentence}\"");
        let headers = [("www-authenticate", challenge.as_str()), ("x-ms-error-code", secret.as_str())];
        let answer = read(400, &headers, body.as_bytes());
        for shown in [answer.to_string(), words_of(&caused(&["failed", &sentence, &secret]))] {
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
    }

    #[test]
    fn any_answer_is_shown_in_one_short_line_of_ascii(
        status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}", header in "[ -~]{0,80}",
    ) {
        let headers = [("x-ms-error-code", header.as_str()), ("www-authenticate", &header), ("x-docusign-tracetoken", &header)];
        let described = json!({"error": text, "error_description": text, "message": text, "correlationId": text}).to_string();
        for body in [&body[..], described.as_bytes()] {
            let shown = read(status, &headers, body).to_string();
            prop_assert!(shown.len() < 700 && shown.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", shown);
        }
    }

    #[test]
    fn only_the_beginning_of_a_body_is_read(padding in 0_usize..100) {
        let mut body = vec![b' '; MAX_ERROR_BYTES - 60 + padding];
        body.extend_from_slice(b"{\"error\":\"at_the_end\"}");
        let is_whole = body.len() <= MAX_ERROR_BYTES;
        prop_assert_eq!(read(400, &[], &body).has(&["at_the_end"]), is_whole);
    }
}
