//! Power Platform custom connectors for DocuSign's APIs: the files to import. Pure.
//!
//! Each [`Api`] has one source folder in `connectors/`: a complete connector whose flows call DocuSign directly, for a sample
//! URL and client. The variants that call Evergrant's gateway are rewritten from it: [`definition`] the actions, with the
//! triggers and waiting actions of `connectors/gateway/`, [`properties`] the connection and its policies. [`readme`] is one
//! template for all variants. [`zip`] packs the files for a download.

mod additions;
mod definition;
mod properties;
mod readme;
pub mod solution;
pub mod zip;

use std::borrow::Cow;

use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value};
use thiserror::Error;

use crate::oauth::client::ClientId;
use crate::types::BaseUrl;

/// The sample URL in the sources.
const PLACEHOLDER_URL: &str = "https://contoso-evergrant.azurewebsites.net";
/// The sample client in the sources.
pub const CLIENT_ID: &str = "power-automate";
/// The settings file, where `paconn` later stores the connector's ID.
pub const SETTINGS_FILE: &str = "settings.json";

const SETTINGS: &str = include_str!("../../connectors/power-automate/settings.json");
const ICON: &[u8] = include_bytes!("../../connectors/power-automate/icon.png");

/// The API that a connector is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// CLM: folders, documents, workflows.
    Clm,
    /// eSignature: envelopes, recipients, templates.
    Esignature,
}

impl Api {
    /// Every API.
    pub const ALL: [Self; 2] = [Self::Clm, Self::Esignature];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clm => "clm",
            Self::Esignature => "esignature",
        }
    }

    /// The definition of the connector that calls DocuSign directly.
    const fn definition(self) -> &'static str {
        match self {
            Self::Clm => include_str!("../../connectors/power-automate/apiDefinition.swagger.json"),
            Self::Esignature => include_str!("../../connectors/power-automate-esignature/apiDefinition.swagger.json"),
        }
    }

    /// The properties of the connector that calls DocuSign directly.
    const fn properties(self) -> &'static str {
        match self {
            Self::Clm => include_str!("../../connectors/power-automate/apiProperties.json"),
            Self::Esignature => include_str!("../../connectors/power-automate-esignature/apiProperties.json"),
        }
    }

    /// What only the connectors through the gateway have.
    const fn additions(self) -> &'static str {
        match self {
            Self::Clm => include_str!("../../connectors/gateway/clm.json"),
            Self::Esignature => include_str!("../../connectors/gateway/esignature.json"),
        }
    }

    /// Where the gateway serves the paths of the definition. It finds the account itself.
    const fn gateway_path(self) -> &'static str {
        match self {
            Self::Clm => "/gateway/clm",
            Self::Esignature => "/gateway/esign/v2.1/accounts/default",
        }
    }
}

/// How a connection authenticates, and what its flows call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// Sign-in; flows call DocuSign with its own access token.
    Direct {
        /// The registered client.
        client_id: ClientId,
        /// CLM serves uploads and downloads below `/content` on the object host instead of separate hosts.
        content_on_api_host: bool,
    },
    /// Sign-in; flows call Evergrant's gateway with a sealed access token.
    ThroughGateway {
        /// The registered client.
        client_id: ClientId,
    },
    /// An API key in a header; flows call Evergrant's gateway.
    ApiKey,
}

impl Authentication {
    /// The client that users sign in with.
    #[must_use]
    pub const fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Direct { client_id, .. } | Self::ThroughGateway { client_id } => Some(client_id),
            Self::ApiKey => None,
        }
    }
}

/// A connector's variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// What it calls.
    pub api: Api,
    /// How.
    pub authentication: Authentication,
}

/// Why there is no connector: a fault of the sources.
#[derive(Debug, Error)]
pub enum ConnectorError {
    /// A JSON source.
    #[error("the connector's sources cannot be read")]
    Json(#[from] serde_json::Error),
    /// The template of the README.
    #[error("the connector's README cannot be written")]
    Readme(#[from] askama::Error),
}

/// One file of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorFile {
    /// Its name in the folder, with a slash after each folder inside.
    pub name: Cow<'static, str>,
    /// Its content.
    pub content: Vec<u8>,
}

/// The files of a Power Automate connector for the app at `public_url`.
///
/// # Errors
/// If one of the sources cannot be read.
pub fn power_automate(public_url: &BaseUrl, variant: &Variant) -> Result<Vec<ConnectorFile>, ConnectorError> {
    let definition = definition::of(variant, public_url)?;
    let properties = properties::of(variant)?;
    let text = |name: &'static str, text: String| ConnectorFile {
        name: name.into(),
        content: text.replace(PLACEHOLDER_URL, public_url.as_str()).into_bytes(),
    };
    Ok(vec![
        text("apiDefinition.swagger.json", pretty(&definition)?),
        text("apiProperties.json", pretty(&properties)?),
        text(SETTINGS_FILE, SETTINGS.to_owned()),
        ConnectorFile { name: "icon.png".into(), content: ICON.to_owned() },
        text("README.md", readme::of(variant)?),
    ])
}

/// Indented by four spaces, as Microsoft's coding standard asks for.
fn pretty(value: &Value) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    ")))?;
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}
