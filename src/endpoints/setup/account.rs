//! The DocuSign account as data. Pure.

use serde::Serialize;

use crate::docusign::api::account::{Account, ClmHosts};

/// The DocuSign account behind the integration user.
#[derive(Debug, Serialize)]
pub struct AccountReport {
    /// Its name.
    pub name: String,
    /// Its API Account ID, a GUID.
    pub account_id: String,
    /// Where its eSignature is, as connectors ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub esignature_server: Option<String>,
    /// Where its CLM is, as connectors ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clm_site: Option<String>,
    /// The base URL of its CLM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clm_url: Option<String>,
    /// Whether CLM takes and serves files on the same host.
    pub clm_content_on_api_host: bool,
}

impl AccountReport {
    /// The report for `account`, and for its CLM if it has one.
    #[must_use]
    pub fn of(account: &Account, clm: Option<&ClmHosts>) -> Self {
        let object = clm.and_then(|hosts| hosts.object.below(""));
        let upload = clm.and_then(|hosts| hosts.upload.below(""));
        // `https://api`, followed by the site.
        let site = object.as_ref().and_then(|url| url.host_str()?.strip_prefix("api").map(ToOwned::to_owned));
        Self {
            name: account.name.clone(),
            account_id: account.id.clone(),
            esignature_server: account.esign.below("").and_then(|url| url.host_str().map(ToOwned::to_owned)),
            clm_site: site,
            clm_url: object.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            clm_content_on_api_host: upload.is_some_and(|url| url.path().starts_with("/content/")),
        }
    }
}
