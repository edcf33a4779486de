//! What DocuSign is asked for, so that clients with the same scope share a token. Pure.

use std::collections::HashMap;

use crate::config::docusign::IMPERSONATION;
use crate::oauth::scope::Scope;

/// The scope DocuSign is asked for: what was granted, always with `impersonation`, in one order for all clients.
#[must_use]
pub fn requested_scope(docusign_scopes: &Scope, granted: &Scope) -> Scope {
    let requested = granted.clone().with(IMPERSONATION);
    docusign_scopes.narrow(&requested).unwrap_or(requested)
}

/// The same, computed once for the scopes that nearly all requests have: those of the registered clients.
#[derive(Clone, Debug)]
pub struct RequestedScopes {
    docusign_scopes: Scope,
    by_granted: HashMap<Scope, Scope>,
}

impl RequestedScopes {
    /// Within `docusign_scopes`, for clients with the scopes `granted`.
    #[must_use]
    pub fn new<'a>(docusign_scopes: &Scope, granted: impl Iterator<Item = &'a Scope>) -> Self {
        let by_granted = granted.map(|granted| (granted.clone(), requested_scope(docusign_scopes, granted))).collect();
        Self { docusign_scopes: docusign_scopes.clone(), by_granted }
    }

    /// The scope DocuSign is asked for when `granted` was granted.
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
    fn impersonation_is_always_there_and_the_order_is_docusigns() {
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
