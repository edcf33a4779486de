//! Power Platform custom connectors for DocuSign CLM: the files a maker's tools take. Pure.
//!
//! The sources are `connectors/power-automate/`, which is also what comes out for the URL and the client that stand in it,
//! and `connectors/power-automate-api-key/`, which has what is different with an API key. [`definition`] changes the
//! head of the OpenAPI document; everything else is replaced in place.

mod definition;

use crate::oauth::client::ClientId;
use crate::types::BaseUrl;

/// The public URL that stands in the sources.
const PLACEHOLDER_URL: &str = "https://contoso-evergrant.azurewebsites.net";
/// The client that stands in the sources.
pub const CLIENT_ID: &str = "power-automate";
/// Name of the settings file, in which `paconn` later keeps the connector's ID.
pub const SETTINGS_FILE: &str = "settings.json";

const DEFINITION: &str = include_str!("../../connectors/power-automate/apiDefinition.swagger.json");
const OAUTH_PROPERTIES: &str = include_str!("../../connectors/power-automate/apiProperties.json");
const OAUTH_README: &str = include_str!("../../connectors/power-automate/README.md");
const API_KEY_PROPERTIES: &str = include_str!("../../connectors/power-automate-api-key/apiProperties.json");
const API_KEY_README: &str = include_str!("../../connectors/power-automate-api-key/README.md");
const SETTINGS: &str = include_str!("../../connectors/power-automate/settings.json");
const ICON: &[u8] = include_bytes!("../../connectors/power-automate/icon.png");

/// How a connection proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// At our authorization server, as `client_id`; flows call CLM themselves.
    OAuth {
        /// The registered client.
        client_id: ClientId,
        /// CLM serves uploads and downloads below `/content` on the object host, instead of on hosts of their own.
        content_on_api_host: bool,
    },
    /// By a key in a header; flows call our gateway.
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
/// When the OpenAPI document in the sources cannot be read.
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
    OAUTH_README.replace(&format!("`{CLIENT_ID}`"), &format!("`{client_id}`"))
}

fn oauth_properties(client_id: &ClientId, content_on_api_host: bool) -> String {
    // Display of a JSON value is JSON: a client_id may hold quotation marks and backslashes.
    let client_id = serde_json::Value::from(client_id.as_str());
    let properties =
        OAUTH_PROPERTIES.replace(&format!(r#""clientId": "{CLIENT_ID}""#), &format!(r#""clientId": {client_id}"#));
    if content_on_api_host { share_the_api_host(&properties) } else { properties }
}

/// Leads uploads and downloads to `/content` on the object host, where CLM has them on some sites.
fn share_the_api_host(properties: &str) -> String {
    const SITE: &str = "@connectionParameters('token:site')";
    properties
        .replace(&format!("https://apiupload{SITE}"), &format!("https://api{SITE}/content"))
        .replace(&format!("https://apidownload{SITE}"), &format!("https://api{SITE}/content"))
}
