//! The scope to request from DocuSign, in one fixed form, so that clients with the same scope share a token. Pure.

use std::collections::HashMap;

use crate::config::docusign::IMPERSONATION;
use crate::oauth::scope::Scope;

/// The scope to request: the granted scope with `impersonation`, in the same order for all clients.
#[must_use]
pub fn requested_scope(docusign_scopes: &Scope, granted: &Scope) -> Scope {
    let requested = granted.clone().with(IMPERSONATION);
    docusign_scopes.narrow(&requested).unwrap_or(requested)
}

/// The scopes to request, computed once for the scopes of the registered clients, which nearly all requests use.
#[derive(Clone, Debug)]
pub struct RequestedScopes {
    docusign_scopes: Scope,
    by_granted: HashMap<Scope, Scope>,
}

impl RequestedScopes {
    /// Computes them from `docusign_scopes` for clients with the scopes `granted`.
    #[must_use]
    pub fn new<'a>(docusign_scopes: &Scope, granted: impl Iterator<Item = &'a Scope>) -> Self {
        let by_granted = granted.map(|granted| (granted.clone(), requested_scope(docusign_scopes, granted))).collect();
        Self { docusign_scopes: docusign_scopes.clone(), by_granted }
    }

    /// The scope to request when `granted` was granted.
    #[must_use]
    pub fn of(&self, granted: &Scope) -> Scope {
        let known = self.by_granted.get(granted).cloned();
        known.unwrap_or_else(|| requested_scope(&self.docusign_scopes, granted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impersonation_is_always_requested_and_the_order_is_fixed() {
        let scope = |text: &str| Scope::parse(text).unwrap();
        let all = scope("signature impersonation spring_read");
        let scopes = RequestedScopes::new(&all, [&scope("spring_read signature")].into_iter());
        for (granted, requested) in [
            ("spring_read signature", "signature impersonation spring_read"),
            ("signature spring_read", "signature impersonation spring_read"),
            ("impersonation", "impersonation"),
            ("extended", "extended impersonation"),
        ] {
            assert_eq!(requested_scope(&all, &scope(granted)), scope(requested), "{granted}");
            assert_eq!(scopes.of(&scope(granted)), scope(requested), "{granted}");
        }
    }
}
