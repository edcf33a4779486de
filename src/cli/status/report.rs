//! The report of a deployed app: its JSON, printed as it is or as lines.

use serde_json::Value;

use crate::cli::doctor::{print_checks, print_summary};
use crate::cli::terminal::{BAD, CommandError, GOOD, explain, failed, print_line};
use crate::doctor::check::{Area, Check, Verdict, healthy};
use crate::doctor::lines;
use crate::types::{BaseUrl, own_paths};

/// What the app reports.
pub struct RunningApp {
    report: Value,
    checks: Vec<Check>,
}

impl RunningApp {
    /// Reads the setup page's JSON; `None` if it is something else.
    pub fn read(report: Value) -> Option<Self> {
        let checks = report["checks"].as_array()?.iter().map(read_check).collect::<Option<_>>()?;
        Some(Self { report, checks })
    }

    /// Are its settings wrong?
    pub fn is_not_configured(&self) -> bool {
        self.report["status"] == "not_configured"
    }

    /// The URL that callers use.
    pub fn public_url(&self) -> Option<BaseUrl> {
        BaseUrl::parse(self.report["docusign_redirect_uri"].as_str()?.strip_suffix(own_paths::CALLBACK)?)
    }

    /// Adds a check that was made from here.
    pub fn add(&mut self, check: Check) {
        if let (Some(checks), Ok(json)) = (self.report["checks"].as_array_mut(), serde_json::to_value(&check)) {
            checks.push(json);
        }
        self.checks.push(check);
        self.report["healthy"] = healthy(&self.checks).into();
    }

    /// Prints the app's own JSON, with the checks that were added.
    pub fn print_json(&self) -> Result<(), CommandError> {
        print_line(serde_json::to_string_pretty(&self.report).map_err(failed)?)?;
        self.result().inspect_err(|_| explain(format_args!("evergrant: {}", self.summary())))
    }

    /// Prints the checks, then what DocuSign has to know.
    pub fn print(&self) -> Result<(), CommandError> {
        print_checks(&self.checks)?;
        print_summary(&self.summary(), if healthy(&self.checks) { GOOD } else { BAD })?;
        if !self.is_not_configured() {
            self.print_registration()?;
        }
        self.result()
    }

    fn summary(&self) -> String {
        match self.checks.iter().filter(|check| check.verdict == Verdict::Bad).count() {
            count if !self.is_not_configured() || count == 0 => lines::summary(&self.checks),
            1 => "The app is not configured: its settings have 1 error".to_owned(),
            count => format!("The app is not configured: its settings have {count} errors"),
        }
    }

    fn result(&self) -> Result<(), CommandError> {
        match healthy(&self.checks) {
            _ if self.is_not_configured() => Err(CommandError::Reported { exit_code: 2 }),
            true => Ok(()),
            false => Err(CommandError::Reported { exit_code: 1 }),
        }
    }

    fn print_registration(&self) -> Result<(), CommandError> {
        print_line("\nIn DocuSign, on Apps and Keys, in the integration key:")?;
        print_line(format_args!("redirect URI  {}", text(&self.report["docusign_redirect_uri"])))?;
        for key in self.report["public_keys"].as_array().into_iter().flatten() {
            print_line(format_args!(
                "public key    {}\nSHA-256       {}",
                text(&key["setting"]),
                text(&key["sha256"])
            ))?;
            text_lines(&key["pem"]).try_for_each(print_line)?;
        }
        let Some(link) = self.report["consent_url"].as_str() else {
            return print_line("\nThere is no consent link, because the sealing key cannot be used: see its check.");
        };
        print_line("\nThe integration user opens this once, within a week, and presses Allow:")?;
        print_line(plain(link))
    }
}

/// A check of the report. `None` if a newer app has another kind of verdict or area.
fn read_check(json: &Value) -> Option<Check> {
    let verdicts = [Verdict::Good, Verdict::Note, Verdict::Bad, Verdict::Skipped];
    let areas = [Area::Azure, Area::Docusign, Area::Clients];
    Some(Check {
        check: text(&json["check"]).into(),
        area: areas.into_iter().find(|area| json["area"] == area.as_str())?,
        title: text(&json["title"]),
        verdict: verdicts.into_iter().find(|verdict| json["verdict"] == verdict.as_str())?,
        finding: text(&json["finding"]),
        fix: json["fix"].as_str().map(plain),
        duration_ms: json["duration_ms"].as_f64().unwrap_or_default(),
    })
}

fn text(json: &Value) -> String {
    json.as_str().map(plain).unwrap_or_default()
}

fn text_lines(json: &Value) -> impl Iterator<Item = String> {
    json.as_str().unwrap_or_default().lines().map(plain)
}

/// `text` without control characters, which a terminal would obey.
pub fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
