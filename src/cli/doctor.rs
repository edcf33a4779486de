//! `evergrant doctor`: does everything work, and if not, who mends it and how?

use futures_util::StreamExt as _;
use serde::Serialize;
use thiserror::Error;

use crate::app::App;
use crate::cli::progress::Progress;
use crate::cli::style::{Colour, Style};
use crate::cli::{CommandError, failed};
use crate::config::{ConfigErrors, Settings};
use crate::doctor::check::{Check, Verdict, healthy};
use crate::doctor::{Doctor, of_faults};

/// Some check went bad; which one has been told already.
#[derive(Debug, Error)]
#[error("{0} of the checks failed")]
struct ChecksFailed(usize);

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    healthy: bool,
    checks: &'a [Check],
}

/// Runs the checks; tells each as soon as it and those before it are done, or all at once as JSON.
pub async fn run(
    settings: Result<Settings, ConfigErrors>,
    json: bool,
    style: Style,
    progress: Progress,
) -> Result<(), CommandError> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(faults) => {
            if json {
                print_json(&of_faults(&faults))?;
            }
            return Err(faults.into());
        }
    };
    let doctor = App::new(settings).doctor();
    let checks = if json { doctor.report().await } else { told_one_by_one(&doctor, style, progress).await };
    if json {
        print_json(&checks)?;
    }
    match checks.iter().filter(|check| check.verdict == Verdict::Bad).count() {
        0 => Ok(()),
        bad => Err(failed(ChecksFailed(bad))),
    }
}

#[expect(clippy::print_stdout, reason = "the command's result")]
async fn told_one_by_one(doctor: &Doctor, style: Style, progress: Progress) -> Vec<Check> {
    let (titles, groups) = doctor.groups();
    let (mut titles, mut groups) = (titles.into_iter(), std::pin::pin!(groups));
    let mut told = Vec::new();
    while let Some(checks) = progress.wait(titles.next().unwrap_or_default(), groups.next()).await {
        for check in checks {
            println!("{}", line(&check, style));
            told.push(check);
        }
    }
    told
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn print_json(checks: &[Check]) -> Result<(), CommandError> {
    let report = Report { version: env!("CARGO_PKG_VERSION"), healthy: healthy(checks), checks };
    println!("{}", serde_json::to_string_pretty(&report).map_err(failed)?);
    Ok(())
}

/// The check's lines, which begin with the word for its verdict.
fn line(check: &Check, style: Style) -> String {
    let told = check.to_string();
    let verdict = check.verdict.as_str();
    let colour = match check.verdict {
        Verdict::Good => Colour::Green,
        Verdict::Note => Colour::Yellow,
        Verdict::Bad => Colour::Red,
        Verdict::Skipped => return told,
    };
    told.strip_prefix(verdict).map_or_else(|| told.clone(), |rest| style.paint(colour, verdict) + rest)
}
