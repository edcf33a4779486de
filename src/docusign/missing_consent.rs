//! Which scopes lack consent? DocuSign's `consent_required` does not say, so each is tried by itself, all at once.

use futures_util::future::join_all;

use crate::config::docusign::IMPERSONATION;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::oauth::scope::Scope;
use crate::types::Guid;

/// The scope tokens of `scopes` that `user` has not consented to. None, if each is fine alone and only all together
/// are not.
///
/// # Errors
/// [`MintError`] if something else than consent is in the way.
pub async fn scopes_without_consent(
    access_tokens: &AccessTokens,
    user: &Guid,
    scopes: &Scope,
) -> Result<Vec<String>, MintError> {
    let trials = scopes.iter().map(|scope_token| async move {
        let alone = Scope::parse(scope_token).ok()?.with(IMPERSONATION);
        Some((scope_token, access_tokens.mint_anew(user, &alone).await.err()?))
    });
    let mut missing = Vec::new();
    for (scope_token, error) in join_all(trials).await.into_iter().flatten() {
        match error {
            MintError::Exchange(ExchangeError::ConsentRequired) => missing.push(scope_token.to_owned()),
            error => return Err(error),
        }
    }
    Ok(missing)
}
