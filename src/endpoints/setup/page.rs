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
    /// What has to be mended, which comes first.
    bad: Vec<&'a Check>,
    others: Vec<&'a Check>,
    report: &'a SetupReport,
}

/// A piece of advice.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// A word of ours to be typed, such as another command.
    Typed(&'a str),
    /// A whole command for a shell, on a line of its own.
    Command(&'a str),
}

/// The parts of `advice`, in which backticks stand around what is to be typed. A full stop behind a command is left out.
fn parts(advice: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (at, text) in advice.split('`').enumerate() {
        let behind_command = matches!(parts.last(), Some(Part::Command(_)));
        parts.push(match text {
            _ if at % 2 == 1 && text.starts_with("az ") => Part::Command(text),
            _ if at % 2 == 1 => Part::Typed(text),
            _ if behind_command => Part::Text(text.trim_start_matches(['.', ' '])),
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
        0 => "Every check went well. What to register where stands below.".to_owned(),
        1 => "One check failed. It says how to mend it.".to_owned(),
        more => format!("{more} checks failed. Each says how to mend it; the first often is the cause of others."),
    };
    let html = SetupPage { style: page::STYLE, script: page::COPY_SCRIPT, tone, title, lead, bad, others, report };
    // Rendering writes strings into a string, which cannot fail.
    page::html_with_script(StatusCode::OK, html.render().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn what_is_to_be_typed_stands_in_backticks() {
        let told = parts("Run `evergrant doctor` and `az login`. Then wait.");
        let wanted = [
            Part::Text("Run "),
            Part::Typed("evergrant doctor"),
            Part::Text(" and "),
            Part::Command("az login"),
            Part::Text("Then wait."),
        ];
        assert_eq!(told, wanted);
        assert_eq!(parts("Wait."), [Part::Text("Wait.")]);
    }
}
