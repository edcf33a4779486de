//! The credentials that a refused request claims to have, wherever they are, for the log. Pure.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::form_urlencoded;

use crate::oauth::client::credentials::read_basic;
use crate::oauth::client::{Client, ClientRegistry, credential_hint};
use crate::oauth::error::ErrorCode;
use crate::oauth::form::Form;

/// The credentials of a request, in every place and format that clients use by mistake.
#[derive(Debug, Default)]
pub struct ClaimedCredentials {
    client_ids: Vec<String>,
    client_secrets: Vec<SecretString>,
    has_assertion: bool,
    is_in_query: bool,
}

impl ClaimedCredentials {
    /// Reads HTTP Basic, the body as a form or as JSON, and the query.
    #[must_use]
    pub fn read(form: &Form) -> Self {
        let mut claimed = Self::default();
        let headers = form.headers.get_all(AUTHORIZATION).iter();
        for basic in headers.filter_map(|header| read_basic(header.to_str().ok()?)) {
            claimed.client_ids.push(basic.client_id.into_owned());
            claimed.client_secrets.extend(basic.client_secret);
        }
        let json = serde_json::from_slice::<Value>(&form.body).ok();
        for (name, value) in json.as_ref().and_then(Value::as_object).into_iter().flatten() {
            claimed.add(name, value.as_str().unwrap_or_default());
        }
        let query = form.query.as_deref().unwrap_or_default();
        let is_grant_type = |(name, _): (Cow<'_, str>, _)| name == "grant_type";
        claimed.is_in_query = form.body.is_empty() && form_urlencoded::parse(query.as_bytes()).any(is_grant_type);
        for parameters in [&form.body[..], query.as_bytes()] {
            form_urlencoded::parse(parameters).for_each(|(name, value)| claimed.add(&name, &value));
        }
        claimed
    }

    fn add(&mut self, name: &str, value: &str) {
        match name {
            "client_id" if !value.is_empty() => self.client_ids.push(value.to_owned()),
            "client_secret" if !value.is_empty() => self.client_secrets.push(SecretString::from(value)),
            "client_assertion" => self.has_assertion |= !value.is_empty(),
            _ => {}
        }
    }

    /// The first client identifier of the request.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_ids.first().map(String::as_str)
    }

    /// The registered client, if the request names exactly one.
    #[must_use]
    pub fn client<'c>(&self, clients: &'c ClientRegistry) -> Option<&'c Client> {
        let mut named = self.client_ids.iter().filter_map(|client_id| clients.find(client_id));
        let first = named.next()?;
        named.all(|other| other.client_id == first.client_id).then_some(first)
    }

    /// What is probably wrong with a request that was refused with `error`.
    #[must_use]
    pub fn hint(&self, clients: &ClientRegistry, error: ErrorCode) -> Option<&'static str> {
        if self.is_in_query {
            return Some("the caller sent the parameters in the query: see token_request_in_query");
        }
        // The sentence about an assertion says what is wrong.
        if error != ErrorCode::InvalidClient || self.has_assertion {
            return None;
        }
        let client_secret = self.client_secrets.first().map(ExposeSecret::expose_secret);
        credential_hint::of_client(clients, self.client_ids.first()?, client_secret)
    }
}
