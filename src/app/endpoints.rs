//! Builds the endpoints and the health checks.

use std::sync::Arc;

use http::Method;

use crate::app::App;
use crate::doctor::Doctor;
use crate::doctor::routes::PackageRoute;
use crate::docusign::requested_scope::RequestedScopes;
use crate::endpoints::authorize::AuthorizeEndpoint;
use crate::endpoints::caller::Callers;
use crate::endpoints::caller::clients::ClientAuthenticator;
use crate::endpoints::consent::ConsentCallback;
use crate::endpoints::consent::finished::FinishedSignIns;
use crate::endpoints::consent::identify::Identification;
use crate::endpoints::gateway::Gateway;
use crate::endpoints::metadata::MetadataEndpoint;
use crate::endpoints::revoke::RevokeEndpoint;
use crate::endpoints::setup::SetupEndpoint;
use crate::endpoints::token::{TokenEndpoint, TokenIssuer};
use crate::endpoints::triggers::Triggers;
use crate::endpoints::workfront::Workfront;
use crate::server::{Endpoints, Methods, ROUTES, Route};
use crate::store::codes::UsedCodes;
use crate::store::redirect_requests::RedirectRequests;
use crate::store::rotation::Rotations;
use crate::types::own_paths;

/// The routes that the package publishes. `GET /setup` would run all checks, `HEAD` runs none.
#[must_use]
pub fn package_routes() -> Vec<PackageRoute> {
    let method = |route: &Route| match route.methods {
        Methods::Only(methods) if route.path == own_paths::SETUP && methods.contains(&Method::HEAD) => Method::HEAD,
        Methods::Only(methods) => methods.first().cloned().unwrap_or_default(),
        Methods::Any => Method::GET,
    };
    let package_route = |route: &&Route| PackageRoute {
        function: route.function,
        method: method(route),
        path: route.path_with("doctor"),
    };
    ROUTES.iter().map(package_route).collect()
}

