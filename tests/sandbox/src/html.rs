//! The HTML of the simulated sites.

use http::Response;

use crate::server::{Body, reply};

/// A page.
#[must_use]
pub fn page(status: u16, title: &str, body: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><body style='font:1rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem'>\
         <h1 style='font-size:1.4rem'>{title}</h1>{body}"
    );
    reply(status, "text/html; charset=utf-8", html)
}

/// Escapes text for HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}

/// A redirect to `target`.
///
/// # Panics
/// If `target` is not a URL.
#[must_use]
pub fn redirect(target: &str) -> Response<Body> {
    let mut response = reply(302, "text/plain", "");
    response.headers_mut().insert("location", target.parse().expect("a URL"));
    response
}
