//! The setup report as a page. Pure.

use askama::Template;
use http::StatusCode;

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

/// A part of the advice for a check.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// Something to type, such as an `evergrant` command.
    Typed(&'a str),
    /// A whole command for a shell, on a line of its own.
    Command(&'a str),
}

/// The parts of `advice`, which has backticks around what the reader types. A period after a command is left out.
fn parts(advice: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (position, text) in advice.split('`').enumerate() {
        let after_command = matches!(parts.last(), Some(Part::Command(_)));
        parts.push(match text {
            _ if position % 2 == 1 && text.starts_with("az ") => Part::Command(text),
            _ if position % 2 == 1 => Part::Typed(text),
            _ if after_command => Part::Text(text.trim_start_matches(['.', ' '])),
            _ => Part::Text(text),
        });
    }
    parts
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

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn text_in_backticks_is_typed_or_a_command() {
        let parsed = parts("Run `evergrant doctor` and `az login`. Then wait.");
        let expected = [
            Part::Text("Run "),
            Part::Typed("evergrant doctor"),
            Part::Text(" and "),
            Part::Command("az login"),
            Part::Text("Then wait."),
        ];
        assert_eq!(parsed, expected);
        assert_eq!(parts("Wait."), [Part::Text("Wait.")]);
    }
}
