//! Which DocuSign user an e-mail address belongs to, by the account's user list (eSignature API, *Users: list*).

use std::sync::{Arc, PoisonError};

use http::{Method, StatusCode};
use serde::Deserialize;

use crate::docusign::api::Upstream;
use crate::docusign::api::calls::{self, Call};
use crate::docusign::api::error::UpstreamError;
use crate::docusign::api::remembered::Remembered;
use crate::types::Guid;

/// For how many seconds a user is remembered, and for how many that there is none.
const KNOWN_FOR: u64 = 900;
const UNKNOWN_FOR: u64 = 60;

/// The longest e-mail address (RFC 5321 §4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

/// What the list says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// One active user.
    One(Guid),
    /// No active user of the account.
    Unknown,
    /// Several active users share it, so that it names nobody.
    Several,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    users: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    user_status: String,
}

impl Upstream {
    /// The active user of the account whose e-mail address is `email`, in whatever case.
    ///
    /// # Errors
    /// [`UpstreamError`] if DocuSign does not tell, and never did.
    pub async fn user(&self, email: &str) -> Result<User, UpstreamError> {
        let email = email.to_lowercase();
        if !email.contains('@') || email.len() > LONGEST_ADDRESS || email.chars().any(char::is_control) {
            return Ok(User::Unknown);
        }
        let remembered = self.remembered_user(&email);
        let lifetime = |user: &User| if matches!(user, User::One(_)) { KNOWN_FOR } else { UNKNOWN_FOR };
        remembered.get(self.clock.as_ref(), lifetime, self.look_user_up(&email)).await
    }

    fn remembered_user(&self, email: &str) -> Arc<Remembered<User>> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(remembered) = users.get(email) {
            return Arc::clone(remembered);
        }
        let (remembered, now) = (Arc::<Remembered<User>>::default(), self.clock.now());
        // One that somebody holds is in use.
        let is_of_use = |known: &Arc<Remembered<User>>| Arc::strong_count(known) > 1 || known.is_of_use(now);
        users.insert(email.to_owned(), Arc::clone(&remembered), is_of_use);
        remembered
    }

    /// The same, asked for anew; `email` is in lower case.
    ///
    /// # Errors
    /// [`UpstreamError`] if DocuSign does not tell.
    pub async fn look_user_up(&self, email: &str) -> Result<User, UpstreamError> {
        let account = self.account().await?;
        let query = serde_urlencoded::to_string([("email", email), ("status", "Active")]).unwrap_or_default();
        let url = account.esign.below(&format!("v2.1/accounts/{}/users?{query}", account.id));
        let call = Call::json(Method::GET, url.ok_or(UpstreamError::Untrusted)?);
        let answer = self.send(&self.integration_user(), call).await?;
        if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST) {
            return Err(UpstreamError::NoUserList);
        }
        let list: List = calls::read_json(answer).await?;
        Ok(only(list, email))
    }
}

/// The list may hold more than was asked for: the filters are DocuSign's, the decision is ours.
fn only(list: List, email: &str) -> User {
    let fits = |entry: &Entry| entry.email.to_lowercase() == email && entry.user_status.eq_ignore_ascii_case("active");
    let users = list.users.into_iter().filter(fits).filter_map(|entry| Some(Guid::parse(&entry.user_id)?.lower_case()));
    let mut users: Vec<Guid> = users.collect();
    users.dedup();
    match (users.pop(), users.is_empty()) {
        (Some(user), true) => User::One(user),
        (Some(_), false) => User::Several,
        (None, _) => User::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_active_user_of_exactly_this_address_will_do() {
        let list = |entries: &[(&str, &str, &str)]| {
            let entry = |(user_id, email, status): &(&str, &str, &str)| Entry {
                user_id: format!("{user_id}1d7a90-8c34-4f7b-a2d6-90b1c3e5f722"),
                email: (*email).to_owned(),
                user_status: (*status).to_owned(),
            };
            only(List { users: entries.iter().map(entry).collect() }, "ada@contoso.com")
        };
        let one = User::One(Guid::parse("aa1d7a90-8c34-4f7b-a2d6-90b1c3e5f722").unwrap());
        assert_eq!(list(&[("aa", "Ada@Contoso.com", "Active")]), one);
        assert_eq!(list(&[("AA", "ada@contoso.com", "active"), ("bb", "ada@contoso.com.example", "Active")]), one);
        assert_eq!(list(&[("aa", "ada@contoso.com", "Active"), ("aa", "ada@contoso.com", "Active")]), one);
        assert_eq!(list(&[("aa", "ada@contoso.com", "Closed")]), User::Unknown);
        assert_eq!(list(&[("aa", "ada@contoso.com", "Active"), ("bb", "ada@contoso.com", "Active")]), User::Several);
        assert_eq!(list(&[]), User::Unknown);
    }
}
