//! The client registry while the app runs: a new version takes effect without a restart.
//!
//! [`source`] reads the file or blob of `EVERGRANT_CLIENTS` → [`crate::config`] checks the version → [`Registry`] publishes it
//! as a whole. A request takes one version at its beginning and keeps it. A version that is refused, and an outage, change
//! nothing: the last good version stays. Before the first good version, requests that need clients get 503. [`issuers`] has the
//! keys of the issuers that clients trust.

pub mod error;
pub mod issuers;
pub mod source;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};

use crate::config::clients::read_version;
use crate::config::error::SettingError;
use crate::config::{ClientsSetting, ConfigError, RegistryPlace};
use crate::oauth::client::ClientRegistry;
use crate::oauth::scope::Scope;
use crate::types::Explained as _;
use crate::types::Explanation;
use crate::web::page::{Page, Title};
use crate::web::retry_after::USUAL_WAIT;
use error::RegistryError;
use source::{RegistryLocation, RegistryRead, RegistryVersion};

/// How often the registry is read again.
const REREAD_INTERVAL: Duration = Duration::from_secs(30);

/// How often it is read before the first good version.
const FIRST_INTERVAL: Duration = Duration::from_secs(5);

/// How long a request waits for the first read, which begins when the app starts.
const FIRST_TIMEOUT: Duration = Duration::from_secs(8);

/// The most faults of a version that one log line and one check name.
const MAX_NAMED_FAULTS: usize = 5;

/// There was no good version yet.
pub const REGISTRY_UNAVAILABLE: Explanation = Explanation {
    code: "registry_unavailable",
    problem: "the client registry could not be read yet",
    client: "the client registry could not be read yet; the operator can find the cause in the log and on the setup page",
    person: "Wait a minute, then load this page again.",
    operator: "The client registry (`EVERGRANT_CLIENTS`) could not be read yet. The log and the setup page show why.",
    command: None,
};

/// There was no good version yet: [`REGISTRY_UNAVAILABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLoadedError;

/// The registered clients. Cheap to clone; all clones see the same versions.
#[derive(Clone)]
pub struct Registry(Arc<SharedRegistry>);

struct SharedRegistry {
    place: RegistryPlace,
    source: RegistryLocation,
    /// `DOCUSIGN_SCOPES`, which clients' scopes must be within.
    scopes: Scope,
    state: watch::Sender<RegistryState>,
    /// The version that was read last, good or not. Locked while one is read.
    last_read: Mutex<Option<RegistryVersion>>,
}

/// What is known of the registry.
#[derive(Clone, Debug, Default)]
pub struct RegistryState {
    /// The last good version.
    pub clients: Option<ClientRegistry>,
    /// What is wrong with the version at the source, if it was refused.
    pub refused: Option<ConfigError>,
    /// Why the source could not be read.
    pub outage: Option<RegistryError>,
    /// Whether the first read has begun and not ended.
    is_starting: bool,
}

impl Registry {
    /// The clients of `setting`, whose scopes must be within `scopes`. Nothing is read yet.
    #[must_use]
    pub fn new(setting: &ClientsSetting, source: RegistryLocation, scopes: Scope) -> Self {
        let state = watch::Sender::new(RegistryState { clients: setting.at_start.clone(), ..RegistryState::default() });
        let last_read = Mutex::new(setting.digest.map(RegistryVersion::Digest));
        Self(Arc::new(SharedRegistry { place: setting.place.clone(), source, scopes, state, last_read }))
    }

    /// The present version, for one request. Waits for the first read if that has begun.
    ///
    /// # Errors
    /// [`NotLoadedError`].
    pub async fn current(&self) -> Result<ClientRegistry, NotLoadedError> {
        match self.loaded() {
            Some(clients) => Ok(clients),
            None => Box::pin(self.first()).await,
        }
    }

    /// The present version, if there is one.
    #[must_use]
    pub fn loaded(&self) -> Option<ClientRegistry> {
        self.0.state.borrow().clients.clone()
    }

    /// What is known of the registry.
    #[must_use]
    pub fn state(&self) -> RegistryState {
        self.0.state.borrow().clone()
    }

    /// Where the registry is.
    #[must_use]
    pub fn place(&self) -> &RegistryPlace {
        &self.0.place
    }

    async fn first(&self) -> Result<ClientRegistry, NotLoadedError> {
        let mut states = self.0.state.subscribe();
        let settled = states.wait_for(|state| state.clients.is_some() || !state.is_starting);
        let _ = timeout(FIRST_TIMEOUT, settled).await;
        self.loaded().ok_or(NotLoadedError)
    }

    /// Reads the registry now and then again and again, for as long as the app runs. Requests wait for the first read from
    /// now on.
    pub fn keep_current(&self) -> impl Future<Output = ()> + Send + use<> {
        let this = self.clone();
        this.0.state.send_modify(|state| state.is_starting = state.clients.is_none());
        async move {
            if this.0.place == RegistryPlace::Setting {
                return;
            }
            loop {
                this.read_again().await;
                sleep(if this.loaded().is_some() { REREAD_INTERVAL } else { FIRST_INTERVAL }).await;
            }
        }
    }

    /// Reads the registry. A good new version takes effect at once.
    pub async fn read_again(&self) {
        let mut last_read = self.0.last_read.lock().await;
        let read = Box::pin(self.0.source.read(last_read.as_ref())).await;
        match read {
            Ok(RegistryRead::Unchanged) => self.0.state.send_modify(|state| state.outage = None),
            Ok(RegistryRead::Changed(content, version)) => {
                self.take(read_version(&content, &self.0.scopes));
                *last_read = Some(version);
            }
            Err(outage) => self.note(outage),
        }
        self.0.state.send_modify(|state| state.is_starting = false);
    }

