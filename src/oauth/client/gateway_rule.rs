//! The calls that a client may make through the gateway, and the triggers that it may poll: methods and paths, or a preset, from
//! `gateway_allow` in the client registry.

use std::fmt;

use http::Method;

use crate::oauth::client::gateway_path::is_reachable;
use crate::oauth::client::gateway_preset::GatewayPreset;

/// An API behind the gateway, chosen by the first path segment below `/gateway/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayApi {
    /// CLM's folders, documents and tasks.
    Clm,
    /// CLM's host for uploads.
    ClmUpload,
    /// CLM's host for downloads.
    ClmDownload,
    /// eSignature.
    Esign,
    /// Agreement Manager, formerly Navigator.
    Navigator,
    /// Workflow Builder, formerly Maestro.
    Maestro,
}

impl GatewayApi {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Clm, Self::ClmUpload, Self::ClmDownload, Self::Esign, Self::Navigator, Self::Maestro];

    /// The API with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.as_str() == name)
    }

    /// Its name in paths, rules and log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clm => "clm",
            Self::ClmUpload => "clm-upload",
            Self::ClmDownload => "clm-download",
            Self::Esign => "esign",
            Self::Navigator => "navigator",
            Self::Maestro => "maestro",
        }
    }
}

/// The first segment of the triggers' paths.
pub const TRIGGERS: &str = "triggers";

/// One entry of `gateway_allow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayRule {
    /// A preset's name.
    Preset(GatewayPreset),
    /// Methods and a path.
    Calls(CallRule),
}

/// Methods, a space, and a path below `/gateway`, or of a trigger.
///
/// `*` matches every method, and one path segment. A path with a trailing slash matches everything below it. Paths are
/// compared literally, so other spellings are not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRule {
    /// Empty means every method.
    methods: Vec<Method>,
    segments: Vec<String>,
    and_below: bool,
}

impl GatewayRule {
    /// Reads `clm:read`, `GET /clm/folders/*`, `GET,HEAD /clm-download/`, `* /esign/` or `GET /triggers/clm/documents`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        GatewayPreset::parse(text).map(Self::Preset).or_else(|| CallRule::parse(text).map(Self::Calls))
    }

    /// Whether it allows `method` for `path`, which starts with the API's name or `triggers`, without a slash.
    #[must_use]
    pub fn allows(&self, method: &Method, path: &str) -> bool {
        match self {
            Self::Preset(preset) => preset.allows(method, path),
            Self::Calls(calls) => calls.allows(method, path),
        }
    }
}

impl fmt::Display for GatewayRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => f.write_str(preset.as_str()),
            Self::Calls(calls) => calls.fmt(f),
        }
    }
}

impl CallRule {
    fn parse(text: &str) -> Option<Self> {
        let (methods, path) = text.split_once(' ')?;
        let method = |name: &str| {
            let method = Method::from_bytes(name.as_bytes()).ok()?;
            name.bytes().all(|byte| byte.is_ascii_uppercase()).then_some(method)
        };
        let methods =
            if methods == "*" { Vec::new() } else { methods.split(',').map(method).collect::<Option<_>>()? };
        let (path, and_below) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let segments: Vec<String> = path.strip_prefix('/')?.split('/').map(ToOwned::to_owned).collect();
        // A rule that no request can match is a mistake, and so is a `*` that would be compared literally.
        let can_match = |segment: &String| is_reachable(segment) && (segment == "*" || !segment.contains('*'));
        let names_api = GatewayApi::parse(segments.first()?).is_some() || segments.first()? == TRIGGERS;
        let has_path = segments.len() > 1 || and_below;
        (names_api && has_path && segments.iter().all(can_match)).then_some(Self { methods, segments, and_below })
    }

