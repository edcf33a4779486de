//! `POST /oauth/revoke`, the revocation endpoint (RFC 7009).
//!
//! The form is read → the registry authenticates the client → the token is opened as the kind in its header → its grant is
//! revoked in the store. If the store is down, the response is 503, but this process already enforces the revocation.

use std::borrow::Cow;
use std::sync::Arc;

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::time::timeout;

use crate::clock::{ANSWER_WITHIN, Clock, UnixSeconds};
use crate::endpoints::caller::clients::{ClientAuthenticator, ClientError};
use crate::endpoints::caller::failures::TooManyFailuresError;
use crate::oauth::client::authentication::{AuthenticationParameters, ClientAuthentication};
use crate::oauth::client::{Client, ClientId, ClientRegistry};
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::form::Form;
use crate::registry::issuers::IssuerKeysError;
use crate::registry::{REGISTRY_UNAVAILABLE, Registry};
use crate::sealing::Sealable;
use crate::sealing::claims::{AuthorizationCode, RefreshToken, SealedAccessToken};
use crate::sealing::keys::{OpenError, SEALING_UNAVAILABLE, SealingKeys};
use crate::sealing::opened::{Opened, open_any};
use crate::store::STORE_UNAVAILABLE;
use crate::store::revocations::Revocations;
use crate::telemetry::{self, Answer, AnswerRecord, GRANT_REVOKED};
use crate::types::{BaseUrl, Explained as _, Explanation};
use crate::web::response::json;
use crate::web::retry_after::USUAL_WAIT;

/// The parameters of RFC 7009 §2.1 and client credentials. `token_type_hint` is ignored, because a token contains its kind.
const PARAMETERS: [&str; 6] =
    ["token", "client_id", "client_secret", "client_assertion", "client_assertion_type", "token_type_hint"];

/// The body of a success, `{}`. RFC 7009 requires no body, but some clients parse it as JSON.
#[derive(Serialize)]
struct EmptyBody {}

/// The kinds of tokens that can be revoked.
const REVOCABLE: [&str; 3] = [RefreshToken::TYP, AuthorizationCode::TYP, SealedAccessToken::TYP];

/// What is revoked with a token.
struct RevokedGrant {
    /// The client that the token was issued to.
    client_id: ClientId,
    /// The id of the grant or of the sealed access token.
    id: String,
    /// When the revocation is no longer needed.
    expires_at: Option<UnixSeconds>,
}

/// Why nothing was revoked.
enum RevocationError {
    OAuth(OAuthError),
    TooManyFailures(TooManyFailuresError),
    Outage { retry_after: u64, cause: &'static str, error_description: &'static str },
}

/// The revocation endpoint and what it depends on.
pub struct RevokeEndpoint {
    /// The issuer.
    pub issuer: BaseUrl,
    /// The registered clients.
    pub registry: Registry,
    /// Authenticates them.
    pub authenticator: ClientAuthenticator,
    /// Opens the tokens.
    pub sealing: Arc<SealingKeys>,
    /// The revocations.
    pub revocations: Revocations,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl RevokeEndpoint {
    /// Responds to a request.
    pub async fn handle(&self, form: &Form) -> Answer {
        let Ok(clients) = self.registry.current().await else {
            return outage(REGISTRY_UNAVAILABLE.code, REGISTRY_UNAVAILABLE.client).answer(AnswerRecord::default());
        };
        let answering = timeout(ANSWER_WITHIN, self.authenticate_and_revoke(form, &clients));
        let too_late = outage("deadline", "the revocation took too long");
        answering.await.unwrap_or_else(|_| too_late.answer(AnswerRecord::default()))
    }

    async fn authenticate_and_revoke(&self, form: &Form, clients: &ClientRegistry) -> Answer {
        let (client, token) = match self.read(form, clients).await {
            Ok(request) => request,
            Err(error) => return error.answer(AnswerRecord::default()),
        };
        telemetry::record_client(client);
        let record = AnswerRecord::default().for_client(client);
        match self.revoke(client, &token).await {
            Ok(id) => {
                let event = Some(if id.is_some() { GRANT_REVOKED } else { "nothing_to_revoke" });
                Answer {
                    response: json(StatusCode::OK, &EmptyBody {}),
                    record: AnswerRecord { event, grant_id: id.map(Cow::Owned), ..record },
                }
            }
            Err(error) => error.answer(record),
        }
    }

    /// The client, authenticated, and the token.
    async fn read<'c>(
        &self,
        form: &Form,
        clients: &'c ClientRegistry,
    ) -> Result<(&'c Client, SecretString), RevocationError> {
        let refuse = |error| RevocationError::from(self.authenticator.refuse(form, clients, error));
        let parameters = form.parameters(PARAMETERS).map_err(refuse)?;
        let [token, client_id, client_secret, client_assertion, client_assertion_type, _] = parameters;
        let parameters = AuthenticationParameters { client_id, client_secret, client_assertion, client_assertion_type };
        let client = match ClientAuthentication::read(&form.headers, parameters).map_err(refuse)? {
            ClientAuthentication::Secret(credentials) => credentials.authenticate(clients).map_err(refuse)?,
            ClientAuthentication::Assertion(presented) => {
                self.authenticator.by_assertion(clients, form, &presented).await?
            }
        };
        let token = token.ok_or(ErrorCode::InvalidRequest.with_description("token is missing")).map_err(refuse)?;
        Ok((client, SecretString::from(token.into_owned())))
    }

