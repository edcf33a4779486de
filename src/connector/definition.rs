//! Rewrites the top of the OpenAPI document. Paths, parameters and definitions are unchanged.

use serde::{Deserialize, Serialize};
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;
use serde_json::value::RawValue;

use crate::types::BaseUrl;

/// The gateway's path for CLM.
const GATEWAY_PATH: &str = "/gateway/clm";

/// The key is sent in a header. Indented to match the document.
const SECURITY_DEFINITIONS: &str = r#"{
        "api_key": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key"
        }
    }"#;
const SECURITY: &str = r#"[
        {
            "api_key": []
        }
    ]"#;

/// The members of the document, in source order.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Definition {
    swagger: Box<RawValue>,
    info: Box<RawValue>,
    host: String,
    base_path: String,
    schemes: Box<RawValue>,
    consumes: Box<RawValue>,
    produces: Box<RawValue>,
    security_definitions: Box<RawValue>,
    security: Box<RawValue>,
    #[serde(rename = "x-ms-capabilities")]
    capabilities: Box<RawValue>,
    #[serde(rename = "x-ms-connector-metadata")]
    connector_metadata: Box<RawValue>,
    paths: Box<RawValue>,
    parameters: Box<RawValue>,
    definitions: Box<RawValue>,
}

/// Changes `source` to call the gateway at `public_url` with an API key.
///
/// # Errors
/// If `source` is not the expected document.
pub fn with_api_key(source: &str, public_url: &BaseUrl) -> Result<String, serde_json::Error> {
    let definition = Definition {
        host: public_url.authority().to_owned(),
        base_path: GATEWAY_PATH.to_owned(),
        schemes: RawValue::from_string(format!("[\n        \"{}\"\n    ]", public_url.scheme()))?,
        security_definitions: RawValue::from_string(SECURITY_DEFINITIONS.to_owned())?,
        security: RawValue::from_string(SECURITY.to_owned())?,
        ..serde_json::from_str(source)?
    };
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    definition.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}
