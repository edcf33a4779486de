//! The setup report as a page. Pure.

use askama::Template;
use http::StatusCode;

use crate::doctor::check::{Check, Verdict};
use crate::endpoints::setup::report::SetupReport;
use crate::web::page::{self, Part, Title, Tone, parts};
use crate::web::response::Response;

const WHEN_GOOD: &[&str] = &[
    "Register a client for each app that connects. If the registry is in a setting, deploy it.",
    "Enter the values below in Power Automate, Workfront or your script, and connect.",
];

const WHEN_ONE_IS_BAD: &[&str] = &["Fix the failed check below.", LOAD_AGAIN];

const WHEN_MORE_ARE_BAD: &[&str] = &["Fix the first failed check. It often causes the others.", LOAD_AGAIN];

const LOAD_AGAIN: &str = "Load this page again. It repeats all checks.";

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    style: &'static str,
    script: &'static str,
    tone: Tone,
    title: Title,
    lead: String,
    /// What the operator does next, in order.
    steps: &'static [&'static str],
    /// The failed checks, which come first.
    bad: Vec<&'a Check>,
    others: Vec<&'a Check>,
    report: &'a SetupReport,
}

/// The page for `report`.
pub fn response(report: &SetupReport) -> Response {
    let (bad, others): (Vec<_>, Vec<_>) = report.checks.iter().partition(|check| check.verdict == Verdict::Bad);
    let (tone, title) = if bad.is_empty() {
        (Tone::Good, Title("Everything works"))
    } else {
        (Tone::Bad, Title("Not everything works yet"))
    };
    let (lead, steps) = match bad.len() {
        0 => ("All checks passed. The values to register are below.".to_owned(), WHEN_GOOD),
        1 => ("One check failed. Its entry shows how to fix it.".to_owned(), WHEN_ONE_IS_BAD),
        more => (format!("{more} checks failed. Each entry shows how to fix it."), WHEN_MORE_ARE_BAD),
    };
    let script = page::COPY_SCRIPT;
    let html = SetupPage { style: page::STYLE, script, tone, title, lead, steps, bad, others, report };
    // Rendering writes strings into a string, which cannot fail.
    page::html_with_script(StatusCode::OK, html.render().unwrap_or_default())
}
