//! The setup report as plain text, for a terminal. Pure.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::endpoints::setup::report::SetupReport;
use crate::web::response::Response;

/// The text for `report`: one line per check, then the values to register.
pub fn response(report: &SetupReport) -> Response {
    let mut response = Response::new(Bytes::from(text(report)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(report: &SetupReport) -> String {
    let mut lines: Vec<String> = report.checks.iter().map(ToString::to_string).collect();
    lines.push("\nIn DocuSign, on Apps and Keys, in the integration key:".to_owned());
    lines.push(format!("redirect URI  {}", report.docusign_redirect_uri));
    for key in &report.public_keys {
        lines.push(format!("public key    {}, SHA-256 {}\n{}", key.setting, key.sha256, key.pem.trim_end()));
    }
    if let Some(url) = &report.consent_url {
        lines.push(format!("\nThe integration user opens this once, within a week, and presses Allow:\n{url}"));
    }
    let endpoints = &report.endpoints;
    lines.push(
        "\nFor Power Automate, Workfront and scripts (Workfront appends / and the client ID to the first):".to_owned(),
    );
    lines.push(format!("authorization URL      {}", endpoints.authorization));
    lines.push(format!("token and refresh URL  {}", endpoints.token));
    lines.push(format!("revocation URL         {}", endpoints.revocation));
    lines.push(format!("Workfront base URL     {}", endpoints.workfront));
    lines.push(format!("gateway                {}", endpoints.gateway));
    lines.push(String::new());
    lines.join("\n")
}
