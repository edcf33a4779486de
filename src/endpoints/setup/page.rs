//! The setup report as a page: four cards, in the order in which they are done. Pure.
//!
//! Nothing on it needs a script, changes anything, or asks another route: files are in the page, and *Check again* is a link to
//! the page itself, because the function key is in the address and nowhere else.

use askama::Template;
use http::StatusCode;

use crate::doctor::check::Verdict;
use crate::endpoints::setup::action::{Action, CheckReport};
use crate::endpoints::setup::download::Download;
use crate::endpoints::setup::report::SetupReport;
use crate::web::page::{self, Part, Title, Tone, parts};
use crate::web::response::Response;

/// The most connectors of clients in the page. Each has up to 270 KB there; for others it has the command.
const MAX_ARCHIVES: usize = 5;

const WHEN_GOOD: &[&str] = &[
    "Register a client for each app that connects. If the registry is in a setting, deploy it.",
    "Enter the values of the third card in Power Automate, Workfront or your script, and connect.",
];

const WHEN_ONE_IS_BAD: &[&str] = &["Fix the failed check below.", CHECK_AGAIN];

const WHEN_MORE_ARE_BAD: &[&str] = &["Fix the first failed check. It often causes the others.", CHECK_AGAIN];

const CHECK_AGAIN: &str = "Choose Check again. It repeats all checks.";

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
    checks: Checks<'a>,
    docusign_state: Option<bool>,
    consent_state: Option<bool>,
    connect_state: Option<bool>,
    max_archives: usize,
    report: &'a SetupReport,
}

/// The checks by what the operator does with them.
struct Checks<'a> {
    /// Failed ones, then notes.
    shown: Vec<&'a CheckReport>,
    passed: Vec<&'a CheckReport>,
    skipped: Vec<&'a CheckReport>,
}

impl<'a> Checks<'a> {
    fn of(report: &'a SetupReport) -> Self {
        let with = |verdict| report.checks.iter().filter(move |report| report.check.verdict == verdict);
        Self {
            shown: with(Verdict::Bad).chain(with(Verdict::Note)).collect(),
            passed: with(Verdict::Good).collect(),
            skipped: with(Verdict::Skipped).collect(),
        }
    }
}

/// The page for `report`.
pub fn response(report: &SetupReport) -> Response {
    let (tone, title) = if report.healthy {
        (Tone::Good, Title("Everything works"))
    } else {
        (Tone::Bad, Title("Not everything works yet"))
    };
    let (lead, steps) = match report.checks.iter().filter(|report| report.check.verdict == Verdict::Bad).count() {
        0 => ("No check failed. The values to register are below.".to_owned(), WHEN_GOOD),
        1 => ("One check failed. Its entry shows how to fix it.".to_owned(), WHEN_ONE_IS_BAD),
        more => (format!("{more} checks failed. Each entry shows how to fix it."), WHEN_MORE_ARE_BAD),
    };
    let html = SetupPage {
        style: page::STYLE,
        script: page::COPY_SCRIPT,
        tone,
        title,
        lead,
        steps,
        checks: Checks::of(report),
        docusign_state: report.is_done(&["integration_key", "public_key_registered"]),
        consent_state: report.is_done(&["consent"]),
        connect_state: Some(!report.clients.is_empty()),
        max_archives: MAX_ARCHIVES,
        report,
    };
    // Rendering writes strings into a string, which cannot fail.
    page::html_with_script(StatusCode::OK, html.render().unwrap_or_default())
}
