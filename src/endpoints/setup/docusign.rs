//! What the setup page shows for DocuSign's administrator and for the integration user. Pure.

use serde::Serialize;

use crate::config::DocusignSettings;
use crate::config::docusign::DocusignEnvironment;
use crate::endpoints::setup::action::{APPS_AND_KEYS, admin_url};

/// The integration key at DocuSign. Nothing in it is secret.
#[derive(Debug, Serialize)]
pub struct DocusignReport {
    /// `demo` or `production`.
    pub environment: &'static str,
    /// DocuSign's page *Apps and Keys*.
    pub apps_and_keys_url: String,
    /// The integration key.
    pub integration_key: String,
    /// The User ID of the integration user, who has to give consent.
    pub user_id: String,
    /// The scopes to consent to.
    pub scopes: String,
    /// A message to the administrator; `None` while a part of it is missing.
    pub message: Option<String>,
}

/// The public half of a signing key.
#[derive(Debug, Serialize)]
pub struct PublicKeyReport {
    /// The setting that names the key.
    pub setting: &'static str,
    /// The name of its file to download.
    pub file_name: &'static str,
    /// SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal.
    pub sha256: String,
    /// `-----BEGIN PUBLIC KEY-----`.
    pub pem: String,
}

impl DocusignReport {
    /// The report for `settings`.
    #[must_use]
    pub fn of(
        settings: &DocusignSettings,
        redirect_uri: &str,
        public_keys: &[PublicKeyReport],
        consent_url: Option<&str>,
    ) -> Self {
        let mut report = Self {
            environment: environment(settings.environment),
            apps_and_keys_url: admin_url(settings.environment, APPS_AND_KEYS),
            integration_key: settings.integration_key.as_str().to_owned(),
            user_id: settings.user_id.as_str().to_owned(),
            scopes: settings.scopes.to_string(),
            message: None,
        };
        report.message =
            consent_url.filter(|_| !public_keys.is_empty()).map(|url| report.message(redirect_uri, public_keys, url));
        report
    }

    fn message(&self, redirect_uri: &str, public_keys: &[PublicKeyReport], consent_url: &str) -> String {
        let Self { environment, apps_and_keys_url, integration_key, user_id, .. } = self;
        let key = |key: &PublicKeyReport| format!("{}\nSHA-256: {}\n", key.pem.trim_end(), key.sha256);
        let keys: Vec<String> = public_keys.iter().map(key).collect();
        let keys = keys.join("\n");
        format!(
            "Hello,

Evergrant connects our apps to DocuSign. Please set up its integration key at DocuSign ({environment}). Nothing here is secret.

1. Open {apps_and_keys_url} as an administrator. Find the integration key {integration_key}, and choose Actions > Edit.

2. Under Service Integration, click Upload RSA, and paste this with its BEGIN and END lines. Do not click Generate RSA.

{keys}
3. Under Additional settings, click Add URI, and paste this redirect URI exactly:

{redirect_uri}

4. Click Save.

5. Within a week, open this link in a private window. Sign in as the integration user (User ID {user_id}), not as yourself, and click Allow:

{consent_url}

The page that follows confirms the connection, or says what to fix. Please send me the result.
"
        )
    }
}

const fn environment(environment: DocusignEnvironment) -> &'static str {
    match environment {
        DocusignEnvironment::Demo => "demo",
        DocusignEnvironment::Production => "production",
    }
}
