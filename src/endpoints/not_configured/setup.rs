//! The setup page of an app that is not configured: each error, and what fixes it. Never a value. Pure.

use askama::Template;
use http::StatusCode;
use serde::Serialize;

use crate::config::ConfigError;
use crate::doctor::check::{Check, Verdict};
use crate::doctor::of_config_errors;
use crate::endpoints::not_configured::CODE;
use crate::web::page::{self, Part, Title, parts};
use crate::web::response::{self, Response};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the operator does next, in order.
const STEPS: [&str; 3] = [
    "Fix each error below. Settings are in the Azure portal under Environment variables. If EVERGRANT_CLIENTS has the clients \
     themselves, change your copy of the registry and deploy again.",
    "Azure restarts the app after a change. A file that a setting names is read again within 30 seconds.",
    "Check again. When nothing is wrong anymore, this page runs the health checks.",
];

/// The report for scripts.
#[derive(Serialize)]
struct NotConfiguredReport<'a> {
    status: &'static str,
    version: &'static str,
    healthy: bool,
    checks: &'a [Check],
}

#[derive(Template)]
#[template(path = "not_configured.html")]
struct NotConfiguredPage<'a> {
    style: &'static str,
    version: &'static str,
    title: Title,
    lead: String,
    steps: [&'static str; 3],
    checks: &'a [Check],
}

/// For scripts.
pub fn json(errors: &ConfigError) -> Response {
    let checks = of_config_errors(errors);
    let report = NotConfiguredReport { status: CODE, version: VERSION, healthy: false, checks: &checks };
    response::json(StatusCode::SERVICE_UNAVAILABLE, &report)
}

/// For a terminal: one line for each error, as on the command line.
pub fn text(errors: &ConfigError) -> Response {
    let bad = errors.errors.iter().map(|error| format!("{:<8} {error}", Verdict::Bad.as_str()));
    let note = errors.unknown.iter().map(|unknown| format!("{:<8} {unknown}", Verdict::Note.as_str()));
    let lines: Vec<String> = std::iter::once(lead(errors)).chain(bad).chain(note).collect();
    response::text(StatusCode::SERVICE_UNAVAILABLE, &format!("{}\n", lines.join("\n")))
}

/// For a browser.
pub fn page(errors: &ConfigError) -> Response {
    let checks = of_config_errors(errors);
    let page = NotConfiguredPage {
        style: page::STYLE,
        version: VERSION,
        title: Title("Evergrant is not configured yet"),
        lead: lead(errors),
        steps: STEPS,
        checks: &checks,
    };
    // Rendering writes strings into a string, which cannot fail.
    page::html(StatusCode::SERVICE_UNAVAILABLE, page.render().unwrap_or_default())
}

fn lead(errors: &ConfigError) -> String {
    let found = match errors.errors.len() {
        1 => "The settings have 1 error. Until it is fixed".to_owned(),
        count => format!("The settings have {count} errors. Until they are fixed"),
    };
    format!("{found}, every other route asks callers to wait. No connection is lost.")
}
