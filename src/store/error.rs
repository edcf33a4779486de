//! Store errors, and which of them an answer of Azure Storage means. Pure.

use thiserror::Error;

use crate::identity::IdentityError;
use crate::types::Explained as _;
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// Why a store operation failed. Never a reason to reject a grant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.problem())]
pub enum StoreError {
    /// No token from Entra ID is available.
    IdentityUnavailable(IdentityError),
    /// The app's identity has no role.
    AccessDenied,
    /// The account's network rules block the call.
    NetworkRefused,
    /// The account belongs to another Entra tenant.
    OtherTenant,
    /// 401 or 403 for another reason.
    Forbidden {
        /// What the account answered.
        answer: UpstreamAnswer,
    },
    /// The container does not exist.
    NoContainer,
    /// The container is being deleted.
    ContainerBeingDeleted,
    /// A policy or legal hold forbids changes.
    Immutable,
    /// No connection, or the connection was lost.
    Unreachable(Obstacle),
    /// No response, or not in time.
    NoAnswer,
    /// Other processes changed the record each time before it could be written.
    Contended,
    /// The answer is not from Azure Storage, or the record is not one of ours.
    Foreign {
        /// What came.
        answer: UpstreamAnswer,
    },
    /// Any other response.
    Failed {
        /// What came.
        answer: UpstreamAnswer,
    },
}

impl StoreError {
    /// One of each variant that is not about the identity or the connection, for the table in the documentation.
    pub const ALL: [Self; 11] = [
        Self::AccessDenied,
        Self::NetworkRefused,
        Self::OtherTenant,
        Self::Forbidden { answer: UpstreamAnswer::NONE },
        Self::NoContainer,
        Self::ContainerBeingDeleted,
        Self::Immutable,
        Self::NoAnswer,
        Self::Contended,
        Self::Foreign { answer: UpstreamAnswer::NONE },
        Self::Failed { answer: UpstreamAnswer::NONE },
    ];

    /// The error for an error response of Azure Storage. The code decides before the status.
    #[must_use]
    pub fn of_answer(answer: UpstreamAnswer) -> Self {
        match answer.status() {
            _ if answer.has(&["ContainerBeingDeleted"]) => Self::ContainerBeingDeleted,
            _ if answer.mentions("immutable") || answer.mentions("legalhold") => Self::Immutable,
            Some(401) if answer.mentions("issuer") || answer.mentions("tenant") => Self::OtherTenant,
            Some(403) if answer.has(&["AuthorizationPermissionMismatch", "InsufficientAccountPermissions"]) => {
                Self::AccessDenied
            }
            Some(403) if answer.has(&["AuthorizationFailure"]) => Self::NetworkRefused,
            Some(401 | 403) => Self::Forbidden { answer },
            Some(404) if answer.has(&["ContainerNotFound"]) => Self::NoContainer,
            _ => Self::Failed { answer },
        }
    }

    /// Whether it may be over at once.
    #[must_use]
    pub fn is_worth_another_try(&self) -> bool {
        match self {
            Self::NoAnswer
            | Self::Unreachable(_)
            | Self::IdentityUnavailable(IdentityError::Failed { .. } | IdentityError::NoAnswer { .. }) => true,
            Self::Failed { answer } => answer.status() == Some(429) || answer.is_server_error(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_and_what_is_not_known_is_reported_as_it_came() {
        let issuer = "<Error><Code>InvalidAuthenticationInfo</Code><AuthenticationErrorDetail>Issuer validation failed. Issuer did \
                      not match.</AuthenticationErrorDetail></Error>";
        for (status, code, body, found, fix) in [
            (401, "InvalidAuthenticationInfo", issuer, "another Entra tenant", "tenant"),
            (401, "InvalidAuthenticationInfo", "", "status 401, InvalidAuthenticationInfo", "may pass by itself"),
            (403, "AuthorizationPermissionMismatch", "", "Storage Blob Data Contributor", "Grant"),
            (403, "AuthorizationFailure", "", "network rules", "Let the app in"),
            (403, "AccountIsDisabled", "", "status 403, AccountIsDisabled", "may pass by itself"),
            (403, "", "<html>", "status 403, a web page", "may pass by itself"),
            (404, "ContainerNotFound", "", "does not exist", "EVERGRANT_STORE"),
            (404, "ResourceNotFound", "", "status 404, ResourceNotFound", "may pass by itself"),
            (409, "ContainerBeingDeleted", "", "being deleted", "wait"),
            (409, "BlobImmutableDueToPolicy", "", "policy", "immutability"),
            (409, "BlobImmutableDueToLegalHold", "", "policy", "immutability"),
            (409, "LeaseIdMissing", "", "status 409, LeaseIdMissing", "may pass by itself"),
            (429, "", "", "status 429", "may pass by itself"),
            (503, "ServerBusy", "", "status 503, ServerBusy", "may pass by itself"),
        ] {
            let header = |name: &str| (name == "x-ms-error-code" && !code.is_empty()).then(|| code.to_owned());
            let error = StoreError::of_answer(UpstreamAnswer::read(status, header, body.as_bytes()));
            assert!(error.to_string().contains(found), "{status} {code}: {error}");
            assert!(error.fix(&[]).contains(fix), "{status} {code}: {}", error.fix(&[]));
        }
    }
}
