//! Which hosts may be in the address of the setup page if no Functions host is in front, which would ask for a key. A site
//! whose name suddenly resolves to 127.0.0.1 (DNS rebinding) could read the page otherwise. Pure.

use http::HeaderMap;
use http::header::HOST;
use http::uri::Authority;
use url::Url;

use crate::types::{BaseUrl, is_loopback};

/// Whether every `Host` header names this machine, or the host of `public_url`.
#[must_use]
pub fn is_own(headers: &HeaderMap, public_url: &BaseUrl) -> bool {
    let public_host = Url::parse(public_url.as_str()).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    headers.get_all(HOST).iter().all(|value| {
        let authority =
            Authority::try_from(value.as_bytes()).ok().filter(|authority| !authority.as_str().contains('@'));
        let url = authority.and_then(|authority| Url::parse(&format!("http://{authority}")).ok());
        url.is_some_and(|url| is_loopback(&url) || url.host().map(|host| host.to_owned()) == public_host)
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_this_machine_and_the_public_host_are_own() {
        let public_url = BaseUrl::parse("https://app.example").unwrap();
        for (host, expected) in [
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("app.example", true),
            ("App.Example:443", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("localhost@evil.example", false),
            ("evil.example@localhost", false),
            ("10.0.0.1:8080", false),
            ("", false),
            ("local host", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
            assert_eq!(is_own(&headers, &public_url), expected, "{host}");
        }
        let two = [(HOST, HeaderValue::from_static("localhost")), (HOST, HeaderValue::from_static("evil.example"))];
        assert!(!is_own(
            &two.into_iter().fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            }),
            &public_url
        ));
        assert!(is_own(&HeaderMap::new(), &public_url), "no browser omits the header");
    }
}
