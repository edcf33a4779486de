//! Basic types: GUIDs, base URLs and error explanations. Pure.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A GUID, such as an integration key or a user id, in lower case, so that equal ones have equal text. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Guid(Arc<str>);

impl Guid {
    /// Accepts 8-4-4-4-12 hexadecimal digits in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths = groups.iter().map(|group| group.len());
        let hex = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
        (lengths.eq([8, 4, 4, 4, 12]) && hex).then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// The text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same GUID, ignoring case.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl From<Guid> for String {
    fn from(guid: Guid) -> Self {
        guid.as_str().to_owned()
    }
}

impl TryFrom<String> for Guid {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a GUID")
    }
}

/// A base URL without a trailing slash: https, or http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Accepts `https://host[:port]`, or `http://` on a loopback host. Drops a trailing slash.
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

    /// The host, with the port if it is not the default.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// The host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        // The last colon of an IPv6 address is inside its brackets.
        let with_port = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        with_port.map_or(authority, |(host, _)| host)
    }

    /// Whether it is plain http, which is for local work only.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// Appends `path`, which starts with a slash.
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

/// Paths of our own, below the public URL. The server has the list of all routes.
pub mod own_paths {
    /// The token endpoint.
    pub const TOKEN: &str = "/oauth/token";
    /// The authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth/authorize";
    /// The revocation endpoint.
    pub const REVOKE: &str = "/oauth/revoke";
    /// The metadata (RFC 8414 §3).
    pub const METADATA: &str = "/.well-known/oauth-authorization-server";
    /// Where DocuSign sends the browser.
    pub const CALLBACK: &str = "/consent/callback";
    /// The setup page.
    pub const SETUP: &str = "/setup";
    /// What calls DocuSign's APIs is below it.
    pub const GATEWAY: &str = "/gateway";
    /// The Base API URL of Workfront's document webhooks.
    pub const WORKFRONT: &str = "/workfront/v1";
    /// Where a browser downloads one of Workfront's documents.
    pub const OPEN: &str = "/workfront/v1/open";
}

/// Whether `url` is on a loopback host.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The texts for one error, one per reader. Every [`Explained`] error has one for each variant.
///
/// In `problem`, `operator` and `command`, a name in angle brackets such as `<vault>` is a placeholder.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The code for log lines.
    pub code: &'static str,
    /// What is wrong, for log lines, commands and health checks.
    pub problem: &'static str,
    /// The message for the client (`error_description`): printable ASCII without `"` and `\`, RFC 6749 §5.2.
    pub client: &'static str,
    /// What the user in the browser does next.
    pub person: &'static str,
    /// What the operator does to fix it.
    pub operator: &'static str,
    /// The command for that fix, with its purpose; for health checks.
    pub command: Option<&'static str>,
}

/// An error with an explanation for each reader.
pub trait Explained {
    /// Its explanation. Implement it as an exhaustive match, so that all its texts are in one place.
    fn explain(&self) -> Explanation;

    /// Values in the error itself, such as `status`.
    fn details(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What is wrong.
    fn problem(&self) -> String {
        fill(self.explain().problem, &self.details())
    }

    /// What the operator does to fix it, with the known values of this installation.
    fn fix(&self, installation: &[(&'static str, String)]) -> String {
        fill(self.explain().operator, &[&self.details(), installation].concat())
    }

    /// Like [`Explained::fix`], with the command. Unknown values stay as placeholders.
    fn fix_with_command(&self, installation: &[(&'static str, String)]) -> String {
        let fix = self.fix(installation);
        self.explain().command.map_or(fix.clone(), |command| format!("{fix} {}", put_in(command, installation)))
    }

    /// What is wrong and how to fix it, in one line.
    fn line(&self) -> String {
        let fix = self.fix(&[]);
        format!("{}. {}", self.problem(), fix.strip_suffix('.').unwrap_or(&fix))
    }
}

/// Replaces the placeholders in `text` with `values`. Placeholders without a value are removed, with their parentheses.
fn fill(text: &str, values: &[(&str, String)]) -> String {
    let text = put_in(text, values);
    let (mut filled, mut rest) = (String::new(), text.as_str());
    while let Some((before, after)) = rest.split_once(" (") {
        let (inside, behind) = after.split_once(')').unwrap_or((after, ""));
        filled.push_str(before);
        if !inside.contains('<') {
            filled.extend([" (", inside, ")"]);
        }
        rest = behind;
    }
    filled + rest
}

fn put_in(text: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_without_a_value_are_removed_with_their_parentheses() {
        let text = "Compare A (<a>) with B (a GUID), and C (in <c> s).";
        let value = |name: &'static str| (name, "1".to_owned());
        assert_eq!(fill(text, &[value("a")]), "Compare A (1) with B (a GUID), and C.");
        assert_eq!(fill(text, &[value("c")]), "Compare A with B (a GUID), and C (in 1 s).");
        assert_eq!(put_in("az show --name <a> <b>", &[value("a")]), "az show --name 1 <b>");
    }

    #[test]
    fn base_urls_are_https_or_loopback_without_path() {
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
        assert_eq!(guid, Guid::parse("1b2c3d4e-0000-4000-8000-5F6A7B8C9D0E").unwrap());
        assert!(guid.is("1B2C3D4E-0000-4000-8000-5f6a7b8c9d0e"));
        for bad in ["", "1b2c3d4e00004000800005f6a7b8c9d0e", "user@example.org", "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0g"]
        {
            assert_eq!(Guid::parse(bad), None, "{bad}");
        }
    }
}
