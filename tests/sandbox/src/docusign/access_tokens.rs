//! The issued access tokens, and `/oauth/userinfo`.

use http::Request;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::{Docusign, User};
use crate::clm::ACCOUNT_ID;
use crate::server::{Reply, json as json_reply};
use crate::wire::random;

impl Docusign {
    /// The access tokens issued so far.
    #[must_use]
    pub fn access_tokens(&self) -> Vec<String> {
        self.state().access_tokens.keys().cloned().collect()
    }

    /// Issues an access token to a user, as after an exchange.
    #[must_use]
    pub fn access_token_for(&self, user: &str, scope: &str) -> String {
        let access_token = format!("ds-at-{}", random());
        let mut state = self.state();
        state.access_tokens.insert(access_token.clone(), user.to_owned());
        state.scopes.insert(access_token.clone(), scope.to_owned());
        access_token
    }

    /// User and scope of the access token in an `Authorization` header, if this server issued it.
    #[must_use]
    pub fn bearer(&self, authorization: &str) -> Option<(String, String)> {
        let access_token = authorization.strip_prefix("Bearer ")?;
        let state = self.state();
        let user = state.access_tokens.get(access_token).filter(|_| !state.worthless.contains(access_token))?;
        Some((user.clone(), state.scopes.get(access_token).cloned().unwrap_or_default()))
    }

    /// Invalidates all access tokens issued so far.
    pub fn invalidate_access_tokens(&self) {
        let state = &mut *self.state();
        state.worthless.extend(state.access_tokens.keys().cloned());
    }

    /// User and scope of the caller.
    fn caller(&self, request: &Request<Incoming>) -> Option<(String, String)> {
        self.bearer(request.headers().get("authorization")?.to_str().ok()?)
    }

    pub(super) async fn userinfo(&self, request: &Request<Incoming>) -> Reply {
        if let Some(struck) = self.userinfo_faults.strike().await {
            return struck;
        }
        let Some(user) = self.caller(request).and_then(|(sub, _)| self.user(&sub)) else {
            return Ok(json_reply(
                401,
                &json!({"error": "internal_server_error", "error_description": "invalid_token"}),
            ));
        };
        Ok(json_reply(200, &user_json(&user, &self.url())))
    }
}

fn user_json(user: &User, base_uri: &str) -> Value {
    json!({
        "sub": user.sub, "name": user.name, "email": user.email, "created": "2031-01-02T03:04:05.67",
        "accounts": [
            {"account_id": ACCOUNT_ID, "is_default": "true",
             "account_name": "Example Ltd", "base_uri": base_uri},
        ],
    })
}
