//! `evergrant doctor`: does everything work, and if not, who fixes it and how?

use futures_util::StreamExt as _;
use serde::Serialize;
use thiserror::Error;

use crate::app::App;
use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::{BAD, CommandError, GOOD, NOTE, failed};
use crate::config::{ConfigErrors, Settings};
use crate::doctor::check::{Check, Verdict, healthy};
use crate::doctor::{Doctor, of_faults};

/// Some checks failed; the report names them.
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

/// Runs the checks; prints each as soon as it and those before it are done, or all at once as JSON.
pub async fn run(settings: Result<Settings, ConfigErrors>, json: bool, progress: Progress) -> Result<(), CommandError> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(errors) => {
            if json {
                print_json(&of_faults(&errors))?;
            }
            return Err(errors.into());
        }
    };
    let doctor = App::new(settings).doctor();
    let checks = if json { doctor.report().await } else { print_each(&doctor, progress).await };
    if json {
        print_json(&checks)?;
    }
    match checks.iter().filter(|check| check.verdict == Verdict::Bad).count() {
        0 => Ok(()),
        bad => Err(failed(ChecksFailed(bad))),
    }
}

async fn print_each(doctor: &Doctor, progress: Progress) -> Vec<Check> {
    let (titles, groups) = doctor.groups();
    let (mut titles, mut groups) = (titles.into_iter(), std::pin::pin!(groups));
    let mut finished = Vec::new();
    while let Some(checks) = progress.wait(titles.next().unwrap_or_default(), groups.next()).await {
        for check in checks {
            anstream::println!("{}", line(&check));
            finished.push(check);
        }
    }
    finished
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn print_json(checks: &[Check]) -> Result<(), CommandError> {
    let report = Report { version: env!("CARGO_PKG_VERSION"), healthy: healthy(checks), checks };
    println!("{}", serde_json::to_string_pretty(&report).map_err(failed)?);
    Ok(())
}

/// The check's lines, which begin with the word for its verdict.
fn line(check: &Check) -> String {
    let text = check.to_string();
    let verdict = check.verdict.as_str();
    let style = match check.verdict {
        Verdict::Good => GOOD,
        Verdict::Note => NOTE,
        Verdict::Bad => BAD,
        Verdict::Skipped => return text,
    };
    text.strip_prefix(verdict).map_or_else(|| text.clone(), |rest| format!("{style}{verdict}{style:#}{rest}"))
}
