//! Parses `GET /oauth/userinfo`, the user of an access token, leniently. Pure.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::types::Guid;

/// The part of the response that is used. Only `sub` must be there; a member of another type than documented counts as
/// missing.
#[derive(Clone, Debug, Deserialize)]
pub struct UserInfo {
    /// The user's GUID.
    #[serde(deserialize_with = "subject")]
    pub sub: String,
    /// The user's name.
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// The user's e-mail address.
    #[serde(default, deserialize_with = "text")]
    pub email: String,
    /// The accounts the user belongs to.
    #[serde(default, deserialize_with = "accounts")]
    accounts: Vec<AccountInfo>,
}

/// One account of a user.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountInfo {
    /// The account's id: the *API Account ID*, a GUID.
    #[serde(default, rename = "account_id", deserialize_with = "text")]
    pub id: String,
    /// The base URI of the account's eSignature API.
    #[serde(default, deserialize_with = "text")]
    pub base_uri: String,
    /// The account's name.
    #[serde(default, rename = "account_name", deserialize_with = "text")]
    pub name: String,
    /// A boolean, or the string `'true'` as in DocuSign's sample code.
    #[serde(default)]
    is_default: Value,
}

/// A text or a number; anything else is empty.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// A user's GUID, as nothing else identifies a user.
fn subject<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let sub = text(deserializer)?;
    if sub.is_empty() { Err(serde::de::Error::custom("no subject")) } else { Ok(sub) }
}

/// The accounts that can be read.
fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccountInfo>, D::Error> {
    let Value::Array(accounts) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(accounts.into_iter().filter_map(|account| serde_json::from_value(account).ok()).collect())
}

impl UserInfo {
    /// The account with the id `id`.
    #[must_use]
    pub fn account_with_id(&self, id: &Guid) -> Option<&AccountInfo> {
        self.accounts.iter().find(|account| id.is(&account.id))
    }

    /// The default account, or the first one.
    #[must_use]
    pub fn account(&self) -> Option<&AccountInfo> {
        self.accounts.iter().find(|account| account.is_default()).or_else(|| self.accounts.first())
    }
}

impl AccountInfo {
    fn is_default(&self) -> bool {
        self.is_default == Value::Bool(true)
            || self.is_default.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
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
    fn only_what_is_used_is_required_and_other_types_do_no_harm() {
        let first = |accounts: &str| format!(r#"{{"sub":"s","accounts":{accounts}}}"#);
        for (json, name, account) in [
            (r#"{"sub":"s","new_field":1}"#.to_owned(), "", None),
            (r#"{"sub":"s","name":null,"email":null,"accounts":null}"#.to_owned(), "", None),
            (r#"{"sub":"s","name":["x"],"email":{},"accounts":{}}"#.to_owned(), "", None),
            (r#"{"sub":"s","name":7,"accounts":[]}"#.to_owned(), "7", None),
            (
                first(r#"[{"account_id":12345,"account_name":null,"base_uri":null,"is_default":null}]"#),
                "",
                Some("12345"),
            ),
            (first(r#"[null,5,{"account_id":"a","is_default":"True"}]"#), "", Some("a")),
            (first(r#"[{"account_id":"a"},{"account_id":"b","is_default":"yes"}]"#), "", Some("a")),
        ] {
            let info: UserInfo = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(info.name, name, "{json}");
            assert_eq!(info.account().map(|account| account.id.as_str()), account, "{json}");
        }
        for without in ["{}", r#"{"sub":null}"#, r#"{"sub":""}"#, r#"{"sub":["s"]}"#, "[]", "null", r#""s""#] {
            assert!(serde_json::from_str::<UserInfo>(without).is_err(), "{without}");
        }
    }
}
