//! `evergrant client new`: an entry for the registry, and the secret and API key that go with it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::arguments::one_of;
use crate::cli::client::entry::{ClientEntry, default_grant_types};
use crate::cli::client::file::RegistryFile;
use crate::cli::client::registry::Credential;
use crate::cli::client::{check, registry, tell};
use crate::cli::{CommandError, usage};
use crate::config::Environment;
use crate::oauth::client::gateway_rule::GatewayRule;
use crate::oauth::client::{ClientId, GrantType, Profile, SubjectKind, redirect_uri};
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
    #[arg(value_parser = client_id)]
    client_id: ClientId,
    /// The platform whose documented deviations it is granted
    #[arg(long, value_parser = one_of(Profile::ALL, Profile::as_str), default_value = "standard")]
    profile: Profile,
    /// What it may ask with; repeat it for more [default: what the profile needs]
    #[arg(long = "grant-type", value_name = "GRANT_TYPE", value_parser = one_of(GrantType::ALL, GrantType::as_str))]
    grant_types: Vec<GrantType>,
    /// An exact address the browser may be sent back to; repeat it for more
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = read_redirect_uri)]
    redirect_uris: Vec<String>,
    /// Whose DocuSign access tokens it gets
    #[arg(long, value_parser = one_of(SubjectKind::ALL, SubjectKind::as_str), default_value = "integration_user")]
    subject: SubjectKind,
    /// Its greatest scope, separated by spaces [default: all of `DOCUSIGN_SCOPES`]
    #[arg(long, value_parser = scope)]
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
    #[arg(long = "allow", value_name = "RULE", value_parser = rule)]
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
    for (what, secret) in [(Credential::Secret, &secret), (Credential::ApiKey, &api_key)] {
        if let Some(secret) = secret {
            tell::show_once(entry.client_id.as_str(), what, secret)?;
        }
    }
    tell::how_to_deploy(file.as_deref().unwrap_or(Path::new(tell::DEPLOYED)));
    Ok(())
}

impl NewClient {
    /// The entry, as yet without a secret. One with an API key needs no grant type.
    fn into_entry(self) -> Result<ClientEntry, CommandError> {
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
        Ok(ClientEntry {
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

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn add(entry: &ClientEntry, path: &Path, env: &dyn Environment) -> Result<(), CommandError> {
    let client_id = entry.client_id.as_str();
    let file = RegistryFile::read(path, env)?;
    let text = registry::with_entry(&file.text, client_id, &entry.to_json()).map_err(usage)?;
    let clients = file.replace(&text, env)?;
    eprintln!("Added {client_id} to {}.", path.display());
    tell::warnings_of(&clients, client_id);
    Ok(())
}

#[expect(clippy::print_stderr, reason = "stdout is the secret alone")]
fn print(entry: &ClientEntry, env: &dyn Environment) -> Result<(), CommandError> {
    let json = entry.to_json();
    let clients = check::read(format!("[{json}]"), env)?;
    eprintln!("Add this entry to the array in {}:\n\n{json}\n", tell::DEPLOYED);
    tell::warnings_of(&clients, entry.client_id.as_str());
    Ok(())
}

fn client_id(text: &str) -> Result<ClientId, &'static str> {
    ClientId::parse(text).ok_or("want 1 to 200 printable ASCII characters without spaces and colons")
}

fn read_redirect_uri(text: &str) -> Result<String, &'static str> {
    redirect_uri::redirect_uri(text)
        .ok_or("want an absolute https URL (http on this machine), without fragment or wildcard")
}

fn rule(text: &str) -> Result<String, &'static str> {
    let wanted =
        "want methods separated by commas or *, a space, and a path such as /clm/ or /clm-download/documents/*";
    GatewayRule::parse(text).map(|_| text.to_owned()).ok_or(wanted)
}

fn scope(text: &str) -> Result<Scope, &'static str> {
    Scope::parse(text).map_err(|_| "want scopes separated by spaces")
}
