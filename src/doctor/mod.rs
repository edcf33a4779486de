//! The health checks: does everything this installation depends on work, and if not, who fixes it and how?
//!
//! [`azure`] checks identity, keys and store, [`connection`] DocuSign, [`account`] the DocuSign account, [`registry`] the
//! client registry, [`issuers`] the issuers that clients trust, [`public_url`] the public URL, and [`routes`] the routes there.
//! All checks run at the same time, and are reported in order. They only write one record to the store, which expires within a
//! minute. `evergrant doctor` prints the results, and the setup page shows them.

mod account;
mod azure;
mod body_sizes;
pub mod check;
mod connection;
mod connectivity;
mod fixes;
pub mod issuers;
pub mod lines;
mod probe;
mod public_url;
pub mod registry;
pub(crate) mod responder;
pub mod routes;

use std::future::ready;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::clock::Clock;
use crate::config::error::SettingError;
use crate::config::{ConfigError, DocusignSettings, HostMemory, StoreSetting, UnknownSetting};
use crate::docusign::account_server::AccountServer;
use crate::docusign::api::DocusignApi;
use crate::docusign::tokens::AccessTokens;
use crate::identity::Identity;
use crate::oauth::client::ClientRegistry;
use crate::registry::Registry;
use crate::registry::issuers::IssuerKeys;
use crate::signing::key::SigningKey;
use crate::store::Store;
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;
use account::AccountChecks;
use azure::StoreCheck;
use check::{Area, Check, Finding, Verdict};
use connection::ConnectionChecks;
use public_url::PublicUrlChecks;
use routes::PackageRoute;

/// One key of the settings.
#[derive(Clone)]
pub struct NamedKey {
    /// The setting that names it.
    pub setting: &'static str,
    /// The key.
    pub key: Arc<SigningKey>,
}

/// What the checks use: the same parts that answer requests.
pub struct Doctor {
    /// Variables that look like settings and have no effect.
    pub unknown_settings: Vec<UnknownSetting>,
    /// Optional secrets that did not arrive.
    pub missing_secrets: Vec<SettingError>,
    /// The base URL that callers use.
    pub public_url: BaseUrl,
    /// The signing key and, during a rotation, the next one.
    pub signing_keys: Vec<NamedKey>,
    /// The sealing keys, the current one first.
    pub sealing_keys: Vec<NamedKey>,
    /// What signs in to Key Vault and storage.
    pub identity: Identity,
    /// Its client id, if a setting names one.
    pub identity_client_id: Option<String>,
    /// Where the store is.
    pub store_setting: StoreSetting,
    /// The store.
    pub store: Arc<dyn Store>,
    /// DocuSign's settings.
    pub docusign: DocusignSettings,
    /// DocuSign's account server.
    pub account_server: AccountServer,
    /// Caches and mints access tokens.
    pub access_tokens: AccessTokens,
    /// DocuSign's APIs.
    pub docusign_api: Arc<DocusignApi>,
    /// The registered clients.
    pub registry: Registry,
    /// The keys of issuers that clients trust.
    pub issuer_keys: Arc<IssuerKeys>,
    /// The memory for request bodies, if a Functions host is in front and it is known.
    pub host_memory: Option<HostMemory>,
    /// The routes to ask. The setup page asks none, because it would wait for itself.
    pub routes: Vec<PackageRoute>,
    /// For calls to our own public URL.
    pub http: Arc<HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The most groups of checks that run at the same time; there are fewer.
const MAX_CONCURRENT_GROUPS: usize = 16;

/// The title of the first check.
const SETTINGS: &str = "Settings";

/// A group of checks with the title of the first one.
type Group<'a> = (&'static str, BoxFuture<'a, Vec<Check>>);

impl Doctor {
    /// Runs every check. Each takes at most 45 s, most take less than one. Returns the title of each group, to show what is
    /// being waited for, and the groups in the same order.
    pub fn groups(&self) -> (Vec<&'static str>, impl Stream<Item = Vec<Check>> + Send + '_) {
        let (titles, running): (Vec<_>, Vec<_>) =
            [self.azure(), self.docusign(), self.clients()].into_iter().flatten().unzip();
        let mut seen = Vec::new();
        let checks = stream::iter(running).buffered(MAX_CONCURRENT_GROUPS);
        (titles, checks.map(move |checks| checks.into_iter().map(|check| with_new_fix(check, &mut seen)).collect()))
    }

