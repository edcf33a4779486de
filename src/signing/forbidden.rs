//! The reason for a 403 from Key Vault. Pure.
//!
//! "Azure Key Vault REST API Error Codes" (Microsoft Learn) documents the codes for the firewall and for a missing role. The
//! others are from responses in the SDKs' guides and issues. Unknown codes count as a missing role.

use serde::Deserialize;

use crate::signing::SignError;

/// The part of the error body with the reason.
#[derive(Default, Deserialize)]
struct ForbiddenBody {
    #[serde(default)]
    error: ForbiddenError,
}

#[derive(Default, Deserialize)]
struct ForbiddenError {
    #[serde(default, rename = "innererror", alias = "innerError")]
    inner: InnerError,
}

#[derive(Default, Deserialize)]
struct InnerError {
    #[serde(default)]
    code: String,
}

/// The reason, from the inner code in `body`.
pub fn reason(body: &[u8]) -> SignError {
    let body: ForbiddenBody = serde_json::from_slice(body).unwrap_or_default();
    match body.error.inner.code.as_str() {
        "ForbiddenByFirewall" | "ForbiddenByConnection" => SignError::NetworkRefused,
        "KeyDisabled" | "KeyExpired" | "KeyNotYetValid" | "KeyNotYetValidOrExpired" => SignError::NotInForce,
        "KeyOperationForbidden" => SignError::MayNotSign,
        _ => SignError::AccessDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_code_is_the_reason_and_unknown_codes_mean_a_missing_role() {
        let body =
            |inner: &str, code: &str| format!(r#"{{"error":{{"code":"Forbidden","{inner}":{{"code":"{code}"}}}}}}"#);
        for (body, expected) in [
            (body("innererror", "ForbiddenByFirewall"), SignError::NetworkRefused),
            (body("innererror", "ForbiddenByConnection"), SignError::NetworkRefused),
            (body("innerError", "KeyDisabled"), SignError::NotInForce),
            (body("innererror", "KeyOperationForbidden"), SignError::MayNotSign),
            (body("innererror", "ForbiddenByRbac"), SignError::AccessDenied),
            (r#"{"error":{"code":"Forbidden","innererror":null}}"#.to_owned(), SignError::AccessDenied),
            ("<h1>Forbidden</h1>".to_owned(), SignError::AccessDenied),
        ] {
            assert_eq!(reason(body.as_bytes()), expected, "{body}");
        }
    }
}
