//! The account behind the integration user: is it there, has it CLM, and can its users be looked up?

use http::Method;
use serde::Deserialize;

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::{Doctor, fixes};
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::api::account::{Account, ClmHosts};
use crate::docusign::api::calls::{self, Call};
use crate::docusign::api::error::ApiError;
use crate::docusign::api::users::UserLookup;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;

/// Scopes that are CLM's.
const CLM_SCOPES: [&str; 3] = ["spring_read", "spring_write", "content"];

/// Why nothing is said.
const NO_ACCESS_TOKEN: &str = "not known, because no access token could be had";
const NO_ACCOUNT: &str = "not known, because the account is not: see its check";

/// CLM's name for the integration user.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(default)]
    email: String,
}

impl Doctor {
    /// The checks of the account, with the access token that was minted for them.
    pub(super) async fn account(&self, access_token: Option<&DocusignAccessToken>) -> Vec<Check> {
        let watch = Stopwatch::start();
        let (finding, known) = self.find_account(access_token).await;
        let mut checks = vec![finding.of("account", Area::Docusign, "DocuSign account", watch.elapsed_ms())];
        let without = if access_token.is_some() { NO_ACCOUNT } else { NO_ACCESS_TOKEN };
        let (clm, users) = tokio::join!(self.clm(known.as_ref(), without), self.user_list(known.as_ref(), without));
        checks.push(clm);
        checks.extend(users);
        checks
    }

    async fn find_account(&self, access_token: Option<&DocusignAccessToken>) -> (Finding, Option<(UserInfo, Account)>) {
        let Some(access_token) = access_token else { return (Finding::skipped(NO_ACCESS_TOKEN), None) };
        let user = match self.account_server.userinfo(&access_token.secret).await {
            Ok(user) => user,
            Err(error) => {
                return (Finding::bad(error.to_string(), fixes::mint(&MintError::Exchange(error))), None);
            }
        };
        match self.upstream.accounts.account_of(&user) {
            Ok(account) => {
                let told = format!("{} ({}), as {} <{}>", account.name, account.id, user.name, user.email);
                (Finding::good(told), Some((user, account)))
            }
            Err(ApiError::NoAccount) => (self.no_account(), None),
            Err(error) => (Finding::bad(error.to_string(), fixes::api(&error)), None),
        }
    }

    fn no_account(&self) -> Finding {
        match &self.docusign.account_id {
            Some(id) => Finding::bad(
                "the integration user does not belong to the account of DOCUSIGN_ACCOUNT_ID",
                format!(
                    "Compare DOCUSIGN_ACCOUNT_ID ({}) with the API Account ID on DocuSign's page Apps and Keys; if it is right, the \
                     DocuSign administrator adds the user to that account.",
                    id.as_str()
                ),
            ),
            None => Finding::bad(
                "the integration user belongs to no account",
                "The DocuSign administrator adds the user to the account.",
            ),
        }
    }

    /// Are CLM's hosts told, and do they let the integration user in?
    async fn clm(&self, known: Option<&(UserInfo, Account)>, without: &'static str) -> Check {
        let watch = Stopwatch::start();
        let used = CLM_SCOPES.iter().any(|scope| self.docusign.scopes.contains(scope));
        let finding = match known {
            _ if !used => Finding::skipped("not used: DOCUSIGN_SCOPES has none of CLM's scopes"),
            None => Finding::skipped(without),
            Some((_, account)) => match self.upstream.accounts.discover_clm(account).await {
                Ok(hosts) => self.clm_member(&hosts).await,
                Err(error @ ApiError::NoClm) => Finding::bad("CLM does not know the account", fixes::api(&error)),
                Err(error) => Finding::bad(error.to_string(), fixes::api(&error)),
            },
        };
        finding.of("clm", Area::Docusign, "DocuSign CLM", watch.elapsed_ms())
    }

    async fn clm_member(&self, hosts: &ClmHosts) -> Finding {
        let Some(url) = hosts.object.below("members/current") else { return Finding::skipped(NO_ACCOUNT) };
        let host = url.host_str().unwrap_or_default().to_owned();
        let answer = self.upstream.calls.send(&self.upstream.integration_user, Call::json(Method::GET, url)).await;
        let member = match answer {
            Ok(answer) => calls::read_json::<Member>(answer).await,
            Err(error) => Err(error),
        };
        match member {
            Ok(member) => Finding::good(format!("{host}, as {}", member.email)),
            Err(ApiError::Failed { status: 401 | 403 }) => Finding::bad(
                format!("{host} knows the account, but does not let the integration user in"),
                "The CLM administrator makes the integration user a member of CLM, with rights on the folders that are to be used.",
            ),
            Err(error) => Finding::bad(error.to_string(), fixes::api(&error)),
        }
    }

    /// Can a user be found by e-mail address? Only where API keys name users.
    async fn user_list(&self, known: Option<&(UserInfo, Account)>, without: &'static str) -> Option<Check> {
        let watch = Stopwatch::start();
        self.clients.iter().find(|client| !client.api_key_sha256.is_empty())?;
        let finding = match known {
            None => Finding::skipped(without),
            Some((user, _)) => match self.upstream.users.look_up(&user.email.to_lowercase()).await {
                Ok(UserLookup::One(found)) if self.docusign.user_id.is(found.as_str()) => {
                    Finding::good("the integration user finds itself")
                }
                Ok(UserLookup::One(_) | UserLookup::Unknown | UserLookup::Several) => Finding::note(
                    "the integration user does not find itself by its e-mail address",
                    "See on DocuSign's page Users whether several users share the address: such users cannot be named with API keys.",
                ),
                Err(error) => Finding::bad(
                    error.to_string(),
                    "The integration user has to be allowed to list the account's users (a DocuSign administrator's permission), and \
                     DOCUSIGN_SCOPES needs signature. Without it, API keys cannot name users.",
                ),
            },
        };
        Some(finding.of("user_list", Area::Docusign, "Users can be looked up", watch.elapsed_ms()))
    }
}
