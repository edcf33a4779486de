//! Every setting: its name, default and format. Pure: the environment is handed in as an [`Environment`].
//!
//! All settings are read at start, into types; all errors are reported together (see [`error`]).

mod client;
pub mod clients;
pub mod docusign;
pub mod error;
mod fields;
mod formats;
pub mod installation;
pub mod keys;
mod parameters;
pub mod reader;
mod store;
mod unknown;
pub(crate) mod values;
pub mod warnings;

use tracing_subscriber::filter::Targets;

pub use clients::{ClientsSetting, RegistryPlace};
pub use docusign::DocusignSettings;
pub use error::ConfigError;
pub use keys::{KeySource, SealingKeySources, SigningKeySources};
pub use reader::{Environment, FileError};
pub use store::StoreSetting;
pub use unknown::UnknownSetting;

use crate::identity::AzureSettings;
use crate::oauth::client::ClientRegistry;
use crate::types::BaseUrl;
use client::Scopes;
use error::{Format, SettingError};
use installation::InstallationScopes;
use reader::SettingsReader;
use values::url::base_url;
use values::{log_filter, memory, plain_text, port};

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
    /// What is known about the memory that the Functions host in front has for request bodies.
    pub host_memory: Option<HostMemory>,
    /// `EVERGRANT_LOG`.
    pub log: Targets,
    /// Variables that look like settings and have no effect.
    pub unknown: Vec<UnknownSetting>,
    /// Optional secrets that did not arrive; what needs them has to wait.
    pub missing_secrets: Vec<SettingError>,
}

