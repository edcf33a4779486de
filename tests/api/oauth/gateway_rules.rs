//! `gateway_allow`: what a rule allows, compared with a second reading of its documentation, and that no spelling of a path gets
//! around a rule.

use evergrant::oauth::client::gateway_path::{is_reachable, is_unambiguous, normalize};
use evergrant::oauth::client::gateway_preset::GatewayPreset;
use evergrant::oauth::client::gateway_rule::{GatewayApi, GatewayRule};
use http::Method;
use proptest::prelude::*;
use regex::Regex;
use sandbox::digest;
use serde_json::json;

use crate::local::{LocalApp, client};
use crate::support::assert_error;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn first_segments() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("clm"),
        Just("clm-upload"),
        Just("clm-download"),
        Just("esign"),
        Just("navigator"),
        Just("maestro"),
        Just("triggers")
    ]
}

/// A rule's text: methods, and a path of few different segments, so that paths often match.
fn rules() -> impl Strategy<Value = String> {
    let methods = prop_oneof![
        1 => Just("*".to_owned()),
        3 => proptest::sample::subsequence(METHODS.to_vec(), 1..4).prop_map(|methods| methods.join(",")),
    ];
    let segment = prop_oneof![2 => "[ab]{1,2}", 1 => Just("*".to_owned()), 1 => Just("a%20b".to_owned())];
    (methods, first_segments(), proptest::collection::vec(segment, 1..4), any::<bool>()).prop_map(
        |(methods, api, segments, below)| {
            format!("{methods} /{api}/{}{}", segments.join("/"), if below { "/" } else { "" })
        },
    )
}

/// A path below `/gateway/`, which may have empty segments.
fn paths() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => "[ab]{1,2}", 1 => Just(String::new()), 1 => Just("a%20b".to_owned())];
    (first_segments(), proptest::collection::vec(segment, 0..5))
        .prop_map(|(api, segments)| [vec![api.to_owned()], segments].concat().join("/"))
}

/// A rule, and a path that nearly matches it.
fn rules_and_paths() -> impl Strategy<Value = (String, String)> {
    (rules(), paths(), 0..8_u8).prop_map(|(rule, other, change)| {
        let path = rule.split_once(" /").unwrap().1.replace('*', "ab");
        let path = match change {
            0 => path.trim_end_matches('/').to_owned(),
            1 => format!("{path}b"),
            2 => format!("{path}/"),
            3 => path.rsplit_once('/').unwrap().0.to_owned(),
            4 => path.replacen("ab", "", 1),
            5 => path.to_uppercase(),
            6 => other,
            _ => path,
        };
        (rule, path)
    })
}

