//! Finds the account and its hosts: `GET /oauth/userinfo` and CLM's account discovery.

use std::sync::Arc;

use futures_util::TryFutureExt as _;
use http::Method;
use serde::Deserialize;

use crate::clock::Clock;
use crate::config::DocusignSettings;
use crate::docusign::account_server::AccountServer;
use crate::docusign::api::addresses::ApiBase;
use crate::docusign::api::calls::{self, Call, Calls};
use crate::docusign::api::error::ApiError;
use crate::docusign::api::{Actor, lifetimes, log_failure};
use crate::docusign::userinfo::UserInfo;
use crate::memory::cache::Cache;
use crate::memory::cached::{Cached, Lifetime};
use crate::types::{BaseUrl, Guid};

/// How long the account and its hosts are cached.
const CACHE_LIFETIME: Lifetime = Lifetime::Seconds(3600);

/// How long another account's number is cached.
const OTHER_NUMBER_LIFETIME: Lifetime = Lifetime::Seconds(60);

/// More digits than any account number has.
const MAX_NUMBER_DIGITS: usize = 12;

/// Expired numbers are dropped once the cache holds this many.
const MIN_CACHED_NUMBERS: usize = 64;

/// The account of the integration user.
#[derive(Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The API Account ID, a GUID.
    pub id: String,
    /// The base URL of its eSignature API: `…/restapi`.
    pub esign: ApiBase,
    /// The base URL of Agreement Manager and Workflow Builder, which all accounts share.
    pub platform: ApiBase,
}

/// The base URLs of the account's CLM, each ending in `/v2/{account id}`.
#[derive(Debug)]
pub struct ClmHosts {
    /// Folders, documents, tasks.
    pub object: ApiBase,
    /// Uploads.
    pub upload: ApiBase,
    /// Downloads.
    pub download: ApiBase,
}

/// The response of CLM's account discovery. For a wrong path, CLM returns a sign-in page with status 200.
#[derive(Deserialize)]
struct Discovery {
    #[serde(rename = "ApiBaseUrl")]
    object: String,
    #[serde(rename = "ApiBaseUploadUrl")]
    upload: String,
    #[serde(rename = "ApiBaseDownloadUrl")]
    download: String,
}

/// The response of eSignature's *Accounts: get*.
#[derive(Deserialize)]
struct NumberedAccount {
    #[serde(rename = "accountIdGuid")]
    id: String,
}

/// Looks up the account of the integration user.
pub struct AccountLookup {
    account_server: AccountServer,
    calls: Arc<Calls>,
    integration_user: Actor,
    account_id: Option<Guid>,
    clm_url: BaseUrl,
    platform_url: String,
    trusted_hosts: Vec<String>,
    clock: Arc<dyn Clock>,
    account: Cached<Arc<Account>, ApiError>,
    clm: Cached<Arc<ClmHosts>, ApiError>,
    /// Whether a number is the account's.
    numbers: Cache<String, bool, ApiError>,
}