/// What a process needs that cannot read every setting.
#[derive(Clone, Debug)]
pub struct Start {
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`.
    pub host_port: Option<u16>,
    /// `EVERGRANT_LOG`, or its default.
    pub log: Targets,
}

/// The memory that a Functions host has for request bodies, and how large one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostMemory {
    /// `EVERGRANT_INSTANCE_MEMORY_MB`: the instance's memory in MiB.
    pub instance_mib: u64,
    /// `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`, or its default, in bytes.
    pub body_limit: u64,
}

/// The host's limit for request bodies in bytes, if `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` is not set.
const DEFAULT_BODY_LIMIT: u64 = 104_857_600;

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
const IDENTITY: Format =
    Format { expected: "the client ID of a user-assigned identity", example: "9a8b7c6d-0000-4000-8000-1e2d3c4b5a69" };
const MEMORY: Format = Format { expected: "the instance's memory in MB, from 128 to 1048576", example: "2048" };
const STORE: Format = Format {
    expected: "memory, or the https URL of a Blob container",
    example: "https://contoso.blob.core.windows.net/evergrant",
};
const LOG: Format = Format {
    // No level that the Functions host takes for a word about the line itself.
    expected: "a level from error to trace, off, or pairs of target=level separated by commas",
    example: "info",
};

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    /// All errors of all settings.
    pub fn read(env: &dyn Environment) -> Result<Self, ConfigError> {
        let mut reader = SettingsReader::new(env);
        let azure = read_azure(&mut reader);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, base_url);
        let signing_keys = keys::read_signing(&mut reader, azure.in_azure);
        let sealing_keys = keys::read_sealing(&mut reader, azure.in_azure);
        let scopes = docusign::read_scopes(&mut reader);
        let docusign = docusign::read(&mut reader, scopes.as_ref());
        let clients = clients::read(&mut reader, Scopes { within: scopes.as_ref(), default: scopes.as_ref() });
        let store = reader.optional("EVERGRANT_STORE", STORE, store::parse);
        let host_port = reader.optional("FUNCTIONS_CUSTOMHANDLER_PORT", PORT, port);
        let host_memory = read_host_memory(&mut reader, azure.in_azure || host_port.is_some());
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
            host_memory,
            log: log.unwrap_or_else(default_log),
            unknown: unknown.clone(),
            missing_secrets: reader.missing_secrets(),
        });
        reader.finish(settings).map_err(|errors| ConfigError { unknown, nothing_is_set, ..errors })
    }

    /// Reads only what a process needs that cannot read the rest.
    ///
    /// # Errors
    /// That of the port: without it, no one could reach the process.
    pub fn read_start(env: &dyn Environment) -> Result<Start, ConfigError> {
        let log = SettingsReader::new(env).optional("EVERGRANT_LOG", LOG, log_filter);
        let mut reader = SettingsReader::new(env);
        let host_port = reader.optional("FUNCTIONS_CUSTOMHANDLER_PORT", PORT, port);
        reader.finish(Some(Start { host_port, log: log.unwrap_or_else(default_log) }))
    }

    /// Whether this process runs in Azure.
    #[must_use]
    pub fn is_in_azure(env: &dyn Environment) -> bool {
        read_azure(&mut SettingsReader::new(env)).in_azure
    }

    /// Whether a Functions host started this process.
    #[must_use]
    pub fn has_host(env: &dyn Environment) -> bool {
        SettingsReader::new(env).raw("FUNCTIONS_CUSTOMHANDLER_WORKER_ID").is_some()
    }

    /// Reads only the clients of `EVERGRANT_CLIENTS`.
    ///
    /// # Errors
    /// Those of the clients, and of `DOCUSIGN_SCOPES`.
    pub fn read_clients(env: &dyn Environment) -> Result<ClientRegistry, ConfigError> {
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
    ) -> Result<ClientRegistry, ConfigError> {
        let mut reader = SettingsReader::new(env);
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
    pub fn read_registry_place(env: &dyn Environment) -> Result<RegistryPlace, ConfigError> {
        let mut reader = SettingsReader::new(env);
        let place = clients::read_place(&mut reader);
        reader.finish(place)
    }

    /// Reads only `EVERGRANT_PUBLIC_URL`, for files that name it.
    ///
    /// # Errors
    /// Its error.
    pub fn read_public_url(env: &dyn Environment) -> Result<BaseUrl, ConfigError> {
        let mut reader = SettingsReader::new(env);
        let public_url = reader.required("EVERGRANT_PUBLIC_URL", PUBLIC_URL, base_url);
        reader.finish(public_url)
    }

    /// Reads only what is needed to fetch the public keys, so that they are available before DocuSign is set up.
    ///
    /// # Errors
    /// Those of the settings of signing keys.
    pub fn read_signing_keys(env: &dyn Environment) -> Result<(SigningKeySources, AzureSettings), ConfigError> {
        let mut reader = SettingsReader::new(env);
        let azure = read_azure(&mut reader);
        let keys = keys::read_signing(&mut reader, azure.in_azure);
        reader.finish(keys.map(|keys| (keys, azure)))
    }
}

fn default_log() -> Targets {
    Targets::new().with_default(tracing::Level::INFO)
}

/// The memory of the Functions host in front, if there is one and the memory is known.
fn read_host_memory(reader: &mut SettingsReader<'_>, has_host: bool) -> Option<HostMemory> {
    let instance_mib = reader.optional("EVERGRANT_INSTANCE_MEMORY_MB", MEMORY, memory);
    let limit = reader.raw("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT");
    let has_host = has_host || limit.is_some();
    // The limit is the host's own setting, so an invalid one is no reason not to start.
    let body_limit =
        limit.and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0).unwrap_or(DEFAULT_BODY_LIMIT);
    instance_mib.filter(|_| has_host).map(|instance_mib| HostMemory { instance_mib, body_limit })
}

fn read_azure(reader: &mut SettingsReader<'_>) -> AzureSettings {
    let mut is_set = |name: &str| reader.raw(name).is_some();
    let in_azure = is_set("WEBSITE_INSTANCE_ID") || is_set("CONTAINER_NAME");
    AzureSettings {
        in_azure,
        managed_identity: in_azure || is_set("IDENTITY_ENDPOINT"),
        client_id: reader.optional("AZURE_CLIENT_ID", IDENTITY, plain_text),
    }
}
