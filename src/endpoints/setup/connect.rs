//! What to enter in Power Automate, in Workfront and in a script, for each registered client. Pure.

use std::borrow::Cow;

use serde::Serialize;

use crate::config::docusign::IMPERSONATION;
use crate::endpoints::setup::account::AccountReport;
use crate::endpoints::setup::connector::Connector;
use crate::endpoints::setup::endpoint_urls::EndpointUrls;
use crate::endpoints::setup::shell::quoted;
use crate::oauth::client::{AccessTokenKind, Client, ClientRegistry, GrantType, Profile};
use crate::oauth::scope::Scope;
use crate::types::BaseUrl;

/// The platforms.
#[derive(Debug, Serialize)]
pub struct Connect {
    /// Power Automate and Power Apps.
    pub power_automate: Platform,
    /// Adobe Workfront.
    pub workfront: Platform,
    /// Scripts and applications.
    pub script: Platform,
}

/// One platform.
#[derive(Debug, Serialize)]
pub struct Platform {
    /// Its clients.
    pub connections: Vec<Connection>,
    /// The command that registers one, if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register: Option<String>,
    /// Connectors to download that belong to no connection above.
    pub connectors: Vec<Connector>,
}

/// What to enter for one client.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// The client.
    pub client_id: String,
    /// The fields, with the platform's own names.
    pub fields: Vec<Field>,
    /// A command that tries it out; in `secret` or `key` is what `evergrant client new` printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub try_out: Option<String>,
    /// Its connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<Connector>,
}

/// A field and what to enter.
#[derive(Debug, Serialize)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What to enter.
    pub value: Cow<'static, str>,
    /// Whether `value` is to be entered as it is.
    #[serde(skip)]
    pub is_literal: bool,
}

/// What the fields are made from.
pub struct Sources<'a> {
    /// Our base URL.
    pub issuer: &'a BaseUrl,
    /// Our endpoints.
    pub endpoints: &'a EndpointUrls,
    /// The scope of the installation.
    pub scopes: &'a Scope,
    /// The DocuSign account, if it is known.
    pub account: Option<&'a AccountReport>,
    /// The client registry, for the option `--in`.
    pub registry: &'a str,
}

const SECRET: Field = described("Client secret", "printed once, when the client was registered");
const API_KEY: Field = described("API key", "printed once, when the client was registered");

