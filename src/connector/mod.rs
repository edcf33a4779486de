//! Power Platform custom connectors for DocuSign CLM: the files to import. Pure.
//!
//! The sources are `connectors/power-automate/`, a complete connector for a sample URL and client, and
//! `connectors/power-automate-api-key/`, the files that differ with an API key. [`definition`] changes the top of the OpenAPI
//! document; elsewhere the sample values are replaced. [`zip`] packs the files for a download.

mod definition;
pub mod zip;

use crate::oauth::client::ClientId;
use crate::types::BaseUrl;

/// The sample URL in the sources.
const PLACEHOLDER_URL: &str = "https://contoso-evergrant.azurewebsites.net";
/// The sample client in the sources.
pub const CLIENT_ID: &str = "power-automate";
/// The settings file, where `paconn` later stores the connector's ID.
pub const SETTINGS_FILE: &str = "settings.json";

const DEFINITION: &str = include_str!("../../connectors/power-automate/apiDefinition.swagger.json");
const OAUTH_PROPERTIES: &str = include_str!("../../connectors/power-automate/apiProperties.json");
const OAUTH_README: &str = include_str!("../../connectors/power-automate/README.md");
const API_KEY_PROPERTIES: &str = include_str!("../../connectors/power-automate-api-key/apiProperties.json");
const API_KEY_README: &str = include_str!("../../connectors/power-automate-api-key/README.md");
const SETTINGS: &str = include_str!("../../connectors/power-automate/settings.json");
const ICON: &[u8] = include_bytes!("../../connectors/power-automate/icon.png");

/// How a connection authenticates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// OAuth with Evergrant as the authorization server; flows call CLM directly.
    OAuth {
        /// The registered client.
        client_id: ClientId,
        /// CLM serves uploads and downloads below `/content` on the object host instead of separate hosts.
        content_on_api_host: bool,
    },
    /// An API key in a header; flows call Evergrant's gateway.
    ApiKey,
}

/// One file of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorFile {
    /// Its name in the connector's folder.
    pub name: &'static str,
    /// Its content.
    pub content: Vec<u8>,
}

/// The files of a Power Automate connector for the app at `public_url`.
///
/// # Errors
/// If the OpenAPI document in the sources cannot be read.
pub fn power_automate(
    public_url: &BaseUrl,
    authentication: &Authentication,
) -> Result<Vec<ConnectorFile>, serde_json::Error> {
    let (definition, properties, readme) = match authentication {
        Authentication::OAuth { client_id, content_on_api_host } => {
            (DEFINITION.to_owned(), oauth_properties(client_id, *content_on_api_host), oauth_readme(client_id))
        }
        Authentication::ApiKey => (
            definition::with_api_key(DEFINITION, public_url)?,
            API_KEY_PROPERTIES.to_owned(),
            API_KEY_README.to_owned(),
        ),
    };
    let text = |name, text: String| ConnectorFile {
        name,
        content: text.replace(PLACEHOLDER_URL, public_url.as_str()).into_bytes(),
    };
    Ok(vec![
        text("apiDefinition.swagger.json", definition),
        text("apiProperties.json", properties),
        text(SETTINGS_FILE, SETTINGS.to_owned()),
        ConnectorFile { name: "icon.png", content: ICON.to_owned() },
        text("README.md", readme),
    ])
}

fn oauth_readme(client_id: &ClientId) -> String {
    let command = "evergrant client new";
    // The command is for a shell; quoting fails only for NUL.
    let quoted = shlex::try_quote(client_id.as_str()).unwrap_or_default();
    OAUTH_README
        .replace(&format!("`{CLIENT_ID}`"), &format!("`{client_id}`"))
        .replace(&format!("{command} {CLIENT_ID} "), &format!("{command} {quoted} "))
}

fn oauth_properties(client_id: &ClientId, content_on_api_host: bool) -> String {
    // As JSON, because a client_id may contain quotation marks and backslashes.
    let client_id = serde_json::Value::from(client_id.as_str());
    let properties =
        OAUTH_PROPERTIES.replace(&format!(r#""clientId": "{CLIENT_ID}""#), &format!(r#""clientId": {client_id}"#));
    if content_on_api_host { share_the_api_host(&properties) } else { properties }
}

/// Sends uploads and downloads to `/content` on the object host, as some CLM sites require.
fn share_the_api_host(properties: &str) -> String {
    const SITE: &str = "@connectionParameters('token:site')";
    properties
        .replace(&format!("https://apiupload{SITE}"), &format!("https://api{SITE}/content"))
        .replace(&format!("https://apidownload{SITE}"), &format!("https://api{SITE}/content"))
}
