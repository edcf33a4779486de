//! `EVERGRANT_CLIENTS`: the registered clients, as a JSON array, `@file.json` or the URL of a blob.

use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Map, Value};
use url::Url;

use crate::config::error::{Problem, Reason};
use crate::config::fields::{Fields, boolean, positive, string, strings};
use crate::config::reader::{Environment, FileError, SettingsReader};
use crate::config::values::clients::{client_id, digest, gateway_rule, username};
use crate::config::values::trust::trust;
use crate::config::values::url::{redirect, registry_blob};
use crate::config::values::{json, kind, scope, unknown_word};
use crate::config::{ConfigErrors, formats, reader};
use crate::oauth::client::trust::Trust;
use crate::oauth::client::{AccessTokenKind, Client, ClientId, ClientRegistry, GrantType, Profile, SubjectKind};
use crate::oauth::scope::Scope;
use crate::secret::{Sha256, sha256};

const NAME: &str = "EVERGRANT_CLIENTS";

/// A registry is smaller.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The installation's scope, for clients' scopes.
#[derive(Clone, Copy)]
pub struct Scopes<'a> {
    /// A client's scope has to be within this, if it is known.
    pub within: Option<&'a Scope>,
    /// The scope of a client that names none.
    pub default: Option<&'a Scope>,
}

/// Where the registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPlace {
    /// In the setting itself.
    Setting,
    /// In the file at this path.
    File(String),
    /// In the blob at this URL.
    Blob(Url),
}

/// `EVERGRANT_CLIENTS`.
#[derive(Clone, Debug)]
pub struct ClientsSetting {
    /// Where the registry is.
    pub place: RegistryPlace,
    /// The clients at start; `None` if they are in a blob, which is read later.
    pub at_start: Option<ClientRegistry>,
    /// The digest of the file's content at start.
    pub digest: Option<Sha256>,
}

/// Reads the setting, and the clients unless they are in a blob.
pub fn read(reader: &mut SettingsReader<'_>, scopes: Scopes<'_>) -> Option<ClientsSetting> {
    let env = reader.env();
    let found = reader.required(NAME, formats::CLIENTS, |value| found(env, value))?;
    let RegistryValue { place, entries, digest } = found;
    let at_start = entries.map(|entries| read_entries(reader, NAME, entries, scopes));
    Some(ClientsSetting { place, at_start, digest })
}

/// Where the setting has the registry. Files are not read.
pub fn read_place(reader: &mut SettingsReader<'_>) -> Option<RegistryPlace> {
    reader.required(NAME, formats::CLIENTS, |value| match value.strip_prefix('@') {
        Some(path) => Ok(RegistryPlace::File(path.trim_start().to_owned())),
        None if value.contains("://") && !is_json(value) => registry_blob(value).map(RegistryPlace::Blob),
        None => Ok(RegistryPlace::Setting),
    })
}

/// Reads a version of the registry that the running app found at the setting's place.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_version(content: &[u8], scopes: &Scope) -> Result<ClientRegistry, ConfigErrors> {
    let mut reader = SettingsReader::new(&NoEnvironment);
    let text = if content.len() > MAX_BYTES { Err(FileError::TooLarge) } else { reader::text(content) };
    let clients = match text {
        Ok(text) => read_text(&mut reader, NAME, text, Scopes { within: Some(scopes), default: Some(scopes) }),
        Err(error) => {
            reader.note(NAME, Problem::Invalid(format!("the registry {error}").into()), formats::REGISTRY);
            None
        }
    };
    reader.finish(clients)
}

/// A registry's text is all that is read.
struct NoEnvironment;

