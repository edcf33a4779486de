//! The users of the account.

use serde_json::{Value, json};

use super::super::{Docusign, User};
use super::EsignResult;
use super::request::invalid_parameter;
use crate::server::json as json_reply;
use crate::wire::parameter;

impl Docusign {
    /// The user list. Numbers are strings, as in DocuSign's responses.
    pub(super) fn user_list(&self, query: &str) -> EsignResult {
        let count = parameter(query, "count").map_or(Ok(100), |count| count.parse());
        if !count.is_ok_and(|count: u32| (1..=100).contains(&count)) {
            return Err(invalid_parameter("'count' must be from 1 to 100."));
        }
        let (email, status) = (parameter(query, "email"), parameter(query, "status"));
        let fits = |requested: &Option<String>, value: &str| {
            requested
                .as_ref()
                .is_none_or(|requested| requested.split(',').any(|requested| requested.eq_ignore_ascii_case(value)))
        };
        let found = self.users().into_iter().filter(|user| fits(&email, &user.email) && fits(&status, status_of(user)));
        let users: Vec<Value> = found.map(|user| user_json(&user)).collect();
        let (total, last) = (users.len().to_string(), users.len().saturating_sub(1).to_string());
        Ok(json_reply(
            200,
            &json!({"users": users, "resultSetSize": total, "totalSetSize": total, "startPosition": "0", "endPosition": last}),
        ))
    }
}

fn user_json(user: &User) -> Value {
    json!({"userName": user.name, "userId": user.sub, "userType": "CompanyUser", "isAdmin": "False",
           "userStatus": status_of(user), "email": user.email, "uri": format!("/users/{}", user.sub)})
}

const fn status_of(user: &User) -> &'static str {
    if user.active { "Active" } else { "Closed" }
}
