//! The HTML of the simulated sites.

use http::Response;

use crate::server::{Body, reply};

/// The style of all pages, light and dark.
pub const STYLE: &str = include_str!("style.css");

/// A page. A title may end with the site's name, as in `Log in (simulated DocuSign)`.
#[must_use]
pub fn page(status: u16, title: &str, body: &str) -> Response<Body> {
    let (heading, site) = title.split_once(" (").unwrap_or((title, "simulated)"));
    let site = site.trim_end_matches(')');
    reply(
        status,
        "text/html; charset=utf-8",
        document(title, &format!("<p class=brand>{site}<h1>{heading}</h1>{body}")),
    )
}

/// A complete document.
#[must_use]
pub fn document(title: &str, main: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <meta name=color-scheme content='light dark'><title>{title}</title><style>{STYLE}</style><main>{main}</main>"
    )
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
