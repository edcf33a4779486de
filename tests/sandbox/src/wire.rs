//! Small helpers for OAuth clients and servers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The `client_secret_sha256` of a secret.
#[must_use]
pub fn digest(secret: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// HTTP Basic with id and secret form-encoded, RFC 6749 §2.3.1.
pub(crate) fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret))))
}

/// The first value of a parameter.
pub(crate) fn parameter(query: &str, requested: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == requested)
        .map(|(_, value)| value.into_owned())
}

/// The `traceparent` header of a request.
pub(crate) fn traceparent<B>(request: &http::Request<B>) -> Option<String> {
    request.headers().get("traceparent").and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

/// 128 random bits in hexadecimal.
pub(crate) fn random() -> String {
    let mut bytes = [0u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
