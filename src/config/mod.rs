//! Every setting: its name, unit, default and wanted shape. Pure: the environment is handed in as an [`Environment`].
//!
//! All settings are read at start and by types; all faults are told together (see [`error`]). The README lists them.

pub mod clients;
pub mod docusign;
pub mod error;
mod fields;
pub mod keys;
pub mod reader;
pub mod warnings;

use tracing_subscriber::filter::Targets;
use url::Url;

pub use docusign::DocusignSettings;
pub use error::ConfigErrors;
pub use keys::{KeySource, SealingKeySources, SigningKeySources};
pub use reader::Environment;

use crate::identity::AzureSettings;
use crate::oauth::client::ClientRegistry;
use crate::types::BaseUrl;
use clients::Scopes;
use error::Format;
use reader::Reader;

/// The settings of the whole program.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `EVERGRANT_PUBLIC_URL`: our base URL and issuer; never derived from a request.
    pub public_url: BaseUrl,
    /// `EVERGRANT_SIGNING_KEY_ID` and `…_NEXT`.
    pub signing_keys: SigningKeySources,
    /// `EVERGRANT_SEALING_KEY_ID` and `…_PREVIOUS`.
    pub sealing_keys: SealingKeySources,
    /// `EVERGRANT_CLIENTS`.
    pub clients: ClientRegistry,
    /// `EVERGRANT_STORE`.
    pub store: StoreSetting,
    /// `DOCUSIGN_*`.
    pub docusign: DocusignSettings,
    /// What the platform says of itself.
    pub azure: AzureSettings,
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`: where the Functions host will call us.
    pub host_port: Option<u16>,
    /// `EVERGRANT_LOG`.
    pub log: Targets,
}

/// Where single use and revocation are remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSetting {
    /// In this process: right for one process only.
    Memory,
    /// In a container of Azure Blob storage, shared by all instances.
    Blob(Url),
}

/// The shape of `EVERGRANT_PUBLIC_URL`.
pub const PUBLIC_URL: Format = Format {
    wanted: "the https URL this app is reached at (http on loopback only), without a path",
    example: "https://contoso-evergrant.azurewebsites.net",
};
const PORT: Format = Format { wanted: "a TCP port from 1 to 65535", example: "7071" };
const STORE: Format = Format {
    wanted: "memory, or the https URL of a Blob container",
    example: "https://contoso.blob.core.windows.net/evergrant",
};
const LOG: Format = Format {
    wanted: "a level (off, error, warn, info, debug, trace) or target=level pairs separated by commas",
    example: "info",
};

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    /// All faults of all settings.
    pub fn read(env: &dyn Environment) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let azure = read_azure(&reader);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, BaseUrl::parse);
        let signing_keys = keys::read_signing(&mut reader, azure.in_azure);
        let sealing_keys = keys::read_sealing(&mut reader, azure.in_azure);
        let scopes = docusign::read_scopes(&mut reader);
        let docusign = docusign::read(&mut reader, scopes.as_ref());
        let clients = clients::read(&mut reader, Scopes { within: scopes.as_ref(), default: scopes.as_ref() });
        let store = reader.optional("EVERGRANT_STORE", STORE, parse_store);
        let host_port = reader.optional("FUNCTIONS_CUSTOMHANDLER_PORT", PORT, parse_port);
        let log = read_log(&mut reader);
        let settings = public_url.zip(signing_keys).zip(sealing_keys).zip(docusign).zip(clients);
        let settings = settings.map(|((((public_url, signing_keys), sealing_keys), docusign), clients)| Self {
            public_url,
            signing_keys,
            sealing_keys,
            clients,
            store: store.unwrap_or(StoreSetting::Memory),
            docusign,
            azure,
            host_port,
            log,
        });
        reader.finish(settings)
    }

    /// Reads only the clients, so that a registry can be checked before it is deployed.
    ///
    /// # Errors
    /// The faults of the clients, and of `DOCUSIGN_SCOPES` if it is set.
    pub fn read_clients(env: &dyn Environment) -> Result<ClientRegistry, ConfigErrors> {
        let mut reader = Reader::new(env);
        let known = reader.raw("DOCUSIGN_SCOPES").is_some();
        let scopes = docusign::read_scopes(&mut reader);
        let within = scopes.as_ref().filter(|_| known);
        let clients = clients::read(&mut reader, Scopes { within, default: scopes.as_ref() });
        reader.finish(clients)
    }

    /// Reads only `EVERGRANT_PUBLIC_URL`, for files that name it.
    ///
    /// # Errors
    /// Its fault.
    pub fn read_public_url(env: &dyn Environment) -> Result<BaseUrl, ConfigErrors> {
        let mut reader = Reader::new(env);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, BaseUrl::parse);
        reader.finish(public_url)
    }

    /// Reads only what is needed to fetch the public keys, so that they can be had before DocuSign is set up.
    ///
    /// # Errors
    /// The faults of the signing key settings.
    pub fn read_signing_keys(env: &dyn Environment) -> Result<(SigningKeySources, AzureSettings), ConfigErrors> {
        let mut reader = Reader::new(env);
        let azure = read_azure(&reader);
        let keys = keys::read_signing(&mut reader, azure.in_azure);
        reader.finish(keys.map(|keys| (keys, azure)))
    }
}

fn read_azure(reader: &Reader<'_>) -> AzureSettings {
    let in_azure = ["WEBSITE_INSTANCE_ID", "CONTAINER_NAME"].iter().any(|name| reader.raw(name).is_some());
    AzureSettings {
        in_azure,
        managed_identity: in_azure || reader.raw("IDENTITY_ENDPOINT").is_some(),
        client_id: reader.raw("AZURE_CLIENT_ID"),
    }
}

fn read_log(reader: &mut Reader<'_>) -> Targets {
    let chosen = reader.optional("EVERGRANT_LOG", LOG, parse_log);
    chosen.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO))
}

/// The filter's own parser takes any word for a target: a misspelt level would silence everything.
fn parse_log(text: &str) -> Option<Targets> {
    let is_level = |word: &str| word.eq_ignore_ascii_case("off") || word.parse::<tracing::Level>().is_ok();
    let known = |part: &str| part.split_once('=').map_or(is_level(part), |(_, level)| is_level(level));
    text.split(',').all(|part| known(part.trim())).then(|| text.parse().ok())?
}

fn parse_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

fn parse_store(text: &str) -> Option<StoreSetting> {
    if text == "memory" {
        return Some(StoreSetting::Memory);
    }
    let mut url = Url::parse(text).ok()?;
    let container = url.path().trim_matches('/').to_owned();
    let plain = !container.is_empty() && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    // With a slash at the end, or without, it has to be the same store.
    url.set_path(&container);
    (url.scheme() == "https" && plain).then_some(StoreSetting::Blob(url))
}
