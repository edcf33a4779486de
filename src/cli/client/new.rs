//! `evergrant client new`: creates an entry for the registry, with a secret, an API key or a trust.

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::cli::client::edit::edit;
use crate::cli::client::entry::{NewEntry, default_grant_types};
use crate::cli::client::loss::Confirmation;
use crate::cli::client::next_step;
use crate::cli::client::output::{self, Issued};
use crate::cli::client::registry::{Change, Credential};
use crate::cli::client::stored_registry::{DEPLOYED, StoredRegistry};
use crate::cli::client::trust::{SubjectOption, SubjectParser, TrustError, TrustOptions};
use crate::cli::terminal::values::{self, one_of};
use crate::cli::terminal::{CommandError, explain, failed, usage};
use crate::config::installation::InstallationScopes;
use crate::config::{Environment, RegistrySource, Settings};
use crate::oauth::client::{ClientId, GrantType, Profile};
use crate::oauth::scope::Scope;
use crate::oauth::subject::SubjectKind;
use crate::secret::random;
use crate::secret::sha256;

/// The new client.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:
  evergrant client new nightly-report --scope signature \\
    --in infra/clients.json
  evergrant client new power-automate --profile power_automate \\
    --redirect-uri https://global.consent.azure-apim.net/redirect/contoso-5f6a \\
    --in infra/clients.json
  evergrant client new archive --api-key --allow \"GET /clm/\" \\
    --in infra/clients.json
  evergrant client new release --trust github \\
    --repository contoso/agreements --environment production \\
    --in infra/clients.json

The secret or API key is shown once, and is the only output on stdout.")]
pub struct NewClient {
    /// Its identifier, which is not secret
    #[arg(value_parser = values::client_id)]
    client_id: ClientId,
    /// The platform that connects, whose deviations from OAuth are allowed
    #[arg(long, value_parser = one_of(Profile::ALL, Profile::as_str), default_value = "standard")]
    profile: Profile,
    /// How it gets tokens; repeatable [default: what the profile needs]
    #[arg(long = "grant-type", value_name = "GRANT_TYPE", value_parser = one_of(GrantType::ALL, GrantType::as_str))]
    grant_types: Vec<GrantType>,
    /// An exact redirect URI; repeatable
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = values::redirect_uri)]
    redirect_uris: Vec<String>,
    /// Whose DocuSign access tokens it gets [default: `integration_user`]; or, for
    /// kubernetes and oidc, the sub of the issuer's tokens
    #[arg(long = "subject", value_name = "SUBJECT", value_parser = SubjectParser)]
    subjects: Vec<SubjectOption>,
    /// Its largest scope, separated by spaces [default: `DOCUSIGN_SCOPES`]
    #[arg(long, value_parser = values::scope)]
    scope: Option<Scope>,
    /// Create a public client, which has no secret
    #[arg(long)]
    public: bool,
    /// Give it an API key for the gateway and Workfront's documents; it gets a
    /// secret too only if it has grant types
    #[arg(long)]
    api_key: bool,
    /// A user that its API key may name: an e-mail address, or @ and a domain;
    /// repeatable [default: every active user]
    #[arg(long = "username", value_name = "ADDRESS", requires = "api_key")]
    usernames: Vec<String>,
    /// A rule for what the gateway lets through, such as "GET /clm/";
    /// repeatable [default: nothing]
    #[arg(long = "allow", value_name = "RULE", value_parser = values::gateway_rule)]
    rules: Vec<String>,
    #[command(flatten)]
    trust: TrustOptions,
    /// Add the entry to this registry, a file or the URL of a blob, which is
    /// created if it is missing; otherwise the entry is printed
    #[arg(long = "in", value_name = "PLACE", value_parser = StoredRegistry::parse)]
    place: Option<StoredRegistry>,
    /// Print one JSON object with the entry and its secrets
    #[arg(long)]
    json: bool,
}

/// A client that users connect in a browser needs a redirect URI.
#[derive(Debug, Error)]
enum MissingRedirectUri {
    #[error(
        "--redirect-uri is missing: save the custom connector first, with any client secret; its Security page then shows \
         the redirect URL"
    )]
    PowerAutomate,
    #[error("--redirect-uri is missing: Workfront shows it as Workfront Redirect URI on the custom integration's page")]
    Workfront,
    #[error("--redirect-uri is missing: authorization_code needs the address to send the browser back to")]
    Standard,
}

