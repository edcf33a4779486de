//! The options of `evergrant client new --trust`.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};

use crate::cli::terminal::values::{self, one_of};
use crate::oauth::subject::SubjectKind;
use crate::types::Guid;

/// Who vouches for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Entra ID: managed identities, service principals, users.
    Entra,
    /// GitHub Actions.
    Github,
    /// The cluster of a pod.
    Kubernetes,
    /// Any other issuer.
    Oidc,
    /// The client itself, with keys of its own.
    Jwks,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Entra, Self::Github, Self::Kubernetes, Self::Oidc, Self::Jwks];

    /// The value on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Github => "github",
            Self::Kubernetes => "kubernetes",
            Self::Oidc => "oidc",
            Self::Jwks => "jwks",
        }
    }
}

/// The options of the presets.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Callers without a secret")]
pub struct TrustOptions {
    /// Whose tokens prove the client, instead of a secret
    #[arg(long = "trust", value_name = "PRESET", conflicts_with = "public", value_parser = one_of(Preset::ALL, Preset::as_str))]
    pub preset: Option<Preset>,
    /// The audience of these tokens; for entra, api:// and the client ID of an
    /// app registration [default: `EVERGRANT_PUBLIC_URL`, or evergrant; for
    /// entra `api://TENANT/evergrant`]
    #[arg(long, value_name = "TEXT", requires = "preset")]
    pub audience: Option<String>,
    /// entra: the ID of the tenant
    #[arg(long, value_name = "GUID", requires = "preset", required_if_eq("preset", "entra"), value_parser = values::guid)]
    pub tenant: Option<Guid>,
    /// entra: the object ID of the managed identity, service principal or user
    #[arg(long, value_name = "GUID", requires = "preset", required_if_eq("preset", "entra"), value_parser = values::guid)]
    pub object_id: Option<Guid>,
    /// github: the repository
    #[arg(long, value_name = "OWNER/NAME", requires = "preset", required_if_eq("preset", "github"))]
    pub repository: Option<String>,
    /// github: its ID, which a new repository of the same name does not have
    #[arg(long, value_name = "NUMBER", requires = "preset")]
    pub repository_id: Option<u64>,
    /// github: the environment of the workflow's job
    #[arg(long, value_name = "NAME", requires = "preset")]
    pub environment: Option<String>,
    /// github: the branch or tag, such as refs/heads/main
    #[arg(long = "ref", value_name = "REF", requires = "preset")]
    pub git_ref: Option<String>,
    /// kubernetes, oidc: the issuer, exactly as in its tokens
    #[arg(long, value_name = "URL", requires = "preset", required_if_eq_any([("preset", "kubernetes"), ("preset", "oidc")]))]
    pub issuer: Option<String>,
    /// jwks: a file with the client's public keys, or their https URL
    #[arg(long, value_name = "FILE|URL", requires = "preset", required_if_eq("preset", "jwks"))]
    pub jwks: Option<String>,
}

/// A value of `--subject`, which means two things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectOption {
    /// Whose DocuSign access tokens the client gets.
    Docusign(SubjectKind),
    /// The `sub` of the issuer's tokens.
    OfTokens(String),
}

/// Parses [`SubjectOption`]; the help lists the first kind.
#[derive(Clone, Copy, Debug)]
pub struct SubjectParser;

impl TypedValueParser for SubjectParser {
    type Value = SubjectOption;

    fn parse_ref(&self, _: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<SubjectOption, clap::Error> {
        let text = value.to_string_lossy();
        let kind = SubjectKind::parse(&text.replace('-', "_"));
        Ok(kind.map_or_else(|| SubjectOption::OfTokens(text.into_owned()), SubjectOption::Docusign))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(SubjectKind::ALL.map(|kind| PossibleValue::new(kind.as_str())).into_iter()))
    }
}
