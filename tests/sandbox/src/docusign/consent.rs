//! `GET /oauth/auth`: sign in, then Allow or Deny.
//!
//! A user who is signed in and has already consented sees no page, unless the app requests `prompt=login`, or the sandbox is to
//! ask every time.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};

use super::{Docusign, User};
use crate::html::{escape, page, redirect};
use crate::server::Body;
use crate::wire::parameter;

const SESSION: &str = "ds_session";

impl Docusign {
    pub(super) fn authorize(&self, query: &str, headers: &HeaderMap) -> Response<Body> {
        if !self.is_registered(query) {
            return unregistered();
        }
        let session = session(headers).filter(|user| self.has_user(user));
        match session.filter(|_| parameter(query, "prompt").as_deref() != Some("login")) {
            Some(user) => self.ask(query, &user),
            None => self.sign_in_page(query),
        }
    }

    /// Handles the form of the sign-in page.
    pub(super) fn sign_in(&self, form: &str) -> Response<Body> {
        let query = parameter(form, "query").unwrap_or_default();
        let user = parameter(form, "user").unwrap_or_default();
        if !self.is_registered(&query) || !self.has_user(&user) {
            return unregistered();
        }
        let mut response = self.ask(&query, &user);
        let cookie = format!("{SESSION}={user}; Path=/; HttpOnly; SameSite=Lax");
        response.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&cookie).expect("a cookie"));
        response
    }

    /// Handles the form of the consent page.
    pub(super) fn decide(&self, form: &str, headers: &HeaderMap) -> Response<Body> {
        let query = parameter(form, "query").unwrap_or_default();
        let Some(user) = session(headers).filter(|_| self.is_registered(&query)) else { return unregistered() };
        if parameter(form, "decision").as_deref() != Some("allow") {
            let text = "The user did not consent to connecting the application.";
            return back(&query, &[("error", "access_denied"), ("error_message", text)]);
        }
        self.consent(&user, &parameter(&query, "scope").unwrap_or_default());
        self.back_with_code(&query, &user)
    }

    fn sign_in_page(&self, query: &str) -> Response<Body> {
        let users: Vec<String> = self.state().users.iter().map(button).collect();
        let form = format!(
            "<form method=post action='/oauth/auth/sign-in'><input type=hidden name=query value='{}'>{}</form>",
            escape(query),
            users.concat()
        );
        page(200, "Log in (simulated DocuSign)", &form)
    }

    /// Asks for consent if it is missing.
    fn ask(&self, query: &str, user: &str) -> Response<Body> {
        let scope = parameter(query, "scope").unwrap_or_default();
        let asks_every_time = self.state().asks_every_time;
        if self.has_consented(user, &scope) && !asks_every_time {
            return self.back_with_code(query, user);
        }
        let state = self.state();
        let name = state.users.iter().find(|known| known.sub == user).map(|user| escape(&user.name));
        let note = if asks_every_time { "<p>This one asks every time. DocuSign itself asks only once." } else { "" };
        let form = format!(
            "<p>{}, Evergrant asks to act for you:<p><b>{}</b>\
             <form method=post action='/oauth/auth/decision'><input type=hidden name=query value='{}'>\
             <p><button name=decision value=allow>Allow</button> <button name=decision value=deny>Deny</button></form>{note}",
            name.unwrap_or_default(),
            escape(&scope),
            escape(query),
        );
        page(200, "Allow access? (simulated DocuSign)", &form)
    }

    fn back_with_code(&self, query: &str, user: &str) -> Response<Body> {
        let redirect_uri = parameter(query, "redirect_uri").unwrap_or_default();
        let code = self.code_for(user, &redirect_uri, parameter(query, "code_challenge").as_deref());
        back(query, &[("code", &code)])
    }

    fn is_registered(&self, query: &str) -> bool {
        let value = |name| parameter(query, name).unwrap_or_default();
        let known = value("client_id") == self.integration_key && value("response_type") == "code";
        known && self.state().redirect_uris.contains(&value("redirect_uri"))
    }

    fn has_user(&self, user: &str) -> bool {
        self.state().users.iter().any(|known| known.active && known.sub == user)
    }

    fn has_consented(&self, user: &str, scope: &str) -> bool {
        let state = self.state();
        scope.split(' ').all(|scope| state.consents.contains(&(user.to_owned(), scope.to_owned())))
    }
}

fn session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let found = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(SESSION)?.strip_prefix('='));
    found.map(ToOwned::to_owned)
}

fn back(query: &str, parameters: &[(&str, &str)]) -> Response<Body> {
    let redirect_uri = parameter(query, "redirect_uri").unwrap_or_default();
    let mut target = url::Url::parse(&redirect_uri).expect("a registered redirect URI");
    target.query_pairs_mut().extend_pairs(parameters).extend_pairs(parameter(query, "state").map(|s| ("state", s)));
    redirect(target.as_str())
}

fn unregistered() -> Response<Body> {
    let text = "The client_id, redirect_uri, response_type or user is not registered.";
    page(400, "Something is wrong with this app (simulated DocuSign)", text)
}

fn button(user: &User) -> String {
    let User { sub, name, email, .. } = user;
    format!("<p><button name=user value='{sub}'>{} &lt;{}&gt;</button>", escape(name), escape(email))
}
