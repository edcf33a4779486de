//! `evergrant public-key`: the public key to upload to DocuSign.

use crate::app;
use crate::cli::terminal::{CommandError, explain, failed, print};
use crate::config::SigningKeySources;
use crate::identity::AzureSettings;

/// Prints the PEM on stdout, and which key it is on stderr.
pub async fn run((sources, azure): (SigningKeySources, AzureSettings)) -> Result<(), CommandError> {
    for (setting, key) in app::public_keys(&sources, azure).await.map_err(failed)? {
        explain(format_args!("{setting}: SHA-256 of the public key {}", key.fingerprint()));
        print(key.pem().as_bytes())?;
    }
    Ok(())
}
