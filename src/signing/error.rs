//! Signing errors. Pure.

use thiserror::Error;

use crate::identity::IdentityError;
use crate::memory::failures::FailureKind;
use crate::types::Explained as _;
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// Why signing failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.line())]
pub enum SignError {
    /// Entra ID issues no token for Key Vault.
    IdentityUnavailable(IdentityError),
    /// 401 with the code for a token from another Entra tenant.
    OtherTenant,
    /// 401 for another reason.
    TokenRefused {
        /// What Key Vault answered.
        answer: UpstreamAnswer,
    },
    /// 403: the role assignment is missing.
    AccessDenied,
    /// 403: the vault uses access policies, and none of them allows it.
    NoAccessPolicy,
    /// 403 from a Managed HSM: its own role assignment is missing.
    NoHsmRole,
    /// 403 without a reason that is known.
    Forbidden {
        /// What Key Vault answered.
        answer: UpstreamAnswer,
    },
    /// 403: the vault's firewall blocks the call, or the vault allows private endpoints only.
    NetworkRefused,
    /// 403: the key is disabled, expired or not valid yet.
    NotInForce,
    /// 403: `sign` is not among the key's operations.
    MayNotSign,
    /// 404, or the key is too new to sign.
    KeyNotFound,
    /// The key is deleted, but can be recovered.
    KeyDeleted,
    /// 429, the rate limit.
    Throttled {
        /// Seconds to wait, from `Retry-After`.
        retry_after: Option<u64>,
        /// What Key Vault answered.
        answer: UpstreamAnswer,
    },
    /// Any other status.
    VaultFailed {
        /// What came.
        answer: UpstreamAnswer,
    },
    /// No connection, or the connection was lost.
    Unreachable(Obstacle),
    /// No response in time.
    NoAnswer,
    /// A 200 that could not be parsed, or a challenge.
    Malformed {
        /// What the SDK says about it.
        answer: UpstreamAnswer,
    },
    /// The signature does not match the public key.
    WrongKey,
    /// The key is not an RSA key of at least 2048 bits.
    Unusable,
}

impl SignError {
    /// One of each variant that is about neither the identity nor the connection, for the table in the documentation.
    pub const ALL: [Self; 17] = [
        Self::OtherTenant,
        Self::TokenRefused { answer: UpstreamAnswer::NONE },
        Self::AccessDenied,
        Self::NoAccessPolicy,
        Self::NoHsmRole,
        Self::Forbidden { answer: UpstreamAnswer::NONE },
        Self::NetworkRefused,
        Self::NotInForce,
        Self::MayNotSign,
        Self::KeyNotFound,
        Self::KeyDeleted,
        Self::Throttled { retry_after: None, answer: UpstreamAnswer::NONE },
        Self::VaultFailed { answer: UpstreamAnswer::NONE },
        Self::NoAnswer,
        Self::Malformed { answer: UpstreamAnswer::NONE },
        Self::WrongKey,
        Self::Unusable,
    ];

    /// How the failure is cached.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Throttled { retry_after: Some(seconds), .. } => FailureKind::Throttled(*seconds),
            Self::OtherTenant
            | Self::AccessDenied
            | Self::NoAccessPolicy
            | Self::NoHsmRole
            | Self::NetworkRefused
            | Self::NotInForce
            | Self::MayNotSign
            | Self::KeyDeleted
            | Self::WrongKey
            | Self::Unusable => FailureKind::Permanent,
            Self::IdentityUnavailable(_)
            | Self::TokenRefused { .. }
            | Self::Forbidden { .. }
            | Self::Unreachable(_)
            | Self::KeyNotFound
            | Self::Throttled { retry_after: None, .. }
            | Self::VaultFailed { .. }
            | Self::NoAnswer
            | Self::Malformed { .. } => FailureKind::Transient,
        }
    }
}