impl AccountLookup {
    /// A lookup for `settings`.
    #[must_use]
    pub fn new(
        settings: &DocusignSettings,
        account_server: AccountServer,
        calls: Arc<Calls>,
        integration_user: Actor,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            account_server,
            calls,
            integration_user,
            account_id: settings.account_id.clone(),
            clm_url: settings.clm_url.clone(),
            platform_url: format!("https://{}", settings.environment.platform_host()),
            trusted_hosts: settings.trusted_hosts.clone(),
            clock,
            account: Cached::new(lifetimes(|_| CACHE_LIFETIME)),
            clm: Cached::new(lifetimes(|_| CACHE_LIFETIME)),
            numbers: Cache::new(
                MIN_CACHED_NUMBERS,
                lifetimes(|is_own| if *is_own { CACHE_LIFETIME } else { OTHER_NUMBER_LIFETIME }),
            ),
        }
    }

    /// The account; cached for an hour.
    ///
    /// # Errors
    /// [`ApiError`] if there is none, or if DocuSign does not respond and nothing is cached.
    pub async fn account(&self) -> Result<Arc<Account>, ApiError> {
        self.account.get(self.clock.as_ref(), self.find_account().inspect_err(log_failure)).await
    }

    /// The base URLs of CLM; cached for an hour.
    ///
    /// # Errors
    /// [`ApiError`] if the account has no CLM, or if DocuSign does not respond and nothing is cached.
    pub async fn clm(&self) -> Result<Arc<ClmHosts>, ApiError> {
        let discovery = async { self.discover_clm(self.account().await?.as_ref()).await };
        self.clm.get(self.clock.as_ref(), discovery.inspect_err(log_failure)).await
    }

    async fn find_account(&self) -> Result<Arc<Account>, ApiError> {
        let access_token = self.calls.access_token(&self.integration_user).await?;
        let user = self.account_server.userinfo(&access_token.secret).await.map_err(ApiError::AccountUnknown)?;
        self.account_of(&user).map(Arc::new)
    }

    /// Whether `number` is the account's number, which DocuSign accepts in paths instead of its id. Only the account itself
    /// returns its own id for it.
    ///
    /// # Errors
    /// [`ApiError`] if DocuSign does not respond and nothing is cached.
    pub async fn has_number(&self, number: &str) -> Result<bool, ApiError> {
        if !(1..=MAX_NUMBER_DIGITS).contains(&number.len()) || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(false);
        }
        let cached = self.numbers.entry(number, self.clock.now());
        cached.get(self.clock.as_ref(), self.look_up_number(number).inspect_err(log_failure)).await
    }

    async fn look_up_number(&self, number: &str) -> Result<bool, ApiError> {
        let account = self.account().await?;
        let url = account.esign.below(&format!("v2.1/accounts/{number}")).ok_or(ApiError::Untrusted)?;
        let answer = self.calls.send(&self.integration_user, Call::json(Method::GET, url)).await?;
        match calls::read_json(answer).await {
            Ok(NumberedAccount { id }) => Ok(id.eq_ignore_ascii_case(&account.id)),
            // An outage or a rate limit says nothing about the number.
            Err(ApiError::Failed { answer })
                if matches!(answer.status(), Some(400 | 401 | 403 | 404)) && !answer.is_html() =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Chooses one of the accounts of `user`.
    ///
    /// # Errors
    /// [`ApiError`] if there is none, or if its address does not belong to DocuSign.
    pub fn account_of(&self, user: &UserInfo) -> Result<Account, ApiError> {
        let account = match &self.account_id {
            Some(id) => user.account_with_id(id),
            None => user.account(),
        };
        let account = account.filter(|account| !account.id.is_empty()).ok_or(ApiError::NoAccount)?;
        let esign = ApiBase::parse(&account.base_uri, "/restapi", &self.trusted_hosts);
        let platform = ApiBase::parse(&self.platform_url, "", &[]);
        let (name, id) = (account.name.clone(), account.id.clone());
        let (Some(esign), Some(platform)) = (esign, platform) else { return Err(ApiError::Untrusted) };
        Ok(Account { name, id, esign, platform })
    }

    /// The base URLs of `account`'s CLM, without the cache.
    ///
    /// # Errors
    /// [`ApiError`] if it has no CLM or DocuSign does not respond.
    pub async fn discover_clm(&self, account: &Account) -> Result<Arc<ClmHosts>, ApiError> {
        let named = &self.trusted_hosts;
        let discovery = ApiBase::parse(self.clm_url.as_str(), "/api/v2", named);
        let url =
            discovery.and_then(|base| base.below(&format!("{}/account", account.id))).ok_or(ApiError::Untrusted)?;
        let answer = self.calls.send(&self.integration_user, Call::json(Method::GET, url)).await?;
        let Discovery { object, upload, download } = calls::read_json_or(answer, ApiError::of_discovery).await?;
        let path = format!("/v2/{}", account.id);
        let base = |url: &str| ApiBase::parse(url, &path, named).ok_or(ApiError::Untrusted);
        Ok(Arc::new(ClmHosts { object: base(&object)?, upload: base(&upload)?, download: base(&download)? }))
    }
}
