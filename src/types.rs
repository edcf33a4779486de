//! The domain's basic types: GUIDs and base URLs. Pure.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// A GUID as DocuSign writes integration keys and user ids; kept as it was given. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Guid(Arc<str>);

impl Guid {
    /// Accepts 8-4-4-4-12 hexadecimal digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths = groups.iter().map(|group| group.len());
        let hex = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
        (lengths.eq([8, 4, 4, 4, 12]) && hex).then(|| Self(text.into()))
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The GUID in lower case, so that equal GUIDs are equal text.
    #[must_use]
    pub fn lower_case(&self) -> Self {
        Self(self.0.to_ascii_lowercase().into())
    }

    /// Is `other` the same GUID, in whatever case?
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

/// A base URL without a trailing slash: https, or http to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Accepts `https://host[:port]`, or `http://` on a loopback host; a final slash is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        (bare && anonymous && safe && url.has_host()).then(|| Self(url.origin().ascii_serialization()))
    }

    /// The URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `https`, or `http` on loopback.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    /// Host, with the port if it is not the usual one.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Is it plain http, and so fit for local work only?
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// This URL with `path`, which starts with a slash, appended.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Does `url` name this machine?
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_https_or_loopback_and_nothing_more() {
        for good in ["https://h.example", "https://h.example:8443", "http://127.0.0.1:7071", "http://localhost:1"] {
            assert_eq!(BaseUrl::parse(good).unwrap().as_str(), good);
            assert_eq!(BaseUrl::parse(&format!("{good}/")).unwrap().as_str(), good);
        }
        assert_eq!(BaseUrl::parse("HTTPS://H.Example:443/").unwrap().as_str(), "https://h.example");
        for bad in [
            "",
            "h.example",
            "http://h.example",
            "https://h/x",
            "https://h?q",
            "https://h#f",
            "https://u@h",
            "ftp://h",
            "http://127.0.0.1.example",
        ] {
            assert_eq!(BaseUrl::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn guids_are_hyphenated_hex() {
        let guid = Guid::parse("1B2C3D4E-0000-4000-8000-5f6a7b8c9d0e").unwrap();
        assert!(guid.is("1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e"));
        for bad in ["", "1b2c3d4e00004000800005f6a7b8c9d0e", "user@example.org", "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0g"]
        {
            assert_eq!(Guid::parse(bad), None, "{bad}");
        }
    }
}
