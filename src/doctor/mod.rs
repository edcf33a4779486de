//! The doctor: does everything this installation depends on work, and if not, who mends it and how?
//!
//! [`azure`] checks keys and store, [`upstream`] DocuSign, [`account`] what lies behind it, [`public_url`] what callers meet at the public URL. All checks run
//! at the same time, and are told in their order. They change nothing but a record in the store that is forgotten within
//! a day. `evergrant doctor` prints them, the setup page shows them.

mod account;
mod azure;
pub mod check;
mod connectivity;
mod fixes;
mod public_url;
mod upstream;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::clock::Clock;
use crate::config::error::ConfigError;
use crate::config::{ConfigErrors, DocusignSettings, StoreSetting};
use crate::docusign::account_server::AccountServer;
use crate::docusign::api::DocusignApi;
use crate::docusign::tokens::AccessTokens;
use crate::identity::Identity;
use crate::oauth::client::ClientRegistry;
use crate::signing::key::SigningKey;
use crate::store::Store;
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;
use check::{Area, Check, Finding};

/// One key of the settings.
#[derive(Clone)]
pub struct NamedKey {
    /// The setting that names it.
    pub setting: &'static str,
    /// The key.
    pub key: Arc<SigningKey>,
}

/// What the checks are made with: the same parts that answer requests.
pub struct Doctor {
    /// The base URL that callers use.
    pub public_url: BaseUrl,
    /// The signing key and, during a rotation, the next one.
    pub signing_keys: Vec<NamedKey>,
    /// The sealing keys, the current one first.
    pub sealing_keys: Vec<NamedKey>,
    /// Whom we are towards Key Vault and storage.
    pub identity: Identity,
    /// Its client id, where the settings name one.
    pub identity_client_id: Option<String>,
    /// Where the store is.
    pub store_setting: StoreSetting,
    /// The store.
    pub store: Arc<dyn Store>,
    /// DocuSign's settings.
    pub docusign: DocusignSettings,
    /// DocuSign's account server.
    pub account_server: AccountServer,
    /// The cache and the mints.
    pub access_tokens: AccessTokens,
    /// DocuSign's APIs.
    pub upstream: Arc<DocusignApi>,
    /// Who is registered.
    pub clients: ClientRegistry,
    /// For calls to our own public URL.
    pub http: Arc<HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Checks under way at the same time; there are fewer.
const AT_ONCE: usize = 16;

impl Doctor {
    /// Runs every check. Each answers within 45 s, most within one; the whole takes as long as the slowest. The checks come
    /// in groups, in the order of the titles given first, which are for whoever waits.
    pub fn groups(&self) -> (Vec<&'static str>, impl Stream<Item = Vec<Check>> + Send + '_) {
        let settings = Finding::good("well-formed").of("settings", Area::Clients, "Settings", 0.0);
        let mut running: Vec<(&str, BoxFuture<'_, Vec<Check>>)> = vec![
            ("Settings", Box::pin(std::future::ready(vec![settings]))),
            (azure::IDENTITY, Box::pin(self.identity())),
        ];
        for key in self.signing_keys.iter().chain(&self.sealing_keys) {
            running.push((azure::names(key).1, Box::pin(self.key(key))));
        }
        running.push((azure::STORE, Box::pin(self.store())));
        running.push((connectivity::REACHABLE, Box::pin(self.docusign())));
        running.push((upstream::NEXT_KEY, Box::pin(self.next_key_registered())));
        running.push((public_url::CLIENTS, Box::pin(std::future::ready(vec![self.registered_clients()]))));
        running.push((public_url::PUBLIC_URL, Box::pin(self.front())));
        let (titles, running): (Vec<_>, Vec<_>) = running.into_iter().unzip();
        (titles, stream::iter(running).buffered(AT_ONCE))
    }

    /// Runs every check, and tells them all at the end.
    pub async fn report(&self) -> Vec<Check> {
        self.groups().1.concat().await
    }
}

/// The checks where the settings themselves are at fault: one for each fault, and nothing else can be checked.
#[must_use]
pub fn of_faults(faults: &ConfigErrors) -> Vec<Check> {
    let check = |fault: &ConfigError| {
        Finding::bad(fault.message(), fixes::setting(fault)).of("settings", Area::Clients, "Settings", 0.0)
    };
    faults.0.iter().map(check).collect()
}
