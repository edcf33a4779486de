//! Makes Key Vault's challenge readable for the SDK, which needs it for the resource of the Entra token.
//!
//! The SDK keeps the last `WWW-Authenticate` header only, and reads the first `resource` or `scope` of any scheme. So a vault
//! with a second scheme would fail every call. The resource follows from the vault's host, which TLS proves.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::WWW_AUTHENTICATE;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode};

/// Replaces a challenge that the SDK would misread.
#[derive(Debug)]
pub struct ReadableChallenge {
    /// The resource of Entra tokens for the vault.
    pub resource: String,
}

#[async_trait]
impl Policy for ReadableChallenge {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((first, rest)) = next.split_first() else {
            return Err(azure_core::Error::with_message(ErrorKind::Other, "no policy is left to send the request"));
        };
        let answer = first.send(context, request, rest).await?;
        let challenge = answer.headers().get_optional_str(&WWW_AUTHENTICATE);
        if answer.status() != StatusCode::Unauthorized || challenge.is_none_or(is_single_bearer) {
            return Ok(answer);
        }
        let (status, mut headers, body) = answer.deconstruct();
        headers.insert(WWW_AUTHENTICATE, format!("Bearer resource=\"{}\"", self.resource));
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}

/// Whether the challenge has the scheme `Bearer` only, with the resource or scope that the SDK looks for.
fn is_single_bearer(challenge: &str) -> bool {
    let Some((scheme, parameters)) = challenge.trim_start().split_once(' ') else { return false };
    let names_audience = ["resource=\"", "scope=\""].iter().any(|name| parameters.contains(name));
    // Between the quoted values there are only commas and names with their equals sign.
    let mut between = parameters.split('"').step_by(2).flat_map(|text| text.split(',')).map(str::trim);
    let is_name = |text: &str| text.strip_suffix('=').is_some_and(|name| !name.contains([' ', '=']));
    scheme.eq_ignore_ascii_case("bearer") && names_audience && between.all(|text| text.is_empty() || is_name(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_bearer_challenge_is_left_to_the_sdk() {
        let bearer = r#"Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net""#;
        for (challenge, expected) in [
            (bearer.to_owned(), true),
            (r#"bearer scope="https://vault.azure.net/.default""#.to_owned(), true),
            (format!(r#"{bearer}, PoP nonce="1""#), false),
            (format!("{bearer}, Negotiate"), false),
            (format!(r#"PoP resource="x", {bearer}"#), false),
            (format!(r#"Basic realm="a, b", {bearer}"#), false),
            (r#"PoP realm="", nonce="abc""#.to_owned(), false),
            (r#"Bearer error="invalid_token", error_description="a Basic b, c""#.to_owned(), false),
            (format!(r#"{bearer}, error="invalid_token", error_description="a PoP b=1, c d""#), true),
            ("Bearer resource = https://vault.azure.net".to_owned(), false),
            ("Negotiate".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_single_bearer(&challenge), expected, "{challenge}");
        }
    }
}
