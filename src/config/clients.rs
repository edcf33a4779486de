//! `EVERGRANT_CLIENTS`: the registered clients, as a JSON array or `@file.json`.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use crate::config::fault::{Problem, Shape};
use crate::config::fields::{Fields, string, strings};
use crate::config::reader::Reader;
use crate::config::shapes::redirect_uri;
use crate::oauth::client::{AccessTokenKind, Client, ClientId, ClientRegistry, GrantType, Profile, SubjectKind};
use crate::oauth::scope::Scope;
use crate::secret::{Sha256, sha256, sha256_from_hex};

const NAME: &str = "EVERGRANT_CLIENTS";

const CLIENTS: Shape = Shape {
    wanted: "a JSON array of clients (may be []), or @ and the path of a file with one",
    example: r#"[{"client_id":"flows","client_secret_sha256":["<64 hex digits>"],"grant_types":["client_credentials"],"subject":"integration_user"}]"#,
};
const CLIENT_ID: Shape = Shape {
    wanted: "1 to 200 printable ASCII characters without spaces and colons, different for every client",
    example: r#""contoso-power-automate""#,
};
const DIGESTS: Shape = Shape {
    wanted: "an array of SHA-256 digests of non-empty secrets, 64 lower-case hex digits each; [] makes a public client",
    example: r#"["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]"#,
};
const REDIRECT_URIS: Shape = Shape {
    wanted: "an array of exact redirect URIs, https (http on loopback), without fragment or wildcard; at least one for authorization_code",
    example: r#"["https://global.consent.azure-apim.net/redirect/contoso-5f6a"]"#,
};
const GRANT_TYPES: Shape = Shape {
    wanted: "a non-empty array of authorization_code, refresh_token and client_credentials; the last needs a client_secret_sha256 and the subject integration_user",
    example: r#"["client_credentials"]"#,
};
const SUBJECT: Shape = Shape { wanted: "integration_user or signed_in_user", example: r#""integration_user""# };
const SCOPE: Shape = Shape {
    wanted: "scopes separated by spaces, all of them within DOCUSIGN_SCOPES",
    example: r#""signature spring_read""#,
};
const PROFILE: Shape = Shape { wanted: "standard, power_automate or workfront", example: r#""standard""# };
const ACCESS_TOKEN: Shape = Shape { wanted: "docusign or sealed", example: r#""docusign""# };
const BOOL: Shape = Shape { wanted: "true or false", example: "false" };
const LIFETIME: Shape = Shape { wanted: "a whole number of seconds above 0", example: "31536000" };
const GATEWAY_ALLOW: Shape = Shape { wanted: "an array of strings", example: r#"["GET /clm/"]"# };
const FIELDS: Shape = Shape {
    wanted: "only client_id, client_secret_sha256, redirect_uris, grant_types, subject, scope, profile, access_token, \
             require_pkce, api_key_sha256, refresh_token_lifetime, secretless_refresh, gateway_allow",
    example: CLIENTS.example,
};

/// Reads the clients; `scopes` is the scope they must stay within, if that is known.
pub fn read(reader: &mut Reader<'_>, scopes: Option<&Scope>) -> Option<ClientRegistry> {
    let entries = read_entries(reader)?;
    let mut clients: Vec<Client> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{NAME}[{index}]");
        let Value::Object(object) = entry else {
            reader.note(place, Problem::Wrong, FIELDS);
            continue;
        };
        let Some(client) = read_client(reader, place.clone(), object, scopes) else { continue };
        if clients.iter().any(|known| known.client_id == client.client_id) {
            reader.note(format!("{place}.client_id"), Problem::NotHere("is taken by an earlier client"), CLIENT_ID);
        }
        clients.push(client);
    }
    Some(ClientRegistry::new(clients))
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
    scopes: Option<&Scope>,
) -> Option<Client> {
    let mut fields = Fields::new(reader, place, object);
    let client_id = fields.required("client_id", CLIENT_ID, string(ClientId::parse));
    let client_secret_sha256 = fields.required("client_secret_sha256", DIGESTS, strings(digest));
    let grant_types = fields.required("grant_types", GRANT_TYPES, strings(GrantType::parse));
    let subject = fields.optional("subject", SUBJECT, string(subject));
    let redirect_uris = fields.optional("redirect_uris", REDIRECT_URIS, strings(redirect_uri));
    let scope = fields.optional("scope", SCOPE, string(|text| Scope::parse(text).ok()));
    let profile = fields.optional("profile", PROFILE, string(profile));
    let access_token = fields.optional("access_token", ACCESS_TOKEN, string(access_token_kind));
    let require_pkce = fields.optional("require_pkce", BOOL, Value::as_bool);
    let api_key_sha256 = fields.optional("api_key_sha256", DIGESTS, strings(digest));
    let refresh_token_lifetime = fields.optional("refresh_token_lifetime", LIFETIME, positive);
    let secretless_refresh = fields.optional("secretless_refresh", BOOL, Value::as_bool);
    let gateway_allow = fields.optional("gateway_allow", GATEWAY_ALLOW, strings(|text| Some(text.to_owned())));
    let client = client_id.zip(client_secret_sha256).zip(grant_types).zip(scope.or_else(|| scopes.cloned()));
    let client = client.map(|(((client_id, client_secret_sha256), grant_types), scope)| Client {
        client_id,
        client_secret_sha256,
        redirect_uris: redirect_uris.unwrap_or_default(),
        grant_types,
        subject: subject.unwrap_or(SubjectKind::IntegrationUser),
        scope,
        profile: profile.unwrap_or(Profile::Standard),
        access_token: access_token.unwrap_or(AccessTokenKind::Docusign),
        require_pkce: require_pkce.unwrap_or(false),
        api_key_sha256: api_key_sha256.unwrap_or_default(),
        refresh_token_lifetime,
        secretless_refresh: secretless_refresh.unwrap_or(false),
        gateway_allow: gateway_allow.unwrap_or_default(),
    });
    if let Some(client) = &client {
        check_as_a_whole(&mut fields, client, scopes);
    }
    fields.finish(FIELDS).then_some(client).flatten()
}

/// What no field can tell alone.
fn check_as_a_whole(fields: &mut Fields<'_, '_>, client: &Client, scopes: Option<&Scope>) {
    if scopes.is_some_and(|scopes| !scopes.covers(&client.scope)) {
        fields.note("scope", Problem::NotHere("reaches beyond DOCUSIGN_SCOPES"), SCOPE);
    }
    if client.grant_types.is_empty() {
        fields.note("grant_types", Problem::Wrong, GRANT_TYPES);
    }
    if client.may_use(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        fields.note("redirect_uris", Problem::Missing, REDIRECT_URIS);
    }
    if client.may_use(GrantType::ClientCredentials) {
        if client.is_public() {
            let why = "has client_credentials, which a public client must not use (RFC 6749 section 4.4)";
            fields.note("grant_types", Problem::NotHere(why), GRANT_TYPES);
        }
        if client.subject == SubjectKind::SignedInUser {
            let why = "has client_credentials, where nobody signs in: the subject must be integration_user";
            fields.note("grant_types", Problem::NotHere(why), GRANT_TYPES);
        }
    }
}

fn digest(text: &str) -> Option<Sha256> {
    sha256_from_hex(text).filter(|digest| *digest != sha256(b""))
}

fn subject(text: &str) -> Option<SubjectKind> {
    [SubjectKind::IntegrationUser, SubjectKind::SignedInUser].into_iter().find(|kind| kind.as_str() == text)
}

fn profile(text: &str) -> Option<Profile> {
    match text {
        "standard" => Some(Profile::Standard),
        "power_automate" => Some(Profile::PowerAutomate),
        "workfront" => Some(Profile::Workfront),
        _ => None,
    }
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
