//! One client of a registry.

use serde_json::{Map, Value};

use crate::config::error::Problem;
use crate::config::fields::Fields;
use crate::config::formats;
use crate::config::reader::SettingsReader;
use crate::config::values::clients::{client_id, digest, gateway_rule, username};
use crate::config::values::field::{boolean, positive, string, strings};
use crate::config::values::trust::trust;
use crate::config::values::url::redirect;
use crate::config::values::{Reason, scope, unknown_word};
use crate::oauth::client::trust::Trust;
use crate::oauth::client::{AccessTokenKind, Client, GrantType, Profile};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::secret::Sha256;

/// The installation's scope, for clients' scopes.
#[derive(Clone, Copy)]
pub struct Scopes<'a> {
    /// A client's scope has to be within this, if it is known.
    pub within: Option<&'a Scope>,
    /// The scope of a client that names none.
    pub default: Option<&'a Scope>,
}

/// Reads the client at `place`, which errors name. `None` after an error, which is noted.
pub fn read_client(
    reader: &mut SettingsReader<'_>,
    place: String,
    object: Map<String, Value>,
    scopes: Scopes<'_>,
) -> Option<Client> {
    let mut fields = Fields::new(reader, place, object);
    let client_id = fields.required("client_id", formats::CLIENT_ID, string(client_id));
    let client_secret_sha256 = fields.optional("client_secret_sha256", formats::DIGESTS, digests);
    let grant_types = fields.required("grant_types", formats::GRANT_TYPES, strings(grant_type));
    let subject = fields.optional("subject", formats::SUBJECT, string(subject));
    let redirect_uris = fields.optional("redirect_uris", formats::REDIRECT_URIS, strings(redirect));
    let scope = fields.optional("scope", formats::SCOPE, string(scope));
    let profile = fields.optional("profile", formats::PROFILE, string(profile));
    let access_token = fields.optional("access_token", formats::ACCESS_TOKEN, string(access_token_kind));
    let require_pkce = fields.optional("require_pkce", formats::BOOLEAN, boolean);
    let api_key_sha256 = fields.optional("api_key_sha256", formats::API_KEYS, strings(digest));
    let api_key_usernames = fields.optional("api_key_usernames", formats::API_KEY_USERNAMES, strings(username));
    let refresh_token_lifetime = fields.optional("refresh_token_lifetime", formats::LIFETIME, positive);
    let secretless_refresh = fields.optional("secretless_refresh", formats::BOOLEAN, boolean);
    let authorization_response_iss = fields.optional("authorization_response_iss", formats::BOOLEAN, boolean);
    let token_request_in_query = fields.optional("token_request_in_query", formats::BOOLEAN, boolean);
    let gateway_allow = fields.optional("gateway_allow", formats::GATEWAY_ALLOW, strings(gateway_rule));
    let trust = fields.optional("trust", formats::TRUST, trust);
    let checks = CrossChecks {
        has_secret: client_secret_sha256.as_ref().map(|digests| !digests.is_empty()),
        trust: trust.as_deref().unwrap_or_default(),
        grant_types: grant_types.as_deref().unwrap_or_default(),
        subject: subject.unwrap_or(SubjectKind::IntegrationUser),
        has_redirect_uri: redirect_uris.as_ref().is_some_and(|uris| !uris.is_empty()),
        has_api_key: api_key_sha256.as_ref().is_some_and(|digests| !digests.is_empty()),
    };
    checks.run(&mut fields);
    note_scope_beyond(&mut fields, scope.as_ref(), scopes.within);
    let is_right = fields.finish(formats::FIELD);
    let client = Client {
        client_id: client_id?,
        client_secret_sha256: client_secret_sha256.unwrap_or_default(),
        redirect_uris: redirect_uris.unwrap_or_default(),
        grant_types: grant_types?,
        subject: subject.unwrap_or(SubjectKind::IntegrationUser),
        scope: scope.or_else(|| scopes.default.cloned())?,
        profile: profile.unwrap_or(Profile::Standard),
        access_token: access_token.unwrap_or(AccessTokenKind::Docusign),
        require_pkce: require_pkce.unwrap_or(false),
        api_key_sha256: api_key_sha256.unwrap_or_default(),
        api_key_usernames: api_key_usernames.unwrap_or_default(),
        refresh_token_lifetime,
        secretless_refresh: secretless_refresh.unwrap_or(false),
        authorization_response_iss: authorization_response_iss.unwrap_or(true),
        token_request_in_query: token_request_in_query.unwrap_or(false),
        gateway_allow: gateway_allow.unwrap_or_default(),
        trust: trust.unwrap_or_default(),
    };
    is_right.then_some(client)
}

