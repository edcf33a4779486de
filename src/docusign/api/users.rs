//! Finds DocuSign users by e-mail address in the account's user list (eSignature API, *Users: list*).

use std::sync::Arc;

use futures_util::TryFutureExt as _;
use http::Method;
use serde::Deserialize;

use crate::clock::Clock;
use crate::docusign::api::account::AccountLookup;
use crate::docusign::api::calls::{self, Call, Calls};
use crate::docusign::api::error::ApiError;
use crate::docusign::api::{Actor, lifetimes, log_failure};
use crate::memory::cache::Cache;
use crate::memory::cached::Lifetime;
use crate::oauth::query;
use crate::types::Guid;

/// Users are cached for 15 minutes, misses for one.
const USER_LIFETIME: Lifetime = Lifetime::Seconds(900);
const MISS_LIFETIME: Lifetime = Lifetime::Seconds(60);

/// Expired addresses are dropped once the cache holds this many.
const MIN_CACHED_USERS: usize = 1024;

/// The longest e-mail address (RFC 5321 §4.5.3.1.3).
const MAX_EMAIL_BYTES: usize = 254;

/// The result of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserLookup {
    /// One active user of the account.
    One(Guid),
    /// No active user of the account.
    Unknown,
    /// Several active users share the address, so it does not identify one.
    Several,
}

#[derive(Deserialize)]
struct UserList {
    #[serde(default)]
    users: Vec<ListedUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedUser {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    user_status: String,
}

/// Looks up users of the account.
pub struct Users {
    accounts: Arc<AccountLookup>,
    calls: Arc<Calls>,
    integration_user: Actor,
    clock: Arc<dyn Clock>,
    /// Keyed by lower-case e-mail address.
    cache: Cache<String, UserLookup, ApiError>,
}

impl Users {
    /// Looks up users of the account of `accounts`, as `integration_user`.
    #[must_use]
    pub fn new(
        accounts: Arc<AccountLookup>,
        calls: Arc<Calls>,
        integration_user: Actor,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let kept_for =
            |user: &UserLookup| if matches!(user, UserLookup::One(_)) { USER_LIFETIME } else { MISS_LIFETIME };
        Self { accounts, calls, integration_user, clock, cache: Cache::new(MIN_CACHED_USERS, lifetimes(kept_for)) }
    }

    /// The active user with the e-mail address `email`, ignoring case.
    ///
    /// # Errors
    /// [`ApiError`] if DocuSign does not respond and nothing is cached.
    pub async fn find(&self, email: &str) -> Result<UserLookup, ApiError> {
        let email = email.to_lowercase();
        if !email.contains('@') || email.len() > MAX_EMAIL_BYTES || email.chars().any(char::is_control) {
            return Ok(UserLookup::Unknown);
        }
        let cached = self.cache.entry(email.as_str(), self.clock.now());
        cached.get(self.clock.as_ref(), self.look_up(&email).inspect_err(log_failure)).await
    }

    /// Like [`Self::find`], without the cache; `email` is in lower case.
    ///
    /// # Errors
    /// [`ApiError`] if DocuSign does not respond.
    pub async fn look_up(&self, email: &str) -> Result<UserLookup, ApiError> {
        let account = self.accounts.account().await?;
        let path = format!("v2.1/accounts/{}/users", account.id);
        let url = account.esign.below(&query::append(&path, &[("email", email), ("status", "Active")]));
        let call = Call::json(Method::GET, url.ok_or(ApiError::Untrusted)?);
        let answer = self.calls.send(&self.integration_user, call).await?;
        let list: UserList = calls::read_json_or(answer, ApiError::of_user_look_up).await?;
        Ok(only(list, email))
    }
}

/// Filters the list again, because DocuSign may return more users than requested.
fn only(list: UserList, email: &str) -> UserLookup {
    let fits =
        |entry: &ListedUser| entry.email.to_lowercase() == email && entry.user_status.eq_ignore_ascii_case("active");
    let users = list.users.into_iter().filter(fits).filter_map(|entry| Guid::parse(&entry.user_id));
    let mut users: Vec<Guid> = users.collect();
    users.dedup();
    match (users.pop(), users.is_empty()) {
        (Some(user), true) => UserLookup::One(user),
        (Some(_), false) => UserLookup::Several,
        (None, _) => UserLookup::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_active_user_must_have_the_address() {
        let list = |entries: &[(&str, &str, &str)]| {
            let entry = |(user_id, email, status): &(&str, &str, &str)| ListedUser {
                user_id: format!("{user_id}1d7a90-8c34-4f7b-a2d6-90b1c3e5f722"),
                email: (*email).to_owned(),
                user_status: (*status).to_owned(),
            };
            only(UserList { users: entries.iter().map(entry).collect() }, "ada@contoso.com")
        };
        let one = UserLookup::One(Guid::parse("aa1d7a90-8c34-4f7b-a2d6-90b1c3e5f722").unwrap());
        assert_eq!(list(&[("aa", "Ada@Contoso.com", "Active")]), one);
        assert_eq!(list(&[("AA", "ada@contoso.com", "active"), ("bb", "ada@contoso.com.example", "Active")]), one);
        assert_eq!(list(&[("aa", "ada@contoso.com", "Active"), ("aa", "ada@contoso.com", "Active")]), one);
        assert_eq!(list(&[("aa", "ada@contoso.com", "Closed")]), UserLookup::Unknown);
        assert_eq!(
            list(&[("aa", "ada@contoso.com", "Active"), ("bb", "ada@contoso.com", "Active")]),
            UserLookup::Several
        );
        assert_eq!(list(&[]), UserLookup::Unknown);
    }
}
