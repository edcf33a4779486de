//! What answers at the public URL, and if it is not the app, what it is: by status, headers and the words of its page. Pure.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, SERVER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use url::Url;

use crate::types::BaseUrl;

/// App Service's access restrictions name the address that they refuse.
const FORBIDDEN_IP: &str = "x-ms-forbidden-ip";
/// App Service's built-in authentication adds it to its own answers.
const EASY_AUTH: &str = "x-ms-middleware-request-id";
/// Front Door adds it to every answer.
const FRONT_DOOR: &str = "x-azure-ref";
const CLOUDFLARE: &str = "cf-ray";
/// Every answer of the app's own has it; the Functions host and the platform never add it.
const REQUEST_ID: &str = "x-request-id";

const UNNAMED_FRONT: &str = "something in front of the app, or its platform,";

/// Hosts of sign-in pages.
const SIGN_IN_HOSTS: [&str; 6] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoftonline.us",
    "okta.com",
    "auth0.com",
    "cloudflareaccess.com",
];

/// The fix for a public URL without this app.
pub const DEPLOY: &str =
    "Set EVERGRANT_PUBLIC_URL to the https URL that callers use, and check that the package is deployed there.";

/// An answer.
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Where it leads, if it is a redirect.
    pub location: Option<Url>,
    /// The beginning of its body.
    pub body: Vec<u8>,
    headers: HeaderMap<HeaderValue>,
}

impl HttpAnswer {
    /// Keeps what explains the answer.
    pub fn new(status: StatusCode, url: &Url, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let location = headers.get(LOCATION).and_then(|value| url.join(value.to_str().ok()?).ok());
        let location = location.filter(|_| status.is_redirection());
        Self { status: status.as_u16(), location, body, headers: headers.clone() }
    }

    /// Whether an app answers whose settings are wrong.
    pub fn is_not_configured(&self) -> bool {
        self.status == 503 && self.says(&["this app is not configured yet"])
    }

    /// Whether the app gave it.
    pub fn is_own(&self) -> bool {
        !self.header_text(REQUEST_ID).is_empty()
    }

    /// Whether it is the Functions host's refusal of a request without a function key: 401 and nothing else.
    pub fn is_hosts_lock(&self) -> bool {
        let is_empty = self.body.is_empty() && matches!(self.header_text(CONTENT_LENGTH.as_str()), "" | "0");
        self.status == 401 && is_empty && self.known_front().is_none()
    }

    /// Its status and, if it is a redirect, where it leads. The query is left out, because it may have secrets.
    pub fn summary(&self) -> String {
        let status = self.status;
        match &self.location {
            Some(target) => {
                let port = target.port().map(|port| format!(":{port}")).unwrap_or_default();
                let host = target.host_str().unwrap_or_default();
                format!("status {status}, which leads to {}://{host}{port}{}", target.scheme(), target.path())
            }
            None if self.is_html() && status == 200 => "status 200 and a page".to_owned(),
            None => format!("status {status}"),
        }
    }

    /// What it is, and what to do about it.
    pub fn explain(&self, public_url: &BaseUrl) -> (String, String) {
        let summary = self.summary();
        match self.cause(public_url) {
            Some((cause, fix)) => (format!("{summary}: {cause}"), fix),
            None => (format!("{summary} and no metadata"), DEPLOY.to_owned()),
        }
    }

    /// What gave it and why, as far as that can be seen, and what to do about it.
    pub fn cause(&self, public_url: &BaseUrl) -> Option<(String, String)> {
        match self.status {
            300..=399 => self.redirect(public_url),
            _ => self.known_front().or_else(|| self.unknown_front()),
        }
    }

    /// Whether its headers or its page name what is in front of the app.
    pub fn names_front(&self) -> bool {
        self.status / 100 == 3 || self.known_front().is_some() || self.front() != UNNAMED_FRONT
    }

    fn known_front(&self) -> Option<(String, String)> {
        let known = |cause: &str, fix: &str| Some((cause.to_owned(), fix.to_owned()));
        match self.status {
            401 | 403 if self.has(EASY_AUTH) => known(BUILT_IN.0, BUILT_IN.1),
            400 | 403 | 495 | 496 if self.says(&["client certificate", "required ssl certificate"]) => known(
                "a client certificate is required",
                "Callers have none. Let the app ignore client certificates: `az functionapp update --resource-group <group> \
                 --name <function app> --set clientCertEnabled=false`",
            ),
            403 if self.header(FORBIDDEN_IP).is_some() => Some(self.access_restriction()),
            403 if self.says(&["web app is stopped", "site is stopped", "site disabled"]) => known(
                "the app is stopped",
                "Start it: `az functionapp start --resource-group <group> --name <function app>`",
            ),
            401 | 403 | 404 if self.is_api_management() => known(
                "API Management answers",
                "Publish an API there that passes every path, method and header on, and requires no subscription key; or set \
                 EVERGRANT_PUBLIC_URL to the app's own URL.",
            ),
            401 if self.header_text(WWW_AUTHENTICATE.as_str()).to_ascii_lowercase().starts_with("basic") => known(
                "something in front of the app asks for a password",
                "Let it pass the app's paths on without one: Evergrant authenticates its callers itself.",
            ),
            407 => known(
                "something in front of the app asks for a sign-in",
                "Let it pass the app's paths on without one: Evergrant authenticates its callers itself.",
            ),
            _ => None,
        }
    }

