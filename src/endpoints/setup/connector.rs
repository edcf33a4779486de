//! Custom connectors for Power Platform to download: the files of `evergrant connector power-automate`, as a zip. Pure.

use serde::Serialize;

use crate::connector::{self, Api, Authentication, Variant, zip};
use crate::endpoints::setup::account::AccountReport;
use crate::endpoints::setup::shell::quoted;
use crate::oauth::client::{AccessTokenKind, Client, ClientId, ClientRegistry};
use crate::types::BaseUrl;

/// A connector.
#[derive(Debug, Serialize)]
pub struct Connector {
    /// What it is for.
    pub title: String,
    /// The name of the archive.
    pub file_name: String,
    /// The command that writes the same files.
    pub command: String,
    #[serde(skip)]
    public_url: BaseUrl,
    #[serde(skip)]
    variant: Variant,
}

impl Connector {
    /// The connector with which users sign in as `client`: for CLM if the client may call it, through the gateway if its
    /// access tokens work only there.
    #[must_use]
    pub fn for_client(public_url: &BaseUrl, client: &Client, account: Option<&AccountReport>) -> Self {
        let api = api_of(client);
        let authentication = match client.access_token {
            AccessTokenKind::Sealed => Authentication::ThroughGateway { client_id: client.client_id.clone() },
            AccessTokenKind::Docusign => direct(client.client_id.clone(), api, account),
        };
        Self::with_sign_in(public_url, &client.client_id, Variant { api, authentication })
    }

    /// The connector for the client ID of the guide.
    #[must_use]
    pub fn for_default_client(public_url: &BaseUrl, account: Option<&AccountReport>) -> Option<Self> {
        let client_id = ClientId::parse(connector::CLIENT_ID)?;
        let variant = Variant { api: Api::Clm, authentication: direct(client_id.clone(), Api::Clm, account) };
        Some(Self::with_sign_in(public_url, &client_id, variant))
    }

    /// The connectors that call the gateway with the API keys of `clients`: one for each API that they may call.
    #[must_use]
    pub fn with_api_keys(public_url: &BaseUrl, clients: &ClientRegistry) -> Vec<Self> {
        let holders: Vec<&Client> = clients.iter().filter(|client| !client.api_key_sha256.is_empty()).collect();
        let apis = Api::ALL.into_iter().filter(|api| holders.iter().any(|client| api_of(client) == *api));
        apis.map(|api| Self::with_api_key(public_url, api)).collect()
    }

    fn with_api_key(public_url: &BaseUrl, api: Api) -> Self {
        let folder = format!("{}-by-key-connector", api.as_str());
        let option = option(api);
        Self {
            title: "Connector for an API key".to_owned(),
            file_name: format!("{folder}.zip"),
            command: format!(
                "evergrant connector power-automate{option} --api-key --public-url {public_url} --out {folder}"
            ),
            public_url: public_url.clone(),
            variant: Variant { api, authentication: Authentication::ApiKey },
        }
    }

    /// The archive; `None` if it cannot be made.
    #[must_use]
    pub fn archive(&self) -> Option<Vec<u8>> {
        let files = connector::power_automate(&self.public_url, &self.variant).ok()?;
        Some(zip::archive(&files))
    }

    fn with_sign_in(public_url: &BaseUrl, client_id: &ClientId, variant: Variant) -> Self {
        let id = client_id.as_str();
        let folder = format!("{}-connector", file_name(id));
        let options = match variant.authentication {
            Authentication::Direct { content_on_api_host: true, .. } => " --content-on-api-host",
            Authentication::ThroughGateway { .. } => " --through-gateway",
            _ => "",
        };
        let command = format!(
            "evergrant connector power-automate{} --client-id {} --public-url {public_url}{options} --out {folder}",
            option(variant.api),
            quoted(id)
        );
        Self {
            title: format!("Connector for the client {id}"),
            file_name: format!("{folder}.zip"),
            command,
            public_url: public_url.clone(),
            variant,
        }
    }
}

/// The API for which a client gets a connector: eSignature if it may not call CLM.
fn api_of(client: &Client) -> Api {
    let calls_clm = client.scope.iter().any(|scope| scope.starts_with("spring_"));
    if calls_clm { Api::Clm } else { Api::Esignature }
}

/// The option for an API that is not the default.
const fn option(api: Api) -> &'static str {
    match api {
        Api::Clm => "",
        Api::Esignature => " --api esignature",
    }
}

fn direct(client_id: ClientId, api: Api, account: Option<&AccountReport>) -> Authentication {
    let on_api_host = account.is_some_and(|account| account.clm_content_on_api_host);
    Authentication::Direct { client_id, content_on_api_host: on_api_host && api == Api::Clm }
}

/// A client ID as a part of a file name: other characters than these are not allowed on every system.
fn file_name(client_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    client_id.chars().take(60).map(plain).collect()
}
