//! Builds the app. This is the only place that chooses implementations.

mod endpoints;
mod keys;
mod vaults;

use std::sync::Arc;

use url::Url;

use crate::clock::{Clock, SystemClock};
use crate::config::clients::MAX_BYTES;
use crate::config::{RegistryPlace, Settings, SigningKeySources, StoreSetting};
use crate::doctor::check::Check;
use crate::doctor::issuers::AssertionCheck;
use crate::doctor::routes;
use crate::docusign::account_server::AccountServer;
use crate::docusign::api::DocusignApi;
use crate::docusign::requested_scope::requested_scope;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::Minter;
use crate::endpoints::caller::assertions::Assertions;
use crate::endpoints::caller::failures::FailureLimit;
use crate::identity::{AzureSettings, Identity};
use crate::oauth::client::{ClientRegistry, GrantType};
use crate::oauth::subject::SubjectKind;
use crate::registry::Registry;
use crate::registry::issuers::IssuerKeys;
use crate::registry::source::RegistryLocation;
use crate::sealing::keys::SealingKeys;
use crate::signing::SignError;
use crate::signing::public_key::PublicKey;
use crate::store::Store;
use crate::store::assertions::UsedAssertions;
use crate::store::blob::BlobStore;
use crate::store::document::RegistryBlob;
use crate::store::memory::MemoryStore;
use crate::store::revocations::Revocations;
use crate::telemetry;
use crate::types::BaseUrl;
use crate::web::http_client::HttpClient;
use keys::Keys;
use vaults::Vaults;

