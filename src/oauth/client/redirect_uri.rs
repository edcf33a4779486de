//! Redirect URIs: which ones may be registered, and the loopback addresses of native apps, whose port can vary (RFC 8252
//! §7.3). Pure.

use url::Url;

use crate::types::is_loopback;

/// Printable characters that RFC 3986 allows nowhere in a URI. Placeholders and markup have them.
pub const NOT_IN_A_URI: [char; 9] = ['<', '>', '"', '\\', '^', '`', '{', '|', '}'];

/// Parses a redirect URI: absolute, without fragment, https or http on loopback (RFC 6749 §3.1.2, RFC 9700 §2.6).
#[must_use]
pub fn redirect_uri(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    // A `Location` header and a page repeat it unchanged.
    let literal = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(NOT_IN_A_URI);
    (safe && url.has_host() && literal && !text.contains(['*', '#'])).then(|| text.to_owned())
}

/// Whether `known` and `uri` differ only in the port of a loopback address.
#[must_use]
pub fn differ_in_port_only(known: &str, uri: &str) -> bool {
    without_port(known).is_some_and(|known| without_port(uri) == Some(known))
}

/// The loopback address and path of an http URI, without the port; `None` for every other URI.
fn without_port(uri: &str) -> Option<(&'static str, &str)> {
    let (address, rest) =
        ["http://127.0.0.1", "http://[::1]"].iter().find_map(|address| Some((*address, uri.strip_prefix(address)?)))?;
    let path = match rest.strip_prefix(':') {
        None => rest,
        Some(rest) => {
            let path = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest[..rest.len() - path.len()].parse::<u16>().ok()?;
            path
        }
    };
    path.starts_with('/').then_some((address, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_only_the_port_of_a_loopback_address_may_differ() {
        let known = "http://127.0.0.1:8000/cb?x=1";
        for same in ["http://127.0.0.1:9/cb?x=1", "http://127.0.0.1:65535/cb?x=1", "http://127.0.0.1/cb?x=1"] {
            assert!(differ_in_port_only(known, same), "{same}");
        }
        for other in [
            "https://127.0.0.1:9/cb?x=1",
            "http://localhost:9/cb?x=1",
            "http://[::1]:9/cb?x=1",
            "http://127.0.0.1:9/cb?x=2",
            "http://127.0.0.1:9/cb",
            "http://127.0.0.1:99999/cb?x=1",
            "http://127.0.0.1:/cb?x=1",
            "http://127.0.0.1:9@evil.example/cb?x=1",
            "http://127.0.0.1.evil.example/cb?x=1",
            "http://127.0.0.1:9\\@evil.example/cb?x=1",
            "http://user@127.0.0.1:9/cb?x=1",
        ] {
            assert!(!differ_in_port_only(known, other), "{other}");
        }
        assert!(!differ_in_port_only("https://c.example:1/cb", "https://c.example:2/cb"));
    }

    #[test]
    fn redirect_uris_are_exact_and_safe() {
        assert!(redirect_uri("https://global.consent.azure-apim.net/redirect/abc").is_some());
        assert!(redirect_uri("http://127.0.0.1/callback").is_some());
        for bad in ["/callback", "http://h.example/", "https://h/#f", "https://h/*", "javascript:alert(1)"] {
            assert_eq!(redirect_uri(bad), None, "{bad}");
        }
    }
}
