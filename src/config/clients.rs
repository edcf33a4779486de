//! `EVERGRANT_CLIENTS`: the registered clients, as a JSON array or `@file.json`.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::config::error::{Format, Problem};
use crate::config::fields::{Fields, string, strings};
use crate::config::reader::Reader;
use crate::oauth::client::gateway_rule::GatewayRule;
use crate::oauth::client::redirect_uri::redirect_uri;
use crate::oauth::client::{AccessTokenKind, Client, ClientId, ClientRegistry, GrantType, Profile, SubjectKind};
use crate::oauth::scope::Scope;
use crate::secret::{Sha256, sha256, sha256_from_hex};

const NAME: &str = "EVERGRANT_CLIENTS";

const CLIENTS: Format = Format {
    wanted: "a JSON array of clients (may be []), or @ and the path of a file with one",
    example: r#"[{"client_id":"flows","client_secret_sha256":["<64 hex digits>"],"grant_types":["client_credentials"],"subject":"integration_user"}]"#,
};
const CLIENT_ID: Format = Format {
    wanted: "1 to 200 printable ASCII characters without spaces and colons, different for every client",
    example: r#""contoso-power-automate""#,
};
const DIGESTS: Format = Format {
    wanted: "an array of SHA-256 digests of non-empty secrets, 64 lower-case hex digits each, two at most; [] makes a public client",
    example: r#"["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]"#,
};
const REDIRECT_URIS: Format = Format {
    wanted: "an array of exact redirect URIs, https (http on loopback), without fragment or wildcard; at least one for authorization_code",
    example: r#"["https://global.consent.azure-apim.net/redirect/contoso-5f6a"]"#,
};
const GRANT_TYPES: Format = Format {
    wanted: "an array of authorization_code, refresh_token and client_credentials, at least one unless there is an api_key_sha256; the last needs a client_secret_sha256 and the subject integration_user",
    example: r#"["client_credentials"]"#,
};
const SUBJECT: Format = Format { wanted: "integration_user or signed_in_user", example: r#""integration_user""# };
const SCOPE: Format = Format {
    wanted: "scopes separated by spaces, all of them within DOCUSIGN_SCOPES",
    example: r#""signature spring_read""#,
};
const PROFILE: Format = Format { wanted: "standard, power_automate or workfront", example: r#""standard""# };
const ACCESS_TOKEN: Format = Format { wanted: "docusign or sealed", example: r#""docusign""# };
const BOOL: Format = Format { wanted: "true or false", example: "false" };
const LIFETIME: Format = Format { wanted: "a whole number of seconds above 0", example: "31536000" };
const API_KEYS: Format = Format {
    wanted: "an array of SHA-256 digests of non-empty API keys, 64 lower-case hex digits each, none of them another client's",
    example: DIGESTS.example,
};
const API_KEY_USERNAMES: Format = Format {
    wanted: "an array of e-mail addresses, or @ and a domain",
    example: r#"["@contoso.com", "ada@fabrikam.com"]"#,
};
const GATEWAY_ALLOW: Format = Format {
    wanted: "an array of rules: methods separated by commas or *, a space, and a path below /clm/, /clm-upload/, \
             /clm-download/ or /esign/, where * is one segment and a slash at the end means everything below",
    example: r#"["GET /clm/", "POST /clm-upload/folders/*/documents"]"#,
};
const FIELDS: Format = Format {
    wanted: "only client_id, client_secret_sha256, redirect_uris, grant_types, subject, scope, profile, access_token, \
             require_pkce, api_key_sha256, api_key_usernames, refresh_token_lifetime, secretless_refresh, authorization_response_iss, \
             token_request_in_query, gateway_allow",
    example: CLIENTS.example,
};

/// The scope that clients have to do with, as far as it is known.
#[derive(Clone, Copy)]
pub struct Scopes<'a> {
    /// What a client's scope has to stay within.
    pub within: Option<&'a Scope>,
    /// The scope of a client that names none.
    pub default: Option<&'a Scope>,
}

/// Reads the clients.
pub fn read(reader: &mut Reader<'_>, scopes: Scopes<'_>) -> Option<ClientRegistry> {
    let entries = read_entries(reader)?;
    let mut seen: Vec<String> = Vec::with_capacity(entries.len());
    let mut clients = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{NAME}[{index}]");
        let Value::Object(object) = entry else {
            reader.note(place, Problem::Wrong, FIELDS);
            continue;
        };
        let client_id = object.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if seen.contains(&client_id) {
            let why = Problem::NotHere("is taken by an earlier client");
            reader.note(format!("{place}.client_id"), why, CLIENT_ID);
        } else if !client_id.is_empty() {
            seen.push(client_id);
        }
        let client = read_client(reader, place.clone(), object, scopes);
        if client.as_ref().is_some_and(|client| clients.iter().any(|earlier| share_a_key(earlier, client))) {
            let why = Problem::NotHere("has a key of an earlier client");
            reader.note(format!("{place}.api_key_sha256"), why, API_KEYS);
        }
        clients.extend(client);
    }
    Some(ClientRegistry::new(clients))
}

/// Whose key it is has to be certain.
fn share_a_key(one: &Client, other: &Client) -> bool {
    one.api_key_sha256.iter().any(|digest| other.api_key_sha256.contains(digest))
}

fn read_entries(reader: &mut Reader<'_>) -> Option<Vec<Value>> {
    let raw = reader.required(NAME, CLIENTS, |text| Some(text.to_owned()))?;
    let parsed = match raw.strip_prefix('@') {
        Some(path) => match reader.file(path) {
            Some(text) => serde_json::from_str(text.expose_secret()).map_err(|_| Problem::Wrong),
            None => Err(Problem::UnreadableFile),
        },
        None => serde_json::from_str(&raw).map_err(|_| Problem::Wrong),
    };
    parsed.map_err(|problem| reader.note(NAME, problem, CLIENTS)).ok()
}

fn read_client(
    reader: &mut Reader<'_>,
    place: String,
    object: Map<String, Value>,
    scopes: Scopes<'_>,
) -> Option<Client> {
    let mut fields = Fields::new(reader, place, object);
    let client_id = fields.required("client_id", CLIENT_ID, string(ClientId::parse));
    let client_secret_sha256 = fields.required("client_secret_sha256", DIGESTS, digests);
    let grant_types = fields.required("grant_types", GRANT_TYPES, strings(GrantType::parse));
    let subject = fields.optional("subject", SUBJECT, string(SubjectKind::parse));
    let redirect_uris = fields.optional("redirect_uris", REDIRECT_URIS, strings(redirect_uri));
    let scope = fields.optional("scope", SCOPE, string(|text| Scope::parse(text).ok()));
    let profile = fields.optional("profile", PROFILE, string(Profile::parse));
    let access_token = fields.optional("access_token", ACCESS_TOKEN, string(access_token_kind));
    let require_pkce = fields.optional("require_pkce", BOOL, Value::as_bool);
    let api_key_sha256 = fields.optional("api_key_sha256", API_KEYS, strings(digest));
    let api_key_usernames = fields.optional("api_key_usernames", API_KEY_USERNAMES, strings(username));
    let refresh_token_lifetime = fields.optional("refresh_token_lifetime", LIFETIME, positive);
    let secretless_refresh = fields.optional("secretless_refresh", BOOL, Value::as_bool);
    let authorization_response_iss = fields.optional("authorization_response_iss", BOOL, Value::as_bool);
    let token_request_in_query = fields.optional("token_request_in_query", BOOL, Value::as_bool);
    let gateway_allow = fields.optional("gateway_allow", GATEWAY_ALLOW, strings(GatewayRule::parse));
    let together = CrossChecks {
        public: client_secret_sha256.as_ref().map(Vec::is_empty),
        grant_types: grant_types.as_deref().unwrap_or_default(),
        subject: subject.unwrap_or(SubjectKind::IntegrationUser),
        redirectable: redirect_uris.as_ref().is_some_and(|uris| !uris.is_empty()),
        has_api_key: api_key_sha256.as_ref().is_some_and(|digests| !digests.is_empty()),
    };
    together.check(&mut fields);
    if scope.as_ref().zip(scopes.within).is_some_and(|(scope, scopes)| !scopes.is_superset(scope)) {
        fields.note("scope", Problem::NotHere("reaches beyond DOCUSIGN_SCOPES"), SCOPE);
    }
    let clean = fields.finish(FIELDS);
    let client = Client {
        client_id: client_id?,
        client_secret_sha256: client_secret_sha256?,
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
    };
    clean.then_some(client)
}

/// Fields that have to fit each other, as far as they could be read.
struct CrossChecks<'a> {
    public: Option<bool>,
    grant_types: &'a [GrantType],
    subject: SubjectKind,
    redirectable: bool,
    has_api_key: bool,
}

