//! `EVERGRANT_CLIENTS`: the registered clients, as a JSON array, `@file.json` or the URL of a blob.

use secrecy::{ExposeSecret, SecretSlice};
use serde_json::Value;
use url::Url;

use crate::config::client::{Scopes, read_client};
use crate::config::error::{ConfigError, Problem};
use crate::config::reader::{Environment, FileError, SettingsReader};
use crate::config::values::url::registry_blob;
use crate::config::values::{Reason, json, kind};
use crate::config::{formats, reader};
use crate::oauth::client::{Client, ClientId, ClientRegistry};
use crate::oauth::scope::Scope;
use crate::secret::{Sha256, sha256};

const NAME: &str = "EVERGRANT_CLIENTS";

/// A registry is smaller.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Where the registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPlace {
    /// In the setting itself.
    Setting,
    /// In the file at this path.
    File(String),
    /// In the blob at this URL.
    Blob(Url),
}

/// `EVERGRANT_CLIENTS`.
#[derive(Clone, Debug)]
pub struct ClientsSetting {
    /// Where the registry is.
    pub place: RegistryPlace,
    /// The clients at start; `None` if they are in a blob, which is read later.
    pub at_start: Option<ClientRegistry>,
    /// The digest of the file's content at start.
    pub digest: Option<Sha256>,
}

/// Reads the setting, and the clients unless they are in a blob.
pub fn read(reader: &mut SettingsReader<'_>, scopes: Scopes<'_>) -> Option<ClientsSetting> {
    let env = reader.env();
    let found = reader.required(NAME, formats::CLIENTS, |value| found(env, value))?;
    let RegistryValue { place, entries, digest } = found;
    let at_start = entries.map(|entries| read_entries(reader, NAME, entries, scopes));
    Some(ClientsSetting { place, at_start, digest })
}

/// Where the setting has the registry. Files are not read.
pub fn read_place(reader: &mut SettingsReader<'_>) -> Option<RegistryPlace> {
    reader.required(NAME, formats::CLIENTS, |value| match value.strip_prefix('@') {
        Some(path) => Ok(RegistryPlace::File(path.trim_start().to_owned())),
        None if value.contains("://") && !is_json(value) => registry_blob(value).map(RegistryPlace::Blob),
        None => Ok(RegistryPlace::Setting),
    })
}

/// Reads a version of the registry that the running app found at the setting's place.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_version(content: &[u8], scopes: &Scope) -> Result<ClientRegistry, ConfigError> {
    let mut reader = SettingsReader::new(&NoEnvironment);
    let text = if content.len() > MAX_BYTES { Err(FileError::TooLarge) } else { reader::text(content) };
    let clients = match text {
        Ok(text) => read_text(&mut reader, NAME, text, Scopes { within: Some(scopes), default: Some(scopes) }),
        Err(error) => {
            reader.note(NAME, Problem::Invalid(format!("the registry {error}").into()), formats::REGISTRY);
            None
        }
    };
    reader.finish(clients)
}

/// A registry's text is all that is read.
struct NoEnvironment;

impl Environment for NoEnvironment {
    fn var(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn file(&self, _: &str) -> Result<SecretSlice<u8>, FileError> {
        Err(FileError::Missing)
    }
}

/// Reads the clients of the registry `text`, which errors call `name`.
pub fn read_text(
    reader: &mut SettingsReader<'_>,
    name: &str,
    text: &str,
    scopes: Scopes<'_>,
) -> Option<ClientRegistry> {
    let noted = |reason| reader.note(name, Problem::Invalid(reason), formats::REGISTRY);
    let entries = json::array(text).map_err(noted).ok()?;
    Some(read_entries(reader, name, entries, scopes))
}

/// Reads the clients of the file at `path`.
pub fn read_file(reader: &mut SettingsReader<'_>, path: &str, scopes: Scopes<'_>) -> Option<ClientRegistry> {
    let text = reader::read_file(reader.env(), path);
    let noted = |error| reader.note(path, Problem::Invalid(format!("the file {error}").into()), formats::REGISTRY);
    let text = text.map_err(noted).ok()?;
    read_text(reader, path, text.expose_secret(), scopes)
}

/// What the setting's value leads to.
struct RegistryValue {
    place: RegistryPlace,
    entries: Option<Vec<Value>>,
    digest: Option<Sha256>,
}

/// The entries of a registry in the setting itself, or in the file that it names; or the URL of a blob.
fn found(env: &dyn Environment, value: &str) -> Result<RegistryValue, Reason> {
    let in_setting = |entries| RegistryValue { place: RegistryPlace::Setting, entries: Some(entries), digest: None };
    let is_path = value.contains('/') || value.to_ascii_lowercase().ends_with(".json");
    match value.strip_prefix('@') {
        Some("") => Err("it has no path after the @".into()),
        Some(path) => in_file(env, path.trim_start()),
        None if is_json(value) => json::array(value).map(in_setting),
        None if value.contains("://") => {
            Ok(RegistryValue { place: RegistryPlace::Blob(registry_blob(value)?), entries: None, digest: None })
        }
        None if is_path => Err("it is a path without @ before it".into()),
        None => json::array(value).map(in_setting),
    }
}

fn in_file(env: &dyn Environment, path: &str) -> Result<RegistryValue, Reason> {
    let unreadable = |error: FileError| -> Reason { format!("the file it names {error}").into() };
    let content = reader::read_bytes(env, path).map_err(unreadable)?;
    let content = content.expose_secret();
    let entries = json::array(reader::text(content).map_err(unreadable)?)?;
    let place = RegistryPlace::File(path.to_owned());
    Ok(RegistryValue { place, entries: Some(entries), digest: Some(sha256(content)) })
}

fn is_json(value: &str) -> bool {
    value.starts_with(['[', '{', '"', '\''])
}

fn read_entries(
    reader: &mut SettingsReader<'_>,
    name: &str,
    entries: Vec<Value>,
    scopes: Scopes<'_>,
) -> ClientRegistry {
    let mut seen: Vec<String> = Vec::with_capacity(entries.len());
    let mut clients: Vec<Client> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("{name}[{index}]");
        let Value::Object(object) = entry else {
            let reason = format!("it is {} instead of an object", kind(&entry));
            reader.note(&place, Problem::Invalid(reason.into()), formats::CLIENT);
            continue;
        };
        let client_id = object.get("client_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if seen.contains(&client_id) {
            let reason = Problem::Invalid("an earlier client has it".into());
            let known = ClientId::parse(&client_id);
            let known = known.as_ref().map(ClientId::as_str);
            reader.note_in_client(&format!("{place}.client_id"), known, reason, formats::CLIENT_ID);
        } else if !client_id.is_empty() {
            seen.push(client_id);
        }
        let client = read_client(reader, place.clone(), object, scopes);
        if let Some(client) =
            client.as_ref().filter(|client| clients.iter().any(|earlier| share_a_key(earlier, client)))
        {
            let reason = Problem::Invalid("an earlier client has one of these keys".into());
            let field = format!("{place}.api_key_sha256");
            reader.note_in_client(&field, Some(client.client_id.as_str()), reason, formats::API_KEYS);
        }
        clients.extend(client);
    }
    ClientRegistry::new(clients)
}

/// An API key has to identify one client.
fn share_a_key(one: &Client, other: &Client) -> bool {
    one.api_key_sha256.iter().any(|digest| other.api_key_sha256.contains(digest))
}
