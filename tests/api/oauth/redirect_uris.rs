//! Redirect URIs: compared as exact strings (RFC 9700 §4.1.3), except for the port of native apps (RFC 8252 §7.3).

use evergrant::oauth::client::Client;
use evergrant::oauth::client::redirect_uri::{NOT_IN_A_URI, differ_in_port_only, redirect_uri};
use proptest::prelude::*;
use serde_json::json;
use url::Url;

use super::only;
use crate::local::client;

const REGISTERED: &str = "https://client.example/redirect/abc?x=1&y=%2f";
const LOOPBACK: &str = "http://127.0.0.1:8000/redirect/abc?x=1";

fn confidential() -> Client {
    only(&client("web", &json!({"redirect_uris": [REGISTERED, LOOPBACK]})))
}

fn native() -> Client {
    only(&client("native", &json!({"redirect_uris": [REGISTERED, LOOPBACK], "client_secret_sha256": []})))
}

#[test]
fn what_a_url_parser_calls_equal_is_another_redirect_uri() {
    for other in [
        "HTTPS://client.example/redirect/abc?x=1&y=%2f",
        "https://Client.example/redirect/abc?x=1&y=%2f",
        "https://client.example:443/redirect/abc?x=1&y=%2f",
        "https://client.example./redirect/abc?x=1&y=%2f",
        "https://client.example/redirect/./abc?x=1&y=%2f",
        "https://client.example/x/../redirect/abc?x=1&y=%2f",
        "https://client.example//redirect/abc?x=1&y=%2f",
        "https://client.example/redirect/abc/?x=1&y=%2f",
        "https://client.example/redirect/%61bc?x=1&y=%2f",
        "https://client.example/redirect/abc?x=1&y=%2F",
        "https://client.example/redirect/abc?y=%2f&x=1",
        "https://client.example/redirect/abc?x=1&y=/",
        "https://client.example/redirect/abc?x=1&y=%2f&",
        "https://client.example/redirect/abc?x=1&y=%2f#",
        "https://client.example/redirect/abc?x=1&y=%2f#x",
        "https://client.example/redirect/abc",
        "https://client.example/redirect/abc?x=1&y=%2f ",
        " https://client.example/redirect/abc?x=1&y=%2f",
        "https://client.example/redirect/abc?x=1&y=%2f\n",
        "https:/client.example/redirect/abc?x=1&y=%2f",
        "https:\\\\client.example/redirect/abc?x=1&y=%2f",
        "//client.example/redirect/abc?x=1&y=%2f",
    ] {
        for client in [confidential(), native()] {
            assert!(!client.redirects_to(other), "{other}");
        }
    }
}

#[test]
fn an_address_that_looks_like_the_registered_one_is_refused() {
    for attack in [
        "https://client.example@evil.example/redirect/abc?x=1&y=%2f",
        "https://evil.example/https://client.example/redirect/abc?x=1&y=%2f",
        "https://client.example.evil.example/redirect/abc?x=1&y=%2f",
        "https://evilclient.example/redirect/abc?x=1&y=%2f",
        "https://sub.client.example/redirect/abc?x=1&y=%2f",
        "https://client.example:8443/redirect/abc?x=1&y=%2f",
        "https://client.example/redirect/abc/../../evil?x=1&y=%2f",
        "https://client.example/redirect/abc?x=1&y=%2f&code=stolen",
        "https://client.example/redirect/abcd?x=1&y=%2f",
        "http://client.example/redirect/abc?x=1&y=%2f",
        "https://xn--client-.example/redirect/abc?x=1&y=%2f",
        "https://cl\u{456}ent.example/redirect/abc?x=1&y=%2f",
        "javascript:alert(1)//https://client.example/redirect/abc?x=1&y=%2f",
        "data:text/html,https://client.example/redirect/abc?x=1&y=%2f",
        "",
    ] {
        for client in [confidential(), native()] {
            assert!(!client.redirects_to(attack), "{attack}");
        }
    }
    assert!(confidential().redirects_to(REGISTERED) && native().redirects_to(REGISTERED));
}

#[test]
fn every_single_change_of_a_registered_redirect_uri_is_refused() {
    let clients = [confidential(), native()];
    for at in 0..REGISTERED.len() {
        let (before, after) = (&REGISTERED[..at], &REGISTERED[at + 1..]);
        for changed in ["", "a", "/", "%", ".", "@", "\u{e4}"].map(|new| format!("{before}{new}{after}")) {
            for client in &clients {
                assert_eq!(client.redirects_to(&changed), changed == REGISTERED, "{changed}");
            }
        }
    }
}

