//! The setup report as a page. Pure.

use askama::Template;
use http::StatusCode;

use crate::doctor::advice::{Part, parts};
use crate::doctor::check::{Check, Verdict};
use crate::endpoints::setup::report::SetupReport;
use crate::web::page;
use crate::web::response::Response;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    style: &'static str,
    script: &'static str,
    tone: &'static str,
    title: &'static str,
    lead: String,
    /// The failed checks, which come first.
    bad: Vec<&'a Check>,
    others: Vec<&'a Check>,
    report: &'a SetupReport,
}

/// The page for `report`.
pub fn response(report: &SetupReport) -> Response {
    let (bad, others): (Vec<_>, Vec<_>) = report.checks.iter().partition(|check| check.verdict == Verdict::Bad);
    let (tone, title) = if bad.is_empty() { ("good", "Everything works") } else { ("bad", "Not everything works yet") };
    let lead = match bad.len() {
        0 => "All checks passed. The values to register are below.".to_owned(),
        1 => "One check failed. Its entry shows how to fix it.".to_owned(),
        more => format!(
            "{more} checks failed. Each entry shows how to fix it. Start with the first: it often causes the others."
        ),
    };
    let html = SetupPage { style: page::STYLE, script: page::COPY_SCRIPT, tone, title, lead, bad, others, report };
    // Rendering writes strings into a string, which cannot fail.
    page::html_with_script(StatusCode::OK, html.render().unwrap_or_default())
}
