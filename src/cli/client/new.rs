//! `evergrant client new`: an entry for the registry, and the secret and API key that go with it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::client::entry::{NewEntry, default_grant_types};
use crate::cli::client::file::edit;
use crate::cli::client::output;
use crate::cli::client::registry::{Change, Credential};
use crate::cli::terminal::values::{self, one_of};
use crate::cli::terminal::{CommandError, failed, usage};
use crate::config::{Environment, Settings};
use crate::oauth::client::{ClientId, GrantType, Profile, SubjectKind};
use crate::oauth::scope::Scope;
use crate::random;
use crate::secret::sha256;

/// Whom to register.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    client_secret=$(evergrant client new nightly-report --scope signature --in infra/clients.json)\n  \
    evergrant client new contoso-power-automate --profile power_automate \\\n    \
    --redirect-uri https://global.consent.azure-apim.net/redirect/contoso-5f6a7b8c9d0e --in infra/clients.json\n  \
    evergrant client new archive --api-key --allow \"GET /clm/\" --in infra/clients.json")]
pub struct NewClient {
    /// Its identifier, which is not secret
    #[arg(value_parser = values::client_id)]
    client_id: ClientId,
    /// The platform whose documented deviations it is granted
    #[arg(long, value_parser = one_of(Profile::ALL, Profile::as_str), default_value = "standard")]
    profile: Profile,
    /// What it may ask with; repeat it for more [default: what the profile needs]
    #[arg(long = "grant-type", value_name = "GRANT_TYPE", value_parser = one_of(GrantType::ALL, GrantType::as_str))]
    grant_types: Vec<GrantType>,
    /// An exact address the browser may be sent back to; repeat it for more
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = values::redirect_uri)]
    redirect_uris: Vec<String>,
    /// Whose DocuSign access tokens it gets
    #[arg(long, value_parser = one_of(SubjectKind::ALL, SubjectKind::as_str), default_value = "integration_user")]
    subject: SubjectKind,
    /// Its greatest scope, separated by spaces [default: all of `DOCUSIGN_SCOPES`]
    #[arg(long, value_parser = values::scope)]
    scope: Option<Scope>,
    /// Make a public client, which has no secret
    #[arg(long)]
    public: bool,
    /// Give it an API key for the gateway and Workfront's document routes; it has no secret then, unless it may ask for
    /// tokens
    #[arg(long)]
    api_key: bool,
    /// Whom its API key may name: an e-mail address, or @ and a domain; repeat it for more [default: every active user]
    #[arg(long = "username", value_name = "ADDRESS", requires = "api_key")]
    usernames: Vec<String>,
    /// What the gateway lets through for it, such as "GET /clm/"; repeat it for more [default: nothing]
    #[arg(long = "allow", value_name = "RULE", value_parser = values::gateway_rule)]
    rules: Vec<String>,
    /// Add the entry to this registry; without it the entry is printed
    #[arg(long = "in", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A client that people connect needs to know where to send them back to.
#[derive(Debug, Error)]
enum MissingRedirectUri {
    #[error(
        "--redirect-uri is missing: save the custom connector first, with any client secret; its Security page then shows \
         the redirect URL"
    )]
    PowerAutomate,
    #[error(
        "--redirect-uri is missing: Workfront shows it as Workfront Redirect URI, where the custom integration is set up"
    )]
    Workfront,
    #[error("--redirect-uri is missing: authorization_code needs the address that the browser is sent back to")]
    Standard,
}

/// Makes the client and its secret; the secret is shown when everything else is done.
pub fn run(client: NewClient, env: &dyn Environment) -> Result<(), CommandError> {
    let (file, public) = (client.file.clone(), client.public);
    let api_key = client.api_key.then(random::client_secret);
    let mut entry = client.into_entry()?;
    let secret = (!public && !entry.grant_types.is_empty()).then(random::client_secret);
    let digest = |secret: &SecretString| sha256(secret.expose_secret().as_bytes());
    entry.client_secret_sha256 = secret.as_ref().map(digest);
    entry.api_key_sha256 = api_key.as_ref().map(digest);
    match &file {
        Some(file) => add(&entry, file, env)?,
        None => print(&entry, env)?,
    }
    for (credential, secret) in [(Credential::Secret, &secret), (Credential::ApiKey, &api_key)] {
        if let Some(secret) = secret {
            output::show_once(entry.client_id.as_str(), credential, secret)?;
        }
    }
    output::print_how_to_deploy(file.as_deref().unwrap_or(Path::new(output::DEPLOYED)));
    Ok(())
}

impl NewClient {
    /// The entry, without a secret so far. One with an API key needs no grant type.
    fn into_entry(self) -> Result<NewEntry, CommandError> {
        let Self { client_id, profile, mut grant_types, redirect_uris, subject, scope, public, .. } = self;
        let key_only = self.api_key && redirect_uris.is_empty();
        if grant_types.is_empty() && !key_only {
            grant_types = default_grant_types(profile, public, !redirect_uris.is_empty());
        }
        if grant_types.contains(&GrantType::AuthorizationCode) && redirect_uris.is_empty() {
            return Err(usage(match profile {
                Profile::PowerAutomate => MissingRedirectUri::PowerAutomate,
                Profile::Workfront => MissingRedirectUri::Workfront,
                Profile::Standard => MissingRedirectUri::Standard,
            }));
        }
        Ok(NewEntry {
            client_id,
            client_secret_sha256: None,
            profile,
            grant_types,
            subject,
            scope,
            redirect_uris,
            api_key_sha256: None,
            api_key_usernames: self.usernames,
            gateway_allow: self.rules,
        })
    }
}

fn add(entry: &NewEntry, file: &Path, env: &dyn Environment) -> Result<(), CommandError> {
    let change = Change::Add { client_id: entry.client_id.to_string(), fields: entry.fields() };
    let clients = edit(file, &change, env)?;
    output::print_change(&change, file.display());
    output::print_warnings(&clients, entry.client_id.as_str());
    Ok(())
}

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn print(entry: &NewEntry, env: &dyn Environment) -> Result<(), CommandError> {
    let json = serde_json::to_string_pretty(&entry.fields()).map_err(failed)?;
    let clients = Settings::read_registry(env, "EVERGRANT_CLIENTS", &format!("[{json}]"))?;
    eprintln!("Add this entry to the array in {}:\n\n{json}\n", output::DEPLOYED);
    output::print_warnings(&clients, entry.client_id.as_str());
    Ok(())
}
