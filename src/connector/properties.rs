//! The properties of a variant: how a connection authenticates, and the policies of its actions. Pure.

use serde_json::{Map, Value, json};

use crate::connector::additions::{Additions, WaitingAction};
use crate::connector::{Api, Authentication, Variant};
use crate::oauth::client::ClientId;

/// The connection parameter of a sign-in. Those that belong to it are called `token:…`.
const TOKEN: &str = "token";
/// Where eSignature serves the paths of the definition.
const ESIGNATURE_PATH: &str = "/restapi/v2.1/accounts/@connectionParameters('token:accountId')";
const NEW_PATH: &str = "x-ms-apimTemplateParameter.newPath";

/// The properties of `variant`.
///
/// # Errors
/// If the sources cannot be read.
pub fn of(variant: &Variant) -> Result<Value, serde_json::Error> {
    let mut file: Value = serde_json::from_str(variant.api.properties())?;
    let properties = &mut file["properties"];
    match &variant.authentication {
        Authentication::Direct { client_id, content_on_api_host } => {
            sign_in_as(client_id, properties);
            if *content_on_api_host {
                share_the_api_host(&mut properties["policyTemplateInstances"]);
            }
            return Ok(file);
        }
        Authentication::ThroughGateway { client_id } => {
            sign_in_as(client_id, properties);
            if let Some(parameters) = properties["connectionParameters"].as_object_mut() {
                parameters.retain(|name, _| name == TOKEN);
            }
        }
        Authentication::ApiKey => properties["connectionParameters"] = api_key(),
    }
    let policies = through_gateway(variant.api, &properties["policyTemplateInstances"])?;
    properties["policyTemplateInstances"] = policies.into();
    Ok(file)
}

fn sign_in_as(client_id: &ClientId, properties: &mut Value) {
    properties["connectionParameters"][TOKEN]["oAuthSettings"]["clientId"] = json!(client_id.as_str());
}

fn api_key() -> Value {
    json!({"api_key": {"type": "securestring", "uiDefinition": {
        "displayName": "API Key",
        "description": "The API key of the client that is registered in Evergrant.",
        "tooltip": "The key itself, not its digest.",
        "constraints": {"required": "true", "clearText": false, "tabIndex": 2}
    }}})
}

/// Sends uploads and downloads to `/content` on the object host, as some CLM sites require.
fn share_the_api_host(policies: &mut Value) {
    const SITE: &str = "@connectionParameters('token:site')";
    for policy in policies.as_array_mut().into_iter().flatten() {
        let Some(url) = policy["parameters"].get_mut("x-ms-apimTemplateParameter.urlTemplate") else { continue };
        let shared =
            ["apiupload", "apidownload"].iter().fold(url.as_str().unwrap_or_default().to_owned(), |url, host| {
                url.replace(&format!("{host}{SITE}"), &format!("api{SITE}/content"))
            });
        *url = json!(shared);
    }
}

/// The policies for the gateway, which finds DocuSign's hosts and knows the CLM connector's own paths.
fn through_gateway(api: Api, policies: &Value) -> Result<Vec<Value>, serde_json::Error> {
    let mut kept = Vec::new();
    for policy in policies.as_array().into_iter().flatten() {
        match (policy["templateId"].as_str(), api) {
            (Some("dynamichosturl"), _) | (Some("routerequesttoendpoint"), Api::Clm) => {}
            (Some("routerequesttoendpoint"), Api::Esignature) => kept.push(below_gateway(api, policy)),
            _ => kept.push(policy.clone()),
        }
    }
    let (additions, definition) = (Additions::of(api)?, serde_json::from_str::<Value>(api.definition())?);
    for (path, item) in definition["paths"].as_object().into_iter().flatten() {
        let operations = item.as_object().into_iter().flat_map(Map::values);
        kept.extend(
            operations.filter_map(|operation| additions.waiting(path, operation)).map(|waiting| route(api, &waiting)),
        );
    }
    Ok(kept)
}

/// A routing policy with a path of the gateway's.
fn below_gateway(api: Api, policy: &Value) -> Value {
    let mut policy = policy.clone();
    let path = &mut policy["parameters"][NEW_PATH];
    if let Some(text) = path.as_str().map(|text| text.replace(ESIGNATURE_PATH, api.gateway_path())) {
        *path = json!(text);
    }
    policy
}

/// Routes an action that waits to the path of the action that does not: OpenAPI has only one action for each path.
fn route(api: Api, waiting: &WaitingAction) -> Value {
    json!({
        "templateId": "routerequesttoendpoint",
        "title": format!("{} is the same call, with a header", waiting.operation_id),
        "parameters": {
            "x-ms-apimTemplate-operationName": [waiting.operation_id],
            NEW_PATH: format!("{}{}", api.gateway_path(), waiting.routed_to),
            "x-ms-apimTemplateParameter.httpMethod": "POST"
        }
    })
}
