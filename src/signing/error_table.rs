//! The texts for each [`SignError`]; identity and connection have their own. Pure.
//!
//! Clients and people read one sentence for all of them, because only the operator can fix a key. The sealing key fails
//! in the same ways, but has its own code and its own sentence for clients.

use crate::signing::SignError;
use crate::types::{Explained, Explanation};

/// Key Vault is unavailable.
const OUTAGE: Explanation = Explanation {
    code: "signing_failed",
    problem: "Key Vault answered with <answer>",
    client: "the signing key cannot be used at the moment; the operator can find the cause in the log",
    person: "Wait a minute, then load this page again. If that does not help, ask the operator to check the signing key.",
    operator: "This may pass by itself. If not, check that no proxy answers instead of Key Vault.",
    command: Some("This shows the vault: `az keyvault show --name <vault>`"),
};

/// Key Vault cannot be reached.
const NO_ANSWER: Explanation = Explanation {
    problem: "no answer from Key Vault (<answer>)",
    operator: "This may pass by itself. If not, check the vault's name in the key's identifier (<setting>), its network rules, private \
        endpoint and DNS zone.",
    ..OUTAGE
};

const THROTTLED: Explanation = Explanation {
    problem: "Key Vault limits the rate of calls (<answer>)",
    operator: "Wait. If this happens often, find out what else uses the vault.",
    command: None,
    ..OUTAGE
};

const OTHER_TENANT: Explanation = Explanation {
    problem: "the vault belongs to another Entra tenant",
    operator: "Use a vault in the tenant of the app's identity.",
    command: Some("This shows the vault's tenant: `az keyvault show --name <vault> --query properties.tenantId`"),
    ..OUTAGE
};

const TOKEN_REFUSED: Explanation = Explanation {
    problem: "Key Vault does not accept the app's token (<answer>)",
    command: OTHER_TENANT.command,
    ..OUTAGE
};

const ACCESS_DENIED: Explanation = Explanation {
    problem: "Key Vault denies access to the key",
    operator: "Grant the identity the role Key Vault Crypto User on the key, and wait some minutes.",
    command: Some(
        "This grants the role: `az role assignment create --assignee \"<client id of the identity>\" --role \"Key Vault Crypto \
         User\" --scope \"$(az keyvault show --name <vault> --query id --output tsv)/keys/<key>\"`",
    ),
    ..OUTAGE
};

const NO_ACCESS_POLICY: Explanation = Explanation {
    problem: "no access policy of the vault lets the app use the key",
    operator: "Add an access policy for the identity: get and sign.",
    command: Some(
        "This adds it: `az keyvault set-policy --name <vault> --spn \"<client id of the identity>\" --key-permissions get sign`",
    ),
    ..OUTAGE
};

const NO_HSM_ROLE: Explanation = Explanation {
    problem: "the Managed HSM denies access to the key",
    operator: "Grant the identity the HSM's role Managed HSM Crypto User.",
    command: Some(
        "This grants it: `az keyvault role assignment create --hsm-name <vault> --assignee \"<client id of the identity>\" --role \
         \"Managed HSM Crypto User\" --scope /keys/<key>`",
    ),
    ..OUTAGE
};

const FORBIDDEN: Explanation = Explanation {
    problem: "Key Vault refuses the call (<answer>)",
    command: Some(
        "This shows the roles on the key: `az role assignment list --assignee \"<client id of the identity>\" --scope \"$(az \
         keyvault show --name <vault> --query id --output tsv)/keys/<key>\" --include-inherited`",
    ),
    ..OUTAGE
};

const NETWORK_REFUSED: Explanation = Explanation {
    problem: "Key Vault's network rules do not let this app in",
    operator: "Let the app's subnet in, or give the vault a private endpoint (docs/deploy.md).",
    command: Some("This shows the rules: `az keyvault network-rule list --name <vault>`"),
    ..OUTAGE
};

const NOT_IN_FORCE: Explanation = Explanation {
    problem: "the key is disabled or outside its dates",
    operator: "If the key was replaced, set the key's identifier (<setting>) to the new version. Otherwise check its dates \
        and enable it.",
    command: Some(
        "This enables it: `az keyvault key set-attributes --vault-name <vault> --name <key> --version <version> --enabled true`",
    ),
    ..OUTAGE
};

const MAY_NOT_SIGN: Explanation = Explanation {
    problem: "the key does not have the operation sign",
    operator: "Allow the operation sign on the key.",
    command: Some(
        "This adds it: `az keyvault key set-attributes --vault-name <vault> --name <key> --version <version> --ops sign verify`",
    ),
    ..OUTAGE
};

const KEY_NOT_FOUND: Explanation = Explanation {
    problem: "Key Vault does not know this key or this version",
    operator: "Check the key's identifier (<setting>). If the key was deleted, recover it.",
    command: Some(
        "This lists the versions: `az keyvault key list-versions --vault-name <vault> --name <key>`. This recovers it: `az keyvault \
         key recover --vault-name <vault> --name <key>`",
    ),
    ..OUTAGE
};

const KEY_DELETED: Explanation = Explanation {
    problem: "the key is deleted",
    operator: KEY_NOT_FOUND.operator,
    command: Some("This recovers it: `az keyvault key recover --vault-name <vault> --name <key>`"),
    ..OUTAGE
};

const WRONG_KEY: Explanation = Explanation {
    problem: "the signature was not made with the configured version of the key",
    operator: "Check that the key's identifier (<setting>) includes the version, and that no proxy answers instead of Key Vault.",
    command: Some("This shows the key: `az keyvault key show --vault-name <vault> --name <key> --version <version>`"),
    ..OUTAGE
};

const UNUSABLE: Explanation = Explanation {
    problem: "the key is not an RSA key that can sign",
    operator: "Set the key's identifier (<setting>) to an RSA key of 2048 bits or more with the operation sign.",
    ..WRONG_KEY
};

impl Explained for SignError {
    fn explain(&self) -> Explanation {
        match self {
            Self::IdentityUnavailable(error) => {
                Explanation { code: OUTAGE.code, client: OUTAGE.client, ..error.explain() }
            }
            Self::OtherTenant => OTHER_TENANT,
            Self::TokenRefused { .. } => TOKEN_REFUSED,
            Self::AccessDenied => ACCESS_DENIED,
            Self::NoAccessPolicy => NO_ACCESS_POLICY,
            Self::NoHsmRole => NO_HSM_ROLE,
            Self::Forbidden { .. } => FORBIDDEN,
            Self::NetworkRefused => NETWORK_REFUSED,
            Self::NotInForce => NOT_IN_FORCE,
            Self::MayNotSign => MAY_NOT_SIGN,
            Self::KeyNotFound => KEY_NOT_FOUND,
            Self::KeyDeleted => KEY_DELETED,
            Self::Throttled { .. } => THROTTLED,
            Self::VaultFailed { .. } => OUTAGE,
            Self::Unreachable(obstacle) => obstacle.explain_as(NO_ANSWER),
            Self::NoAnswer => NO_ANSWER,
            Self::Malformed { .. } => {
                Explanation { problem: "Key Vault's answer could not be read (<answer>)", ..OUTAGE }
            }
            Self::WrongKey => WRONG_KEY,
            Self::Unusable => UNUSABLE,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::IdentityUnavailable(error) => error.details(),
            Self::VaultFailed { answer }
            | Self::TokenRefused { answer }
            | Self::Forbidden { answer }
            | Self::Throttled { answer, .. }
            | Self::Malformed { answer } => answer.details(),
            Self::Unreachable(obstacle) => obstacle.as_answer(),
            _ => Vec::new(),
        }
    }
}
