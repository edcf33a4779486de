//! Custom connectors for Power Platform to download: the files of `evergrant connector power-automate`, as a zip. Pure.

use serde::Serialize;

use crate::connector::{self, Api, Authentication, Variant, zip};
use crate::endpoints::setup::report::AccountReport;
use crate::endpoints::setup::shell::quoted;
use crate::oauth::client::ClientId;
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
    variant: Option<Variant>,
}

impl Connector {
    /// The connector with which users sign in as `client_id`.
    #[must_use]
    pub fn for_client(public_url: &BaseUrl, client_id: &ClientId, account: Option<&AccountReport>) -> Self {
        Self::with_sign_in(public_url, Some(client_id.clone()), account)
    }

    /// The connector for the client ID of the guide.
    #[must_use]
    pub fn for_default_client(public_url: &BaseUrl, account: Option<&AccountReport>) -> Self {
        Self::with_sign_in(public_url, ClientId::parse(connector::CLIENT_ID), account)
    }

    /// The connector that calls the gateway with an API key.
    #[must_use]
    pub fn with_api_key(public_url: &BaseUrl) -> Self {
        Self {
            title: "Connector for an API key".to_owned(),
            file_name: "clm-by-key-connector.zip".to_owned(),
            command: format!(
                "evergrant connector power-automate --api-key --public-url {public_url} --out clm-by-key-connector"
            ),
            public_url: public_url.clone(),
            variant: Some(Variant { api: Api::Clm, authentication: Authentication::ApiKey }),
        }
    }

    /// The archive; `None` if it cannot be made.
    #[must_use]
    pub fn archive(&self) -> Option<Vec<u8>> {
        let files = connector::power_automate(&self.public_url, self.variant.as_ref()?).ok()?;
        Some(zip::archive(&files))
    }

    fn with_sign_in(public_url: &BaseUrl, client_id: Option<ClientId>, account: Option<&AccountReport>) -> Self {
        let content_on_api_host = account.is_some_and(|account| account.clm_content_on_api_host);
        let id = client_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let folder = format!("{}-connector", file_name(&id));
        let option = if content_on_api_host { " --content-on-api-host" } else { "" };
        let command = format!(
            "evergrant connector power-automate --client-id {} --public-url {public_url}{option} --out {folder}",
            quoted(&id)
        );
        Self {
            title: format!("Connector for the client {id}"),
            file_name: format!("{folder}.zip"),
            command,
            public_url: public_url.clone(),
            variant: client_id.map(|client_id| Variant {
                api: Api::Clm,
                authentication: Authentication::Direct { client_id, content_on_api_host },
            }),
        }
    }
}

/// A client ID as a part of a file name: other characters than these are not allowed on every system.
fn file_name(client_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    client_id.chars().take(60).map(plain).collect()
}
