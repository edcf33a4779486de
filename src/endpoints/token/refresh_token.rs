//! Refreshing, RFC 6749 §6: for ever, unless the grant is revoked.
//!
//! Refresh tokens of confidential clients do not rotate, since client authentication binds them (RFC 9700 §4.14.2) and
//! parallel refreshes would break one another; those of public clients do.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use crate::clock::UnixSeconds;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::token::error::{TokenError, bad_grant};
use crate::endpoints::token::issue::Granted;
use crate::endpoints::token::request::RawTokenRequest;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::scope::Scope;
use crate::sealing::Sealed;
use crate::sealing::claims::{Grant, RefreshToken};
use crate::sealing::secret::SealingSecret;
use crate::store::rotation::Rotation;
use crate::telemetry;

/// How long a refresh token that a previous sealing key opened waits for the current one.
const RESEALING_TIMEOUT: Duration = Duration::from_secs(1);

impl TokenEndpoint {
    /// Refreshes with the refresh token of `raw`, which is taken out of it.
    pub(super) async fn refresh_token(
        &self,
        client: &Client,
        raw: &mut RawTokenRequest<'_>,
    ) -> Result<Granted, TokenError> {
        let presented = raw.refresh_token.take().ok_or(ErrorCode::InvalidRequest.say("refresh_token is missing"))?;
        let now = self.clock.now();
        // 1. Is it ours, this client's, and for this scope?
        let opened = self.sealing.open::<RefreshToken>(self.issuer.as_str(), presented.expose_secret(), now).await;
        let (sealed, sealed_by) = opened.map_err(|error| TokenError::of_refresh_token(&error))?;
        let grant = &sealed.content.grant;
        check(client, &sealed, now)?;
        let scope = refreshed_scope(client, grant, raw.scope.as_deref())?;
        // 2. Still granted? The store is asked while the access token is on its way.
        let narrowed = || Grant { scope: scope.clone(), ..grant.clone() };
        let (revoked, access_token) = tokio::join!(
            self.revocations.is_revoked(grant),
            self.access_token(client, &grant.subject, &scope, narrowed)
        );
        if revoked {
            return Err(bad_grant("the grant was revoked").into());
        }
        let access_token = access_token?;
        // 3. The refresh token that goes on.
        let refresh_token = if client.is_public() {
            Box::pin(self.successor(&sealed, now)).await?
        } else {
            self.renewed(&sealed, presented, sealed_by).await?
        };
        let grant_id = sealed.content.grant.grant_id.into();
        Ok(Granted { access_token, scope, grant_id, refresh_token: Some(refresh_token) })
    }

    /// The same again. Only where an earlier sealing key made it, the same claims sealed anew, so that the key can be
    /// retired once every client has refreshed.
    async fn renewed(
        &self,
        sealed: &Sealed<RefreshToken>,
        presented: SecretString,
        sealed_by: &SealingSecret,
    ) -> Result<SecretString, TokenError> {
        let current = timeout(RESEALING_TIMEOUT, self.sealing.current()).await;
        let Some(current) = current.ok().and_then(Result::ok).filter(|current| current.kid() != sealed_by.kid()) else {
            return Ok(presented);
        };
        sealed.seal(current).map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }

    /// The successor of a public client's refresh token.
    async fn successor(&self, sealed: &Sealed<RefreshToken>, now: UnixSeconds) -> Result<SecretString, TokenError> {
        let RefreshToken { grant, generation } = &sealed.content;
        // What cannot be sealed must not be rotated to.
        let secret = self.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
        let Rotation::Successor { generation, at } = self.rotations.rotate(grant, *generation, now).await else {
            // Either this one or its successor was stolen: neither is good for anything any more.
            let kept = self.revocations.revoke(&grant.grant_id, None).await.is_ok();
            telemetry::audit_reuse(&grant.client_id, &grant.grant_id, kept);
            return Err(bad_grant("the refresh token was replaced before; its grant is ended").into());
        };
        let (issuer, jti) = (self.issuer.as_str(), secret.successor_jti(&grant.grant_id, generation));
        let content = RefreshToken { grant: grant.clone(), generation };
        let successor = Sealed::new(issuer, jti, at, None, content).seal(secret);
        successor.map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }
}

/// Does the refresh token belong to this client, as it is registered now? Pure.
fn check(client: &Client, sealed: &Sealed<RefreshToken>, now: UnixSeconds) -> Result<(), OAuthError> {
    let grant = &sealed.content.grant;
    if grant.client_id != client.client_id.as_str() {
        return Err(bad_grant("the refresh token was issued to another client"));
    }
    if grant.subject.kind() != client.subject {
        return Err(bad_grant("the refresh token was issued while the client had another subject"));
    }
    let lifetime = client.refresh_token_lifetime.unwrap_or(u64::MAX);
    if UnixSeconds(sealed.iat).plus(lifetime) <= now {
        return Err(bad_grant("the refresh token has expired"));
    }
    Ok(())
}

/// What was asked for, within what was granted (§6), within what the client may have today. Pure.
fn refreshed_scope(client: &Client, grant: &Grant, wanted: Option<&str>) -> Result<Scope, OAuthError> {
    let wider = ErrorCode::InvalidScope.say("the scope is malformed or wider than the one granted");
    let wanted = match wanted {
        None => grant.scope.clone(),
        Some(wanted) => {
            let wanted = Scope::parse(wanted).ok();
            wanted.and_then(|wanted| grant.scope.narrow(&wanted)).ok_or(wider)?
        }
    };
    let nothing = ErrorCode::InvalidScope.say("the client may not have any of this scope any more");
    wanted.intersection(&client.scope).ok_or(nothing)
}