    /// Runs every check, and returns all of them at the end.
    pub async fn report(&self) -> Vec<Check> {
        self.prepare().await;
        self.groups().1.concat().await
    }

    fn azure(&self) -> Vec<Group<'_>> {
        let keys = || self.signing_keys.iter().chain(&self.sealing_keys);
        let client_id = self.identity_client_id.as_deref();
        let settings = settings_checks(&self.missing_secrets, &self.unknown_settings);
        let resource = azure::entra_resource(keys(), &self.store_setting);
        let store = StoreCheck {
            store: &*self.store,
            setting: &self.store_setting,
            identity_client_id: client_id,
            now: self.clock.now(),
        };
        let mut groups: Vec<Group<'_>> = vec![
            (SETTINGS, Box::pin(ready(settings))),
            (azure::IDENTITY, Box::pin(azure::check_identity(&self.identity, resource, client_id))),
        ];
        groups.extend(keys().map(|key| -> Group<'_> {
            (azure::key_check(key).1, Box::pin(azure::check_key(key, &self.signing_keys, client_id)))
        }));
        groups.push((azure::STORE, Box::pin(store.run())));
        groups.extend(
            self.host_memory
                .map(|memory| -> Group<'_> { (body_sizes::BODIES, Box::pin(ready(vec![body_sizes::check(memory)]))) }),
        );
        groups
    }

    /// Reads the client registry, so that the checks are of its present version.
    pub async fn prepare(&self) {
        self.registry.read_again().await;
    }

    fn known_clients(&self) -> ClientRegistry {
        self.registry.loaded().unwrap_or_default()
    }

    fn docusign(&self) -> Vec<Group<'_>> {
        let Self { docusign, account_server, access_tokens, docusign_api, .. } = self;
        let clients = self.known_clients();
        let account = AccountChecks { docusign, account_server, api: docusign_api, clients };
        let connection = ConnectionChecks { docusign, account_server, access_tokens, account };
        vec![
            (connectivity::REACHABLE, Box::pin(connection.run())),
            (connection::NEXT_KEY, Box::pin(connection::check_next_key(access_tokens, docusign))),
        ]
    }

    fn clients(&self) -> Vec<Group<'_>> {
        let Self { public_url, http, docusign, routes, issuer_keys, .. } = self;
        let registered = registry::check_clients(&self.registry);
        let clients = self.known_clients();
        let trusting = clients.clone();
        vec![
            (registry::CLIENTS, Box::pin(ready(vec![registered]))),
            (issuers::ISSUERS, Box::pin(async move { issuers::check_issuers(issuer_keys, &trusting).await })),
            (
                public_url::PUBLIC_URL,
                Box::pin(
                    PublicUrlChecks { public_url, clients, http, account_server: &docusign.oauth_url, routes }.run(),
                ),
            ),
        ]
    }
}

/// Refers to the first check with the same fix: where every host fails for one reason, that is the one hint.
fn with_new_fix(check: Check, seen: &mut Vec<(String, String)>) -> Check {
    let Some(fix) = check.fix.clone().filter(|_| check.verdict == Verdict::Bad) else { return check };
    if let Some((_, first)) = seen.iter().find(|(known, _)| *known == fix) {
        return Check { fix: Some(format!("The same as for the check {first}.")), ..check };
    }
    seen.push((fix, check.title.clone()));
    check
}

fn known_settings(unknown: &[UnknownSetting]) -> Finding {
    if unknown.is_empty() {
        return Finding::good("valid");
    }
    let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    Finding::note(unknown.join("; "), "Correct the name of the setting, or remove it: it has no effect.")
}

/// The checks where settings are invalid: one for each error. Nothing else can be checked.
#[must_use]
pub fn of_config_errors(errors: &ConfigError) -> Vec<Check> {
    settings_checks(&errors.errors, &errors.unknown)
}

/// One check for each error, and one for the variables without effect if there are some.
fn settings_checks(errors: &[SettingError], unknown: &[UnknownSetting]) -> Vec<Check> {
    let bad = |error: &SettingError| Finding::bad(error.message(), fixes::setting(error));
    let rest = (errors.is_empty() || !unknown.is_empty()).then(|| known_settings(unknown));
    let findings = errors.iter().map(bad).chain(rest);
    findings.map(|finding| finding.into_check("settings", Area::Clients, SETTINGS, 0.0)).collect()
}
