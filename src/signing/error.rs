//! Why there is no signature. Pure.

use thiserror::Error;

use crate::memory::failures::FailureKind;
use crate::types::Explained as _;

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.line())]
pub enum SignError {
    /// Entra ID gives no token for Key Vault.
    IdentityUnavailable,
    /// 401, or a 403 for none of the reasons below: most often the role is missing.
    AccessDenied,
    /// 403: the vault's firewall, or only private endpoints.
    NetworkRefused,
    /// 403: disabled, expired or not valid yet.
    NotInForce,
    /// 403: `sign` is not among the key's operations.
    MayNotSign,
    /// 404, or a key so new that it may not sign yet.
    KeyNotFound,
    /// 429.
    Throttled {
        /// Seconds to wait, as Key Vault says.
        retry_after: Option<u64>,
    },
    /// Any other status.
    VaultFailed {
        /// The HTTP status.
        status: u16,
    },
    /// Nothing came back in time.
    NoAnswer,
    /// A 200 that cannot be read.
    Malformed,
    /// The signature does not verify with the key's public half.
    WrongKey,
    /// The key is not an RSA key of at least 2048 bits.
    Unusable,
}

impl SignError {
    /// One of each, for the table in the documentation.
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

    /// How the failure is to be remembered.
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
