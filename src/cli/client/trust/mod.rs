//! `evergrant client new --trust`: presets for callers that prove themselves without a secret.

mod jwks;
mod options;

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::config::{Environment, Settings};
use crate::types::Guid;

pub use jwks::JwksError;
pub use options::{Preset, SubjectOption, SubjectParser, TrustOptions};

/// The issuer of GitHub's workflows.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// How the subjects of pods begin.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The audience if neither an option nor a setting has one.
const AUDIENCE: &str = "evergrant";

/// The field `trust` of a new client.
#[derive(Clone, Debug)]
pub struct NewTrust {
    pub preset: Preset,
    /// The audience that the caller asks for; a client with its own keys signs for the app itself.
    pub audience: Option<String>,
    pub items: Vec<Value>,
}

/// Options that do not fit.
#[derive(Debug, Error)]
pub enum TrustError {
    #[error("{option} is not an option of --trust {}", preset.as_str())]
    Foreign { option: &'static str, preset: Preset },
    #[error("--subject is invalid: expected integration_user or signed_in_user")]
    NoSubjectKind,
    #[error(
        "--subject is missing: it is the sub of the issuer's tokens, such as {SERVICE_ACCOUNT}NAMESPACE:NAME for a pod"
    )]
    NoSubject,
    #[error("--subject is invalid: expected {SERVICE_ACCOUNT}NAMESPACE:NAME")]
    NoServiceAccount,
    #[error("--subject is given twice")]
    SubjectTwice,
    #[error("--repository is invalid: expected OWNER/NAME, such as contoso/agreements")]
    NoRepository,
    #[error(
        "--environment or --ref is missing: without one, every workflow of the repository is trusted, on any branch; \
         for example --environment production"
    )]
    NoEnvironment,
    #[error(transparent)]
    Jwks(#[from] JwksError),
}

impl TrustOptions {
    /// The trust of the chosen preset, if one is chosen. `subject` is the `sub` of its tokens.
    pub fn into_trust(self, subject: Option<String>, env: &dyn Environment) -> Result<Option<NewTrust>, TrustError> {
        let Some(preset) = self.preset else {
            return if subject.is_some() { Err(TrustError::NoSubjectKind) } else { Ok(None) };
        };
        self.check(preset, subject.is_some())?;
        let audience = (preset != Preset::Jwks).then(|| self.audience_of(preset, env));
        let of = audience.clone().unwrap_or_default();
        let items = match preset {
            Preset::Entra => entra(self.tenant.as_ref(), self.object_id.as_ref(), &of),
            Preset::Github => vec![self.github(&of)?],
            Preset::Kubernetes | Preset::Oidc => vec![of_subject(preset, self.issuer.as_deref(), subject, &of)?],
            Preset::Jwks => vec![jwks::read(&self.jwks.unwrap_or_default(), env)?],
        };
        Ok(Some(NewTrust { preset, audience, items }))
    }

    /// Refuses options of other presets, which would have no effect.
    fn check(&self, preset: Preset, has_subject: bool) -> Result<(), TrustError> {
        use Preset::{Entra, Github, Jwks, Kubernetes, Oidc};
        let options: [(&'static str, bool, &[Preset]); 10] = [
            ("--audience", self.audience.is_some(), &[Entra, Github, Kubernetes, Oidc]),
            ("--tenant", self.tenant.is_some(), &[Entra]),
            ("--object-id", self.object_id.is_some(), &[Entra]),
            ("--repository", self.repository.is_some(), &[Github]),
            ("--repository-id", self.repository_id.is_some(), &[Github]),
            ("--environment", self.environment.is_some(), &[Github]),
            ("--ref", self.git_ref.is_some(), &[Github]),
            ("--issuer", self.issuer.is_some(), &[Github, Kubernetes, Oidc]),
            ("--subject with the sub of a token", has_subject, &[Kubernetes, Oidc]),
            ("--jwks", self.jwks.is_some(), &[Jwks]),
        ];
        match options.into_iter().find(|(_, given, presets)| *given && !presets.contains(&preset)) {
            Some((option, ..)) => Err(TrustError::Foreign { option, preset }),
            None => Ok(()),
        }
    }

    fn audience_of(&self, preset: Preset, env: &dyn Environment) -> String {
        if let Some(audience) = &self.audience {
            return audience.clone();
        }
        if preset == Preset::Entra {
            return format!("api://{}/{AUDIENCE}", lower(self.tenant.as_ref()));
        }
        Settings::read_public_url(env).map_or_else(|_| AUDIENCE.to_owned(), |url| url.as_str().to_owned())
    }

    /// Claims instead of a subject, because the format of GitHub's `sub` depends on the repository's age and settings.
    fn github(self, audience: &str) -> Result<Value, TrustError> {
        let repository = self.repository.filter(|name| is_repository(name)).ok_or(TrustError::NoRepository)?;
        if self.environment.is_none() && self.git_ref.is_none() {
            return Err(TrustError::NoEnvironment);
        }
        let claims = [
            ("repository", Some(repository)),
            ("repository_id", self.repository_id.map(|id| id.to_string())),
            ("environment", self.environment),
            ("ref", self.git_ref),
        ];
        let claims: Map<String, Value> =
            claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        let issuer = self.issuer.unwrap_or_else(|| GITHUB.to_owned());
        Ok(json!({"issuer": issuer, "audience": audience, "claims": claims}))
    }
}

/// One item for each version of Entra's access tokens: the app registration of the audience decides which one is issued. `oid`
/// is the object ID in both, for identities and for people; `sub` is another ID for people.
fn entra(tenant: Option<&Guid>, object_id: Option<&Guid>, audience: &str) -> Vec<Value> {
    let (tenant, object_id) = (lower(tenant), lower(object_id));
    let item =
        |issuer: String, audience: &str| json!({"issuer": issuer, "audience": audience, "claims": {"oid": object_id}});
    let first = item(format!("https://sts.windows.net/{tenant}/"), audience);
    // The second version has the app registration's client ID as audience, whatever was asked for.
    let client_id = audience.rsplit('/').next().and_then(Guid::parse);
    let second =
        client_id.map(|id| item(format!("https://login.microsoftonline.com/{tenant}/v2.0"), &lower(Some(&id))));
    std::iter::once(first).chain(second).collect()
}

fn of_subject(
    preset: Preset,
    issuer: Option<&str>,
    subject: Option<String>,
    audience: &str,
) -> Result<Value, TrustError> {
    let subject = subject.ok_or(TrustError::NoSubject)?;
    if preset == Preset::Kubernetes && !is_service_account(&subject) {
        return Err(TrustError::NoServiceAccount);
    }
    Ok(json!({"issuer": issuer, "audience": audience, "subject": subject}))
}

fn is_service_account(subject: &str) -> bool {
    let name = subject.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.split_once(':'));
    name.is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty() && !name.contains(':'))
}

fn is_repository(text: &str) -> bool {
    let clean = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    text.split_once('/').is_some_and(|(owner, name)| clean(owner) && clean(name))
}

/// Entra writes GUIDs in lower case, and claims are compared exactly.
fn lower(guid: Option<&Guid>) -> String {
    guid.cloned().map(String::from).unwrap_or_default()
}