    /// What is in front of the app, as far as the status shows it.
    fn unknown_front(&self) -> Option<(String, String)> {
        match self.status {
            401 => Some((
                "something in front of the app asks for a sign-in".to_owned(),
                "Let it pass the app's paths on without one: Evergrant authenticates its callers itself.".to_owned(),
            )),
            403 => Some((
                format!("{} refuses the request", self.front()),
                "Check its rules: it has to pass the app's paths on, for every caller and without changes.".to_owned(),
            )),
            429 => Some((
                format!("{} limits requests", self.front()),
                "This may pass by itself. If it does not, raise the limit: every token request passes there.".to_owned(),
            )),
            502 | 504 => Some((
                format!("{} gets no answer from the app", self.front()),
                "This may pass by itself. If it does not, check that the app runs, and the back-end host name and its \
                 certificate there."
                    .to_owned(),
            )),
            500..=599 => Some((
                format!("{} has no working app to pass the request to", self.front()),
                "This may pass by itself: an app that starts or restarts answers so. If it does not, check the app's state and \
                 its log: `az functionapp show --resource-group <group> --name <function app> --query state`"
                    .to_owned(),
            )),
            _ => None,
        }
    }

    fn redirect(&self, public_url: &BaseUrl) -> Option<(String, String)> {
        let target = self.location.as_ref()?;
        let host = target.host_str()?;
        let signs_in = SIGN_IN_HOSTS.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
        if self.has(EASY_AUTH) || target.path().starts_with("/.auth/") {
            return Some((BUILT_IN.0.to_owned(), BUILT_IN.1.to_owned()));
        }
        if signs_in {
            return Some(("a sign-in page is in front of the app".to_owned(), BUILT_IN.1.to_owned()));
        }
        let origin = target.origin().ascii_serialization();
        let moved = origin != public_url.as_str() && target.path().ends_with("/.well-known/oauth-authorization-server");
        moved.then(|| {
            (
                "the app has moved, or has another host name".to_owned(),
                format!(
                    "If that is the app, set EVERGRANT_PUBLIC_URL to {origin}: callers and DocuSign do not follow redirects of \
                     token requests."
                ),
            )
        })
    }

    fn access_restriction(&self) -> (String, String) {
        let address = self.header_text(FORBIDDEN_IP);
        let address = if address.parse::<core::net::IpAddr>().is_ok() { address } else { "this machine" };
        (
            format!("the app's access restrictions refuse {address}"),
            "If callers come from other addresses that are allowed, nothing is wrong. To allow this one, add a rule under Networking, \
             Public network access. If public network access is off, callers need the private endpoint."
                .to_owned(),
        )
    }

    /// What is in front of the app, as far as its headers name it.
    fn front(&self) -> &'static str {
        let server = self.header_text(SERVER.as_str()).to_ascii_lowercase();
        match () {
            () if server.contains("application-gateway") => "Application Gateway",
            () if self.has(FRONT_DOOR) => "Front Door",
            () if self.has(CLOUDFLARE) || server.contains("cloudflare") => "Cloudflare",
            () if server.contains("nginx") => "a proxy (nginx)",
            () => UNNAMED_FRONT,
        }
    }

    fn is_api_management(&self) -> bool {
        self.header_text(WWW_AUTHENTICATE.as_str()).contains("AzureApiManagementKey")
            || self.says(&[
                "missing subscription key",
                "invalid subscription key",
                r#""statuscode": 404, "message": "resource not found""#,
            ])
    }

    fn is_html(&self) -> bool {
        self.header_text(CONTENT_TYPE.as_str()).contains("html")
    }

    fn has(&self, name: &'static str) -> bool {
        self.header(name).is_some()
    }

    fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.get(HeaderName::from_bytes(name.as_bytes()).ok()?)
    }

    fn header_text(&self, name: &str) -> &str {
        self.header(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Does its page have one of these words?
    fn says(&self, words: &[&str]) -> bool {
        let page = String::from_utf8_lossy(&self.body).to_lowercase();
        words.iter().any(|word| page.contains(word))
    }
}

/// Cause and fix of App Service's built-in authentication.
const BUILT_IN: (&str, &str) = (
    "the app's built-in authentication asks for a sign-in",
    "Evergrant authenticates its callers itself. Switch the sign-in in front of it off: `az webapp auth update \
     --resource-group <group> --name <function app> --enabled false`",
);
