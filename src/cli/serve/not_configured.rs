//! The state *not configured*: a Functions host would end itself after three attempts to start a process with wrong settings,
//! and not even the setup page would answer. So the process stays up, and reports what is wrong until it is fixed.

use std::time::Duration;

use crate::cli::serve::warnings;
use crate::config::{ConfigError, Environment, Settings};
use crate::endpoints::not_configured::NotConfigured;
use crate::server::Serving;

/// How often the files that settings name are read again. Azure restarts the process after a change of a setting itself.
const READ_INTERVAL: Duration = Duration::from_secs(30);

/// How often the log has a reminder.
const REMINDER_INTERVAL: Duration = Duration::from_secs(60);

/// A reminder names this many settings.
const MAX_NAMED: usize = 10;

/// Waits until the settings are right, and shows what is wrong with them in `serving` and in the log.
pub async fn until_configured(env: &dyn Environment, mut errors: ConfigError, serving: &Serving) -> Settings {
    report(&errors);
    let mut since_reminder = Duration::ZERO;
    loop {
        tokio::time::sleep(READ_INTERVAL).await;
        since_reminder += READ_INTERVAL;
        match Settings::read(env) {
            Ok(settings) => return settings,
            Err(now) if now != errors => {
                report(&now);
                serving.set_reasons(NotConfigured::new(now.clone(), Settings::is_in_azure(env)));
                errors = now;
            }
            Err(_) => {}
        }
        if since_reminder >= REMINDER_INTERVAL {
            remind(&errors);
            since_reminder = Duration::ZERO;
        }
    }
}

/// One line for each error.
fn report(errors: &ConfigError) {
    for error in &errors.errors {
        tracing::error!(event = "not_configured", setting = error.setting, "{error}");
    }
    warnings::unknown(&errors.unknown);
}

/// One line for all of them.
fn remind(errors: &ConfigError) {
    let faults = errors.errors.len();
    let mut settings: Vec<&str> = errors.errors.iter().map(|error| error.setting.as_str()).take(MAX_NAMED).collect();
    settings.extend((faults > MAX_NAMED).then_some("…"));
    let named = settings.join(", ");
    tracing::error!(
        event = "not_configured",
        faults,
        "the app waits for its settings: {named}; the setup page shows how to fix them"
    );
}

#[cfg(test)]
mod tests {
    use secrecy::SecretSlice;
    use std::cell::Cell;

    use super::*;
    use crate::config::FileError;

    /// Settings that are right but for the registry's file, which is there from the third look on.
    #[derive(Default)]
    struct Late(Cell<u32>);

    impl Environment for Late {
        fn var(&self, name: &str) -> Option<String> {
            let value = match name {
                "EVERGRANT_PUBLIC_URL" => "https://evergrant.example",
                "EVERGRANT_SIGNING_KEY_ID" | "EVERGRANT_SEALING_KEY_ID" => "https://contoso.vault.azure.net/keys/k/0a",
                "EVERGRANT_CLIENTS" => "@clients.json",
                "DOCUSIGN_ENVIRONMENT" => "demo",
                "DOCUSIGN_INTEGRATION_KEY" | "DOCUSIGN_USER_ID" => "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
                _ => return None,
            };
            Some(value.to_owned())
        }

        fn names(&self) -> Vec<String> {
            vec!["EVERGRANT_CLIENTS".to_owned()]
        }

        fn file(&self, _: &str) -> Result<SecretSlice<u8>, FileError> {
            self.0.set(self.0.get() + 1);
            if self.0.get() < 3 { Err(FileError::Missing) } else { Ok(b"[]".to_vec().into()) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_corrected_file_is_read_within_thirty_seconds() {
        let env = Late::default();
        let errors = Settings::read(&env).unwrap_err();
        let serving = Serving::not_configured(NotConfigured::new(errors.clone(), false));
        let begun = tokio::time::Instant::now();
        until_configured(&env, errors, &serving).await;
        assert_eq!(begun.elapsed(), 2 * READ_INTERVAL, "the second time it was there");
    }
}