impl CrossChecks<'_> {
    fn check(&self, fields: &mut Fields<'_, '_>) {
        let has = |grant_type| self.grant_types.contains(&grant_type);
        if self.grant_types.is_empty() && !self.has_api_key {
            fields.note_unless_noted("grant_types", Problem::Wrong, GRANT_TYPES);
        }
        if has(GrantType::AuthorizationCode) && !self.redirectable {
            fields.note_unless_noted("redirect_uris", Problem::Missing, REDIRECT_URIS);
        }
        if has(GrantType::ClientCredentials) && self.public == Some(true) {
            let why = "has client_credentials, which a public client must not use (RFC 6749 section 4.4)";
            fields.note("grant_types", Problem::NotHere(why), GRANT_TYPES);
        }
        if has(GrantType::ClientCredentials) && self.subject == SubjectKind::SignedInUser {
            let why = "has client_credentials, where nobody signs in: the subject must be integration_user";
            fields.note("grant_types", Problem::NotHere(why), GRANT_TYPES);
        }
    }
}

/// Two at most: the old and the new while rotating.
fn digests(value: &Value) -> Option<Vec<Sha256>> {
    strings(digest)(value).filter(|digests| digests.len() <= 2)
}

/// An e-mail address, or `@` and a domain; roughly, for nothing but a comparison depends on it.
fn username(text: &str) -> Option<String> {
    let domain = text.rsplit_once('@')?.1;
    let fits = !domain.is_empty() && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| text.to_lowercase())
}

fn digest(text: &str) -> Option<Sha256> {
    sha256_from_hex(text).filter(|digest| *digest != sha256(b""))
}

fn access_token_kind(text: &str) -> Option<AccessTokenKind> {
    match text {
        "docusign" => Some(AccessTokenKind::Docusign),
        "sealed" => Some(AccessTokenKind::Sealed),
        _ => None,
    }
}

fn positive(value: &Value) -> Option<u64> {
    value.as_u64().filter(|seconds| *seconds > 0)
}
