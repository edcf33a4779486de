//! A simulated browser user: follows redirects, keeps cookies, signs in and presses buttons.

use std::collections::HashMap;

use http::Method;
use http::header::SET_COOKIE;
use url::Url;

use crate::client::{Answer, HttpClient};

/// The most redirects to follow.
const MAX_REDIRECTS: usize = 10;

/// The current address and page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The address in the address bar.
    pub url: String,
    /// The page.
    pub answer: Answer,
}

impl Visit {
    /// A query parameter of the address.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// A browser with cookies. As in real browsers, all ports of a host share them.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    http: HttpClient,
    cookies: HashMap<(String, String), String>,
    /// Addresses with this prefix are not opened; the visit ends there.
    pub stop_at: Option<String>,
}

impl Browser {
    /// A browser that does not open addresses with `prefix` but returns them.
    #[must_use]
    pub fn stopping_at(prefix: &str) -> Self {
        Self { stop_at: Some(prefix.to_owned()), ..Self::default() }
    }

    /// Closes all connections and keeps the cookies.
    pub fn disconnect(&mut self) {
        self.http = HttpClient::default();
    }

    /// Opens an address and follows its redirects.
    pub async fn open(&mut self, url: &str) -> Visit {
        self.go(Method::GET, url, None).await
    }

    /// Presses a button of a form.
    pub async fn submit(&mut self, url: &str, form: &[(&str, &str)]) -> Visit {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.go(Method::POST, url, Some(form)).await
    }

    /// Opens `url`, signs in at DocuSign as `user`, and presses Allow or Deny if asked.
    pub async fn sign_in(&mut self, url: &str, user: &str, decision: &str) -> Visit {
        let sign_in = self.open(url).await;
        let Some(query) = hidden_query(&sign_in, user) else { return sign_in };
        let action =
            |path| Url::parse(&sign_in.url).and_then(|url| url.join(path)).map(String::from).unwrap_or_default();
        let consent = self.submit(&action("/oauth/auth/sign-in"), &[("query", &query), ("user", user)]).await;
        let Some(query) = hidden_query(&consent, "decision") else { return consent };
        self.submit(&action("/oauth/auth/decision"), &[("query", &query), ("decision", decision)]).await
    }

    async fn go(&mut self, method: Method, url: &str, form: Option<String>) -> Visit {
        let (mut method, mut url, mut form) = (method, url.to_owned(), form);
        for _ in 0..MAX_REDIRECTS {
            let answer = self.request(&method, &url, form.as_deref()).await;
            let location = answer.header("location").to_owned();
            if !answer.status.is_redirection() || location.is_empty() {
                return Visit { url, answer };
            }
            url = Url::parse(&url).and_then(|url| url.join(&location)).map(String::from).unwrap_or(location);
            (method, form) = (Method::GET, None);
            if self.stop_at.as_ref().is_some_and(|prefix| url.starts_with(prefix)) {
                return Visit { url, answer };
            }
        }
        panic!("too many redirects, last to {url}");
    }

    async fn request(&mut self, method: &Method, url: &str, form: Option<&str>) -> Answer {
        let host = Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default();
        let ours = self.cookies.iter().filter(|((at, _), _)| *at == host);
        let cookies: Vec<String> = ours.map(|((_, name), value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![("cookie", cookies.as_str())];
        headers.extend(form.map(|_| ("content-type", "application/x-www-form-urlencoded")));
        let answer = self.http.call(method.clone(), url, &headers, form.unwrap_or_default()).await;
        for line in answer.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            let key = (host.clone(), name.trim().to_owned());
            if line.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        answer
    }
}

/// The hidden field of DocuSign's form, if the page has the button `expected`.
fn hidden_query(visit: &Visit, expected: &str) -> Option<String> {
    let html = visit.answer.text();
    let hidden = html.split_once("name=query value='").and_then(|(_, rest)| rest.split_once('\''));
    let (query, _) = hidden.filter(|_| html.contains(expected) && visit.answer.status == 200)?;
    Some(
        query
            .replace("&#39;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
