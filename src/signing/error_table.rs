//! The texts for each [`SignError`]; no other file has any. Pure.
//!
//! Clients and people read one sentence for all of them, because only the operator can fix a key. The sealing key fails
//! in the same ways, but has its own code and its own sentence for clients.

use crate::signing::SignError;
use crate::types::{Explained, Explanation};

/// Key Vault is unavailable.
const OUTAGE: Explanation = Explanation {
    code: "signing_failed",
    problem: "Key Vault answered with status <status>",
    client: "the signing key cannot be used at the moment; the operator can find the cause in the log",
    person: "Wait a minute, then load this page again. If that does not help, ask the operator to check the signing key.",
    operator: "This may pass by itself. If not, check the vault's name in the key's identifier (<setting>), and whether the vault \
        exists. If it does, check its network rules, private endpoint and DNS zone.",
    command: Some("This shows the vault: `az keyvault show --name <vault>`"),
};

const IDENTITY_UNAVAILABLE: Explanation = Explanation {
    problem: "could not get a token from Entra ID for Key Vault",
    operator: "Assign the managed identity and set AZURE_CLIENT_ID to its client id. Outside Azure, sign in with `az login`.",
    command: None,
    ..OUTAGE
};

const ACCESS_DENIED: Explanation = Explanation {
    problem: "Key Vault denies access to the key",
    operator: "Grant the identity the role Key Vault Crypto User on the key, and wait some minutes. If it has the role, check \
        that the key is enabled and within its dates.",
    command: Some(
        "This grants the role: `az role assignment create --assignee \"<client id of the identity>\" --role \"Key Vault Crypto \
         User\" --scope \"$(az keyvault show --name <vault> --query id --output tsv)/keys/<key>\"`",
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
    operator: "Check the key's identifier (<setting>).",
    command: Some("This lists the versions: `az keyvault key list-versions --vault-name <vault> --name <key>`"),
    ..OUTAGE
};

const WRONG_KEY: Explanation = Explanation {
    problem: "the signature is not by the configured version of the key",
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
            Self::IdentityUnavailable => IDENTITY_UNAVAILABLE,
            Self::AccessDenied => ACCESS_DENIED,
            Self::NetworkRefused => NETWORK_REFUSED,
            Self::NotInForce => NOT_IN_FORCE,
            Self::MayNotSign => MAY_NOT_SIGN,
            Self::KeyNotFound => KEY_NOT_FOUND,
            Self::Throttled { .. } => Explanation { problem: "Key Vault limits the rate of calls", ..OUTAGE },
            Self::VaultFailed { .. } => OUTAGE,
            Self::NoAnswer => Explanation { problem: "no answer from Key Vault", ..OUTAGE },
            Self::Malformed => Explanation { problem: "Key Vault's answer could not be read", ..OUTAGE },
            Self::WrongKey => WRONG_KEY,
            Self::Unusable => UNUSABLE,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::VaultFailed { status } => vec![("status", status.to_string())],
            _ => Vec::new(),
        }
    }
}
