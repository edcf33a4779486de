//! Settings about DocuSign. Operators see DocuSign's own labels here; the code maps them once.

use secrecy::SecretString;
use url::Url;

use crate::config::error::Format;
use crate::config::reader::{Reader, list};
use crate::oauth::scope::Scope;
use crate::types::{BaseUrl, Guid};

/// The scope DocuSign wants in every JWT Grant; always sent.
pub const IMPERSONATION: &str = "impersonation";

const DEFAULT_SCOPES: &str = "signature impersonation spring_read spring_write";

/// Which of DocuSign's two separate worlds the integration key, user and public key live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocusignEnvironment {
    /// The developer sandbox.
    Demo,
    /// The real thing.
    Production,
}

impl DocusignEnvironment {
    /// Host of the account server, and literally the `aud` claim of an assertion.
    #[must_use]
    pub const fn account_host(self) -> &'static str {
        match self {
            Self::Demo => "account-d.docusign.com",
            Self::Production => "account.docusign.com",
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

    fn parse(text: &str) -> Option<Self> {
        match text {
            "demo" => Some(Self::Demo),
            "production" => Some(Self::Production),
            _ => None,
        }
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
    /// Hosts that are shown access tokens besides DocuSign's own, because a setting names them.
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
    pub secret_key: Option<SecretString>,
    /// `DOCUSIGN_ADMINS`: who may connect `integration_user` clients besides that user.
    pub admins: Vec<Guid>,
}

/// The shape of every GUID setting.
pub const GUID: Format =
    Format { wanted: "a GUID as DocuSign shows it", example: "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e" };

const ENVIRONMENT: Format = Format { wanted: "demo or production", example: "demo" };
const OAUTH_URL: Format = Format {
    wanted: "the account server's base URL: https, or http on loopback, without a path",
    example: "https://account-d.docusign.com",
};
const CLM_URL: Format = Format {
    wanted: "the base URL of CLM's account discovery: https, or http on loopback, without a path",
    example: "https://authuat.springcm.com",
};
const SCOPES: Format = Format { wanted: "scopes separated by spaces or commas", example: DEFAULT_SCOPES };
const SECRET_KEY: Format = Format {
    wanted: "the integration key's secret; in Azure a resolved Key Vault reference",
    example: "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/docusign-secret-key)",
};
const ADMINS: Format =
    Format { wanted: "GUIDs of DocuSign users separated by commas or spaces", example: GUID.example };

/// Reads every `DOCUSIGN_*` setting but the scopes; `None` if one that is needed has a fault.
pub fn read(reader: &mut Reader<'_>, scopes: Option<&Scope>) -> Option<DocusignSettings> {
    let environment = reader.required("DOCUSIGN_ENVIRONMENT", ENVIRONMENT, DocusignEnvironment::parse);
    let oauth_url = reader.optional("DOCUSIGN_OAUTH_URL", OAUTH_URL, BaseUrl::parse);
    let clm_url = reader.optional("DOCUSIGN_CLM_URL", CLM_URL, BaseUrl::parse);
    let account_id = reader.optional("DOCUSIGN_ACCOUNT_ID", GUID, Guid::parse);
    let integration_key = reader.required("DOCUSIGN_INTEGRATION_KEY", GUID, Guid::parse);
    let user_id = reader.required("DOCUSIGN_USER_ID", GUID, Guid::parse);
    let secret_key = reader.optional("DOCUSIGN_SECRET_KEY", SECRET_KEY, |text| Some(SecretString::from(text)));
    let admins =
        reader.optional("DOCUSIGN_ADMINS", ADMINS, |text| list(text).map(Guid::parse).collect::<Option<Vec<_>>>());
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
        // Users that are looked up or sign in are written so; in one spelling they share their access tokens.
        user_id: user_id?.lower_case(),
        scopes: scopes?.clone(),
        secret_key,
        admins: admins.unwrap_or_default(),
    })
}

/// Reads `DOCUSIGN_SCOPES`, and adds [`IMPERSONATION`].
pub fn read_scopes(reader: &mut Reader<'_>) -> Option<Scope> {
    let parse = |text: &str| Scope::parse(&list(text).collect::<Vec<_>>().join(" ")).ok();
    let scopes = match reader.raw("DOCUSIGN_SCOPES") {
        Some(_) => reader.optional("DOCUSIGN_SCOPES", SCOPES, parse),
        None => parse(DEFAULT_SCOPES),
    };
    scopes.map(|scopes| scopes.with(IMPERSONATION))
}