/// Notes a scope of the client that the installation does not have.
fn note_scope_beyond(fields: &mut Fields<'_, '_>, scope: Option<&Scope>, within: Option<&Scope>) {
    let Some((scope, within)) = scope.zip(within) else { return };
    let Some(beyond) = scope.iter().find(|one| !within.contains(one)) else { return };
    // Anything else could be a value pasted in the wrong place.
    let looks_like_a_scope = beyond.len() <= 40 && beyond.bytes().all(|b| b.is_ascii_lowercase() || b"_.".contains(&b));
    let shown = if looks_like_a_scope { beyond } else { "a scope (not shown)" };
    let reason = format!("it has {shown}, which DOCUSIGN_SCOPES does not have");
    fields.note("scope", Problem::Invalid(reason.into()), formats::SCOPE);
}

/// Fields that have to fit each other, if they could be read.
struct CrossChecks<'a> {
    has_secret: Option<bool>,
    trust: &'a [Trust],
    grant_types: &'a [GrantType],
    subject: SubjectKind,
    has_redirect_uri: bool,
    has_api_key: bool,
}

impl CrossChecks<'_> {
    fn run(&self, fields: &mut Fields<'_, '_>) {
        let has = |grant_type| self.grant_types.contains(&grant_type);
        let invalid = |reason: &'static str| Problem::Invalid(reason.into());
        // What is wrong in trust is said there, and nothing is missing because of it.
        let is_unreadable = fields.has_noted("trust");
        let has_trust = is_unreadable || !self.trust.is_empty();
        if self.has_secret.is_none() && !has_trust {
            fields.note_unless_noted("client_secret_sha256", Problem::Missing, formats::DIGESTS);
        }
        let is_caller =
            self.has_api_key || is_unreadable || self.trust.iter().any(|trust| matches!(trust, Trust::Issuer(_)));
        if self.grant_types.is_empty() && !is_caller {
            let reason =
                "it is empty, and the client has no API key and trusts no issuer, so the client cannot do anything";
            fields.note_unless_noted("grant_types", invalid(reason), formats::GRANT_TYPES);
        }
        if has(GrantType::AuthorizationCode) && !self.has_redirect_uri {
            fields.note_unless_noted("redirect_uris", Problem::Missing, formats::REDIRECT_URIS);
        }
        if has(GrantType::ClientCredentials) && self.has_secret == Some(false) && !has_trust {
            let reason =
                "client_credentials needs a client secret or trust, and this client has none (RFC 6749 section 4.4)";
            fields.note("grant_types", invalid(reason), formats::GRANT_TYPES);
        }
        if has(GrantType::ClientCredentials) && self.subject == SubjectKind::SignedInUser {
            let reason = "no one signs in with client_credentials, but the subject is signed_in_user";
            fields.note("grant_types", invalid(reason), formats::GRANT_TYPES);
        }
    }
}

/// At most two: the old and the new one during a rotation.
fn digests(value: &Value) -> Result<Vec<Sha256>, Reason> {
    match strings(digest)(value)? {
        digests if digests.len() > 2 => Err(format!("it has {} digests instead of at most two", digests.len()).into()),
        digests => Ok(digests),
    }
}

fn grant_type(text: &str) -> Result<GrantType, Reason> {
    GrantType::parse(text).ok_or_else(|| match text {
        "password" | "implicit" => "it is a grant type that Evergrant does not have".into(),
        text => unknown_word(text, &GrantType::ALL.map(GrantType::as_str)),
    })
}

fn subject(text: &str) -> Result<SubjectKind, Reason> {
    SubjectKind::parse(text).ok_or_else(|| unknown_word(text, &SubjectKind::ALL.map(SubjectKind::as_str)))
}

fn profile(text: &str) -> Result<Profile, Reason> {
    Profile::parse(text).ok_or_else(|| unknown_word(text, &Profile::ALL.map(Profile::as_str)))
}

fn access_token_kind(text: &str) -> Result<AccessTokenKind, Reason> {
    match text {
        "docusign" => Ok(AccessTokenKind::Docusign),
        "sealed" => Ok(AccessTokenKind::Sealed),
        _ => Err(unknown_word(text, &["docusign", "sealed"])),
    }
}
