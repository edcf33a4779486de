//! Finds the scopes without consent. DocuSign's `consent_required` does not name them, so each is tried alone, in parallel.

use futures_util::future::join_all;

use crate::config::docusign::IMPERSONATION;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::oauth::scope::Scope;
use crate::types::Guid;

/// The scope tokens of `scopes` that `user` has not consented to. Empty if each one works alone and only the combination
/// fails.
///
/// # Errors
/// [`MintError`] if a token fails for a reason other than missing consent.
pub async fn scopes_without_consent(
    access_tokens: &AccessTokens,
    user: &Guid,
    scopes: &Scope,
) -> Result<Vec<String>, MintError> {
    let trials = scopes.iter().map(|scope_token| async move {
        let alone = Scope::parse(scope_token).ok()?.with(IMPERSONATION);
        Some((scope_token, access_tokens.force_mint(user, &alone).await.err()?))
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
