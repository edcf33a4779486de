//! Why Key Vault refuses with 403. Pure.
//!
//! "Azure Key Vault REST API Error Codes" (Microsoft Learn) documents the firewall's and the role's code; the others are in
//! answers that the SDKs' guides and issues show. Any other counts as a missing role.

use serde::Deserialize;

use crate::signing::SignError;

/// The body of a refusal, as far as it has the reason.
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

/// Why Key Vault refuses, by the inner code in `body`.
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
    fn an_inner_code_is_the_reason_and_anything_else_is_a_missing_role() {
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
