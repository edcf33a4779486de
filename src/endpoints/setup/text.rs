//! The setup report as plain text, for a terminal: the checks, then the four cards of the page. Pure.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::endpoints::setup::action::{Action, CheckReport};
use crate::endpoints::setup::connect::{Connection, Platform};
use crate::endpoints::setup::report::SetupReport;
use crate::web::response::Response;

/// The text for `report`.
pub fn response(report: &SetupReport) -> Response {
    let mut response = Response::new(Bytes::from(text(report)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(report: &SetupReport) -> String {
    let checks = report.checks.iter().map(check);
    let cards = [docusign(report), consent(report), connect(report), requests(report)];
    let lines: Vec<String> = checks.chain(cards.into_iter().flatten()).collect();
    format!("{}\n", lines.join("\n"))
}

fn check(CheckReport { check, action }: &CheckReport) -> String {
    match action {
        Some(Action::Link { label, link }) => format!("{check}\n         → {label}: {link}"),
        Some(Action::Command { command }) => format!("{check}\n           {command}"),
        None => check.to_string(),
    }
}

fn docusign(report: &SetupReport) -> Vec<String> {
    let of_docusign = &report.docusign;
    let mut lines = vec![
        "\n1. DocuSign. The administrator enters these in the integration key:".to_owned(),
        row("page", &of_docusign.apps_and_keys_url),
        row("environment", of_docusign.environment),
        row("integration key", &of_docusign.integration_key),
        row("redirect URI", &report.docusign_redirect_uri),
    ];
    for key in &report.public_keys {
        lines.push(row("public key", &format!("{}, SHA-256 {}\n{}", key.setting, key.sha256, key.pem.trim_end())));
    }
    if let Some(message) = &of_docusign.message {
        lines.push(format!("\nA message to the administrator:\n\n{}", indented(message)));
    }
    lines
}

fn consent(report: &SetupReport) -> Vec<String> {
    let mut lines = vec![
        "\n2. Consent. The integration user signs in once and presses Allow:".to_owned(),
        row("User ID", &report.docusign.user_id),
        row("scopes", &report.docusign.scopes),
    ];
    let link = report.consent_url.as_deref().unwrap_or("not available while the sealing key does not work");
    lines.push(row("consent link", link));
    lines
}

fn connect(report: &SetupReport) -> Vec<String> {
    let mut lines = vec!["\n3. Connect".to_owned()];
    if let Some(account) = &report.account {
        lines.push(row("DocuSign account", &account.name));
        lines.push(row("API account ID", &account.account_id));
        let no_site = account.clm_url.as_ref().map(|_| "none: the host of CLM's API does not begin with api");
        lines.extend(account.clm_site.as_deref().or(no_site).map(|site| row("CLM site", site)));
        lines.extend(account.clm_url.as_deref().map(|url| row("CLM's API", url)));
    }
    let platforms = &report.connect;
    lines.extend(platform("Power Automate", &platforms.power_automate));
    lines.extend(platform("Workfront", &platforms.workfront));
    lines.extend(platform("Script", &platforms.script));
    let endpoints = &report.endpoints;
    lines.push("\nAll addresses:".to_owned());
    lines.push(row("authorization", &endpoints.authorization));
    lines.push(row("token, refresh", &endpoints.token));
    lines.push(row("revocation", &endpoints.revocation));
    lines.push(row("Workfront", &endpoints.workfront));
    lines.push(row("gateway", &endpoints.gateway));
    lines.push(row("metadata", &endpoints.metadata));
    lines.extend(registrations(report));
    lines
}

fn platform(title: &str, platform: &Platform) -> Vec<String> {
    let mut lines: Vec<String> =
        platform.connections.iter().flat_map(|connection| connection_lines(title, connection)).collect();
    if let Some(register) = &platform.register {
        lines.push(format!("\n{title}: no client is registered. This registers one:\n  {register}"));
    }
    lines.extend(platform.connectors.iter().map(|connector| row("connector", &connector.command)));
    lines
}

fn connection_lines(title: &str, connection: &Connection) -> Vec<String> {
    let fields = connection.fields.iter().map(|field| row(field.name, &field.value));
    let connector = connection.connector.iter().map(|connector| row("connector", &connector.command));
    let try_out = connection.try_out.iter().map(|command| row("try it out", command));
    let heading = format!("\n{title}, client {}:", connection.client_id);
    std::iter::once(heading).chain(fields).chain(connector).chain(try_out).collect()
}

fn registrations(report: &SetupReport) -> Vec<String> {
    let mut lines = vec!["\nRegistered clients:".to_owned()];
    for client in &report.clients {
        lines.push(row(
            &client.client_id,
            &format!(
                "{}; grant types: {}; scope: {}; secrets: {}; API keys: {}",
                client.subject,
                client.grant_types.join(", "),
                client.scope,
                client.secrets,
                client.api_keys
            ),
        ));
        lines.extend(client.redirect_uris.iter().map(|uri| row("", &format!("redirect URI {uri}"))));
        lines.extend(client.gateway_allow.iter().map(|rule| row("", &format!("through the gateway: {rule}"))));
    }
    lines
}

fn requests(report: &SetupReport) -> Vec<String> {
    let heading = "\n4. Requests: redirect URIs that clients asked for in the last day and that are not registered. Add only the address \
                   of an app that you know: anyone on the internet can make such a request.";
    let mut lines = vec![heading.to_owned()];
    if report.redirect_requests.is_empty() {
        lines.push("none".to_owned());
    } else {
        lines.push(report.registry.after_a_change().to_owned());
    }
    for request in &report.redirect_requests {
        lines.push(row(&request.client_id, &format!("{}, {}", request.redirect_uri, request.age)));
        lines.push(format!("  {}", request.command));
    }
    if !report.redirect_requests_complete {
        lines.push("The store could not be read, so requests to other instances are missing.".to_owned());
    }
    lines
}

fn row(name: &str, value: &str) -> String {
    format!("{name:<22} {value}")
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("  {line}") };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}