impl App {
    /// The endpoints of all routes.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        let Self { settings, registry, sealing, revocations, clock, .. } = self;
        let callers = self.callers();
        let redirect_requests = RedirectRequests::new(Arc::clone(&self.store), Arc::clone(clock));
        Endpoints {
            token: self.token_endpoint(),
            authorize: AuthorizeEndpoint {
                issuer: settings.public_url.clone(),
                docusign: settings.docusign.clone(),
                registry: registry.clone(),
                sealing: Arc::clone(sealing),
                redirect_requests: redirect_requests.clone(),
                clock: Arc::clone(clock),
            },
            metadata: MetadataEndpoint {
                issuer: settings.public_url.clone(),
                scopes: settings.docusign.scopes.clone(),
                registry: registry.clone(),
            },
            revoke: RevokeEndpoint {
                issuer: settings.public_url.clone(),
                registry: registry.clone(),
                authenticator: self.authenticator(),
                sealing: Arc::clone(sealing),
                revocations: revocations.clone(),
                clock: Arc::clone(clock),
            },
            consent: self.consent_callback(),
            setup: self.setup_endpoint(redirect_requests),
            gateway: Gateway { callers: Arc::clone(&callers), docusign_api: Arc::clone(&self.docusign_api) },
            triggers: Triggers::new(Arc::clone(&callers), Arc::clone(&self.docusign_api)),
            workfront: Workfront::new(
                callers,
                Arc::clone(&self.docusign_api),
                settings.docusign.clone(),
                Arc::clone(&self.store),
            ),
        }
    }

    fn authenticator(&self) -> ClientAuthenticator {
        ClientAuthenticator { assertions: Arc::clone(&self.assertions), failures: Arc::clone(&self.failures) }
    }

    fn callers(&self) -> Arc<Callers> {
        let Self { settings, registry, sealing, revocations, docusign_api, clock, .. } = self;
        Arc::new(Callers {
            issuer: settings.public_url.clone(),
            registry: registry.clone(),
            integration_user: settings.docusign.user_id.clone(),
            docusign_scopes: settings.docusign.scopes.clone(),
            sealing: Arc::clone(sealing),
            assertions: Arc::clone(&self.assertions),
            failures: Arc::clone(&self.failures),
            revocations: revocations.clone(),
            docusign_api: Arc::clone(docusign_api),
            clock: Arc::clone(clock),
        })
    }

    /// The health checks of this app, without the routes.
    #[must_use]
    pub fn doctor(&self) -> Doctor {
        let Self {
            settings,
            registry,
            identity,
            keys,
            store,
            account_server,
            access_tokens,
            docusign_api,
            http,
            clock,
            ..
        } = self;
        Doctor {
            unknown_settings: settings.unknown.clone(),
            missing_secrets: settings.missing_secrets.clone(),
            public_url: settings.public_url.clone(),
            signing_keys: keys.named_signing_keys(),
            sealing_keys: keys.named_sealing_keys(),
            identity: identity.clone(),
            identity_client_id: settings.azure.client_id.clone(),
            store_setting: settings.store.clone(),
            store: Arc::clone(store),
            docusign: settings.docusign.clone(),
            account_server: account_server.clone(),
            access_tokens: access_tokens.clone(),
            docusign_api: Arc::clone(docusign_api),
            registry: registry.clone(),
            issuer_keys: Arc::clone(&self.assertions.keys),
            host_memory: settings.host_memory,
            routes: Vec::new(),
            http: Arc::clone(http),
            clock: Arc::clone(clock),
        }
    }

    /// All health checks, for an app that runs elsewhere.
    #[must_use]
    pub fn doctor_from_outside(&self) -> Doctor {
        Doctor { routes: package_routes(), ..self.doctor() }
    }

    fn setup_endpoint(&self, redirect_requests: RedirectRequests) -> SetupEndpoint {
        let Self { settings, registry, keys, sealing, docusign_api, clock, .. } = self;
        SetupEndpoint {
            issuer: settings.public_url.clone(),
            docusign: settings.docusign.clone(),
            registry: registry.clone(),
            sealing: Arc::clone(sealing),
            signing_keys: keys.named_signing_keys(),
            docusign_api: Arc::clone(docusign_api),
            redirect_requests,
            doctor: self.doctor(),
            has_functions_host: settings.host_port.is_some(),
            in_azure: settings.azure.in_azure,
            clock: Arc::clone(clock),
        }
    }

    fn token_endpoint(&self) -> TokenEndpoint {
        let Self { settings, registry, access_tokens, sealing, revocations, store, clock, .. } = self;
        let issuer = TokenIssuer {
            issuer: settings.public_url.clone(),
            integration_user: settings.docusign.user_id.clone(),
            requested_scopes: RequestedScopes::new(settings.docusign.scopes.clone()),
            access_tokens: access_tokens.clone(),
            sealing: Arc::clone(sealing),
            clock: Arc::clone(clock),
        };
        TokenEndpoint {
            registry: registry.clone(),
            authenticator: self.authenticator(),
            issuer,
            used_codes: UsedCodes::new(Arc::clone(store), Arc::clone(clock)),
            revocations: revocations.clone(),
            rotations: Rotations::new(Arc::clone(store)),
        }
    }

    fn consent_callback(&self) -> ConsentCallback {
        let Self { settings, registry, access_tokens, account_server, sealing, store, clock, .. } = self;
        ConsentCallback {
            issuer: settings.public_url.clone(),
            docusign: settings.docusign.clone(),
            registry: registry.clone(),
            sealing: Arc::clone(sealing),
            finished: FinishedSignIns::default(),
            identification: Identification::new(
                account_server.clone(),
                &settings.public_url,
                settings.docusign.user_id.clone(),
            ),
            process_id: store.process_id().map(ToOwned::to_owned),
            access_tokens: access_tokens.clone(),
            clock: Arc::clone(clock),
        }
    }
}
