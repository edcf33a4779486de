//! The head of the OpenAPI document. Its paths, parameters and definitions are passed on as they were written.

use serde::{Deserialize, Serialize};
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;
use serde_json::value::RawValue;

use crate::types::BaseUrl;

/// Where the gateway has CLM.
const GATEWAY_PATH: &str = "/gateway/clm";

/// What says that every call carries the key; indented for its place.
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

/// The document's members, in their order.
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

/// `source` for the gateway at `public_url`, which takes an API key.
///
/// # Errors
/// When `source` is not the document that is expected.
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
