//! `POST /oauth/revoke`, the revocation endpoint (RFC 7009).
//!
//! The form is read → the registry proves the client → the token is opened as whatever it is → its grant is revoked in
//! the store. If the store is down: 503, and this process keeps to the revocation all the same.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::time::timeout;

use crate::clock::{ANSWER_WITHIN, Clock, UnixSeconds};
use crate::oauth::client::credentials::Credentials;
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::error::{ErrorCode, OAuthError, Outage};
use crate::oauth::form;
use crate::sealing::claims::{AuthorizationCode, RefreshToken, SealedAccessToken};
use crate::sealing::keys::{OpenError, SealingKeys};
use crate::sealing::{self, Sealable};
use crate::store::revocations::Revocations;
use crate::telemetry::{Answer, AnswerRecord, GRANT_REVOKED};
use crate::types::BaseUrl;
use crate::web::response::json;

/// Seconds after which a client may ask again when the revocation could not be kept.
const RETRY_AFTER: u64 = 5;

/// The parameters of RFC 7009 §2.1, and client credentials. `token_type_hint` is not needed: a token says what it is.
const PARAMETERS: [&str; 4] = ["token", "client_id", "client_secret", "token_type_hint"];

/// The body of a success. RFC 7009 wants none; some clients parse one all the same.
#[derive(Serialize)]
struct Nothing {}

/// What a token turned out to be.
enum RevokeTarget {
    /// One of ours: its client, what a revocation has to name, and when it dies by itself.
    Ours { client_id: String, id: String, expires_at: Option<UnixSeconds> },
    /// Unknown, expired, or DocuSign's: there is nothing to revoke (§2.2).
    Nothing,
}

/// Why nothing was revoked.
enum RevokeError {
    OAuth(OAuthError),
    Outage(&'static str, &'static str),
}

/// The revocation endpoint and what it depends on.
pub struct RevokeEndpoint {
    /// Our issuer.
    pub issuer: BaseUrl,
    /// Who may ask.
    pub clients: ClientRegistry,
    /// What opens the tokens.
    pub sealing: Arc<SealingKeys>,
    /// Where revocations are kept.
    pub revocations: Revocations,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl RevokeEndpoint {
    /// Answers a request.
    pub async fn handle(&self, request: &Request<Bytes>) -> Answer {
        let (client, presented) = match self.read(request) {
            Ok(read) => read,
            Err(error) => return refuse(error, AnswerRecord::default()),
        };
        let record = AnswerRecord::default().by(client);
        let revoked = timeout(ANSWER_WITHIN, self.revoke(client, &presented)).await;
        match revoked.unwrap_or(Err(RevokeError::Outage("deadline", "the revocation took too long"))) {
            Ok(id) => {
                let event = Some(if id.is_some() { GRANT_REVOKED } else { "nothing_to_revoke" });
                Answer {
                    response: json(StatusCode::OK, &Nothing {}),
                    record: AnswerRecord { event, grant_id: id.map(Cow::Owned), ..record },
                }
            }
            Err(RevokeError::OAuth(error)) => refuse(error, record),
            Err(RevokeError::Outage(cause, error_description)) => {
                let outage = Outage { retry_after: RETRY_AFTER, error_description };
                let event = Some("revocation_unavailable");
                let record = AnswerRecord { event, error: Some(Outage::ERROR), cause: Some(cause), ..record };
                Answer { response: outage.reply(), record }
            }
        }
    }

    /// Who asks, and about what?
    fn read(&self, request: &Request<Bytes>) -> Result<(&Client, SecretString), OAuthError> {
        let [presented, client_id, client_secret, _] = form::read(request, PARAMETERS)?;
        let client_secret = client_secret.map(|secret| SecretString::from(secret.into_owned()));
        let client = Credentials::read(request.headers(), client_id, client_secret)?.authenticate(&self.clients)?;
        let presented = presented.ok_or(ErrorCode::InvalidRequest.say("token is missing"))?;
        Ok((client, SecretString::from(presented.into_owned())))
    }

    /// Gives the id of what was revoked, if anything was.
    async fn revoke(&self, client: &Client, presented: &SecretString) -> Result<Option<String>, RevokeError> {
        let RevokeTarget::Ours { client_id, id, expires_at } = self.recognize(presented.expose_secret()).await? else {
            return Ok(None);
        };
        if client_id != client.client_id.as_str() {
            return Err(RevokeError::OAuth(ErrorCode::InvalidGrant.say("the token was issued to another client")));
        }
        let kept = self.revocations.revoke(&id, expires_at).await;
        kept.map_err(|_| RevokeError::Outage("store_unavailable", "the revocation could not be kept; repeat it"))?;
        Ok(Some(id))
    }

    /// A refresh token and a code stand for their grant, and a sealed access token for itself.
    async fn recognize(&self, presented: &str) -> Result<RevokeTarget, RevokeError> {
        let (issuer, now) = (self.issuer.as_str(), self.clock.now());
        let typ = sealing::label(presented).map(|label| label.typ);
        let ours = if typ.as_deref() == Some(RefreshToken::TYP) {
            let opened = self.sealing.open::<RefreshToken>(issuer, presented, now).await;
            opened.map(|(sealed, _)| (sealed.content.grant.client_id, sealed.content.grant.grant_id, None))
        } else if typ.as_deref() == Some(AuthorizationCode::TYP) {
            let opened = self.sealing.open::<AuthorizationCode>(issuer, presented, now).await;
            opened.map(|(sealed, _)| (sealed.content.grant.client_id, sealed.content.grant.grant_id, None))
        } else {
            let opened = self.sealing.open::<SealedAccessToken>(issuer, presented, now).await;
            opened.map(|(sealed, _)| (sealed.content.grant.client_id, sealed.jti, sealed.exp.map(UnixSeconds)))
        };
        match ours {
            Ok((client_id, id, expires_at)) => Ok(RevokeTarget::Ours { client_id, id, expires_at }),
            Err(OpenError::Expired | OpenError::NotOurs) => Ok(RevokeTarget::Nothing),
            // These may come back to life when the setting is mended.
            Err(OpenError::OtherIssuer) => Err(RevokeError::Outage(
                "other_issuer",
                "the token was issued under another EVERGRANT_PUBLIC_URL; set that back first",
            )),
            Err(OpenError::UnknownKey) => Err(RevokeError::Outage(
                "sealing_key_unknown",
                "the token names a sealing key that is not in use here; list it in EVERGRANT_SEALING_KEY_ID_PREVIOUS first",
            )),
            Err(OpenError::Unavailable(_)) => {
                Err(RevokeError::Outage("sealing_key_unavailable", "the sealing key cannot be used at the moment"))
            }
        }
    }
}

fn refuse(error: OAuthError, record: AnswerRecord) -> Answer {
    let record = AnswerRecord { event: Some("revocation_refused"), error: Some(error.error.as_str()), ..record };
    Answer { response: error.reply(), record }
}
