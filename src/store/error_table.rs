//! The texts for each [`StoreError`]; identity and connection have their own. Pure.

use crate::store::StoreError;
use crate::types::{Explained, Explanation};

/// The store is unavailable.
pub const STORE_UNAVAILABLE: Explanation = Explanation {
    code: "store_unavailable",
    problem: "the storage account answered with <answer>",
    client: "the store cannot be reached at the moment; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "This may pass by itself. If not, check the storage account and EVERGRANT_STORE.",
    command: Some("This shows the account: `az storage account show --name <account>`"),
};

const ACCESS_DENIED: Explanation = Explanation {
    problem: "access denied: the identity needs the role Storage Blob Data Contributor on the container",
    operator: "Grant the identity its role, and wait some minutes.",
    command: Some(
        "This grants it: `az role assignment create --assignee \"<client id of the identity>\" --role \"Storage Blob Data \
         Contributor\" --scope \"$(az storage account show --name <account> --query id --output \
         tsv)/blobServices/default/containers/<container>\"`",
    ),
    ..STORE_UNAVAILABLE
};

const NETWORK_REFUSED: Explanation = Explanation {
    problem: "the storage account's network rules do not let this app in",
    operator: "Let the app in, or give the account a private endpoint.",
    command: Some("This shows the rules: `az storage account network-rule list --account-name <account>`"),
    ..STORE_UNAVAILABLE
};

const OTHER_TENANT: Explanation = Explanation {
    problem: "the storage account belongs to another Entra tenant",
    operator: "Use an account in the tenant of the app's identity.",
    ..STORE_UNAVAILABLE
};

const FORBIDDEN: Explanation =
    Explanation { problem: "the storage account refuses the call (<answer>)", ..STORE_UNAVAILABLE };

const NO_CONTAINER: Explanation = Explanation {
    problem: "the container of EVERGRANT_STORE does not exist",
    operator: "Check EVERGRANT_STORE, or create the container.",
    command: Some(
        "This creates it: `az storage container create --account-name <account> --name <container> --auth-mode login`",
    ),
    ..STORE_UNAVAILABLE
};

const CONTAINER_BEING_DELETED: Explanation = Explanation {
    problem: "the container of EVERGRANT_STORE is being deleted",
    operator: "Restore it, or wait a minute and create it again. Deleted records end revocations.",
    ..NO_CONTAINER
};

const IMMUTABLE: Explanation = Explanation {
    problem: "a policy or legal hold forbids changes in the container of EVERGRANT_STORE",
    operator: "Remove the immutability policy or the legal hold.",
    command: Some(
        "This shows the policy: `az storage container immutability-policy show --account-name <account> --container-name <container>`",
    ),
    ..STORE_UNAVAILABLE
};

const NO_ANSWER: Explanation = Explanation {
    problem: "no answer from the storage account (<answer>)",
    operator: "This may pass by itself. If not, check the account's name in EVERGRANT_STORE, and whether it exists. If it does, check \
        its network rules, private endpoint and DNS zone.",
    ..STORE_UNAVAILABLE
};

const CONTENDED: Explanation = Explanation {
    problem: "other processes changed the record at the same time",
    operator: "This passes by itself. Try again.",
    command: None,
    ..STORE_UNAVAILABLE
};

const FOREIGN: Explanation = Explanation {
    problem: "the answer is not a record from Azure Storage (<answer>)",
    operator: "Check that EVERGRANT_STORE is a Blob container, and that no proxy answers instead of it.",
    ..STORE_UNAVAILABLE
};

impl Explained for StoreError {
    fn explain(&self) -> Explanation {
        match self {
            Self::IdentityUnavailable(error) => error.explain(),
            Self::AccessDenied => ACCESS_DENIED,
            Self::NetworkRefused => NETWORK_REFUSED,
            Self::OtherTenant => OTHER_TENANT,
            Self::Forbidden { .. } => FORBIDDEN,
            Self::NoContainer => NO_CONTAINER,
            Self::ContainerBeingDeleted => CONTAINER_BEING_DELETED,
            Self::Immutable => IMMUTABLE,
            Self::Unreachable(obstacle) => obstacle.explain_as(NO_ANSWER),
            Self::NoAnswer => NO_ANSWER,
            Self::Contended => CONTENDED,
            Self::Foreign { .. } => FOREIGN,
            Self::Failed { .. } => STORE_UNAVAILABLE,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::IdentityUnavailable(error) => error.details(),
            Self::Forbidden { answer } | Self::Foreign { answer } | Self::Failed { answer } => answer.details(),
            Self::Unreachable(obstacle) => obstacle.as_answer(),
            _ => Vec::new(),
        }
    }
}
