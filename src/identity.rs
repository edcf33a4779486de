//! The Entra identity used to call Key Vault and storage.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, Request, RetryOptions, Transport};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};

use thiserror::Error;
use tokio::time::timeout;

use crate::web::http_client::{DEFAULT_TIMEOUT, HttpClient, TRACEPARENT};

/// The platform's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureSettings {
    /// `WEBSITE_INSTANCE_ID` or `CONTAINER_NAME` is set.
    pub in_azure: bool,
    /// Use the managed identity: the app runs in Azure, or there is an identity endpoint.
    pub managed_identity: bool,
    /// `AZURE_CLIENT_ID`: the user-assigned identity. If it is not set, the system-assigned one is used.
    pub client_id: Option<String>,
}

/// `az account get-access-token` starts a Python interpreter, so it needs longer than an HTTP call.
const DEVELOPER_TOOLS_TIMEOUT: Duration = Duration::from_secs(12);

/// Adds the current trace to the SDK's requests.
#[derive(Debug)]
struct AddTraceparent(Arc<HttpClient>);

#[async_trait]
impl Policy for AddTraceparent {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(traceparent) = self.0.traceparent().as_ref().and_then(|value| value.to_str().ok()) {
            request.insert_header(TRACEPARENT, traceparent.to_owned());
        }
        match next {
            [first, rest @ ..] => first.send(context, request, rest).await,
            [] => Err(azure_core::Error::with_message(ErrorKind::Other, "no policy is left to send the request")),
        }
    }
}

/// No token from Entra ID is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("could not get a token from Entra ID")]
pub struct NoIdentity;

/// Chooses and builds the credential: managed identity in Azure, developer tools (`az`, `azd`) elsewhere.
#[derive(Clone, Debug)]
pub struct Identity {
    settings: AzureSettings,
    http: Arc<HttpClient>,
}

impl Identity {
    /// The identity for the platform's settings.
    #[must_use]
    pub const fn new(settings: AzureSettings, http: Arc<HttpClient>) -> Self {
        Self { settings, http }
    }

    /// Whether it is a managed identity, not the user who signed in with `az` or `azd`.
    #[must_use]
    pub const fn is_managed(&self) -> bool {
        self.settings.managed_identity
    }

    /// Time limit for one call, including fetching an Entra token first.
    #[must_use]
    pub const fn try_timeout(&self) -> Duration {
        if self.settings.managed_identity { DEFAULT_TIMEOUT } else { DEVELOPER_TOOLS_TIMEOUT }
    }

    /// Options for an SDK client that uses Evergrant's HTTP client. The SDK's retries (8 in 60 s) are off, because they take
    /// longer than a caller waits for a token.
    #[must_use]
    pub async fn client_options(&self) -> ClientOptions {
        ClientOptions {
            per_try_policies: vec![Arc::new(AddTraceparent(Arc::clone(&self.http)))],
            transport: Some(Transport::new(Arc::new(self.http.get().await.clone()))),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        }
    }

    /// Checks the identity by getting an Entra token for `resource`, such as `https://vault.azure.net`.
    ///
    /// # Errors
    /// If the platform or the developer tools issue none in time.
    pub async fn try_out(&self, resource: &str) -> Result<(), NoIdentity> {
        let scope = format!("{resource}/.default");
        let got =
            timeout(self.try_timeout(), async { self.credential().await?.get_token(&[&scope], None).await }).await;
        // The SDK's error is dropped, because it quotes the identity endpoint's response.
        got.ok().and_then(Result::ok).map(drop).ok_or(NoIdentity)
    }

    /// The credential.
    ///
    /// # Errors
    /// If the platform has no such identity.
    pub async fn credential(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        if !self.settings.managed_identity {
            return Ok(DeveloperToolsCredential::new(None)?);
        }
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: self.settings.client_id.clone().map(UserAssignedId::ClientId),
            client_options: self.client_options().await,
        };
        Ok(ManagedIdentityCredential::new(Some(options))?)
    }
}
