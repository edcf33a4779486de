//! `GET /serviceInfo`, which asks for no credentials, and custom actions, of which there are none. Pure.

use serde::Serialize;

use crate::endpoints::workfront::said;
use crate::web::body::Body;

/// What this service is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceInfo {
    webhook_version: &'static str,
    version: &'static str,
    publisher: &'static str,
    available_endpoints: [&'static str; 11],
    custom_actions: [CustomAction; 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CustomAction {
    name: &'static str,
    display_name: &'static str,
}

#[derive(Serialize)]
struct ServiceStatus {
    status: &'static str,
    error: &'static str,
}

/// What this service is. The version of the vendor's specification is the last that has a number.
pub const SERVICE_INFO: ServiceInfo = ServiceInfo {
    webhook_version: "1.2",
    version: env!("CARGO_PKG_VERSION"),
    publisher: "Evergrant",
    available_endpoints: [
        "files",
        "metadata",
        "search",
        "download",
        "thumbnail",
        "uploadInit",
        "upload",
        "createFolder",
        "delete",
        "rename",
        "serviceInfo",
    ],
    custom_actions: [],
};

/// A custom action that nobody offered.
pub fn no_such_action() -> http::Response<Body> {
    said(&ServiceStatus { status: "failure", error: "there is no such custom action" })
}
