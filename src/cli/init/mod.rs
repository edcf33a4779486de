//! `evergrant init --local`: keys and settings to run Evergrant on this machine. [`answers`] asks for DocuSign's values,
//! [`created`] writes the files, and [`local_settings`] is their content.

mod answers;
mod created;
mod local_settings;

use thiserror::Error;

use crate::app;
use crate::cli::consent_url;
use crate::cli::terminal::values::{self, one_of};
use crate::cli::terminal::{CommandError, explain, failed, print, print_line, usage};
use crate::config::docusign::DocusignEnvironment;
use crate::config::{Environment, Settings};
use crate::signing::local::generate_pem;
use crate::types::{Guid, own_paths};
use created::{Created, Privacy, create, exists};
use local_settings::{CLIENTS, LocalSettings, SEALING_KEY, SETTINGS, SIGNING_KEY};

/// What to make, and DocuSign's values.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant init --local
  evergrant init --local --environment demo \\
    --integration-key 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e \\
    --user-id a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f

It writes signing.pem, sealing.pem, clients.json and local.settings.json into
this folder, and keeps those that exist. On a terminal it asks for what is
missing.")]
pub struct Init {
    /// For this machine, behind Azure Functions Core Tools
    #[arg(long, required = true)]
    local: bool,
    /// DocuSign's environment [default: `DOCUSIGN_ENVIRONMENT`, or demo]
    #[arg(long, value_parser = one_of(DocusignEnvironment::ALL, DocusignEnvironment::as_str))]
    environment: Option<DocusignEnvironment>,
    /// The integration key [default: `DOCUSIGN_INTEGRATION_KEY`]
    #[arg(long, value_name = "GUID", value_parser = values::guid)]
    integration_key: Option<Guid>,
    /// The integration user's User ID [default: `DOCUSIGN_USER_ID`]
    #[arg(long, value_name = "GUID", value_parser = values::guid)]
    user_id: Option<Guid>,
}

/// Nothing was written.
#[derive(Debug, Error)]
enum InitError {
    #[error(
        "{SETTINGS} exists and is kept, so these options have no effect: change the values there, or remove the file"
    )]
    Taken,
    #[error("no key could be created: the system has no random numbers")]
    NoKey,
}

/// Writes what is missing, and prints what to do next.
pub async fn run(options: Init, env: &dyn Environment) -> Result<(), CommandError> {
    let has_options = options.environment.is_some() || options.integration_key.is_some() || options.user_id.is_some();
    let answers = match exists(SETTINGS) {
        true if has_options => return Err(usage(InitError::Taken)),
        true => None,
        false => Some(answers::collect(options, env)?),
    };
    for name in [SIGNING_KEY, SEALING_KEY] {
        report(name, create(name, Privacy::OwnerOnly, || generate_pem().ok_or(failed(InitError::NoKey)))?)?;
    }
    report(CLIENTS, create(CLIENTS, Privacy::Shared, || Ok("[]\n".into()))?)?;
    let text = || answers.as_ref().map_or_else(|| Ok("".into()), local_settings::text);
    report(SETTINGS, create(SETTINGS, Privacy::Shared, text)?)?;
    print_next(Settings::read(&LocalSettings::read(env)?)?).await
}

fn report(name: &str, created: Created) -> Result<(), CommandError> {
    match created {
        Created::New => print_line(format_args!("created  {name}")),
        Created::Kept => print_line(format_args!("kept     {name}, which existed")),
    }
}

/// Prints what DocuSign has to know, and the next two commands.
async fn print_next(settings: Settings) -> Result<(), CommandError> {
    let redirect_uri = settings.public_url.join(own_paths::CALLBACK);
    print_line("\nIn DocuSign, on Apps and Keys, add to the integration key:")?;
    print_line(format_args!("redirect URI  {redirect_uri}\npublic key"))?;
    for (_, key) in app::public_keys(&settings.signing_keys, settings.azure.clone()).await.map_err(failed)? {
        print(key.pem().as_bytes())?;
    }
    if !exists("host.json") {
        explain(
            "\nThis folder has no host.json: func start needs the folder of the repository or of the unpacked package.",
        );
    }
    let link = consent_url::link(settings).await?;
    print_line("\nNext, in this folder:\n  func start")?;
    print_line("Then open this within a week, sign in as the integration user and press Allow:")?;
    print_line(format_args!("  {link}"))
}