    fn allows(&self, method: &Method, path: &str) -> bool {
        let mut asked = path.split('/');
        let fits = |expected: &String| {
            asked.next().is_some_and(|segment| expected == segment || (expected == "*" && !segment.is_empty()))
        };
        let begins = self.segments.iter().all(fits);
        let more = asked.next().is_some();
        (self.methods.is_empty() || self.methods.contains(method)) && begins && more == self.and_below
    }
}

impl fmt::Display for CallRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        let methods = if methods.is_empty() { "*".to_owned() } else { methods.join(",") };
        write!(f, "{methods} /{}{}", self.segments.join("/"), if self.and_below { "/" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_allow_exactly_the_listed_calls() {
        for (rule, method, path, allowed) in [
            ("GET /clm/", Method::GET, "clm/folders/1", true),
            ("GET /clm/", Method::GET, "clm/", true),
            ("GET /clm/", Method::GET, "clm", false),
            ("GET /clm/", Method::POST, "clm/folders/1", false),
            ("GET /clm/", Method::GET, "clm-upload/folders/1", false),
            ("GET,HEAD /clm-download/documents/*", Method::HEAD, "clm-download/documents/1", true),
            ("GET /clm-download/documents/*", Method::GET, "clm-download/documents/1/x", false),
            ("GET /clm/folders/*/documents", Method::GET, "clm/folders/1/documents", true),
            ("GET /clm/folders/*/documents", Method::GET, "clm/folders/1/folders", false),
            ("* /esign/", Method::DELETE, "esign/v2.1/accounts", true),
            ("GET /clm/folders", Method::GET, "clm/FOLDERS", false),
            ("GET /clm/folders", Method::GET, "clm/folders/", false),
            ("GET /clm/folders/*", Method::GET, "clm/folders/", false),
            ("GET /clm/a%20b", Method::GET, "clm/a%20b", true),
            ("GET /clm/%C3%A4/", Method::GET, "clm/%C3%A4/x", true),
            ("DELETE /esign/v2.1/accounts/*/users/*", Method::DELETE, "esign/v2.1/accounts/1/users/", false),
            ("GET /triggers/clm/documents", Method::GET, "triggers/clm/documents", true),
            ("GET /triggers/clm/documents", Method::GET, "triggers/clm/workitems", false),
            ("GET /triggers/", Method::GET, "triggers/esignature/envelopes", true),
            ("GET /navigator/v1/accounts/*/agreements", Method::GET, "navigator/v1/accounts/1/agreements", true),
            ("clm:read", Method::GET, "clm/folders/1", true),
            ("clm:read", Method::POST, "clm/folders", false),
        ] {
            let read = GatewayRule::parse(rule).unwrap();
            assert_eq!(read.allows(&method, path), allowed, "{rule}: {method} {path}");
            assert_eq!(read.to_string(), rule);
        }
    }

    #[test]
    fn malformed_rules_are_rejected() {
        for text in [
            "",
            "GET",
            "GET ",
            "GET clm/",
            "get /clm/",
            " /clm/",
            "GET /other/",
            "GET /clm//x",
            "GET /",
            "* /",
            "GET  /clm/",
            "GET /clm",
            "GET /clm/../x",
            "GET /clm/./",
            "GET /clm/..",
            "GET /clm/%2e%2E/x",
            "GET /clm/%2e/",
            "GET /clm//",
            "GET /clm/x//",
            "GET /clm/a%2Fb",
            "GET /clm/a%5cb",
            "GET /clm/a\\b",
            "GET /clm/a;b",
            "GET /clm/a%3Bb",
            "GET /clm/a%252e",
            "GET /clm/a%",
            "GET /clm/a%zz",
            "GET /clm/a%00",
            "GET /clm/a%FF",
            "GET /clm/%66olders/",
            "GET /clm/folders#x",
            "GET /clm/<id>/",
            "GET /clm/folders*/",
            "GET /clm/**",
            "clm:reed",
            "CLM:read",
            "GET clm:read",
            "GET /triggers",
        ] {
            assert_eq!(GatewayRule::parse(text), None, "{text}");
        }
    }
}
