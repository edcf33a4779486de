//! Where a request came from: the last address, which only the proxy in front can have written.

use evergrant::docusign::api::addresses::{ApiBase, is_trusted};
use evergrant::web::source_address::source_address;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

fn source(lines: &[&[u8]]) -> Option<String> {
    let name = HeaderName::from_static("x-forwarded-for");
    let headers: HeaderMap = lines.iter().map(|line| (name.clone(), HeaderValue::from_bytes(line).unwrap())).collect();
    source_address(&headers)
}

#[test]
fn odd_values_of_a_proxy_are_one_source_each() {
    for (value, expected) in [
        ("203.0.113.7:", Some("203.0.113.7:")),
        ("203.0.113.7:99999", Some("203.0.113.7:99999")),
        ("203.0.113.007", Some("203.0.113.007")),
        ("[2001:db8::1", Some("2001:db8::1")),
        ("2001:db8::1:443", Some("2001:db8::1:443")),
        ("_hidden", Some("_hidden")),
        ("\"203.0.113.7\"", Some("203.0.113.7")),
        ("203.0.113.7,", None),
        (",", None),
        ("\"\"", None),
        (" ", None),
        ("fe80::1%eth0", Some("fe80::1%eth0")),
    ] {
        assert_eq!(source(&[value.as_bytes()]).as_deref(), expected, "{value}");
    }
    assert_eq!(source(&[&b"x".repeat(200)]).map(|text| text.len()), Some(64), "memory is bounded");
}

fn addresses() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
    ]
}

proptest! {
    #[test]
    fn nothing_that_a_caller_sends_changes_the_source(
        address in addresses(), port in prop::option::of(any::<u16>()), forged in prop::collection::vec(0x20..=0xff_u8, 0..40), in_own_line in any::<bool>(),
    ) {
        prop_assume!(!forged.contains(&0x7f));
        let written = match (address, port) {
            (IpAddr::V6(address), Some(port)) => format!("[{address}]:{port}"),
            (IpAddr::V4(address), Some(port)) => format!("{address}:{port}"),
            (address, None) => address.to_string(),
        };
        let joined = [&forged[..], b", ", written.as_bytes()].concat();
        let found = if in_own_line { source(&[&forged, written.as_bytes()]) } else { source(&[&joined]) };
        prop_assert_eq!(found, Some(address.to_canonical().to_string()));
    }

    #[test]
    fn the_two_spellings_of_an_ipv4_address_are_one_source(bits in any::<u32>()) {
        let address = Ipv4Addr::from(bits);
        let mapped = address.to_ipv6_mapped().to_string();
        prop_assert_eq!(source(&[mapped.as_bytes()]), source(&[address.to_string().as_bytes()]));
    }

    #[test]
    fn a_base_contains_what_is_below_it_and_nothing_else(path in "[a-z0-9/.%?#@:\\\\ -]{0,40}", port in 1_u16..9999) {
        let base = ApiBase::parse("https://demo.docusign.net", "/restapi", &[]).unwrap();
        if let Some(url) = base.below(&path) {
            prop_assert!(base.contains(&url) && is_trusted(&url, &[]) && url.path().starts_with("/restapi/"), "{}", url);
        }
        for other in [
            format!("https://demo.docusign.net:{port}/restapi/x"), "http://demo.docusign.net/restapi/x".to_owned(),
            "https://demo.docusign.net.example/restapi/x".to_owned(), format!("https://u@demo.docusign.net/restapi/{port}"),
            format!("https://demo.docusign.net/restapi{port}"), "https://demo.docusign.net/restapi/x#y".to_owned(),
        ] {
            let url = Url::parse(&other).unwrap();
            prop_assert!(port == 443 || !base.contains(&url), "{}", other);
        }
    }
}

#[test]
fn only_base_urls_of_docusign_or_of_a_setting_become_a_base() {
    let named = ["clm.contoso.com".to_owned(), "127.0.0.1".to_owned()];
    for (text, path, is_base) in [
        ("https://api.springcm.com", "/v2/a", true),
        ("https://api.springcm.com///", "/v2/a", true),
        ("https://API.SpringCM.com", "", true),
        ("https://api.springcm.com/content", "/v2/a", true),
        ("https://api.springcm.com?x=y", "/v2/a", false),
        ("https://api.springcm.com#x", "", false),
        ("https://u:p@api.springcm.com", "", false),
        ("https://api.springcm.com:443", "", true),
        ("https://api.springcm.com:8443", "", false),
        ("http://api.springcm.com", "", false),
        ("https://clm.contoso.com:8443", "/v2/a", true),
        ("http://clm.contoso.com", "", false),
        ("http://127.0.0.1:7", "/v2/a", true),
        ("https://x.clm.contoso.com", "", false),
        ("https://springcm.com", "", false),
        ("https://docusign.net", "", false),
        ("https://evil-docusign.net", "", false),
        ("https://api.springcm.com.", "", false),
        ("https://169.254.169.254", "", false),
        ("ftp://api.springcm.com", "", false),
        ("//api.springcm.com", "", false),
        ("", "/v2/a", false),
    ] {
        assert_eq!(ApiBase::parse(text, path, &named).is_some(), is_base, "{text}{path}");
    }
}
