//! Settings about DocuSign. They have DocuSign's own labels, which the code maps to the standards' names here.

use secrecy::SecretString;
use url::Url;

use crate::config::error::Format;
use crate::config::reader::SettingsReader;
use crate::config::values::url::base_url;
use crate::config::values::{Reason, guid, guids, list, plain_text, scope, unknown_word};
use crate::oauth::scope::Scope;
use crate::types::{BaseUrl, Guid};

/// The scope DocuSign requires in every JWT Grant; always sent.
pub const IMPERSONATION: &str = "impersonation";

/// What `DOCUSIGN_SCOPES` is if it is not set.
pub const DEFAULT_SCOPES: &str = "signature impersonation spring_read spring_write";

/// `DOCUSIGN_SCOPES`.
pub const SCOPES_FORMAT: Format = Format { expected: "scopes separated by spaces or commas", example: DEFAULT_SCOPES };

/// DocuSign's two separate environments, each with its own integration keys, users and public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocusignEnvironment {
    /// The developer sandbox.
    Demo,
    /// Real accounts.
    Production,
}

impl DocusignEnvironment {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Demo, Self::Production];

    /// Host of the account server, and literally the `aud` claim of an assertion.
    #[must_use]
    pub const fn account_host(self) -> &'static str {
        match self {
            Self::Demo => "account-d.docusign.com",
            Self::Production => "account.docusign.com",
        }
    }

    /// Host of Agreement Manager and Workflow Builder.
    #[must_use]
    pub const fn platform_host(self) -> &'static str {
        match self {
            Self::Demo => "api-d.docusign.com",
            Self::Production => "api.docusign.com",
        }
    }

    /// Host of CLM's account discovery.
    #[must_use]
    pub const fn clm_host(self) -> &'static str {
        match self {
            Self::Demo => "authuat.springcm.com",
            Self::Production => "auth.springcm.com",
        }
    }

    /// Its name in the setting.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Production => "production",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Demo => Self::Production,
            Self::Production => Self::Demo,
        }
    }

    /// Parses its name.
    ///
    /// # Errors
    /// Why `text` is not one.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown_word(text, &Self::ALL.map(Self::as_str)))
    }
}

/// All settings about DocuSign.
#[derive(Clone, Debug)]
pub struct DocusignSettings {
    /// `DOCUSIGN_ENVIRONMENT`.
    pub environment: DocusignEnvironment,
    /// Base URL of the account server: `DOCUSIGN_OAUTH_URL`, or the environment's own.
    pub oauth_url: BaseUrl,
    /// Base URL of CLM's account discovery: `DOCUSIGN_CLM_URL`, or the environment's own.
    pub clm_url: BaseUrl,
    /// Hosts in settings, which receive access tokens in addition to DocuSign's own hosts.
    pub trusted_hosts: Vec<String>,
    /// `DOCUSIGN_ACCOUNT_ID`: the account behind the gateway and Workfront's documents; without it, the integration user's
    /// default account.
    pub account_id: Option<Guid>,
    /// `DOCUSIGN_INTEGRATION_KEY`: the `iss` claim and, at DocuSign, our `client_id`.
    pub integration_key: Guid,
    /// `DOCUSIGN_USER_ID`: the `sub` claim of system-wide connections.
    pub user_id: Guid,
    /// `DOCUSIGN_SCOPES`, always with [`IMPERSONATION`].
    pub scopes: Scope,
    /// `DOCUSIGN_SECRET_KEY`: authenticates us when a sign-in's code is exchanged; without it PKCE is used.
    pub secret_key: SecretKey,
    /// `DOCUSIGN_ADMINS`: other users who may connect `integration_user` clients.
    pub admins: Vec<Guid>,
}

/// `DOCUSIGN_SECRET_KEY`.
#[derive(Clone, Debug)]
pub enum SecretKey {
    /// It is not set.
    Unset,
    /// It is set.
    Set(SecretString),
    /// It is set to a reference that the platform did not resolve, so no one can sign in.
    Missing,
}

impl SecretKey {
    /// The secret, if there is one.
    #[must_use]
    pub const fn get(&self) -> Option<&SecretString> {
        match self {
            Self::Set(secret) => Some(secret),
            Self::Unset | Self::Missing => None,
        }
    }

