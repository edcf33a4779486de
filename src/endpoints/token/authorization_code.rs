//! The authorization code grant, RFC 6749 §4.1.3.
//!
//! The code is marked as used last, once there is an access token. After an outage or a failed client authentication, the
//! client can retry with the same code.

use std::borrow::Cow;

use secrecy::ExposeSecret as _;

use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::token::error::{TokenError, bad_grant};
use crate::endpoints::token::issue::Granted;
use crate::endpoints::token::request::CodeParameters;
use crate::oauth::client::{Client, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::sealing::claims::AuthorizationCode;

/// Redeems the code of `presented` for `client`.
pub async fn redeem(
    endpoint: &TokenEndpoint,
    client: &Client,
    presented: &CodeParameters<'_>,
) -> Result<Granted<'static>, TokenError> {
    let TokenEndpoint { issuer, revocations, used_codes, .. } = endpoint;
    let code =
        presented.code.as_ref().ok_or(ErrorCode::InvalidRequest.with_description("code is missing"))?.expose_secret();
    // 1. Check that the code was issued here, to this client, for this request.
    let sealed = issuer.open::<AuthorizationCode>(code).await.map_err(|error| TokenError::of_code(&error))?.0;
    let AuthorizationCode { grant, process_id, .. } = &sealed.content;
    check(client, presented, &sealed.content)?;
    // 2. Check for revocation while the access token is fetched.
    let (revoked, access_token) =
        tokio::join!(revocations.is_revoked(grant), issuer.access_token_after_sign_in(client, grant));
    if revoked {
        return Err(bad_grant("the grant was revoked").into());
    }
    let access_token = access_token?;
    let refreshes = client.may_use(GrantType::RefreshToken);
    let refresh_token = if refreshes { Some(Cow::Owned(issuer.first_refresh_token(grant).await?)) } else { None };
    // 3. Mark the code as used. It works only once.
    let expires_at = sealed.exp.unwrap_or_else(|| issuer.clock.now());
    if !used_codes.use_up(code, process_id.as_deref(), expires_at).await? {
        return Err(bad_grant("the code was used before, or belongs to another process").into());
    }
    Ok(Granted { access_token, grant: sealed.content.grant, refresh_token })
}

/// Checks that the code belongs to this client and this request. Pure.
fn check(client: &Client, presented: &CodeParameters<'_>, code: &AuthorizationCode) -> Result<(), OAuthError> {
    if code.grant.client_id != client.client_id || code.grant.subject.kind() != client.subject {
        return Err(bad_grant("the code was issued to another client"));
    }
    check_redirect_uri(client, presented, code)?;
    match (&code.code_challenge, &presented.code_verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier.expose_secret()) => Ok(()),
        (Some(_), Some(_)) => Err(bad_grant("code_verifier does not belong to the code_challenge")),
        (Some(_), None) => Err(bad_grant("code_verifier is missing; the authorization request had a code_challenge")),
        // RFC 9700 §4.8.2: an attacker may have removed the challenge from the authorization request.
        (None, Some(_)) => {
            Err(bad_grant("code_verifier was sent, but the authorization request had no code_challenge"))
        }
    }
}

fn check_redirect_uri(
    client: &Client,
    presented: &CodeParameters<'_>,
    code: &AuthorizationCode,
) -> Result<(), OAuthError> {
    match (&code.redirect_uri, &presented.redirect_uri) {
        (Some(_), None) => {
            Err(ErrorCode::InvalidRequest
                .with_description("redirect_uri is missing; the authorization request had one"))
        }
        (Some(requested), Some(sent)) if requested != sent => {
            Err(bad_grant("redirect_uri differs from the one of the authorization request"))
        }
        // Optional here (§4.1.3), but it must be registered.
        (None, Some(sent)) if !client.redirects_to(sent) => {
            Err(bad_grant("redirect_uri is not the one the code was sent to"))
        }
        _ => Ok(()),
    }
}
