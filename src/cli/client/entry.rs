//! The entry of a new client, as people would write it. Pure.

use serde::Serialize;

use crate::oauth::client::{ClientId, GrantType, Profile, SubjectKind};
use crate::oauth::scope::Scope;
use crate::secret::{Sha256, hex};

/// The fields that a new client may be given.
#[derive(Clone, Debug)]
pub struct ClientEntry {
    pub client_id: ClientId,
    /// Digest of its secret; a public client has none.
    pub client_secret_sha256: Option<Sha256>,
    pub profile: Profile,
    pub grant_types: Vec<GrantType>,
    pub subject: SubjectKind,
    pub scope: Option<Scope>,
    pub redirect_uris: Vec<String>,
    /// Digest of its API key, if it has one.
    pub api_key_sha256: Option<Sha256>,
    pub api_key_usernames: Vec<String>,
    pub gateway_allow: Vec<String>,
}

impl ClientEntry {
    /// The JSON object, a field a line; what is the default of every client is left out, but for the subject, which
    /// is worth seeing.
    pub fn to_json(&self) -> String {
        let digests: Vec<String> = self.client_secret_sha256.iter().map(|digest| hex(digest)).collect();
        let grant_types: Vec<&str> = self.grant_types.iter().copied().map(GrantType::as_str).collect();
        let mut fields = vec![("client_id", text(self.client_id.as_str())), ("client_secret_sha256", array(&digests))];
        if self.profile != Profile::Standard {
            fields.push(("profile", text(self.profile.as_str())));
        }
        fields.push(("grant_types", array(&grant_types)));
        fields.push(("subject", text(self.subject.as_str())));
        fields.extend(self.scope.iter().map(|scope| ("scope", text(&scope.to_string()))));
        if !self.redirect_uris.is_empty() {
            fields.push(("redirect_uris", array(&self.redirect_uris)));
        }
        // The document routes take no other access tokens.
        if self.profile == Profile::Workfront && !self.grant_types.is_empty() {
            fields.push(("access_token", text("sealed")));
        }
        fields.extend(self.api_key_sha256.iter().map(|digest| ("api_key_sha256", array(&[hex(digest)]))));
        for (name, items) in [("api_key_usernames", &self.api_key_usernames), ("gateway_allow", &self.gateway_allow)] {
            if !items.is_empty() {
                fields.push((name, array(items)));
            }
        }
        let lines: Vec<String> = fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
        format!("{{\n{}\n}}", lines.join(",\n"))
    }
}

/// The grant types of a client that was given none: those its platform needs, or else what fits its other fields.
pub fn default_grant_types(profile: Profile, public: bool, redirected: bool) -> Vec<GrantType> {
    if profile == Profile::Standard && !public && !redirected {
        vec![GrantType::ClientCredentials]
    } else {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    }
}

/// An array on one line.
pub fn array<T: AsRef<str> + Serialize>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| text(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
