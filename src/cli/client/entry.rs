//! A client's entry in the registry. Pure.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::client::trust::NewTrust;
use crate::oauth::client::{ClientId, GrantType, Profile};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::secret::{Sha256, hex};

/// An entry with its fields in order.
#[derive(Clone, Debug, Serialize)]
pub struct Entry(pub Map<String, Value>);

impl Entry {
    /// Whether it is the entry of this client.
    pub fn is_of(&self, client_id: &str) -> bool {
        self.0.get("client_id").and_then(Value::as_str) == Some(client_id)
    }
}

/// A new client.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub client_id: ClientId,
    /// Digest of its secret; a public client and one with a trust have none.
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
    /// What it proves itself with instead of a secret.
    pub trust: Option<NewTrust>,
}

impl NewEntry {
    /// The fields of the entry. Defaults are left out, except for the subject, which readers should see.
    pub fn fields(&self) -> Map<String, Value> {
        let grant_types: Vec<&str> = self.grant_types.iter().copied().map(GrantType::as_str).collect();
        let scope = self.scope.as_ref().map(|scope| Value::from(scope.to_string()));
        // The document routes accept no other access tokens.
        let sealed = self.profile == Profile::Workfront && !self.grant_types.is_empty();
        let fields = [
            ("client_id", Some(self.client_id.as_str().into())),
            ("client_secret_sha256", self.trust.is_none().then(|| digests(self.client_secret_sha256))),
            ("trust", self.trust.as_ref().map(|trust| trust.items.clone().into())),
            ("profile", (self.profile != Profile::Standard).then(|| self.profile.as_str().into())),
            ("grant_types", Some(grant_types.into())),
            ("subject", Some(self.subject.as_str().into())),
            ("scope", scope),
            ("redirect_uris", unless_empty(&self.redirect_uris)),
            ("access_token", sealed.then(|| "sealed".into())),
            ("api_key_sha256", self.api_key_sha256.map(|digest| digests(Some(digest)))),
            ("api_key_usernames", unless_empty(&self.api_key_usernames)),
            ("gateway_allow", unless_empty(&self.gateway_allow)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn digests(digest: Option<Sha256>) -> Value {
    digest.iter().map(|digest| hex(digest)).collect()
}

fn unless_empty(items: &[String]) -> Option<Value> {
    (!items.is_empty()).then(|| items.into())
}

/// The grant types if none were given: those that the platform needs, or those that fit the other fields.
pub fn default_grant_types(profile: Profile, public: bool, redirected: bool) -> Vec<GrantType> {
    if profile == Profile::Standard && !public && !redirected {
        vec![GrantType::ClientCredentials]
    } else {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    }
}