    /// Revokes the token and returns the revoked id; `None` if there was nothing to revoke.
    async fn revoke(&self, client: &Client, token: &SecretString) -> Result<Option<String>, RevocationError> {
        let Some(target) = self.target(token.expose_secret()).await? else { return Ok(None) };
        let RevokedGrant { client_id, id, expires_at } = target;
        if client_id != client.client_id {
            return Err(RevocationError::OAuth(
                ErrorCode::InvalidGrant.with_description("the token was issued to another client"),
            ));
        }
        let revoked = self.revocations.revoke(&id, expires_at).await;
        revoked.map_err(|_| {
            outage(STORE_UNAVAILABLE.code, "the revocation could not be stored; send the request again")
        })?;
        Ok(Some(id))
    }

    /// What to revoke: the grant of a refresh token or code, or only a sealed access token. `None` if the token is unknown,
    /// expired or issued by DocuSign (§2.2).
    async fn target(&self, token: &str) -> Result<Option<RevokedGrant>, RevocationError> {
        let opened = open_any(&self.sealing, &REVOCABLE, self.issuer.as_str(), token, self.clock.now()).await;
        let (grant, access_token) = match opened.map(|(opened, _)| opened) {
            Ok(Opened::RefreshToken(sealed)) => (sealed.content.grant, None),
            Ok(Opened::AuthorizationCode(sealed)) => (sealed.content.grant, None),
            Ok(Opened::SealedAccessToken(sealed)) => (sealed.content.grant, Some((sealed.jti, sealed.exp))),
            Ok(_) => return Ok(None),
            Err(error) => return unopened(&error),
        };
        let (id, exp) = access_token.unwrap_or((grant.grant_id, None));
        Ok(Some(RevokedGrant { client_id: grant.client_id, id, expires_at: exp }))
    }
}

/// The result for a token that does not open. It may open again after a change of settings, so it must not count as revoked.
fn unopened(error: &OpenError) -> Result<Option<RevokedGrant>, RevocationError> {
    match error {
        OpenError::Expired | OpenError::NotOurs => Ok(None),
        OpenError::OtherIssuer => Err(outage(
            "other_issuer",
            "the token was issued under another EVERGRANT_PUBLIC_URL; restore that setting first",
        )),
        OpenError::UnknownKey => Err(outage(
            "sealing_key_unknown",
            "the token names a sealing key that is not in use here; list it in EVERGRANT_SEALING_KEY_ID_PREVIOUS first",
        )),
        OpenError::Unavailable(_) => Err(outage(SEALING_UNAVAILABLE.code, SEALING_UNAVAILABLE.client)),
    }
}

const fn outage(cause: &'static str, error_description: &'static str) -> RevocationError {
    RevocationError::Outage { retry_after: USUAL_WAIT, cause, error_description }
}

impl From<ClientError> for RevocationError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::OAuth(error) => Self::OAuth(error),
            ClientError::TooManyFailures(failures) => Self::TooManyFailures(failures),
            ClientError::IssuerUnavailable(IssuerKeysError { error, retry_after }) => {
                let Explanation { code, client, .. } = error.explain();
                Self::Outage { retry_after, cause: code, error_description: client }
            }
            ClientError::StoreUnavailable => outage(STORE_UNAVAILABLE.code, STORE_UNAVAILABLE.client),
        }
    }
}

impl RevocationError {
    fn answer(self, record: AnswerRecord) -> Answer {
        match self {
            Self::OAuth(error) => refuse(error, record),
            Self::Outage { retry_after, cause, error_description } => {
                unavailable(retry_after, cause, error_description, record)
            }
            Self::TooManyFailures(failures) => {
                let event = Some("revocation_refused");
                let answer = unavailable(
                    failures.retry_after,
                    TooManyFailuresError::CAUSE,
                    TooManyFailuresError::SENTENCE,
                    record,
                );
                Answer { response: failures.reply(answer.response), record: AnswerRecord { event, ..answer.record } }
            }
        }
    }
}

fn unavailable(retry_after: u64, cause: &'static str, error_description: &'static str, record: AnswerRecord) -> Answer {
    let outage = Outage { retry_after, error_description };
    let record = AnswerRecord { event: Some("revocation_unavailable"), cause: Some(cause), ..record };
    Answer { response: outage.reply(), record: record.refused(Outage::ERROR, error_description) }
}

fn refuse(error: OAuthError, record: AnswerRecord) -> Answer {
    let record = AnswerRecord { event: Some("revocation_refused"), ..record };
    Answer { response: error.reply(), record: record.refused(error.error.as_str(), error.error_description) }
}