impl Sources<'_> {
    /// The platforms, for these `clients`.
    #[must_use]
    pub fn connect(&self, clients: &ClientRegistry) -> Connect {
        let of = |profile| clients.iter().filter(move |client| client.profile == profile);
        let power_automate: Vec<_> = of(Profile::PowerAutomate).map(|client| self.power_automate(client)).collect();
        let is_first = power_automate.is_empty();
        let default = is_first.then(|| Connector::for_default_client(self.issuer, self.account)).flatten();
        let connectors = default.into_iter().chain(Connector::with_api_keys(self.issuer, clients)).collect();
        let workfront = of(Profile::Workfront).map(|client| self.workfront(client)).collect();
        let script = of(Profile::Standard).map(|client| self.script(client)).collect();
        Connect {
            power_automate: Platform {
                connectors,
                ..self.platform(power_automate, "power-automate --profile power_automate", "spring_", "redirect URL")
            },
            workfront: self.platform(
                workfront,
                "workfront --profile workfront --subject signed_in_user",
                "spring_",
                "Workfront Redirect URI",
            ),
            script: self.platform(script, "nightly-report", "", ""),
        }
    }

    /// A platform, with the command that registers its first client: with the scopes that begin with `scopes`.
    fn platform(&self, connections: Vec<Connection>, client: &str, scopes: &str, redirect_uri: &str) -> Platform {
        let register = connections.is_empty().then(|| self.register(client, scopes, redirect_uri));
        Platform { connections, register, connectors: Vec::new() }
    }

    fn register(&self, client: &str, scopes: &str, redirect_uri: &str) -> String {
        let used = |scope: &&str| *scope != IMPERSONATION && scope.starts_with(scopes);
        let scopes: Vec<&str> = self.scopes.iter().filter(used).collect();
        let scope = if scopes.is_empty() { "signature".to_owned() } else { scopes.join(" ") };
        let option =
            if redirect_uri.is_empty() { String::new() } else { format!(" --redirect-uri \"<{redirect_uri}>\"") };
        format!("evergrant client new {client} --scope \"{scope}\"{option} --in {}", self.registry)
    }

    fn power_automate(&self, client: &Client) -> Connection {
        let mut fields = Vec::new();
        if client.may_use(GrantType::AuthorizationCode) {
            fields.push(described("Identity Provider", "Generic OAuth 2"));
            fields.extend(client_fields(client));
            fields.push(literal("Authorization URL", &self.endpoints.authorization));
            fields.push(literal("Token URL", &self.endpoints.token));
            fields.push(literal("Refresh URL", &self.endpoints.token));
            fields.push(literal("Scope", client.scope.as_str()));
            fields.extend(self.account_fields(client));
        }
        if !client.api_key_sha256.is_empty() {
            fields.push(API_KEY);
        }
        let connector = client
            .may_use(GrantType::AuthorizationCode)
            .then(|| Connector::for_client(self.issuer, client, self.account));
        connection(client, fields, None, connector)
    }

    fn workfront(&self, client: &Client) -> Connection {
        let mut fields = vec![literal("Base API URL", &self.endpoints.workfront)];
        if client.may_use(GrantType::AuthorizationCode) {
            let authentication = format!("{}/{}", self.endpoints.authorization, client.client_id);
            fields.push(described("Authentication Type", "OAuth2"));
            fields.push(literal("Authentication URL", &authentication));
            fields.push(literal("Token Endpoint URL", &self.endpoints.token));
            fields.extend(client_fields(client));
        }
        if !client.api_key_sha256.is_empty() {
            fields.extend([described("Authentication Type", "ApiKey"), API_KEY]);
        }
        connection(client, fields, None, None)
    }

    fn script(&self, client: &Client) -> Connection {
        let (id, token_url) = (quoted(client.client_id.as_str()), &self.endpoints.token);
        let mut fields = Vec::new();
        if client.may_use(GrantType::AuthorizationCode) {
            fields.push(literal("Authorization URL", &self.endpoints.authorization));
        }
        if !client.grant_types.is_empty() {
            fields.push(literal("Token URL", token_url));
            fields.extend(client_fields(client));
            fields.push(literal("Scope", client.scope.as_str()));
        }
        if !client.api_key_sha256.is_empty() {
            fields.extend([literal("Gateway", &self.endpoints.gateway), API_KEY, described("Header", "x-api-key")]);
        }
        fields.extend(self.clm_fields(client));
        let by_secret = client
            .may_use(GrantType::ClientCredentials)
            .then(|| format!("curl -u {id}:\"$secret\" -d grant_type=client_credentials {token_url}"));
        connection(client, fields, by_secret, None)
    }

    /// What the connection of a connector that calls DocuSign asks for. The gateway finds the account itself.
    fn account_fields(&self, client: &Client) -> Vec<Field> {
        if client.access_token == AccessTokenKind::Sealed {
            return Vec::new();
        }
        let clm = self.clm_fields(client);
        let Some(account) = self.account.filter(|_| clm.is_empty()) else { return clm };
        let server = account.esignature_server.as_deref().map(|server| literal("eSignature server", server));
        server.into_iter().chain([literal("API account ID", &account.account_id)]).collect()
    }

    /// Where CLM is, for a client that calls it.
    fn clm_fields(&self, client: &Client) -> Vec<Field> {
        let calls_clm = client.scope.iter().any(|scope| scope.starts_with("spring_"));
        let Some(account) = self.account.filter(|_| calls_clm) else { return Vec::new() };
        let site = account.clm_site.as_deref().map(|site| literal("CLM site", site));
        site.into_iter().chain([literal("API account ID", &account.account_id)]).collect()
    }
}

fn connection(
    client: &Client,
    fields: Vec<Field>,
    try_out: Option<String>,
    connector: Option<Connector>,
) -> Connection {
    Connection { client_id: client.client_id.to_string(), fields, try_out, connector }
}

fn client_fields(client: &Client) -> Vec<Field> {
    let secret = match client.client_secret_sha256.as_slice() {
        [] if client.is_public() => described("Client secret", "none: a public client, with PKCE"),
        [] => described("Client secret", "none: the client proves itself by its trust"),
        _ => SECRET,
    };
    vec![literal("Client ID", client.client_id.as_str()), secret]
}

fn literal(name: &'static str, value: &str) -> Field {
    Field { name, value: Cow::Owned(value.to_owned()), is_literal: true }
}

const fn described(name: &'static str, value: &'static str) -> Field {
    Field { name, value: Cow::Borrowed(value), is_literal: false }
}
