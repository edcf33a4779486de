//! Why an assertion is refused, for the operator. The caller learns only that it was. Pure.

use thiserror::Error;

/// The longest part of a claim that is shown, in characters.
const MAX_SHOWN: usize = 120;

/// Why an assertion is refused. Sentences show claims, which are not secret, and never the signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AssertionError {
    /// It is longer than any platform's.
    #[error("the assertion is larger than 16 KiB")]
    TooLarge,
    /// It does not have three parts.
    #[error("the assertion has {0} parts instead of 3; an encrypted token has 5, an opaque one has 1")]
    Parts(usize),
    /// A part is not canonical base64url.
    #[error("the {0} is not valid base64url")]
    Encoding(&'static str),
    /// A part is not a JSON object, or has a field twice.
    #[error("the {0} is not a JSON object without repeated members")]
    Json(&'static str),
    /// `alg`.
    #[error("alg is {}; accepted are RS256, PS256 and ES256", shown(.0))]
    Algorithm(String),
    /// `crit`.
    #[error("the header has crit, which is not supported")]
    Critical,
    /// `kid`.
    #[error("kid is not a text")]
    KeyId,
    /// A required claim is missing, or of another type.
    #[error("{0} is missing or not {1}")]
    Claim(&'static str, &'static str),
    /// `exp` has passed.
    #[error("the assertion expired {0} s ago")]
    Expired(u64),
    /// `nbf` or `iat` is in the future.
    #[error("{0} is {1} s in the future; compare the clocks")]
    NotYet(&'static str, u64),
    /// It is valid for too long.
    #[error("the assertion is valid for {0} s; at most {1} s are accepted")]
    TooLong(u64, u64),
    /// No client trusts the issuer.
    #[error("no client trusts the issuer {}", shown(.0))]
    UnknownIssuer(String),
    /// The client trusts other issuers.
    #[error("iss is {}, the client trusts {}", shown(.found), shown(.expected))]
    OtherIssuer {
        /// The token's issuer.
        found: String,
        /// The client's.
        expected: String,
    },
    /// The audience is another one.
    #[error("audience is {}, the client expects {}", shown(.found), shown(.expected))]
    Audience {
        /// The token's audience.
        found: String,
        /// The client's.
        expected: String,
    },
    /// A claim has another value, or is missing.
    #[error("{name} is {}, the client expects {}", shown(.found), shown(.expected))]
    OtherValue {
        /// The claim's name.
        name: String,
        /// The token's value.
        found: String,
        /// The client's value.
        expected: String,
    },
    /// The client has no own keys.
    #[error("the client signed the assertion itself (iss is its client_id), but trust has no jwks or jwks_uri")]
    NoOwnKeys,
    /// `iss` and `sub` of a self-signed assertion.
    #[error("iss and sub of an assertion that a client signs itself must both be its client_id")]
    NotItself,
    /// No key has the `kid`.
    #[error("no key of the issuer has the kid {}", shown(.0))]
    UnknownKey(String),
    /// No `kid`, and not exactly one key.
    #[error("the header has no kid, and the issuer has no single key for its alg")]
    NoKeyId,
    /// The key has the `kid`, but another algorithm.
    #[error("the key with this kid is not for the assertion's alg")]
    OtherAlgorithm,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The `jti` was used before.
    #[error("the jti was used before: sign a new assertion for every request")]
    Replayed,
    /// Neither `client_id` nor a `sub` that is registered.
    #[error("client_id is missing, and sub is not a registered client")]
    NoClient,
    /// The client has no trust.
    #[error("the client has no trust entry")]
    NoTrust,
    /// No such client.
    #[error("no client with this client_id is registered")]
    UnknownClient,
}

/// A claim's value for a sentence: printable and not too long.
#[must_use]
pub fn shown(value: &str) -> String {
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let text: String = value.chars().take(MAX_SHOWN).map(printable).collect();
    let more = if value.chars().count() > MAX_SHOWN { "..." } else { "" };
    format!("`{text}{more}`")
}
