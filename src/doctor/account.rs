//! The account behind the integration user: does it exist, does it have CLM, and can its users be looked up?

use http::Method;
use serde::Deserialize;

use crate::clock::Stopwatch;
use crate::config::DocusignSettings;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::fixes;
use crate::docusign::account_server::{AccountServer, DocusignAccessToken};
use crate::docusign::api::DocusignApi;
use crate::docusign::api::account::{Account, ClmHosts};
use crate::docusign::api::calls::{self, Call};
use crate::docusign::api::error::ApiError;
use crate::docusign::api::users::UserLookup;
use crate::docusign::userinfo::UserInfo;
use crate::oauth::client::ClientRegistry;
use crate::types::Explained;

/// CLM's scopes.
const CLM_SCOPES: [&str; 3] = ["spring_read", "spring_write", "content"];

/// Why a check was skipped.
pub const NO_ACCESS_TOKEN: &str = "not checked: there is no access token";
const NO_ACCOUNT: &str = "not checked: the account is unknown, see its check";

/// A member of CLM.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(default)]
    email: String,
}

/// The integration user and its account.
struct KnownAccount {
    user: UserInfo,
    account: Account,
}

/// Checks the account behind the integration user.
pub struct AccountChecks<'a> {
    /// DocuSign's settings.
    pub docusign: &'a DocusignSettings,
    /// DocuSign's account server.
    pub account_server: &'a AccountServer,
    /// DocuSign's APIs.
    pub api: &'a DocusignApi,
    /// The registered clients, some of which name users by an API key.
    pub clients: ClientRegistry,
}

impl AccountChecks<'_> {
    /// Runs the checks with the access token that was minted for them.
    pub async fn run(&self, access_token: Option<&DocusignAccessToken>) -> Vec<Check> {
        let watch = Stopwatch::start();
        let found = match access_token {
            Some(access_token) => self.find_account(access_token).await,
            None => Err(Finding::skipped(NO_ACCESS_TOKEN)),
        };
        let without = if access_token.is_some() { NO_ACCOUNT } else { NO_ACCESS_TOKEN };
        let (finding, known) = match found {
            Ok(known) => (described(&known), Some(known)),
            Err(finding) => (finding, None),
        };
        let mut checks = vec![finding.into_check("account", Area::Docusign, "DocuSign account", watch.elapsed_ms())];
        let (clm, users) = tokio::join!(self.clm(known.as_ref(), without), self.user_list(known.as_ref(), without));
        checks.push(clm);
        checks.extend(users);
        checks
    }

    async fn find_account(&self, access_token: &DocusignAccessToken) -> Result<KnownAccount, Finding> {
        let user = self.account_server.userinfo(&access_token.secret).await.map_err(|error| self.bad(&error))?;
        let account = self.api.accounts.account_of(&user).map_err(|error| self.bad(&error))?;
        Ok(KnownAccount { user, account })
    }

    /// Does CLM know the account, and is the integration user a member?
    async fn clm(&self, known: Option<&KnownAccount>, without: &'static str) -> Check {
        let watch = Stopwatch::start();
        let used = CLM_SCOPES.iter().any(|scope| self.docusign.scopes.contains(scope));
        let finding = match known {
            _ if !used => Finding::skipped("not used: DOCUSIGN_SCOPES has none of CLM's scopes"),
            None => Finding::skipped(without),
            Some(KnownAccount { account, .. }) => match self.api.accounts.discover_clm(account).await {
                Ok(hosts) => self.clm_member(&hosts).await,
                Err(error) => self.bad(&error),
            },
        };
        finding.into_check("clm", Area::Docusign, "DocuSign CLM", watch.elapsed_ms())
    }

    async fn clm_member(&self, hosts: &ClmHosts) -> Finding {
        let Some(url) = hosts.object.below("members/current") else { return self.bad(&ApiError::Untrusted) };
        let host = url.host_str().unwrap_or_default().to_owned();
        let answer = self.api.calls.send(&self.api.integration_user, Call::json(Method::GET, url)).await;
        let member = match answer {
            Ok(answer) => calls::read_json::<Member>(answer).await,
            Err(error) => Err(error),
        };
        match member {
            Ok(member) => Finding::good(format!("{host}, as {}", member.email)),
            Err(ApiError::Failed { answer }) if matches!(answer.status(), Some(401 | 403)) && !answer.is_html() => {
                Finding::bad(
                    format!("{host} knows the account, but does not let the integration user in"),
                    "The CLM administrator makes the integration user a member of CLM, with rights on the folders that are used.",
                )
            }
            Err(error) => self.bad(&error),
        }
    }

    /// Can a user be found by e-mail address? Only where API keys name users.
    async fn user_list(&self, known: Option<&KnownAccount>, without: &'static str) -> Option<Check> {
        let watch = Stopwatch::start();
        self.clients.iter().find(|client| !client.api_key_sha256.is_empty())?;
        let finding = match known {
            None => Finding::skipped(without),
            Some(KnownAccount { user, .. }) => match self.api.users.look_up(&user.email.to_lowercase()).await {
                Ok(UserLookup::One(found)) if self.docusign.user_id.is(found.as_str()) => {
                    Finding::good("the integration user finds itself")
                }
                Ok(UserLookup::One(_) | UserLookup::Unknown | UserLookup::Several) => Finding::note(
                    "the integration user does not find itself by its e-mail address",
                    "Check on DocuSign's page Users whether several users share the address: API keys cannot name such users.",
                ),
                Err(error) => self.bad(&error),
            },
        };
        Some(finding.into_check("user_list", Area::Docusign, "Users can be looked up", watch.elapsed_ms()))
    }

    fn bad(&self, error: &impl Explained) -> Finding {
        fixes::docusign_error(error, self.docusign)
    }
}

fn described(KnownAccount { user, account }: &KnownAccount) -> Finding {
    Finding::good(format!("{} ({}), as {} <{}>", account.name, account.id, user.name, user.email))
}
