//! What DocuSign is asked for, so that clients with the same scope share a token. Pure.

use crate::config::docusign::IMPERSONATION;
use crate::oauth::scope::Scope;

/// The scope DocuSign is asked for: what was granted, always with `impersonation`, in one order for all clients.
#[must_use]
pub fn requested_scope(docusign_scopes: &Scope, granted: &Scope) -> Scope {
    let requested = granted.clone().with(IMPERSONATION);
    docusign_scopes.narrow(&requested).unwrap_or(requested)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impersonation_is_always_there_and_the_order_is_docusigns() {
        let scope = |text: &str| Scope::parse(text).unwrap();
        let all = scope("signature impersonation spring_read");
        for (granted, requested) in [
            ("spring_read signature", "signature impersonation spring_read"),
            ("signature spring_read", "signature impersonation spring_read"),
            ("impersonation", "impersonation"),
            ("extended", "extended impersonation"),
        ] {
            assert_eq!(requested_scope(&all, &scope(granted)), scope(requested), "{granted}");
        }
    }
}
