//! Every setting: its name, default and format. Pure: the environment is handed in as an [`Environment`].
//!
//! All settings are read at start, into types; all errors are reported together (see [`error`]).

pub mod clients;
pub mod docusign;
pub mod error;
mod fields;
mod formats;
pub mod installation;
pub mod keys;
mod parameters;
pub mod reader;
mod unknown;
pub(crate) mod values;
pub mod warnings;

use tracing_subscriber::filter::Targets;
use url::Url;

pub use clients::{ClientsSetting, RegistryPlace};
pub use docusign::DocusignSettings;
pub use error::ConfigErrors;
pub use keys::{KeySource, SealingKeySources, SigningKeySources};
pub use reader::{Environment, FileError};
pub use unknown::UnknownSetting;

use crate::identity::AzureSettings;
use crate::oauth::client::ClientRegistry;
use crate::types::BaseUrl;
use clients::Scopes;
use error::Format;
use installation::InstallationScopes;
use reader::Reader;
use values::url::{base_url, store};
use values::{log_filter, port};

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
    pub clients: ClientsSetting,
    /// `EVERGRANT_STORE`.
    pub store: StoreSetting,
    /// `DOCUSIGN_*`.
    pub docusign: DocusignSettings,
    /// The platform's own variables.
    pub azure: AzureSettings,
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`: where the Functions host will call us.
    pub host_port: Option<u16>,
    /// `EVERGRANT_LOG`.
    pub log: Targets,
    /// Variables that look like settings and have no effect.
    pub unknown: Vec<UnknownSetting>,
}

/// Where used codes and revocations are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSetting {
    /// In this process, which works only with one process.
    Memory,
    /// In a container of Azure Blob storage, shared by all instances.
    Blob(Url),
}

/// Where a client registry is.
#[derive(Clone, Copy, Debug)]
pub enum RegistrySource<'a> {
    /// In `EVERGRANT_CLIENTS`, but not in a blob.
    Setting,
    /// In the file at this path.
    File(&'a str),
    /// In this text, which errors call `name`.
    Text {
        /// What errors call it.
        name: &'a str,
        /// The JSON.
        text: &'a str,
    },
}

const PUBLIC_URL: Format = Format {
    expected: "the https URL that callers use, without a path (http on this machine only)",
    example: "https://contoso-evergrant.azurewebsites.net",
};
const PORT: Format = Format { expected: "a TCP port from 1 to 65535", example: "7071" };
const STORE: Format = Format {
    expected: "memory, or the https URL of a Blob container",
    example: "https://contoso.blob.core.windows.net/evergrant",
};
const LOG: Format = Format {
    expected: "a level (off, error, warn, info, debug, trace) or pairs of target=level separated by commas",
    example: "info",
};

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    /// All errors of all settings.
    pub fn read(env: &dyn Environment) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(env);
        let azure = read_azure(&mut reader);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, base_url);
        let signing_keys = keys::read_signing(&mut reader, azure.in_azure);
        let sealing_keys = keys::read_sealing(&mut reader, azure.in_azure);
        let scopes = docusign::read_scopes(&mut reader);
        let docusign = docusign::read(&mut reader, scopes.as_ref());
        let clients = clients::read(&mut reader, Scopes { within: scopes.as_ref(), default: scopes.as_ref() });
        let store = reader.optional("EVERGRANT_STORE", STORE, store);
        let host_port = reader.optional("FUNCTIONS_CUSTOMHANDLER_PORT", PORT, port);
        let log = reader.optional("EVERGRANT_LOG", LOG, log_filter);
        let (unknown, nothing_is_set) = (reader.unknown(), reader.nothing_is_set());
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
            log: log.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO)),
            unknown: unknown.clone(),
        });
        reader.finish(settings).map_err(|errors| ConfigErrors { unknown, nothing_is_set, ..errors })
    }

    /// Reads only the clients of `EVERGRANT_CLIENTS`.
    ///
    /// # Errors
    /// Those of the clients, and of `DOCUSIGN_SCOPES`.
    pub fn read_clients(env: &dyn Environment) -> Result<ClientRegistry, ConfigErrors> {
        Self::read_registry(env, RegistrySource::Setting, &InstallationScopes::find(env, None, None))
    }

    /// Checks a registry before it is deployed, as at start.
    ///
    /// # Errors
    /// Those of the clients and of the scopes, and that the file cannot be read.
    pub fn read_registry(
        env: &dyn Environment,
        source: RegistrySource<'_>,
        scopes: &InstallationScopes,
    ) -> Result<ClientRegistry, ConfigErrors> {
        let mut reader = Reader::new(env);
        let default = scopes.read(&mut reader);
        let within = default.as_ref().filter(|_| scopes.are_binding);
        let scopes = Scopes { within, default: default.as_ref() };
        let clients = match source {
            RegistrySource::Setting => clients::read(&mut reader, scopes).and_then(|setting| setting.at_start),
            RegistrySource::File(path) => clients::read_file(&mut reader, path, scopes),
            RegistrySource::Text { name, text } => clients::read_text(&mut reader, name, text, scopes),
        };
        reader.finish(clients)
    }

    /// Reads only where `EVERGRANT_CLIENTS` has the registry.
    ///
    /// # Errors
    /// That it is missing, or no such place.
    pub fn read_registry_place(env: &dyn Environment) -> Result<RegistryPlace, ConfigErrors> {
        let mut reader = Reader::new(env);
        let place = clients::read_place(&mut reader);
        reader.finish(place)
    }

    /// Reads only `EVERGRANT_PUBLIC_URL`, for files that name it.
    ///
    /// # Errors
    /// Its error.
    pub fn read_public_url(env: &dyn Environment) -> Result<BaseUrl, ConfigErrors> {
        let mut reader = Reader::new(env);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, base_url);
        reader.finish(public_url)
    }

    /// Reads only what is needed to fetch the public keys, so that they are available before DocuSign is set up.
    ///
    /// # Errors
    /// Those of the settings of signing keys.
    pub fn read_signing_keys(env: &dyn Environment) -> Result<(SigningKeySources, AzureSettings), ConfigErrors> {
        let mut reader = Reader::new(env);
        let azure = read_azure(&mut reader);
        let keys = keys::read_signing(&mut reader, azure.in_azure);
        reader.finish(keys.map(|keys| (keys, azure)))
    }
}

fn read_azure(reader: &mut Reader<'_>) -> AzureSettings {
    let mut is_set = |name: &str| reader.raw(name).is_some();
    let in_azure = is_set("WEBSITE_INSTANCE_ID") || is_set("CONTAINER_NAME");
    AzureSettings {
        in_azure,
        managed_identity: in_azure || is_set("IDENTITY_ENDPOINT"),
        client_id: reader.raw("AZURE_CLIENT_ID"),
    }
}
