//! The Entra identity used to call Key Vault and storage.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, RawResponse, Request, RetryOptions, Transport};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};

use thiserror::Error;
use tokio::time::timeout;

use crate::types::{Explained, Explanation};
use crate::web::http_client::{DEFAULT_TIMEOUT, HttpClient, TRACEPARENT};
use crate::web::upstream::UpstreamAnswer;

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

/// The part of a call's time that is left for the call itself after fetching an Entra token.
const LEFT_FOR_THE_CALL: Duration = Duration::from_millis(500);

/// Adds the current trace to the SDK's requests.
#[derive(Debug)]
struct AddTraceparent(Arc<HttpClient>);

#[async_trait]
impl Policy for AddTraceparent {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(traceparent) = self.0.traceparent().as_ref().and_then(|value| value.to_str().ok()) {
            request.insert_header(TRACEPARENT.to_string(), traceparent.to_owned());
        }
        match next {
            [first, rest @ ..] => first.send(context, request, rest).await,
            [] => Err(azure_core::Error::with_message(ErrorKind::Other, "no policy is left to send the request")),
        }
    }
}

/// Why there is no token from Entra ID.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.line())]
pub enum IdentityError {
    /// The identity endpoint knows no such identity.
    NotAssigned {
        /// What it answered.
        answer: UpstreamAnswer,
    },
    /// The developer tools (`az`, `azd`) issue no token.
    NotSignedIn {
        /// What they say.
        answer: UpstreamAnswer,
    },
    /// The identity endpoint answered with an error, or with no token.
    Failed {
        /// What it answered.
        answer: UpstreamAnswer,
    },
    /// The connection to the identity endpoint failed.
    NoAnswer {
        /// What the SDK says.
        answer: UpstreamAnswer,
    },
    /// The identity endpoint did not answer in time.
    TimedOut,
}

const NOT_ASSIGNED: Explanation = Explanation {
    code: "identity_unavailable",
    problem: "could not get a token from Entra ID: the app has no such identity (<answer>)",
    client: "the app's identity cannot be used at the moment; the operator can find the cause in the log",
    person: "Wait a minute, then load this page again. If that does not help, ask the operator to check the app's identity.",
    operator: "Assign the managed identity, set AZURE_CLIENT_ID to its client id, and restart the app.",
    command: None,
};

const NOT_SIGNED_IN: Explanation = Explanation {
    problem: "could not get a token from Entra ID: no one is signed in (<answer>)",
    operator: "Outside Azure, sign in with `az login`.",
    ..NOT_ASSIGNED
};

const FAILED: Explanation = Explanation {
    problem: "could not get a token from Entra ID: the identity endpoint failed (<answer>)",
    operator: "This may pass by itself. If not, restart the app, and check that no proxy answers for IDENTITY_ENDPOINT.",
    ..NOT_ASSIGNED
};

const NO_ANSWER: Explanation = Explanation {
    problem: "could not get a token from Entra ID: the identity endpoint does not answer (<answer>)",
    ..FAILED
};

const TIMED_OUT: Explanation = Explanation {
    problem: "could not get a token from Entra ID: the identity endpoint does not answer in time",
    ..FAILED
};

impl Explained for IdentityError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotAssigned { .. } => NOT_ASSIGNED,
            Self::NotSignedIn { .. } => NOT_SIGNED_IN,
            Self::Failed { .. } => FAILED,
            Self::NoAnswer { .. } => NO_ANSWER,
            Self::TimedOut => TIMED_OUT,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotAssigned { answer }
            | Self::NotSignedIn { answer }
            | Self::Failed { answer }
            | Self::NoAnswer { answer } => answer.details(),
            Self::TimedOut => Vec::new(),
        }
    }
}

impl IdentityError {
    /// One of each variant, for the table in the documentation.
    pub const ALL: [Self; 5] = [
        Self::NotAssigned { answer: UpstreamAnswer::NONE },
        Self::NotSignedIn { answer: UpstreamAnswer::NONE },
        Self::Failed { answer: UpstreamAnswer::NONE },
        Self::NoAnswer { answer: UpstreamAnswer::NONE },
        Self::TimedOut,
    ];

    /// The error of the identity in an error of the SDK, if it is one.
    #[must_use]
    pub fn within(error: &azure_core::Error) -> Option<Self> {
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found.clone());
            }
            cause = error.source();
        }
        (*error.kind() == ErrorKind::Credential).then(|| Self::Failed { answer: UpstreamAnswer::of_error(error) })
    }

    /// What the identity endpoint means with `answer`. Its only code is its message.
    fn of_answer(answer: UpstreamAnswer) -> Self {
        let named = answer.mentions("identity") && answer.status() == Some(400);
        if named { Self::NotAssigned { answer } } else { Self::Failed { answer } }
    }

    /// The SDK's error quotes the identity endpoint's response, so only its harmless words are kept.
    fn of_sdk(error: &azure_core::Error) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let answer = UpstreamAnswer::of_error(error);
        let mut unread = Self::Failed { answer: answer.clone() };
        while let Some(error) = cause {
            match error.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind) {
                Some(ErrorKind::HttpResponse { status, raw_response, .. }) => {
                    return Self::of_answer(sdk_answer(u16::from(*status), raw_response.as_deref()));
                }
                Some(ErrorKind::Io | ErrorKind::Connection) => unread = Self::NoAnswer { answer: answer.clone() },
                _ => {}
            }
            cause = error.source();
        }
        unread
    }
}

