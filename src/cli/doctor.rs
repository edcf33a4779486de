//! `evergrant doctor`: does everything work, and if not, who fixes it and how?

use std::path::Path;

use anstyle::Style;
use futures_util::StreamExt as _;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use thiserror::Error;

use crate::app::{App, check_routes};
use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::{BAD, CommandError, GOOD, NOTE, failed, print_line, usage};
use crate::config::error::HOW_TO_START;
use crate::config::reader::read_file;
use crate::config::{ConfigError, Environment, FileError, Settings};
use crate::doctor::check::{Check, Verdict, healthy};
use crate::doctor::registry::CLIENTS;
use crate::doctor::{Doctor, lines, of_config_errors};
use crate::types::BaseUrl;

/// Some checks failed; the JSON report has them.
#[derive(Debug, Error)]
#[error("{0}")]
struct ChecksFailed(String);

/// The file of an assertion.
#[derive(Debug, Error)]
#[error("the file {path} {error}")]
struct UnreadableFile {
    path: String,
    error: FileError,
}

/// What `--json` prints.
#[derive(Serialize)]
struct DoctorReport<'a> {
    version: &'static str,
    healthy: bool,
    checks: &'a [Check],
}

/// Runs the checks. Prints each one in order, as soon as it is done, or all of them as JSON.
pub async fn run(settings: Result<Settings, ConfigError>, json: bool, progress: Progress) -> Result<(), CommandError> {
    let settings = match settings {
        Ok(settings) => settings,
        Err(errors) if json => {
            print_json(&of_config_errors(&errors))?;
            return Err(errors.into());
        }
        Err(errors) => return Err(print_config_errors(&errors)?),
    };
    let doctor = App::new(settings).doctor_from_outside();
    let checks = if json { doctor.report().await } else { print_each(&doctor, progress).await? };
    conclude(&checks, json)
}

/// Runs only the check of the routes at `url`.
pub async fn run_routes(url: &BaseUrl, json: bool) -> Result<(), CommandError> {
    let checks = [check_routes(url).await];
    if !json {
        checks.iter().try_for_each(print_check)?;
    }
    conclude(&checks, json)
}

/// Checks only the assertion in `file`.
pub async fn run_assertion(
    file: &Path,
    settings: Result<Settings, ConfigError>,
    env: &dyn Environment,
    json: bool,
) -> Result<(), CommandError> {
    let path = file.display().to_string();
    let text = read_file(env, &path).map_err(|error| usage(UnreadableFile { path, error }))?;
    let app = App::new(settings?);
    app.registry.read_again().await;
    let checks = app.check_assertion(text.expose_secret()).await;
    if !json {
        checks.iter().try_for_each(print_check)?;
    }
    conclude(&checks, json)
}

fn conclude(checks: &[Check], json: bool) -> Result<(), CommandError> {
    let summary = lines::summary(checks);
    match (healthy(checks), json) {
        (true, true) => print_json(checks),
        (false, true) => print_json(checks).and(Err(failed(ChecksFailed(summary)))),
        (healthy, false) => {
            print_summary(&summary, if healthy { GOOD } else { BAD })?;
            if healthy { Ok(()) } else { Err(CommandError::Reported { exit_code: 1 }) }
        }
    }
}

async fn print_each(doctor: &Doctor, progress: Progress) -> Result<Vec<Check>, CommandError> {
    progress.wait(CLIENTS, doctor.prepare()).await;
    let (titles, groups) = doctor.groups();
    let (mut titles, mut groups) = (titles.into_iter(), std::pin::pin!(groups));
    let mut finished = Vec::new();
    while let Some(checks) = progress.wait(titles.next().unwrap_or_default(), groups.next()).await {
        checks.iter().try_for_each(print_check)?;
        finished.extend(checks);
    }
    for line in lines::of_skipped(&finished) {
        print_line(line)?;
    }
    Ok(finished)
}

fn print_config_errors(errors: &ConfigError) -> Result<CommandError, CommandError> {
    if errors.nothing_is_set {
        print_line(format_args!("{}\n", lines::of_text(HOW_TO_START)))?;
    }
    let checks = of_config_errors(errors);
    checks.iter().try_for_each(print_check)?;
    let summary = match errors.errors.len() {
        1 => "The settings have 1 error; nothing else was checked".to_owned(),
        count => format!("The settings have {count} errors; nothing else was checked"),
    };
    print_summary(&summary, BAD)?;
    Ok(CommandError::Reported { exit_code: 2 })
}

/// Prints all checks, the skipped ones at the end.
pub fn print_checks(checks: &[Check]) -> Result<(), CommandError> {
    checks.iter().try_for_each(print_check)?;
    lines::of_skipped(checks).into_iter().try_for_each(print_line)
}

/// Skipped checks are printed together at the end.
fn print_check(check: &Check) -> Result<(), CommandError> {
    if check.verdict == Verdict::Skipped { Ok(()) } else { print_line(colored(check)) }
}

/// Prints the result of all checks.
pub fn print_summary(summary: &str, style: Style) -> Result<(), CommandError> {
    print_line(format_args!("\n{style}{summary}{style:#}"))
}

fn print_json(checks: &[Check]) -> Result<(), CommandError> {
    let report = DoctorReport { version: env!("CARGO_PKG_VERSION"), healthy: healthy(checks), checks };
    print_line(serde_json::to_string_pretty(&report).map_err(failed)?)?;
    Ok(())
}

/// The check's lines, which begin with the verdict.
fn colored(check: &Check) -> String {
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
