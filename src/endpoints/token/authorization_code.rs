//! The authorization code grant, RFC 6749 §4.1.3.
//!
//! The code is used up last, when there is an access token to give for it: an outage, like a failed client
//! authentication before it, costs the client nothing but another try.

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::UnixSeconds;
use crate::endpoints::token::TokenEndpoint;
use crate::endpoints::token::error::{TokenError, bad_grant};
use crate::endpoints::token::issue::Granted;
use crate::endpoints::token::request::RawTokenRequest;
use crate::oauth::client::{Client, GrantType};
use crate::oauth::error::{ErrorCode, OAuthError};
use crate::random;
use crate::sealing::Sealed;
use crate::sealing::claims::{AuthorizationCode, Grant, RefreshToken};

impl TokenEndpoint {
    /// Redeems the code of `raw`.
    pub(super) async fn authorization_code(
        &self,
        client: &Client,
        raw: &RawTokenRequest<'_>,
    ) -> Result<Granted, TokenError> {
        let code = raw.code.as_ref().ok_or(ErrorCode::InvalidRequest.say("code is missing"))?.expose_secret();
        // 1. Is it ours, this client's, and this request's?
        let opened = self.sealing.open::<AuthorizationCode>(self.issuer.as_str(), code, self.clock.now()).await;
        let (sealed, _) = opened.map_err(|error| TokenError::of_code(&error))?;
        let AuthorizationCode { grant, process_id, .. } = &sealed.content;
        check(client, raw, &sealed.content)?;
        // 2. Still granted? And what is it good for?
        let (revoked, access_token) =
            tokio::join!(self.revocations.is_revoked(grant), self.access_token_anew(client, grant));
        if revoked {
            return Err(bad_grant("the grant was revoked").into());
        }
        let access_token = access_token?;
        let refresh_token =
            if client.may_use(GrantType::RefreshToken) { Some(self.first_refresh_token(grant).await?) } else { None };
        // 3. Once.
        let expires_at = sealed.exp.map_or_else(|| self.clock.now(), UnixSeconds);
        if !self.used_codes.use_up(code, process_id.as_deref(), expires_at).await? {
            return Err(bad_grant("the code was used before, or belongs to another process").into());
        }
        Ok(Granted { access_token, scope: grant.scope.clone(), grant_id: grant.grant_id.clone().into(), refresh_token })
    }

    async fn first_refresh_token(&self, grant: &Grant) -> Result<SecretString, TokenError> {
        let secret = self.sealing.current().await.map_err(|_| TokenError::SealingUnavailable)?;
        let content = RefreshToken { grant: grant.clone(), generation: 0 };
        let (issuer, jti) = (self.issuer.as_str(), random::id::<32>());
        let sealed = Sealed::new(issuer, jti, self.clock.now(), None, content).seal(secret);
        sealed.map(SecretString::from).map_err(|_| TokenError::SealingUnavailable)
    }
}

/// Does the code belong to this client and this request? Pure.
fn check(client: &Client, raw: &RawTokenRequest<'_>, code: &AuthorizationCode) -> Result<(), OAuthError> {
    let client_id = client.client_id.as_str();
    if code.grant.client_id != client_id || code.grant.subject.kind() != client.subject {
        return Err(bad_grant("the code was issued to another client"));
    }
    match (&code.redirect_uri, &raw.redirect_uri) {
        (Some(_), None) => {
            return Err(ErrorCode::InvalidRequest.say("redirect_uri is missing; the authorization request had one"));
        }
        (Some(asked), Some(sent)) if asked != sent => {
            return Err(bad_grant("redirect_uri differs from the one of the authorization request"));
        }
        // Not demanded (§4.1.3), but one that is no business of this client is wrong all the same.
        (None, Some(sent)) if !client.redirects_to(sent) => {
            return Err(bad_grant("redirect_uri is not the one the code was sent to"));
        }
        _ => {}
    }
    match (&code.code_challenge, &raw.code_verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier.expose_secret()) => Ok(()),
        (Some(_), Some(_)) => Err(bad_grant("code_verifier does not belong to the code_challenge")),
        (Some(_), None) => Err(bad_grant("code_verifier is missing; the authorization request had a code_challenge")),
        // RFC 9700 §4.8.2: somebody took the challenge out on the way.
        (None, Some(_)) => {
            Err(bad_grant("code_verifier was sent, but the authorization request had no code_challenge"))
        }
    }
}
