//! The two cookies: whose they are, what browsers enforce, and that nothing next to them matters.

use evergrant::web::cookies::{SessionCookie, SignInCookie};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

fn line(text: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(text).unwrap())])
}

/// The name and value, and the attributes, of a `Set-Cookie` header.
fn parts(set: &HeaderValue) -> (String, String, Vec<String>) {
    let text = set.to_str().unwrap();
    let mut parts = text.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    (name.to_owned(), value.to_owned(), parts.map(ToOwned::to_owned).collect())
}

#[test]
fn every_cookie_is_hidden_from_scripts_and_bound_to_the_host_where_that_works() {
    for secure in [true, false] {
        let sign_in = SignInCookie::of("0123456789", secure);
        let session = SessionCookie::new(secure);
        for (set, max_age) in [
            (sign_in.set("v", 900), "900"),
            (sign_in.forget(), "0"),
            (session.set("v", 3600), "3600"),
            (session.forget(), "0"),
        ] {
            let (name, _, attributes) = parts(&set.unwrap());
            let has = |attribute: &str| attributes.iter().any(|found| found == attribute);
            assert!(has("HttpOnly") && has("SameSite=Lax") && has("Path=/"), "{attributes:?}");
            assert!(has(&format!("Max-Age={max_age}")), "{attributes:?}");
            assert_eq!((has("Secure"), name.starts_with("__Host-")), (secure, secure), "{name}");
            assert!(!attributes.iter().any(|found| found.starts_with("Domain")), "__Host- forbids a domain");
        }
    }
}

#[test]
fn two_sign_ins_at_a_time_have_different_cookies() {
    let name = |jti: &str| parts(&SignInCookie::of(jti, true).set("v", 1).unwrap()).0;
    assert_ne!(name("aaaaaaaaaaaaaaaa"), name("aaaaaaaaaaaaaaab"));
    assert_eq!(name("aaaaaaaaaaaaaaaaX"), name("aaaaaaaaaaaaaaaaY"), "the beginning of the id is enough");
    assert_eq!(name("short"), "__Host-evergrant-short");
}

#[test]
fn only_the_cookie_of_this_sign_in_with_this_value_counts() {
    let cookie = SignInCookie::of("jti", false);
    let digest = SignInCookie::digest("value");
    for (sent, counts) in [
        ("evergrant-jti=value", true),
        ("a=b; evergrant-jti=value", true),
        ("evergrant-jti=other; evergrant-jti=value", true),
        ("evergrant-jti = value", true),
        ("evergrant-jti=Value", false),
        ("evergrant-jti=value2", false),
        ("evergrant-jti=", false),
        ("evergrant-jti", false),
        ("Evergrant-jti=value", false),
        ("xevergrant-jti=value", false),
        ("evergrant-jti2=value", false),
        ("a=evergrant-jti=value", false),
        ("a=\"; evergrant-jti=value", true),
        ("__Host-evergrant-jti=value", false),
        ("evergrant-jti=value,evergrant-jti=value", false),
        ("", false),
    ] {
        assert_eq!(cookie.is_in(&line(sent.as_bytes()), &digest), counts, "{sent}");
    }
    assert!(!cookie.is_in(&HeaderMap::new(), &digest));
    for other in ["", "x", &digest.to_uppercase(), &digest[1..], &format!("{digest}0")] {
        assert!(!cookie.is_in(&line(b"evergrant-jti=value"), other), "{other}");
    }
}

#[test]
fn the_digest_says_nothing_about_the_value() {
    let digest = SignInCookie::digest("value");
    assert_eq!(digest.len(), 64);
    assert!(digest.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digest.contains("value"));
}

#[test]
fn at_most_eight_sessions_are_tried() {
    let many: Vec<String> = (0..20).map(|number| format!("evergrant-session=s{number}")).collect();
    let read: Vec<String> = SessionCookie::new(false).read(&line(many.join("; ").as_bytes())).collect();
    assert_eq!(read, ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
    assert_eq!(
        SessionCookie::new(true).read(&line(b"evergrant-session=s")).count(),
        0,
        "over https only the bound one"
    );
}

proptest! {
    #[test]
    fn a_browser_that_keeps_its_cookie_is_recognized(
        jti in "[A-Za-z0-9_-]{1,43}", value in "[A-Za-z0-9_-]{1,43}", secure in any::<bool>(),
        before in prop::collection::vec(0x20..=0xff_u8, 0..30), after in prop::collection::vec(0x20..=0xff_u8, 0..30),
    ) {
        prop_assume!(!before.contains(&0x7f) && !after.contains(&0x7f));
        let cookie = SignInCookie::of(&jti, secure);
        let (name, kept, _) = parts(&cookie.set(&value, 900).unwrap());
        let own = format!("{name}={kept}");
        let digest = SignInCookie::digest(&value);
        let sent = [&before[..], b"; ", own.as_bytes(), b"; ", &after[..]].concat();
        prop_assert!(cookie.is_in(&line(&sent), &digest));
        let without = [&before[..], b"; ", &after[..]].concat();
        prop_assert!(!cookie.is_in(&line(&without), &digest));
    }

    #[test]
    fn a_session_is_read_as_it_was_set(session in "[A-Za-z0-9._-]{1,200}", secure in any::<bool>()) {
        let cookie = SessionCookie::new(secure);
        let (name, kept, _) = parts(&cookie.set(&session, 3600).unwrap());
        let read: Vec<String> = cookie.read(&line(format!("{name}={kept}").as_bytes())).collect();
        prop_assert_eq!(read, [session]);
    }
}
