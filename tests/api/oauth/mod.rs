//! The OAuth endpoints and their pure core: tables of requests and answers, and properties of what is parsed and compared.

mod assertion_claims;
mod assertion_clients;
mod authorize_parameters;
mod client_authentication;
mod clients;
mod consent_errors;
mod forms;
mod gateway_rules;
mod grant_types;
mod hints;
mod in_process;
mod jwk_key_sets;
mod jwk_keys;
mod metadata;
mod outages;
mod pkce;
mod redirect_uris;
mod responses;
mod revocation;
mod scopes;
mod secrets;
mod token_parameters;

use evergrant::config::Settings;
use evergrant::oauth::client::{Client, ClientRegistry};
use serde_json::{Value, json};

use crate::support::TestEnvironment;

/// The registry with these entries.
pub fn registry(entries: &Value) -> ClientRegistry {
    let environment = TestEnvironment::default().with("EVERGRANT_CLIENTS", &entries.to_string());
    Settings::read_clients(&environment).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The one client of this entry.
pub fn only(entry: &Value) -> Client {
    registry(&json!([entry])).iter().next().unwrap().clone()
}