    /// Whether it should be set, but did not arrive.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

const ENVIRONMENT: Format = Format { expected: "demo or production", example: "demo" };
const INTEGRATION_KEY: Format = Format {
    expected: "the integration key, a GUID from DocuSign's page Apps and Keys",
    example: "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
};
const USER_ID: Format = Format {
    expected: "the integration user's User ID, a GUID that DocuSign's page calls API Username",
    example: "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f",
};
const ACCOUNT_ID: Format = Format {
    expected: "the API Account ID, a GUID from DocuSign's page Apps and Keys",
    example: "3f0c2d9e-0000-4000-8000-0d5e7b21c4aa",
};
const OAUTH_URL: Format = Format {
    expected: "the account server's base URL without a path, https (http on this machine only)",
    example: "https://account-d.docusign.com",
};
const CLM_URL: Format = Format {
    expected: "the base URL of CLM's account discovery without a path, https (http on this machine only)",
    example: "https://authuat.springcm.com",
};
const SECRET_KEY: Format = Format {
    expected: "the integration key's secret key, in Azure as a Key Vault reference",
    example: "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/docusign-secret-key)",
};
const ADMINS: Format = Format {
    expected: "the User IDs of DocuSign users, GUIDs separated by commas or spaces",
    example: "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f",
};

/// Reads every `DOCUSIGN_*` setting except the scopes; `None` if a required one has an error.
pub fn read(reader: &mut SettingsReader<'_>, scopes: Option<&Scope>) -> Option<DocusignSettings> {
    let environment = reader.required("DOCUSIGN_ENVIRONMENT", ENVIRONMENT, DocusignEnvironment::parse);
    let other = environment.map(DocusignEnvironment::other);
    let oauth_url = reader.optional("DOCUSIGN_OAUTH_URL", OAUTH_URL, |text| {
        not_of(other, DocusignEnvironment::account_host, base_url(text)?)
    });
    let clm_url = reader
        .optional("DOCUSIGN_CLM_URL", CLM_URL, |text| not_of(other, DocusignEnvironment::clm_host, base_url(text)?));
    let account_id = reader.optional("DOCUSIGN_ACCOUNT_ID", ACCOUNT_ID, guid);
    let integration_key = reader.required("DOCUSIGN_INTEGRATION_KEY", INTEGRATION_KEY, guid);
    let user_id = reader.required("DOCUSIGN_USER_ID", USER_ID, guid);
    let secret_key = read_secret_key(reader);
    let admins = reader.optional("DOCUSIGN_ADMINS", ADMINS, guids);
    let environment = environment?;
    let named = [&oauth_url, &clm_url].into_iter().flatten();
    let trusted_hosts =
        named.filter_map(|url| Url::parse(url.as_str()).ok()?.host_str().map(ToOwned::to_owned)).collect();
    let own_url = |host| BaseUrl::parse(&format!("https://{host}"));
    Some(DocusignSettings {
        environment,
        trusted_hosts,
        oauth_url: oauth_url.or_else(|| own_url(environment.account_host()))?,
        clm_url: clm_url.or_else(|| own_url(environment.clm_host()))?,
        account_id,
        integration_key: integration_key?,
        // GUIDs from lookups and sign-ins are in lower case too, so that one user has one access token.
        user_id: user_id?,
        scopes: scopes?.clone(),
        secret_key,
        admins: admins.unwrap_or_default(),
    })
}

fn read_secret_key(reader: &mut SettingsReader<'_>) -> SecretKey {
    const NAME: &str = "DOCUSIGN_SECRET_KEY";
    if reader.is_missing_secret(NAME, SECRET_KEY) {
        return SecretKey::Missing;
    }
    let secret = reader.optional(NAME, SECRET_KEY, |secret| plain_text(secret).map(SecretString::from));
    secret.map_or(SecretKey::Unset, SecretKey::Set)
}

/// `url`, unless its host belongs to the other environment, which does not know the integration key.
fn not_of(
    other: Option<DocusignEnvironment>,
    host: fn(DocusignEnvironment) -> &'static str,
    url: BaseUrl,
) -> Result<BaseUrl, Reason> {
    match other {
        Some(other) if url.authority() == host(other) => {
            let (host, named, set) = (host(other), other.as_str(), other.other().as_str());
            Err(format!("it is {host}, which belongs to {named}, but DOCUSIGN_ENVIRONMENT is {set}").into())
        }
        _ => Ok(url),
    }
}

/// Reads `DOCUSIGN_SCOPES`, and adds [`IMPERSONATION`].
pub fn read_scopes(reader: &mut SettingsReader<'_>) -> Option<Scope> {
    match reader.raw("DOCUSIGN_SCOPES") {
        Some(_) => reader.optional("DOCUSIGN_SCOPES", SCOPES_FORMAT, parse_scopes),
        None => parse_scopes(DEFAULT_SCOPES).ok(),
    }
}

/// The installation's scopes from a list, with [`IMPERSONATION`].
///
/// # Errors
/// What is wrong with the list.
pub fn parse_scopes(text: &str) -> Result<Scope, Reason> {
    // A scope may have single quotes in it, but no list of scopes is meant to have them around it.
    let text = plain_text(text)?;
    scope(&list(&text).collect::<Vec<_>>().join(" ")).map(|scopes| scopes.with(IMPERSONATION))
}
