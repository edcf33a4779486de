//! What DocuSign is asked for, so that clients with the same scope share a token. Pure.

use std::collections::HashMap;

use crate::config::docusign::IMPERSONATION;
use crate::oauth::scope::Scope;

/// The scope DocuSign is asked for: what was granted, always with `impersonation`, in one order for all clients.
#[must_use]
pub fn upstream_scope(docusign_scopes: &Scope, granted: &Scope) -> Scope {
    let wanted = granted.clone().with(IMPERSONATION);
    docusign_scopes.narrow(&wanted).unwrap_or(wanted)
}

/// The same, worked out beforehand for the scopes that nearly all requests have: those of the clients.
#[derive(Clone, Debug)]
pub struct UpstreamScopes {
    docusign_scopes: Scope,
    worked_out: HashMap<Scope, Scope>,
}

impl UpstreamScopes {
    /// Within `docusign_scopes`, for clients of the scopes `granted`.
    #[must_use]
    pub fn new<'a>(docusign_scopes: &Scope, granted: impl Iterator<Item = &'a Scope>) -> Self {
        let worked_out = granted.map(|granted| (granted.clone(), upstream_scope(docusign_scopes, granted))).collect();
        Self { docusign_scopes: docusign_scopes.clone(), worked_out }
    }

    /// The scope DocuSign is asked for when `granted` was granted.
    #[must_use]
    pub fn of(&self, granted: &Scope) -> Scope {
        let worked_out = self.worked_out.get(granted).cloned();
        worked_out.unwrap_or_else(|| upstream_scope(&self.docusign_scopes, granted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impersonation_is_always_there_and_the_order_is_docusigns() {
        let scope = |text: &str| Scope::parse(text).unwrap();
        let all = scope("signature impersonation spring_read");
        let client = scope("spring_read signature");
        let scopes = UpstreamScopes::new(&all, [&client].into_iter());
        for (granted, upstream) in [
            ("spring_read signature", "signature impersonation spring_read"),
            ("signature spring_read", "signature impersonation spring_read"),
            ("impersonation", "impersonation"),
            ("extended", "extended impersonation"),
        ] {
            assert_eq!(scopes.of(&scope(granted)), scope(upstream), "{granted}");
        }
    }
}
