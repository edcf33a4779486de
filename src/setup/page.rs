//! The setup report as a page. Pure.

use askama::Template;
use http::StatusCode;

use crate::doctor::check::Verdict;
use crate::oauth::reply::Response;
use crate::page;
use crate::setup::report::SetupReport;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    style: &'static str,
    script: &'static str,
    tone: &'static str,
    title: &'static str,
    lead: String,
    report: &'a SetupReport,
}

/// The page for `report`.
pub fn response(report: &SetupReport) -> Response {
    let bad = report.checks.iter().filter(|check| check.verdict == Verdict::Bad).count();
    let (tone, title) = if bad == 0 { ("good", "Everything works") } else { ("bad", "Not everything works yet") };
    let lead = match bad {
        0 => "Every check went well. What to register where stands below.".to_owned(),
        1 => "One check failed. It says how to mend it.".to_owned(),
        more => format!("{more} checks failed. Each says how to mend it; the first often is the cause of others."),
    };
    let html = SetupPage { style: page::STYLE, script: page::COPY_SCRIPT, tone, title, lead, report };
    // Rendering writes strings into a string, which cannot fail.
    page::html_with_script(StatusCode::OK, html.render().unwrap_or_default())
}