/// The path of `rule` as a regular expression: `*` is one segment that is not empty, and a slash at the end everything below.
fn pattern(rule: &str) -> Regex {
    let path = rule.split_once(" /").unwrap().1;
    let (path, below) = path.strip_suffix('/').map_or((path, "$"), |path| (path, "/.*$"));
    let segments =
        path.split('/').map(|segment| if segment == "*" { "[^/]+".to_owned() } else { regex::escape(segment) });
    Regex::new(&format!("^{}{below}", segments.collect::<Vec<_>>().join("/"))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_rule_allows_its_methods_and_paths_and_no_others((rule, path) in rules_and_paths(), method in 0..7_usize) {
        let read = GatewayRule::parse(&rule).unwrap();
        let methods = rule.split_once(' ').unwrap().0;
        let has_method = methods == "*" || methods.split(',').any(|listed| listed == METHODS[method]);
        let expected = has_method && pattern(&rule).is_match(&path);
        prop_assert_eq!(read.allows(&METHODS[method].parse().unwrap(), &path), expected, "{}: {}", rule, path);
        prop_assert_eq!(read.to_string(), rule);
    }

    #[test]
    fn no_rule_allows_a_call_of_another_api(rule in rules(), path in paths()) {
        let api = rule.split('/').nth(1).unwrap();
        let read = GatewayRule::parse(&rule).unwrap();
        let allowed = METHODS.iter().any(|method| read.allows(&method.parse().unwrap(), &path));
        prop_assert!(!allowed || path.split('/').next() == Some(api), "{}: {}", rule, path);
    }

    #[test]
    fn no_preset_changes_what_it_only_reads_or_leaves_its_apis(path in paths(), method in 0..7_usize) {
        let api = path.split('/').next().unwrap();
        for preset in GatewayPreset::ALL {
            if preset.allows(&METHODS[method].parse().unwrap(), &path) {
                let own = match preset {
                    GatewayPreset::ClmRead | GatewayPreset::ClmWrite => ["clm", "clm-upload", "clm-download", "triggers"].as_slice(),
                    GatewayPreset::EsignatureRead | GatewayPreset::EsignatureSend => &["esign", "triggers"],
                };
                prop_assert!(own.contains(&api), "{:?} {}", preset, path);
                let reads = matches!(METHODS[method], "GET" | "HEAD");
                let only_reads = matches!(preset, GatewayPreset::ClmRead | GatewayPreset::EsignatureRead);
                prop_assert_eq!(reads, only_reads, "{:?} {} {}", preset, METHODS[method], path);
            }
        }
    }

    #[test]
    fn an_unambiguous_path_is_normalized_once(path in "(%[0-9a-fA-F]{2}|[a-z0-9%]|/){0,16}") {
        if path.split('/').all(is_unambiguous) {
            let normal = normalize(&path);
            prop_assert_eq!(normalize(&normal), normal.clone(), "{}", path);
            prop_assert_eq!(normal.matches('/').count(), path.matches('/').count());
            let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(decode(&normal), decode(&path), "both mean the same to DocuSign");
        }
    }

    #[test]
    fn a_segment_that_servers_can_read_in_two_ways_is_refused(before in "[a-z]{0,4}", after in "[a-z]{0,4}", which in 0..14_usize) {
        const AMBIGUOUS: [&str; 14] = [
            "%2f", "%5C", "\\", "%25", "%", "%z", "%6%31", ";", "%3b", "%00", "%0a", "%7f", "%ff", "%2525"
        ];
        let segment = format!("{before}{}{after}", AMBIGUOUS[which]);
        // A percent sign with two hexadecimal digits after it is an escape.
        prop_assume!(!matches!(AMBIGUOUS[which], "%") || !after.bytes().take(2).filter(u8::is_ascii_hexdigit).count().eq(&2));
        prop_assert!(!is_unambiguous(&segment), "{}", segment);
        prop_assert!(!is_reachable(&segment), "{}", segment);
    }

    #[test]
    fn arbitrary_rules_and_paths_never_panic(rule in "\\PC{0,40}", path in "\\PC{0,40}") {
        let _ = normalize(&path);
        if let Some(rule) = GatewayRule::parse(&rule) {
            let _ = rule.allows(&Method::GET, &path);
        }
    }
}

#[test]
fn apis_and_presets_have_names_of_their_own() {
    for api in GatewayApi::ALL {
        assert_eq!(GatewayApi::parse(api.as_str()), Some(api));
        assert_eq!(GatewayPreset::parse(api.as_str()), None);
    }
    for preset in GatewayPreset::ALL {
        let rule = GatewayRule::parse(preset.as_str()).unwrap();
        assert_eq!(rule, GatewayRule::Preset(preset));
        assert_eq!(rule.to_string(), preset.as_str());
        assert_eq!(GatewayApi::parse(preset.as_str()), None);
    }
    for other in ["", "CLM", "clm ", "clmx", "clm:read ", "clm:", "esign:read", "triggers"] {
        assert_eq!((GatewayApi::parse(other), GatewayPreset::parse(other)), (None, None), "{other}");
    }
}

/// The secrets of Connect are what `esignature:read` leaves out, and other accounts are what no rule allows.
#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_gets_around_a_rule() {
    const ACCOUNT: &str = "3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa";
    let keyed = |id: &str, rule: &str| {
        let key = digest(&format!("key of {id}"));
        client(
            id,
            &json!({"client_secret_sha256": [], "grant_types": [], "api_key_sha256": [key], "gateway_allow": [rule]}),
        )
    };
    let clients = json!([keyed("reader", "esignature:read"), keyed("all", "* /esign/")]);
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &clients.to_string())]).await;
    let secrets = format!("esign/v2.1/accounts/{ACCOUNT}");
    for (key, path, status, error) in [
        ("key of reader", format!("{secrets}/connect/secret"), 403, "insufficient_scope"),
        ("key of reader", format!("{secrets}/Connect/secret"), 403, "insufficient_scope"),
        ("key of reader", format!("{secrets}/c%6Fnnect/secret"), 403, "insufficient_scope"),
        ("key of reader", format!("{secrets}/connect"), 403, "insufficient_scope"),
        ("key of reader", format!("{secrets}/connect/"), 403, "insufficient_scope"),
        ("key of reader", format!("{secrets}/%6%33onnect/secret"), 400, "invalid_request"),
        ("key of reader", format!("{secrets}/%2563onnect/secret"), 400, "invalid_request"),
        ("key of reader", format!("{secrets}/x/../connect/secret"), 400, "invalid_request"),
        ("key of reader", format!("{secrets}//connect/secret"), 400, "invalid_request"),
        ("key of reader", format!("{secrets}/connect;x/secret"), 400, "invalid_request"),
        ("key of all", "esign/v2.1/%6%31ccounts/42/users".to_owned(), 400, "invalid_request"),
        ("key of all", "esign/v2.1%2Faccounts/42/users".to_owned(), 400, "invalid_request"),
    ] {
        let url = format!("{}/gateway/{path}", app.issuer);
        let answer = app.http.call(Method::GET, &url, &[("x-api-key", key)], "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_error(&answer, status, error);
    }
}
