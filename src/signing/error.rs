//! Signing errors. Pure.

use thiserror::Error;

use crate::memory::failures::FailureKind;
use crate::types::Explained as _;

/// Why signing failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.line())]
pub enum SignError {
    /// Entra ID issues no token for Key Vault.
    IdentityUnavailable,
    /// 401, or a 403 for none of the reasons below. Usually the role assignment is missing.
    AccessDenied,
    /// 403: the vault's firewall blocks the call, or the vault allows private endpoints only.
    NetworkRefused,
    /// 403: the key is disabled, expired or not valid yet.
    NotInForce,
    /// 403: `sign` is not among the key's operations.
    MayNotSign,
    /// 404, or the key is too new to sign.
    KeyNotFound,
    /// 429, the rate limit.
    Throttled {
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
    },
    /// Any other status.
    VaultFailed {
        /// The HTTP status.
        status: u16,
    },
    /// No response in time.
    NoAnswer,
    /// A 200 that could not be parsed.
    Malformed,
    /// The signature does not match the public key.
    WrongKey,
    /// The key is not an RSA key of at least 2048 bits.
    Unusable,
}

impl SignError {
    /// One of each variant, for the table in the documentation.
    pub const ALL: [Self; 12] = [
        Self::IdentityUnavailable,
        Self::AccessDenied,
        Self::NetworkRefused,
        Self::NotInForce,
        Self::MayNotSign,
        Self::KeyNotFound,
        Self::Throttled { retry_after: None },
        Self::VaultFailed { status: 500 },
        Self::NoAnswer,
        Self::Malformed,
        Self::WrongKey,
        Self::Unusable,
    ];

    /// How the failure is cached.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Throttled { retry_after: Some(seconds) } => FailureKind::Throttled(*seconds),
            Self::AccessDenied
            | Self::NetworkRefused
            | Self::NotInForce
            | Self::MayNotSign
            | Self::WrongKey
            | Self::Unusable => FailureKind::Permanent,
            Self::IdentityUnavailable
            | Self::KeyNotFound
            | Self::Throttled { retry_after: None }
            | Self::VaultFailed { .. }
            | Self::NoAnswer
            | Self::Malformed => FailureKind::Transient,
        }
    }
}
