//! Does every route of the package lead to the app?
//!
//! Behind the Functions host, a route works only if its function is there, is enabled and needs no key. Only an answer of the
//! app's own proves that. No other check would notice a lost route.

use futures_util::future::join_all;
use http::Method;

use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::probe::{Probed, probe};
use crate::doctor::responder::DEPLOY;
use crate::secret::random;
use crate::types::{BaseUrl, own_paths};
use crate::web::http_client::HttpClient;

/// The title of the check.
pub const ROUTES: &str = "Routes";

/// A route of the package.
#[derive(Clone, Debug)]
pub struct PackageRoute {
    /// The function folder.
    pub function: &'static str,
    /// A method that it accepts.
    pub method: Method,
    /// One of its paths.
    pub path: String,
}

/// A route that was asked, and what came back.
pub struct AskedRoute {
    method: Method,
    path: String,
    function: &'static str,
    /// With `code`, for which the host looks up its keys.
    has_code: bool,
    probed: Probed,
    took_ms: f64,
}

/// Asks every route once, without credentials, and the consent callback a second time with `code`.
pub async fn ask_all(routes: &[PackageRoute], public_url: &BaseUrl, http: &HttpClient) -> Vec<AskedRoute> {
    let once = routes.iter().map(|route| (route, false));
    let with_code = routes.iter().filter(|route| route.path == own_paths::CALLBACK).map(|route| (route, true));
    join_all(once.chain(with_code).map(|(route, has_code)| ask(route, has_code, public_url, http))).await
}

async fn ask(route: &PackageRoute, has_code: bool, public_url: &BaseUrl, http: &HttpClient) -> AskedRoute {
    let path = route.path.clone();
    let query = || format!("?code={}&state={}", random::id::<16>(), random::id::<16>());
    let url = public_url.join(&path) + &if has_code { query() } else { String::new() };
    let (probed, took_ms) = probe(http.request(route.method.clone(), url).await).await;
    AskedRoute { method: route.method.clone(), path, function: route.function, has_code, probed, took_ms }
}

/// Does the app answer on at least one route?
#[must_use]
pub fn is_app_there(asked: &[AskedRoute]) -> bool {
    asked.iter().any(|route| matches!(route.probed, Probed::Own(_)))
}

/// The check. If `must_answer`, not even a connection is bad; otherwise this machine's network may be the reason.
pub fn check(asked: &[AskedRoute], public_url: &BaseUrl, must_answer: bool) -> Check {
    let took = asked.iter().map(|route| route.took_ms).fold(0.0, f64::max);
    finding(asked, public_url, must_answer).into_check("routes", Area::Azure, ROUTES, took)
}

fn finding(asked: &[AskedRoute], public_url: &BaseUrl, must_answer: bool) -> Finding {
    let bad: Vec<&AskedRoute> = asked.iter().filter(|route| !route.is_good()).collect();
    if bad.is_empty() {
        return Finding::good(format!("the app answers all {} requests", asked.len()));
    }
    if !must_answer && asked.iter().all(|route| matches!(route.probed, Probed::Unreachable(_))) {
        return Finding::skipped("not checked: the public URL does not answer from here");
    }
    let (mut found, mut fixes) = (Vec::<(String, Vec<String>)>::new(), Vec::<String>::new());
    for route in &bad {
        let (what, fix) = route.explain(is_app_there(asked), public_url);
        match found.iter_mut().find(|(known, _)| *known == what) {
            Some((_, routes)) => routes.push(route.name()),
            None => found.push((what, vec![route.name()])),
        }
        if !fixes.contains(&fix) {
            fixes.push(fix);
        }
    }
    let found: Vec<String> =
        found.into_iter().map(|(what, routes)| format!("{what} for {}", routes.join(", "))).collect();
    let count = format!("{} of {} requests do not reach the app", bad.len(), asked.len());
    Finding::bad(format!("{count}: {}", found.join("; ")), fixes.join(" "))
}

/// The host could not look up its keys.
const HOST_KEYS: &str = "The host cannot read its keys, so sign-in and consent fail. Check the host's storage account \
    (`AzureWebJobsStorage`): the app's identity needs the role Storage Blob Data Owner on the container `azure-webjobs-secrets`, the \
    network rules must let the app in, and the account must be available.";

const NOT_FOUND: &str = "The function is missing or disabled, does not list the method, or all routes have a prefix. Deploy the whole \
    package again, remove the setting `AzureWebJobs.<function>.Disabled`, and keep `routePrefix` in `host.json` empty.";

const BEHIND_A_KEY: &str =
    "The host asks for a key. In `function.json`, `authLevel` must be `anonymous`: deploy the whole package again.";

const NO_PROCESS: &str = "The app's process has ended, is being started, or gives no answer that the host can pass on. Wait a minute. If \
    that does not help, restart the app and see its log.";

const UNREACHABLE: &str = "Check EVERGRANT_PUBLIC_URL, this machine's network, and whether the app runs.";

impl AskedRoute {
    /// Only the app's own answer is good. For the setup page, so is the host's lock.
    fn is_good(&self) -> bool {
        match &self.probed {
            Probed::Own(_) => true,
            Probed::Foreign(answer) => self.path == own_paths::SETUP && answer.is_hosts_lock(),
            Probed::Silence(_) | Probed::Unreachable(_) => false,
        }
    }

    /// The request with its function and how long it took.
    fn name(&self) -> String {
        let code = if self.has_code { "?code=…" } else { "" };
        let took = if self.took_ms < 1000.0 {
            format!("{:.0} ms", self.took_ms)
        } else {
            format!("{:.1} s", self.took_ms / 1000.0)
        };
        format!("{} {}{code} ({}, {took})", self.method, self.path, self.function)
    }

    /// What came back, and what to do about it.
    fn explain(&self, is_app_there: bool, public_url: &BaseUrl) -> (String, String) {
        let of_host = |status: u16| match status {
            401 => Some(BEHIND_A_KEY),
            404 | 405 => Some(NOT_FOUND),
            // The host has a page of its own for the app's address.
            200 if self.path == "/" && is_app_there => Some(NOT_FOUND),
            0 | 429 | 500..=599 if self.has_code && is_app_there => Some(HOST_KEYS),
            0 | 500 | 503 => Some(NO_PROCESS),
            _ => None,
        };
        match &self.probed {
            Probed::Own(answer) | Probed::Foreign(answer) => {
                let of_host = of_host(answer.status).filter(|_| !answer.names_front());
                let (cause, fix) = match (of_host, answer.cause(public_url)) {
                    (Some(fix), _) => (String::new(), fix.to_owned()),
                    (None, Some((cause, fix))) => (format!(" ({cause})"), fix),
                    (None, None) => (String::new(), DEPLOY.to_owned()),
                };
                (format!("{} without x-request-id{cause}", answer.summary()), fix)
            }
            Probed::Silence(words) => (format!("no answer ({words})"), of_host(0).unwrap_or(NO_PROCESS).to_owned()),
            Probed::Unreachable(words) => (format!("no connection ({words})"), UNREACHABLE.to_owned()),
        }
    }
}