/// The app, built from the settings. Building it makes no calls.
pub struct App {
    /// The settings.
    pub settings: Settings,
    /// The registered clients.
    pub registry: Registry,
    /// The cache of access tokens, which also mints them.
    pub access_tokens: AccessTokens,
    /// DocuSign's account server.
    pub account_server: AccountServer,
    /// DocuSign's APIs.
    pub docusign_api: Arc<DocusignApi>,
    /// The sealing keys.
    pub sealing: Arc<SealingKeys>,
    /// The store that all processes share.
    pub store: Arc<dyn Store>,
    /// Which grants are revoked.
    pub revocations: Revocations,
    /// The identity for Azure.
    identity: Identity,
    /// All keys from the settings.
    keys: Keys,
    /// Verifies assertions.
    assertions: Arc<Assertions>,
    /// Limits failed authentications.
    failures: Arc<FailureLimit>,
    /// The HTTP client for all outgoing calls.
    http: Arc<HttpClient>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// Builds everything.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_clock(settings, Arc::new(SystemClock))
    }

    /// Builds everything with another clock.
    #[must_use]
    pub fn with_clock(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let http = Arc::new(HttpClient::new(telemetry::traceparent));
        let identity = Identity::new(settings.azure.clone(), Arc::clone(&http));
        let store: Arc<dyn Store> = match &settings.store {
            StoreSetting::Memory => Arc::new(MemoryStore::new(Arc::clone(&clock))),
            StoreSetting::Blob(url) => Arc::new(BlobStore::new(url.clone(), identity.clone())),
        };
        let source = match &settings.clients.place {
            RegistryPlace::Setting => RegistryLocation::Setting,
            RegistryPlace::File(path) => RegistryLocation::File(path.as_str().into()),
            RegistryPlace::Blob(url) => {
                RegistryLocation::Blob(Arc::new(RegistryBlob::new(url, MAX_BYTES, identity.clone())))
            }
        };
        let registry = Registry::new(&settings.clients, source, settings.docusign.scopes.clone());
        let mut vaults = Vaults::new(identity.clone());
        let keys = Keys::new(&settings, &mut vaults);
        let account_server = AccountServer::new(&settings.docusign, Arc::clone(&http), Arc::clone(&clock));
        let minter = Minter::new(&settings.docusign, keys.signing_keys(), account_server.clone(), Arc::clone(&clock));
        let access_tokens = AccessTokens::new(Arc::new(minter), Arc::clone(&clock));
        let docusign_api = DocusignApi::new(
            &settings.docusign,
            account_server.clone(),
            access_tokens.clone(),
            Arc::clone(&http),
            Arc::clone(&clock),
        );
        let assertions = Assertions {
            issuer: settings.public_url.clone(),
            keys: Arc::new(IssuerKeys::new(Arc::clone(&http), Arc::clone(&clock))),
            used: UsedAssertions::new(Arc::clone(&store), Arc::clone(&clock)),
            clock: Arc::clone(&clock),
        };
        Self {
            access_tokens,
            account_server,
            assertions: Arc::new(assertions),
            failures: Arc::new(FailureLimit::new(Arc::clone(&clock))),
            docusign_api: Arc::new(docusign_api),
            sealing: Arc::new(keys.sealing_keys(&clock)),
            revocations: Revocations::new(Arc::clone(&store), Arc::clone(&clock)),
            store,
            identity,
            keys,
            http,
            clock,
            registry,
            settings,
        }
    }

    /// Which clients the assertion `text` proves. It is not used up.
    pub async fn check_assertion(&self, text: &str) -> Vec<Check> {
        let clients = self.registry.current().await.unwrap_or_default();
        let check = AssertionCheck {
            keys: &self.assertions.keys,
            clients: &clients,
            issuer: &self.settings.public_url,
            now: self.clock.now(),
        };
        check.run(text).await
    }

    /// Prepares everything that the first request would wait for: certificates, identity, keys, connections, an access token,
    /// the sealing secret and the store. Failures are logged, and the first request tries again.
    pub async fn warm_up(&self) {
        tokio::join!(async { drop(self.sealing.current().await) }, async {
            if let Ok(clients) = self.registry.current().await {
                self.warm_up_for(&clients).await;
            }
        });
    }

    async fn warm_up_for(&self, clients: &ClientRegistry) {
        let docusign = &self.settings.docusign;
        let first = clients.iter().find(|client| client.subject == SubjectKind::IntegrationUser);
        let mint = async {
            if let Some(client) = first {
                let scope = requested_scope(&docusign.scopes, &client.scope);
                let _ = self.access_tokens.get(&docusign.user_id, &scope).await;
            }
        };
        let refreshing = clients.iter().find(|client| client.may_use(GrantType::RefreshToken));
        let store = async {
            if let Some(client) = refreshing {
                self.revocations.warm_up(client.client_id.as_str()).await;
            }
        };
        tokio::join!(mint, store);
    }
}

/// The blob with a client registry, called as the person who is signed in to Azure.
#[must_use]
pub fn registry_blob(url: &Url) -> RegistryBlob {
    let person = AzureSettings { in_azure: false, managed_identity: false, client_id: None };
    RegistryBlob::new(url, MAX_BYTES, Identity::new(person, Arc::new(HttpClient::new(telemetry::traceparent))))
}

/// Does every route of the package lead to the app at `public_url`? Needs no settings.
pub async fn check_routes(public_url: &BaseUrl) -> Check {
    let http = HttpClient::new(telemetry::traceparent);
    let asked = routes::ask_all(&endpoints::package_routes(), public_url, &http).await;
    routes::check(&asked, public_url, true)
}

/// The public keys of the current and the next signing key.
///
/// # Errors
/// [`SignError`] if Key Vault does not return one.
pub async fn public_keys(
    sources: &SigningKeySources,
    azure: AzureSettings,
) -> Result<Vec<(&'static str, PublicKey)>, SignError> {
    let mut vaults = Vaults::new(Identity::new(azure, Arc::new(HttpClient::new(telemetry::traceparent))));
    let mut keys =
        vec![("EVERGRANT_SIGNING_KEY_ID", PublicKey::clone(&*vaults.key(&sources.current).public_key().await?))];
    if let Some(next) = &sources.next {
        keys.push(("EVERGRANT_SIGNING_KEY_ID_NEXT", PublicKey::clone(&*vaults.key(next).public_key().await?)));
    }
    Ok(keys)
}