/// These platforms have nothing else to send.
#[derive(Debug, Error)]
#[error("--trust is only for the profile standard: Power Automate and Workfront need a client secret or an API key")]
struct NeedsSecret;

/// Creates the client and its secret. The secret is shown last, when everything else has succeeded.
pub async fn run(client: NewClient, env: &dyn Environment) -> Result<(), CommandError> {
    let (place, public, json) = (client.place.clone(), client.public, client.json);
    let api_key = client.api_key.then(random::client_secret);
    let mut entry = client.into_entry(env)?;
    let has_secret = !public && entry.trust.is_none() && !entry.grant_types.is_empty();
    let secret = has_secret.then(random::client_secret);
    let digest = |secret: &SecretString| sha256(secret.expose_secret().as_bytes());
    entry.client_secret_sha256 = secret.as_ref().map(digest);
    entry.api_key_sha256 = api_key.as_ref().map(digest);
    match &place {
        Some(place) => add(&entry, place, env).await?,
        None => print(&entry, json, env)?,
    }
    let credentials = [(Credential::Secret, secret), (Credential::ApiKey, api_key)];
    let credentials: Vec<_> =
        credentials.into_iter().filter_map(|(credential, secret)| Some((credential, secret?))).collect();
    let client_id = entry.client_id.as_str();
    if json {
        return Issued { entry: Some(entry.fields()), ..Issued::new(client_id, &credentials) }.print();
    }
    for (credential, secret) in &credentials {
        output::show_once(client_id, *credential, secret)?;
    }
    output::print_how_to_deploy(&place.unwrap_or(StoredRegistry::File(DEPLOYED.into())));
    let base = Settings::read_public_url(env).map_or_else(|_| "<base URL>".to_owned(), |url| url.as_str().to_owned());
    explain(next_step::after_deployment(&entry, &base));
    Ok(())
}

impl NewClient {
    /// The entry without its secret. A client with an API key needs no grant type.
    fn into_entry(self, env: &dyn Environment) -> Result<NewEntry, CommandError> {
        let Self { client_id, profile, mut grant_types, redirect_uris, subjects, scope, public, .. } = self;
        let (subject, of_tokens) = one_of_each(subjects).map_err(usage)?;
        let trust = self.trust.into_trust(of_tokens, env).map_err(usage)?;
        if trust.is_some() && profile != Profile::Standard {
            return Err(usage(NeedsSecret));
        }
        let key_only = self.api_key && redirect_uris.is_empty() && trust.is_none();
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
            subject: subject.unwrap_or(SubjectKind::IntegrationUser),
            scope,
            redirect_uris,
            api_key_sha256: None,
            api_key_usernames: self.usernames,
            gateway_allow: self.rules,
            trust,
        })
    }
}

/// The value of `--subject` of each kind.
fn one_of_each(subjects: Vec<SubjectOption>) -> Result<(Option<SubjectKind>, Option<String>), TrustError> {
    let (mut docusign, mut of_tokens) = (None, None);
    for subject in subjects {
        let is_second = match subject {
            SubjectOption::Docusign(kind) => docusign.replace(kind).is_some(),
            SubjectOption::OfTokens(text) => of_tokens.replace(text).is_some(),
        };
        if is_second {
            return Err(TrustError::SubjectTwice);
        }
    }
    Ok((docusign, of_tokens))
}

async fn add(entry: &NewEntry, place: &StoredRegistry, env: &dyn Environment) -> Result<(), CommandError> {
    let change = Change::Add { client_id: entry.client_id.to_string(), fields: entry.fields() };
    let clients = edit(place, &change, Confirmation::default(), env).await?;
    output::print_warnings(&clients, entry.client_id.as_str());
    Ok(())
}

fn print(entry: &NewEntry, json: bool, env: &dyn Environment) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(&entry.fields()).map_err(failed)?;
    let source = RegistrySource::Text { name: "EVERGRANT_CLIENTS", text: &format!("[{text}]") };
    let scopes = InstallationScopes::find(env, None, None).for_editing();
    let clients = Settings::read_registry(env, source, &scopes)?;
    if !json {
        explain(format_args!("Add this entry to the array in {DEPLOYED}:\n\n{text}\n"));
    }
    output::print_warnings(&clients, entry.client_id.as_str());
    Ok(())
}
