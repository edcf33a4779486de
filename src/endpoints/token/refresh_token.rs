//! The refresh token grant, RFC 6749 §6. By default, refresh tokens work until the grant is revoked.
//!
//! Refresh tokens of confidential clients do not rotate: client authentication already protects them (RFC 9700 §4.14.2), and
//! with rotation, parallel refreshes would fail. Refresh tokens of public clients rotate.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::UnixSeconds;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::token::error::{TokenError, bad_grant};
use crate::endpoints::token::issue::Granted;
use crate::oauth::client::Client;
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::oauth::narrowed_scope::narrowed;
use crate::oauth::scope::Scope;
use crate::sealing::Sealed;
use crate::sealing::claims::{Grant, RefreshToken};
use crate::store::rotation::Rotation;
use crate::telemetry;

/// Refreshes with the refresh token `presented`, limited to `scope`.
pub async fn refresh<'r>(
    endpoint: &TokenEndpoint,
    client: &Client,
    presented: Option<&'r SecretString>,
    scope: Option<&str>,
) -> Result<Granted<'r>, TokenError> {
    let TokenEndpoint { issuer, revocations, .. } = endpoint;
    let presented = presented.ok_or(ErrorCode::InvalidRequest.with_description("refresh_token is missing"))?;
    // 1. Check that the refresh token was issued here, to this client, with this scope.
    let opened = issuer.open::<RefreshToken>(presented.expose_secret()).await;
    let (sealed, sealed_by) = opened.map_err(|error| TokenError::of_refresh_token(&error))?;
    let now = issuer.clock.now();
    check(client, &sealed, now)?;
    let scope = refreshed_scope(client, &sealed.content.grant, scope)?;
    let grant = Grant { scope, ..sealed.content.grant.clone() };
    // 2. Check for revocation while the access token is fetched.
    let (revoked, access_token) = tokio::join!(revocations.is_revoked(&grant), issuer.access_token(client, &grant));
    if revoked {
        return Err(bad_grant("the grant was revoked").into());
    }
    let access_token = access_token?;
    // 3. Get the next refresh token.
    let refresh_token = if client.is_public() {
        Cow::Owned(successor(endpoint, &sealed, now).await?)
    } else {
        issuer.resealed(&sealed, presented, &sealed_by).await?
    };
    Ok(Granted { access_token, grant, refresh_token: Some(refresh_token) })
}

/// Rotates a public client's refresh token.
async fn successor(
    endpoint: &TokenEndpoint,
    sealed: &Sealed<RefreshToken>,
    now: UnixSeconds,
) -> Result<SecretString, TokenError> {
    let TokenEndpoint { issuer, revocations, rotations, .. } = endpoint;
    let RefreshToken { grant, generation } = &sealed.content;
    // Get the sealing key first, so that sealing the successor cannot fail after the rotation.
    let secret = issuer.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
    let Rotation::Successor { generation, at } = rotations.rotate(grant, *generation, now).await else {
        // This token or its successor was stolen, so the grant is revoked.
        let kept = revocations.revoke(&grant.grant_id, None).await.is_ok();
        telemetry::audit_reuse(&grant.grant_id, kept);
        return Err(bad_grant("the refresh token was already replaced, so its grant was revoked").into());
    };
    let jti = secret.successor_jti(&grant.grant_id, generation);
    let content = RefreshToken { grant: grant.clone(), generation };
    let successor = Sealed::new(issuer.issuer.as_str(), jti, at, None, content).seal(&secret);
    successor.map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
}

/// Checks the refresh token against the client's current registration. Pure.
fn check(client: &Client, sealed: &Sealed<RefreshToken>, now: UnixSeconds) -> Result<(), OAuthError> {
    let grant = &sealed.content.grant;
    if grant.client_id != client.client_id {
        return Err(bad_grant("the refresh token was issued to another client"));
    }
    if grant.subject.kind() != client.subject {
        return Err(bad_grant("the refresh token was issued while the client had another subject"));
    }
    let lifetime = client.refresh_token_lifetime.unwrap_or(u64::MAX);
    if sealed.iat.plus(lifetime) <= now {
        return Err(bad_grant("the refresh token has expired"));
    }
    Ok(())
}

/// The requested scope, limited to the granted scope (§6) and to the client's current scope. Pure.
fn refreshed_scope(client: &Client, grant: &Grant, requested: Option<&str>) -> Result<Scope, OAuthError> {
    let scope = match requested {
        None => grant.scope.clone(),
        Some(requested) => {
            let narrowed = narrowed(&grant.scope, requested, "the scope is wider than the one granted");
            narrowed.map_err(|error_description| OAuthError { error: ErrorCode::InvalidScope, error_description })?
        }
    };
    let nothing = ErrorCode::InvalidScope.with_description("the client may no longer use any of these scopes");
    scope.intersection(&client.scope).ok_or(nothing)
}