#[test]
fn only_a_public_clients_loopback_address_may_have_another_port() {
    for (uri, for_native) in [
        (LOOPBACK, true),
        ("http://127.0.0.1:1/redirect/abc?x=1", true),
        ("http://127.0.0.1:65535/redirect/abc?x=1", true),
        ("http://127.0.0.1/redirect/abc?x=1", true),
        ("http://127.0.0.1:65536/redirect/abc?x=1", false),
        ("http://127.0.0.1:-1/redirect/abc?x=1", false),
        ("http://127.0.0.1:80 /redirect/abc?x=1", false),
        ("http://127.0.0.1:8000/redirect/abc", false),
        ("http://127.0.0.1:8000/redirect/abc?x=2", false),
        ("http://127.0.0.1:8000?x=1", false),
        ("http://127.0.0.2:8000/redirect/abc?x=1", false),
        ("http://localhost:8000/redirect/abc?x=1", false),
        ("http://[::1]:8000/redirect/abc?x=1", false),
        ("https://127.0.0.1:8001/redirect/abc?x=1", false),
        ("http://127.0.0.1:8000@evil.example/redirect/abc?x=1", false),
    ] {
        assert_eq!(native().redirects_to(uri), for_native, "{uri}");
        assert_eq!(confidential().redirects_to(uri), uri == LOOPBACK, "{uri}");
    }
}

/// Two texts that are nearly URIs, and nearly equal.
fn nearly_equal_uris() -> impl Strategy<Value = (String, String)> {
    let hosts = [
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://[::1]",
        "http://localhost",
        "http://u@127.0.0.1",
        "https://127.0.0.1",
        "https://client.example",
        "HTTPS://client.example",
        "http://client.example",
        "http://",
        "app:",
        "http://localhost.evil.example",
        "",
    ];
    let rests =
        ["", "/", "/cb", "/cb?x=1", "/cb?x=2", "/cb#f", "@evil.example/cb", "/a b", "/*", "\\cb", "/\u{e4}", "/<x>"];
    let ports = ["", ":80", ":9", ":65535", ":65536", ":", ":8x", ":-1"];
    let text =
        move |(host, port, rest): (usize, usize, usize)| format!("{}{}{}", hosts[host], ports[port], rests[rest]);
    let host = prop_oneof![3 => 0..1_usize, 1 => 0..13_usize];
    (host, 0..8_usize, 0..12_usize, 0..8_usize, 0..13_usize, 0..12_usize, 0..4_u8).prop_map(
        move |(host, port, rest, other_port, other_host, other_rest, change)| {
            let other =
                (if change == 0 { other_host } else { host }, other_port, if change == 1 { other_rest } else { rest });
            (text((host, port, rest)), text(other))
        },
    )
}

proptest! {
    #[test]
    fn only_safe_uris_can_be_registered_and_they_stay_as_they_are((text, _) in nearly_equal_uris()) {
        let Some(accepted) = redirect_uri(&text) else { return Ok(()) };
        prop_assert_eq!(&accepted, &text);
        let url = Url::parse(&text).unwrap();
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        prop_assert!(url.scheme() == "https" || (url.scheme() == "http" && loopback), "{}", text);
        prop_assert!(url.fragment().is_none());
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(NOT_IN_A_URI) && !text.contains('*'));
    }

    #[test]
    fn a_uri_with_one_forbidden_character_cannot_be_registered(at in 0..28_usize, which in 0..14_usize) {
        let uri = "https://client.example/abcdef";
        prop_assert!(redirect_uri(uri).is_some());
        let forbidden = NOT_IN_A_URI.into_iter().chain(['#', '*', ' ', '\u{e4}', '\u{7f}']).nth(which).unwrap();
        let mut changed = uri.to_owned();
        changed.insert(at.max("https://client.example/".len()), forbidden);
        prop_assert_eq!(redirect_uri(&changed), None);
    }

    #[test]
    fn uris_that_differ_in_the_port_only_have_the_same_host_path_and_query((one, other) in nearly_equal_uris()) {
        prop_assert_eq!(differ_in_port_only(&one, &other), differ_in_port_only(&other, &one));
        if differ_in_port_only(&one, &other) {
            let (one, other) = (Url::parse(&one).unwrap(), Url::parse(&other).unwrap());
            prop_assert_eq!((one.scheme(), other.scheme()), ("http", "http"));
            prop_assert!(matches!(one.host_str(), Some("127.0.0.1" | "[::1]")));
            prop_assert_eq!((one.host_str(), one.path(), one.query()), (other.host_str(), other.path(), other.query()));
            prop_assert!(one.username().is_empty() && other.username().is_empty());
        }
    }

    #[test]
    fn a_port_may_be_any_number_below_65536(first in any::<u16>(), second in any::<u16>(), path in "/[a-z/?=]{0,10}") {
        for address in ["http://127.0.0.1", "http://[::1]"] {
            let [one, other] = [first, second].map(|port| format!("{address}:{port}{path}"));
            let (without, longer) = (format!("{address}{path}"), format!("{other}x"));
            prop_assert!(differ_in_port_only(&one, &other) && differ_in_port_only(&one, &without));
            prop_assert!(!differ_in_port_only(&one, &longer));
        }
    }
}
