//! `GET /oauth/auth`: who are you, and may this app act for you? Allow or Deny.

use http::{HeaderValue, Response};
use url::Url;

use super::{Docusign, User, parameter};
use crate::server::{Body, reply};

impl Docusign {
    pub(super) fn consent_page(&self, query: &str) -> Response<Body> {
        let value = |name| parameter(query, name).unwrap_or_default();
        if !self.is_registered(query) {
            return unregistered();
        }
        let users: Vec<String> = self.state().users.iter().enumerate().map(radio_button).collect();
        let users = users.concat();
        let form = format!(
            "<form method=post action='/oauth/auth/decision'><input type=hidden name=query value='{}'>\
             <p>This app asks for: <b>{}</b><p>Sign in as{users}\
             <p><button name=decision value=allow>Allow</button> <button name=decision value=deny>Deny</button></form>",
            escape(query),
            escape(&value("scope")),
        );
        page("Allow access? (simulated DocuSign)", &form)
    }

    fn is_registered(&self, query: &str) -> bool {
        let value = |name| parameter(query, name).unwrap_or_default();
        let known = value("client_id") == self.integration_key && value("response_type") == "code";
        known && self.state().redirect_uris.contains(&value("redirect_uri"))
    }

    pub(super) fn decide(&self, form: &str) -> Response<Body> {
        let query = parameter(form, "query").unwrap_or_default();
        let value = |name| parameter(&query, name).unwrap_or_default();
        if !self.is_registered(&query) {
            return unregistered();
        }
        let redirect_uri = value("redirect_uri");
        let Ok(mut target) = Url::parse(&redirect_uri) else { return page("Something is wrong", "No redirect URI.") };
        let user = parameter(form, "user").unwrap_or_default();
        if parameter(form, "decision").as_deref() == Some("allow") {
            self.consent(&user, &value("scope"));
            let code = self.code_for(&user, &redirect_uri, parameter(&query, "code_challenge").as_deref());
            target.query_pairs_mut().append_pair("code", &code);
        } else {
            let text = "The user did not consent to connecting the application.";
            target.query_pairs_mut().append_pair("error", "access_denied").append_pair("error_message", text);
        }
        target.query_pairs_mut().append_pair("state", &value("state"));
        let mut response = reply(302, "text/plain", "");
        response.headers_mut().insert("location", HeaderValue::from_str(target.as_str()).expect("a URL"));
        response
    }
}

fn unregistered() -> Response<Body> {
    let text = "The client_id, redirect_uri or response_type is not registered.";
    reply(
        400,
        "text/html; charset=utf-8",
        format!("<!doctype html><title>Something is wrong with this app</title>{text}"),
    )
}

fn radio_button((index, user): (usize, &User)) -> String {
    let checked = if index == 0 { " checked" } else { "" };
    let User { sub, name, email, .. } = user;
    format!("<p><label><input type=radio name=user value='{sub}'{checked}> {name} ({email})</label>")
}

fn page(title: &str, body: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><body style='font:1rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem'>\
         <h1>{title}</h1>{body}"
    );
    reply(200, "text/html; charset=utf-8", html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}
