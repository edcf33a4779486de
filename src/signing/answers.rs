//! The errors that Key Vault and Managed HSM answer. Pure.
//!
//! "Azure Key Vault REST API Error Codes" (Microsoft Learn) documents the codes for tokens, for the firewall and for a missing
//! role. The others are from responses in the SDKs' guides and issues.

use crate::signing::SignError;
use crate::web::upstream::UpstreamAnswer;

/// Codes of a key that is deleted but not gone.
const DELETED: [&str; 3] = ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted", "ObjectIsBeingRecovered"];

/// Codes of a network rule, and of a key that is not in force.
const BY_NETWORK: [&str; 2] = ["ForbiddenByFirewall", "ForbiddenByConnection"];
const NOT_IN_FORCE: [&str; 4] = ["KeyDisabled", "KeyExpired", "KeyNotYetValid", "KeyNotYetValidOrExpired"];

/// The error for `answer`. The codes decide before the status.
#[must_use]
pub fn classify(answer: UpstreamAnswer, retry_after: Option<u64>, is_hsm: bool) -> SignError {
    match answer.status() {
        _ if answer.has(&DELETED) => SignError::KeyDeleted,
        _ if answer.has(&BY_NETWORK) => SignError::NetworkRefused,
        _ if answer.has(&NOT_IN_FORCE) => SignError::NotInForce,
        _ if answer.has(&["KeyOperationForbidden"]) => SignError::MayNotSign,
        // AKV10032: the token's issuer is not the tenant of the vault.
        Some(401) if answer.has(&["AKV10032"]) => SignError::OtherTenant,
        Some(401) => SignError::TokenRefused { answer },
        Some(403) if is_hsm && answer.has(&["Forbidden", "AccessDenied", "ForbiddenByRbac"]) => SignError::NoHsmRole,
        Some(403) if answer.has(&["ForbiddenByRbac"]) => SignError::AccessDenied,
        Some(403) if answer.has(&["AccessDenied", "ForbiddenByPolicy"]) => SignError::NoAccessPolicy,
        Some(403) => SignError::Forbidden { answer },
        Some(404) if answer.has(&["KeyNotFound"]) => SignError::KeyNotFound,
        Some(429) => SignError::Throttled { retry_after, answer },
        _ => SignError::VaultFailed { answer },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::failures::FailureKind::{self, Permanent, Transient};
    use crate::types::Explained as _;

    fn inner(outer: &str, inner: &str) -> String {
        format!(r#"{{"error":{{"code":"{outer}","message":"Vault: contoso","innererror":{{"code":"{inner}"}}}}}}"#)
    }

    fn outer(code: &str, message: &str) -> String {
        format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#)
    }

    #[test]
    fn the_code_decides_and_what_is_not_known_is_reported_as_it_came() {
        let rows: [(u16, String, FailureKind, &str, &str); 21] = [
            (
                401,
                outer("Unauthorized", "AKV10032: Invalid issuer. Expected one of x"),
                Permanent,
                "another Entra tenant",
                "tenantId",
            ),
            (401, outer("Unauthorized", "AKV10022: Invalid audience"), Transient, "AKV10022", "may pass by itself"),
            (401, String::new(), Transient, "status 401", "may pass by itself"),
            (403, inner("Forbidden", "ForbiddenByRbac"), Permanent, "denies access", "az role assignment create"),
            (
                403,
                inner("Forbidden", "AccessDenied"),
                Permanent,
                "no access policy",
                "az keyvault set-policy --name <vault>",
            ),
            (403, inner("Forbidden", "ForbiddenByPolicy"), Permanent, "no access policy", "set-policy"),
            (403, inner("Forbidden", "ForbiddenByFirewall"), Permanent, "network rules", "network-rule list"),
            (403, inner("Forbidden", "ForbiddenByConnection"), Permanent, "network rules", "network-rule list"),
            (403, inner("Forbidden", "KeyDisabled"), Permanent, "disabled", "--enabled true"),
            (403, inner("Forbidden", "KeyOperationForbidden"), Permanent, "operation sign", "--ops sign"),
            (403, inner("Forbidden", "BrandNew"), Transient, "BrandNew, Forbidden", "az role assignment list"),
            (403, outer("Forbidden", "no"), Transient, "status 403, Forbidden", "no proxy"),
            (403, "<h1>Forbidden</h1>".to_owned(), Transient, "status 403", "no proxy"),
            (
                404,
                outer("KeyNotFound", "A key with (name/id) x was not found"),
                Transient,
                "does not know this key",
                "key recover",
            ),
            (404, "<html>".to_owned(), Transient, "status 404, a web page", "no proxy"),
            (409, inner("Conflict", "ObjectIsDeletedButRecoverable"), Permanent, "deleted", "az keyvault key recover"),
            (403, inner("Forbidden", "ObjectIsBeingDeleted"), Permanent, "deleted", "az keyvault key recover"),
            (400, outer("BadParameter", "x"), Transient, "status 400, BadParameter", "may pass by itself"),
            (429, outer("Throttled", "x"), Transient, "limits the rate of calls (status 429, Throttled)", "Wait."),
            (503, String::new(), Transient, "status 503", "may pass by itself"),
            (302, String::new(), Transient, "status 302", "no proxy"),
        ];
        for (status, body, kind, found, fix) in rows {
            let answer = UpstreamAnswer::read(status, |_| None, body.as_bytes());
            let error = classify(answer, None, false);
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert!(error.problem().contains(found), "{status} {body}: {}", error.problem());
            let text = error.fix_with_command(&[]);
            assert!(text.contains(fix), "{status} {body}: {text}");
            assert!(!error.line().contains("contoso"), "no name of a vault: {}", error.line());
        }
    }

    #[test]
    fn a_managed_hsm_has_roles_and_commands_of_its_own() {
        for body in
            [inner("Forbidden", "AccessDenied"), outer("Forbidden", "no"), inner("Forbidden", "ForbiddenByRbac")]
        {
            let answer = UpstreamAnswer::read(403, |_| None, body.as_bytes());
            let error = classify(answer, None, true);
            assert_eq!(error, SignError::NoHsmRole, "{body}");
            assert!(error.fix_with_command(&[]).contains("az keyvault role assignment create --hsm-name <vault>"));
        }
        let page = UpstreamAnswer::read(403, |_| None, b"<html>");
        assert!(matches!(classify(page, None, true), SignError::Forbidden { .. }));
    }
}
