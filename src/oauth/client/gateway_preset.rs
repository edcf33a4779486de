//! Names for common sets of calls in `gateway_allow`. Pure.

use http::Method;

/// A name for a set of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayPreset {
    /// Read, search and download in CLM, and its triggers.
    ClmRead,
    /// Everything that changes CLM.
    ClmWrite,
    /// Read eSignature, and its trigger.
    EsignatureRead,
    /// Create, send and change envelopes.
    EsignatureSend,
}

/// What a search begins with. Though it is a `POST`, it only reads.
const SEARCHES: [&str; 2] = ["documentsearchtasks", "foldersearchtasks"];
/// The part of eSignature whose answers can have secrets.
const CONNECT: &str = "connect";
/// The parts of eSignature that sending needs. Envelopes are moved by changing a folder.
const SENDING: [&str; 2] = ["envelopes", "folders"];

impl GatewayPreset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClmRead, Self::ClmWrite, Self::EsignatureRead, Self::EsignatureSend];

    /// Its name in the client registry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClmRead => "clm:read",
            Self::ClmWrite => "clm:write",
            Self::EsignatureRead => "esignature:read",
            Self::EsignatureSend => "esignature:send",
        }
    }

    /// The preset with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }

    /// Whether it has this call. CLM ignores the case of paths, so presets do too.
    #[must_use]
    pub fn allows(self, method: &Method, path: &str) -> bool {
        let path = path.to_ascii_lowercase();
        let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let changes = matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
        match (self, segments.as_slice()) {
            (Self::ClmRead, ["triggers", "clm", ..]) | (Self::EsignatureRead, ["triggers", "esignature", ..]) => reads,
            (Self::ClmRead, ["clm" | "clm-download", _, ..]) => reads || is_search(method, &segments),
            (Self::ClmWrite, ["clm" | "clm-upload", _, ..]) => changes && !is_search(method, &segments),
            (Self::EsignatureRead, ["esign", _, "accounts", _, below @ ..]) => reads && below.first() != Some(&CONNECT),
            (Self::EsignatureSend, ["esign", _, "accounts", _, first, ..]) => changes && SENDING.contains(first),
            _ => false,
        }
    }
}

/// Whether this begins a search, with or without the account in the path.
fn is_search(method: &Method, segments: &[&str]) -> bool {
    let is_one = |kind: &&str| SEARCHES.contains(kind);
    *method == Method::POST && matches!(segments, ["clm", kind] | ["clm", "v2", _, kind] if is_one(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_allows_its_calls_and_no_others() {
        const NONE: [&str; 0] = [];
        for (method, path, allowed_by) in [
            ("GET", "clm/folders/1/documents", &["clm:read"][..]),
            ("HEAD", "clm-download/documents/1", &["clm:read"]),
            ("GET", "clm/v2/acc/documents/1/content", &["clm:read"]),
            ("POST", "clm/documentsearchtasks", &["clm:read"]),
            ("POST", "clm/v2/acc/FolderSearchTasks", &["clm:read"]),
            ("GET", "triggers/clm/documents", &["clm:read"]),
            ("GET", "triggers/esignature/envelopes", &["esignature:read"]),
            ("POST", "clm/folders/1/documents", &["clm:write"]),
            ("POST", "clm-upload/documents/1", &["clm:write"]),
            ("PATCH", "clm/documents/1", &["clm:write"]),
            ("DELETE", "clm/documents/1", &["clm:write"]),
            ("POST", "clm/workflows", &["clm:write"]),
            ("POST", "clm/copytasks", &["clm:write"]),
            ("DELETE", "clm/documentsearchtasks/1", &["clm:write"]),
            ("OPTIONS", "clm/documents/1", &NONE),
            ("POST", "clm-download/documents/1", &NONE),
            ("GET", "clm-upload/documents/1", &NONE),
            ("GET", "clm/", &NONE),
            ("GET", "esign/v2.1/accounts/acc/envelopes", &["esignature:read"]),
            ("GET", "esign/v2.1/accounts/acc", &["esignature:read"]),
            ("GET", "esign/v2.1/accounts/acc/connect/secret", &NONE),
            ("GET", "esign/v2.1/accounts", &NONE),
            ("POST", "esign/v2.1/accounts/acc/envelopes", &["esignature:send"]),
            ("PUT", "esign/v2.1/accounts/acc/envelopes/1/recipients", &["esignature:send"]),
            ("PUT", "esign/v2.1/accounts/acc/folders/recyclebin", &["esignature:send"]),
            ("DELETE", "esign/v2.1/accounts/acc/users", &NONE),
            ("PUT", "esign/v2.1/accounts/acc/templates/1", &NONE),
            ("POST", "esign/v2.1/accounts/acc", &NONE),
            ("GET", "navigator/v1/accounts/acc/agreements", &NONE),
            ("POST", "maestro/v1/accounts/acc/workflows/1/actions/trigger", &NONE),
        ] {
            let allowing =
                GatewayPreset::ALL.into_iter().filter(|preset| preset.allows(&method.parse().unwrap(), path));
            assert_eq!(allowing.map(GatewayPreset::as_str).collect::<Vec<_>>(), allowed_by, "{method} {path}");
        }
    }
}
