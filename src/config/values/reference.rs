//! References that the platform replaces by values. It leaves one that it cannot resolve as it is. If that were used as the
//! value, the mistake would show much later, for instance as a failed sign-in.

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `@Microsoft.KeyVault(…)`.
    KeyVault,
    /// `@Microsoft.AppConfiguration(…)`.
    AppConfiguration,
}

impl Reference {
    const ALL: [Self; 2] = [Self::KeyVault, Self::AppConfiguration];

    /// The reference that `text` is, if it is one.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| {
            let start = text.get(..one.start().len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(one.start()))
        })
    }

    const fn start(self) -> &'static str {
        match self {
            Self::KeyVault => "@Microsoft.KeyVault(",
            Self::AppConfiguration => "@Microsoft.AppConfiguration(",
        }
    }

    /// What it is, with its article.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyVault => "a Key Vault reference",
            Self::AppConfiguration => "an App Configuration reference",
        }
    }

    /// What an operator does about one that was not resolved.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        match self {
            Self::KeyVault => {
                "give the app's identity the role Key Vault Secrets User on the secret, compare the names in the \
                 reference, check that the vault's network rules let the app in, and restart the app"
            }
            Self::AppConfiguration => {
                "give the app's identity the role App Configuration Data Reader on the store, compare the names in \
                 the reference, and restart the app"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_recognized_however_they_are_written() {
        for (text, expected) in [
            ("@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/a)", Some(Reference::KeyVault)),
            ("@microsoft.keyvault(VaultName=contoso;SecretName=a)", Some(Reference::KeyVault)),
            (
                "@Microsoft.AppConfiguration(Endpoint=https://contoso.azconfig.io; Key=a)",
                Some(Reference::AppConfiguration),
            ),
            ("@clients.json", None),
            ("@Microsoft.KeyVault", None),
            ("@Microsoft.KeyVäult(", None),
            ("", None),
        ] {
            assert_eq!(Reference::find(text), expected, "{text}");
        }
    }
}