/// What an error response in an error of the SDK says.
#[must_use]
pub fn sdk_answer(status: u16, response: Option<&RawResponse>) -> UpstreamAnswer {
    let header = |name: &'static str| {
        let headers = response?.headers();
        headers.get_optional_str(&HeaderName::from_static(name)).map(ToOwned::to_owned)
    };
    UpstreamAnswer::read(status, header, response.map_or(&[], |response| response.body().as_ref()))
}

/// A credential that reports its own errors, also when it takes too long. So a silent identity endpoint is never taken for a
/// silent Key Vault or storage account.
#[derive(Debug)]
struct OwnErrors {
    inner: Arc<dyn TokenCredential>,
    managed: bool,
    limit: Duration,
    /// Stays true if the caller gives up first.
    is_waiting: Arc<AtomicBool>,
}

#[async_trait]
impl TokenCredential for OwnErrors {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        self.is_waiting.store(true, Ordering::Relaxed);
        let got = timeout(self.limit, self.inner.get_token(scopes, options)).await;
        self.is_waiting.store(false, Ordering::Relaxed);
        let error = match got {
            Ok(Ok(token)) if is_token(token.token.secret()) => return Ok(token),
            Ok(Err(error)) if !self.managed => IdentityError::NotSignedIn { answer: UpstreamAnswer::of_error(&error) },
            _ if !self.managed => IdentityError::NotSignedIn { answer: UpstreamAnswer::NONE },
            Ok(Ok(_)) => IdentityError::Failed { answer: UpstreamAnswer::of_status(200) },
            Ok(Err(error)) => IdentityError::of_sdk(&error),
            Err(_) => IdentityError::TimedOut,
        };
        Err(azure_core::Error::with_error(ErrorKind::Credential, error, "no token from Entra ID"))
    }
}

/// Whether `text` has the form of a bearer token (RFC 6750 §2.1).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b))
}

/// Chooses and builds the credential: managed identity in Azure, developer tools (`az`, `azd`) elsewhere.
#[derive(Clone, Debug)]
pub struct Identity {
    settings: AzureSettings,
    http: Arc<HttpClient>,
    /// Whether the last request for a token is still without an answer.
    is_waiting: Arc<AtomicBool>,
}

impl Identity {
    /// The identity for the platform's settings.
    #[must_use]
    pub fn new(settings: AzureSettings, http: Arc<HttpClient>) -> Self {
        Self { settings, http, is_waiting: Arc::default() }
    }

    /// Whether a call that ended without an answer was still waiting for its token.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Relaxed)
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
    pub async fn try_out(&self, resource: &str) -> Result<(), IdentityError> {
        let got = self.credential().await?.get_token(&[&format!("{resource}/.default")], None).await;
        got.map(drop).map_err(|error| {
            let unread = || IdentityError::Failed { answer: UpstreamAnswer::of_error(&error) };
            IdentityError::within(&error).unwrap_or_else(unread)
        })
    }

    /// The credential. Its errors have an [`IdentityError`] within.
    ///
    /// # Errors
    /// If the platform has no such identity.
    pub async fn credential(&self) -> Result<Arc<dyn TokenCredential>, IdentityError> {
        let managed = self.settings.managed_identity;
        let inner = if managed { self.managed_identity().await } else { developer_tools() }?;
        let (limit, is_waiting) = (self.try_timeout().saturating_sub(LEFT_FOR_THE_CALL), Arc::clone(&self.is_waiting));
        Ok(Arc::new(OwnErrors { inner, managed, limit, is_waiting }))
    }

    async fn managed_identity(&self) -> Result<Arc<dyn TokenCredential>, IdentityError> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: self.settings.client_id.clone().map(UserAssignedId::ClientId),
            client_options: self.client_options().await,
        };
        let credential = ManagedIdentityCredential::new(Some(options));
        credential
            .map(|credential| -> Arc<dyn TokenCredential> { credential })
            .map_err(|error| IdentityError::Failed { answer: UpstreamAnswer::of_error(&error) })
    }
}

fn developer_tools() -> Result<Arc<dyn TokenCredential>, IdentityError> {
    let credential = DeveloperToolsCredential::new(None);
    credential
        .map(|credential| -> Arc<dyn TokenCredential> { credential })
        .map_err(|error| IdentityError::NotSignedIn { answer: UpstreamAnswer::of_error(&error) })
}