impl Environment for NoEnvironment {
    fn var(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn file(&self, _: &str) -> Result<SecretSlice<u8>, FileError> {
        Err(FileError::Missing)
    }
}

/// Reads the clients of the registry `text`, which errors call `name`.
pub fn read_text(
    reader: &mut SettingsReader<'_>,
    name: &str,
    text: &str,
    scopes: Scopes<'_>,
) -> Option<ClientRegistry> {
    let noted = |reason| reader.note(name, Problem::Invalid(reason), formats::REGISTRY);
    let entries = json::array(text).map_err(noted).ok()?;
    Some(read_entries(reader, name, entries, scopes))
}

/// Reads the clients of the file at `path`.
pub fn read_file(reader: &mut SettingsReader<'_>, path: &str, scopes: Scopes<'_>) -> Option<ClientRegistry> {
    let text = reader::read_file(reader.env(), path);
    let noted = |error| reader.note(path, Problem::Invalid(format!("the file {error}").into()), formats::REGISTRY);
    let text = text.map_err(noted).ok()?;
    read_text(reader, path, text.expose_secret(), scopes)
}

/// What the setting's value leads to.
struct RegistryValue {
    place: RegistryPlace,
    entries: Option<Vec<Value>>,
    digest: Option<Sha256>,
}

/// The entries of a registry in the setting itself, or in the file that it names; or the URL of a blob.
fn found(env: &dyn Environment, value: &str) -> Result<RegistryValue, Reason> {
    let in_setting = |entries| RegistryValue { place: RegistryPlace::Setting, entries: Some(entries), digest: None };
    let is_path = value.contains('/') || value.to_ascii_lowercase().ends_with(".json");
    match value.strip_prefix('@') {
        Some("") => Err("it has no path after the @".into()),
        Some(path) => in_file(env, path.trim_start()),
        None if is_json(value) => json::array(value).map(in_setting),
        None if value.contains("://") => {
            Ok(RegistryValue { place: RegistryPlace::Blob(registry_blob(value)?), entries: None, digest: None })
        }
        None if is_path => Err("it is a path without @ before it".into()),
        None => json::array(value).map(in_setting),
    }
}

fn in_file(env: &dyn Environment, path: &str) -> Result<RegistryValue, Reason> {
    let unreadable = |error: FileError| -> Reason { format!("the file it names {error}").into() };
    let content = reader::read_bytes(env, path).map_err(unreadable)?;
    let content = content.expose_secret();
    let entries = json::array(reader::text(content).map_err(unreadable)?)?;
    let place = RegistryPlace::File(path.to_owned());
    Ok(RegistryValue { place, entries: Some(entries), digest: Some(sha256(content)) })
}

fn is_json(value: &str) -> bool {
    value.starts_with(['[', '{', '"', '\''])
}

fn read_entries(
    reader: &mut SettingsReader<'_>,
    name: &str,
    entries: Vec<Value>,
    scopes: Scopes<'_>,
) -> ClientRegistry {
    let mut seen: Vec<String> = Vec::with_capacity(entries.len());
    let mut clients: Vec<Client> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{name}[{index}]");
        let Value::Object(object) = entry else {
            let reason = format!("it is {} instead of an object", kind(&entry));
            reader.note(&place, Problem::Invalid(reason.into()), formats::CLIENT);
            continue;
        };
        let client_id = object.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if seen.contains(&client_id) {
            let reason = Problem::Invalid("an earlier client has it".into());
            let known = ClientId::parse(&client_id);
            let known = known.as_ref().map(ClientId::as_str);
            reader.note_in_client(&format!("{place}.client_id"), known, reason, formats::CLIENT_ID);
        } else if !client_id.is_empty() {
            seen.push(client_id);
        }
        let client = read_client(reader, place.clone(), object, scopes);
        if let Some(client) =
            client.as_ref().filter(|client| clients.iter().any(|earlier| share_a_key(earlier, client)))
        {
            let reason = Problem::Invalid("an earlier client has one of these keys".into());
            let field = format!("{place}.api_key_sha256");
            reader.note_in_client(&field, Some(client.client_id.as_str()), reason, formats::API_KEYS);
        }
        clients.extend(client);
    }
    ClientRegistry::new(clients)
}

/// An API key has to identify one client.
fn share_a_key(one: &Client, other: &Client) -> bool {
    one.api_key_sha256.iter().any(|digest| other.api_key_sha256.contains(digest))
}

fn read_client(
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
    let beyond =
        scope.as_ref().zip(scopes.within).and_then(|(scope, within)| scope.iter().find(|one| !within.contains(one)));
    if let Some(beyond) = beyond {
        // Anything else could be a value pasted in the wrong place.
        let looks_like_a_scope =
            beyond.len() <= 40 && beyond.bytes().all(|b| b.is_ascii_lowercase() || b"_.".contains(&b));
        let shown = if looks_like_a_scope { beyond } else { "a scope (not shown)" };
        let reason = format!("it has {shown}, which DOCUSIGN_SCOPES does not have");
        fields.note("scope", Problem::Invalid(reason.into()), formats::SCOPE);
    }
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