    fn take(&self, version: Result<ClientRegistry, ConfigError>) {
        let state = &self.0.state;
        match version {
            Ok(clients) => {
                let count = clients.iter().count();
                state
                    .send_modify(|state| *state = RegistryState { clients: Some(clients), ..RegistryState::default() });
                tracing::info!(event = "registry_loaded", clients = count, "the client registry was read");
            }
            Err(errors) => {
                let faults = faults(&errors);
                state.send_modify(|state| (state.refused, state.outage) = (Some(errors), None));
                let stays = if self.loaded().is_some() { "the last good version stays" } else { "there is no other" };
                tracing::error!(event = "registry_refused", "the client registry was refused, and {stays}: {faults}");
            }
        }
    }

    /// An outage is logged when it begins and when its cause changes.
    fn note(&self, outage: RegistryError) {
        let known = self.0.state.borrow().outage.as_ref() == Some(&outage);
        if !known {
            let cause = outage.explain().code;
            tracing::warn!(event = "registry_unavailable", cause, "the client registry could not be read: {outage}");
        }
        self.0.state.send_modify(|state| state.outage = Some(outage));
    }
}

/// The page for a person while there was no good version yet.
#[must_use]
pub fn unavailable_page() -> Page {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        REGISTRY_UNAVAILABLE.code,
        Title("This service is not ready yet"),
        "It is starting, or is not set up completely. Nothing was changed, and nothing was lost.",
        [REGISTRY_UNAVAILABLE.person, "If that does not help, send the operator the request ID below."],
    );
    Page { operator: vec![REGISTRY_UNAVAILABLE.operator.to_owned()], retry_after: Some(USUAL_WAIT), ..page }
}

/// What is wrong with a version, in one line that names places and never values.
#[must_use]
pub fn faults(errors: &ConfigError) -> String {
    let named: Vec<String> = errors.errors.iter().take(MAX_NAMED_FAULTS).map(SettingError::message).collect();
    let more = errors.errors.len().saturating_sub(MAX_NAMED_FAULTS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    named.join("; ") + &more
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::time::Instant;

    use super::*;
    use crate::config::clients::MAX_BYTES;

    fn entry(client_id: &str) -> String {
        format!(
            r#"{{"client_id":"{client_id}","client_secret_sha256":["{}"],"grant_types":["refresh_token"]}}"#,
            "2c".repeat(32)
        )
    }

    fn in_file(path: &Path) -> Registry {
        let path = path.display().to_string();
        let setting = ClientsSetting { place: RegistryPlace::File(path.clone()), at_start: None, digest: None };
        Registry::new(&setting, RegistryLocation::File(path.into()), Scope::parse("signature").unwrap())
    }

    fn ids(registry: &Registry) -> Vec<String> {
        let clients = registry.loaded().unwrap_or_default();
        clients.iter().map(|client| client.client_id.to_string()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_is_read_again_every_thirty_seconds_and_every_five_before_the_first_good_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.json");
        let registry = in_file(&path);
        assert!(registry.current().await.is_err(), "no read has begun, so nothing is waited for");
        let reading = tokio::spawn(registry.keep_current());
        assert!(registry.current().await.is_err(), "waits for the first read only");
        let start = Instant::now();
        std::fs::write(&path, format!("[{}]", entry("one"))).unwrap();
        while registry.loaded().is_none() {
            sleep(Duration::from_millis(100)).await;
        }
        assert!((4..6).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        let start = Instant::now();
        std::fs::write(&path, format!("[{},{}]", entry("one"), entry("two"))).unwrap();
        while ids(&registry) != ["one", "two"] {
            sleep(Duration::from_millis(100)).await;
        }
        assert!((29..31).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        reading.abort();
    }

    /// A file's content, the clients that are then in force, and what is wrong.
    type Step<'a> = (Option<&'a [u8]>, &'a str, Option<&'a str>);

    #[tokio::test]
    async fn a_version_that_is_refused_and_an_outage_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.json");
        let registry = in_file(&path);
        let (one, two) = (format!("[{}]", entry("one")), format!("[{}]", entry("two")));
        let beyond = one.replace(r#""grant_types""#, r#""scope":"extended","grant_types""#);
        let large = one.clone() + &" ".repeat(MAX_BYTES);
        let steps: [Step<'_>; 10] = [
            (Some(one.as_bytes()), "one", None),
            (Some(b"[\n1,]"), "one", Some("line 2, column 3: there is a comma before the closing bracket")),
            (Some(beyond.as_bytes()), "one", Some("EVERGRANT_CLIENTS[0].scope (client one) is invalid")),
            (Some(large.as_bytes()), "one", Some("is larger than 1 MiB")),
            (Some(b"\xff\xfe[\0]\0"), "one", Some("is UTF-16 text")),
            (Some(b""), "one", Some("is empty")),
            (None, "one", Some("does not exist")),
            (Some(two.as_bytes()), "two", None),
            (Some(one.as_bytes()), "one", None),
            (Some(b"[]"), "", None),
        ];
        for (content, expected, fault) in steps {
            match content {
                Some(content) => std::fs::write(&path, content).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            registry.read_again().await;
            let RegistryState { refused, outage, .. } = registry.state();
            let found = outage.map(|outage| outage.to_string()).or(refused.as_ref().map(faults));
            assert_eq!(ids(&registry).concat(), expected, "{found:?}");
            assert_eq!(found.is_some(), fault.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(fault.unwrap_or_default()), "{fault:?}");
        }
    }
}
