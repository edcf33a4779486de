//! One change of a registry: read, checked, changed, checked again, shown and written.

use std::io::{Write as _, stdin};

use crate::cli::client::loss::{Confirmation, Loss};
use crate::cli::client::registry::{Change, normalized};
use crate::cli::client::store::{ExpectedContent, RegistryText, read, read_existing, write};
use crate::cli::client::stored_registry::StoredRegistry;
use crate::cli::client::{diff, output};
use crate::cli::files;
use crate::cli::terminal::{BAD, CommandError, GOOD, explain, usage};
use crate::config::installation::InstallationScopes;
use crate::config::{ConfigError, Environment, RegistrySource, Settings};
use crate::oauth::client::ClientRegistry;

/// Applies `change` to the registry at `place`, which must be valid before and after; returns what it registers. A person is
/// asked before anything is lost, unless `confirmation` has the answer.
pub async fn edit(
    place: &StoredRegistry,
    change: &Change,
    confirmation: Confirmation,
    env: &dyn Environment,
) -> Result<ClientRegistry, CommandError> {
    let lock = || if let StoredRegistry::File(path) = place { files::lock(path) } else { None };
    let mut held = lock();
    let RegistryText { text, expected } = match change {
        Change::Add { .. } => {
            read(place, env).await?.unwrap_or(RegistryText { text: "[]".into(), expected: ExpectedContent::Nothing })
        }
        _ => read_existing(place, env).await?,
    };
    check(place, &text, env)?;
    let changed = change.apply(&text).map_err(usage)?;
    let clients = check(place, &changed, env)?;
    let is_new = matches!(expected, ExpectedContent::Nothing);
    let known = if is_new { String::new() } else { normalized(&text).unwrap_or_default() };
    if changed == known {
        output::print_no_change(change, place);
        return Ok(clients);
    }
    show(&known, &changed);
    if let Some(loss) = Loss::of(change, &text).filter(|_| !confirmation.yes) {
        // A question must not keep other commands waiting. If they write meanwhile, this one fails.
        drop(held);
        confirm(&loss, place)?;
        held = lock();
    }
    write(place, &expected, &changed).await?;
    drop(held);
    output::print_change(change, place);
    Ok(clients)
}

fn check(place: &StoredRegistry, text: &str, env: &dyn Environment) -> Result<ClientRegistry, ConfigError> {
    let scopes = InstallationScopes::find(env, Some(&place.next_to_parameters()), None).for_editing();
    Settings::read_registry(env, RegistrySource::Text { name: &place.to_string(), text }, &scopes)
}

fn show(before: &str, after: &str) {
    for (mark, line) in diff::lines(before, after) {
        match mark {
            '-' => explain(format_args!("{BAD}-{line}{BAD:#}")),
            '+' => explain(format_args!("{GOOD}+{line}{GOOD:#}")),
            _ => explain(format_args!(" {line}")),
        }
    }
}

/// Asks on the terminal. Without an answer, nothing is removed.
fn confirm(loss: &Loss<'_>, place: &StoredRegistry) -> Result<(), CommandError> {
    let mut stderr = anstream::stderr();
    let _ = write!(stderr, "{} [y/N] ", loss.question(place)).and_then(|()| stderr.flush());
    let mut answer = String::new();
    let _ = stdin().read_line(&mut answer);
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    explain("Nothing was changed. Answer y, or pass --yes in a pipeline.");
    Err(CommandError::Reported { exit_code: 1 })
}
