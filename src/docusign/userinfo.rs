//! Parses `GET /oauth/userinfo`, the user of an access token, leniently. Pure.

use serde::Deserialize;
use serde_json::Value;

use crate::types::Guid;

/// The part of the response that is used.
#[derive(Clone, Debug, Deserialize)]
pub struct UserInfo {
    /// The user's GUID.
    pub sub: String,
    /// The user's name.
    #[serde(default)]
    pub name: String,
    /// The user's e-mail address.
    #[serde(default)]
    pub email: String,
    /// The accounts the user belongs to.
    #[serde(default)]
    accounts: Vec<Account>,
}

/// One account of a user.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// The account's id: the *API Account ID*, a GUID.
    #[serde(default, rename = "account_id")]
    pub id: String,
    /// The base URI of the account's eSignature API.
    #[serde(default)]
    pub base_uri: String,
    /// The account's name.
    #[serde(default, rename = "account_name")]
    pub name: String,
    /// A boolean, or the string `'true'` as in DocuSign's sample code.
    #[serde(default)]
    is_default: Value,
}

impl UserInfo {
    /// The account with the id `id`.
    #[must_use]
    pub fn account_with_id(&self, id: &Guid) -> Option<&Account> {
        self.accounts.iter().find(|account| id.is(&account.id))
    }

    /// The default account, or the first one.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.accounts.iter().find(|account| account.is_default()).or_else(|| self.accounts.first())
    }
}

impl Account {
    fn is_default(&self) -> bool {
        self.is_default == Value::Bool(true) || self.is_default.as_str() == Some("true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_account_is_found_as_boolean_or_string() {
        for is_default in ["true", "\"true\""] {
            let json = format!(
                r#"{{"sub":"s","accounts":[{{"account_name":"A"}},{{"account_name":"B","is_default":{is_default}}}]}}"#
            );
            let info: UserInfo = serde_json::from_str(&json).unwrap();
            assert_eq!(info.account().unwrap().name, "B");
        }
    }

    #[test]
    fn only_the_subject_is_required() {
        let info: UserInfo = serde_json::from_str(r#"{"sub":"s","new_field":1}"#).unwrap();
        assert!(info.account().is_none());
        assert!(serde_json::from_str::<UserInfo>("{}").is_err());
    }
}
