//! The scope to request from DocuSign, in one fixed form, so that clients with the same scope share a token. Pure.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::config::docusign::IMPERSONATION;
use crate::oauth::scope::Scope;

/// The scope to request: the granted scope with `impersonation`, in the same order for all clients.
#[must_use]
pub fn requested_scope(docusign_scopes: &Scope, granted: &Scope) -> Scope {
    let requested = granted.clone().with(IMPERSONATION);
    docusign_scopes.narrow(&requested).unwrap_or(requested)
}

/// The most scopes that are kept; clients have fewer.
const MAX_KNOWN_SCOPES: usize = 256;

/// The scopes to request, computed once for each granted scope.
#[derive(Debug)]
pub struct RequestedScopes {
    docusign_scopes: Scope,
    by_granted: RwLock<HashMap<Scope, Scope>>,
}

impl RequestedScopes {
    /// Computes them from `docusign_scopes`.
    #[must_use]
    pub fn new(docusign_scopes: Scope) -> Self {
        Self { docusign_scopes, by_granted: RwLock::default() }
    }

    /// The scope to request when `granted` was granted.
    #[must_use]
    pub fn of(&self, granted: &Scope) -> Scope {
        let known = self.by_granted.read().unwrap_or_else(PoisonError::into_inner).get(granted).cloned();
        known.unwrap_or_else(|| self.compute(granted))
    }

    fn compute(&self, granted: &Scope) -> Scope {
        let requested = requested_scope(&self.docusign_scopes, granted);
        let mut by_granted = self.by_granted.write().unwrap_or_else(PoisonError::into_inner);
        if by_granted.len() >= MAX_KNOWN_SCOPES {
            by_granted.clear();
        }
        by_granted.insert(granted.clone(), requested.clone());
        requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impersonation_is_always_requested_and_the_order_is_fixed() {
        let scope = |text: &str| Scope::parse(text).unwrap();
        let all = scope("signature impersonation spring_read");
        let scopes = RequestedScopes::new(all.clone());
        for (granted, requested) in [
            ("spring_read signature", "signature impersonation spring_read"),
            ("signature spring_read", "signature impersonation spring_read"),
            ("impersonation", "impersonation"),
            ("extended", "extended impersonation"),
        ] {
            assert_eq!(requested_scope(&all, &scope(granted)), scope(requested), "{granted}");
            assert_eq!(scopes.of(&scope(granted)), scope(requested), "{granted}");
            assert_eq!(scopes.of(&scope(granted)), scope(requested), "{granted}, known");
        }
    }
}
