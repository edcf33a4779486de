//! Log lines at start about settings that work, but are probably not what the operator meant.

use crate::config::error::SettingError;
use crate::config::{KeySource, Settings, StoreSetting, UnknownSetting};

/// Writes one line for each.
pub fn log(settings: &Settings) {
    unknown(&settings.unknown);
    missing(&settings.missing_secrets);
    conveniences(settings);
}

/// One line for each variable that looks like a setting and has no effect.
pub fn unknown(settings: &[UnknownSetting]) {
    for unknown in settings {
        tracing::warn!(event = "unknown_setting", setting = unknown.name, "{unknown}");
    }
}

/// One line for each optional secret that did not arrive.
fn missing(secrets: &[SettingError]) {
    for error in secrets {
        tracing::error!(
            event = "secret_missing",
            setting = error.setting,
            "{error}; until then no one can sign in or give consent, and everything else works"
        );
    }
}

/// One line for each setting that is for local work only.
fn conveniences(settings: &Settings) {
    let warn = |setting: &str, message: &str| tracing::warn!(event = "insecure_convenience", setting, "{message}");
    if settings.public_url.is_insecure() {
        warn("EVERGRANT_PUBLIC_URL", "the issuer is plain http: for local work only");
    }
    if settings.docusign.oauth_url.is_insecure() {
        warn("DOCUSIGN_OAUTH_URL", "DocuSign is called over plain http: for local work only");
    }
    let (signing, sealing) = (&settings.signing_keys, &settings.sealing_keys);
    for (setting, mut sources) in [
        ("EVERGRANT_SIGNING_KEY_ID", std::slice::from_ref(&signing.current).iter()),
        ("EVERGRANT_SIGNING_KEY_ID_NEXT", signing.next.as_slice().iter()),
        ("EVERGRANT_SEALING_KEY_ID", std::slice::from_ref(&sealing.current).iter()),
        ("EVERGRANT_SEALING_KEY_ID_PREVIOUS", sealing.previous.iter()),
    ] {
        if sources.any(|source| matches!(source, KeySource::Local(_))) {
            warn(setting, "a key is a file: for local work only; in Azure use Key Vault");
        }
    }
    if settings.store == StoreSetting::Memory {
        warn(
            "EVERGRANT_STORE",
            "used codes, revocations and the ids of Workfront's uploads are lost when this process ends: for trying out only",
        );
    }
}
