//! The path and methods of each function folder, and one filter per path.

use std::future::ready;

use http::Method;
use warp::filters::BoxedFilter;
use warp::path::{FullPath, Peek};
use warp::{Filter, Rejection, reject};

use crate::types::own_paths;

/// A route, as the Functions host publishes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// The function folder that publishes it.
    pub function: &'static str,
    /// The path, with a leading slash. A trailing `{client_id?}` is an optional segment, `{*path}` is one or more segments.
    pub path: &'static str,
    /// The methods it accepts.
    pub methods: Methods,
}

/// The methods that a route accepts.
#[derive(Debug, PartialEq, Eq)]
pub enum Methods {
    /// These and no others.
    Only(&'static [Method]),
    /// Every method except `CONNECT` and `TRACE`, which must not be forwarded.
    Any,
}

impl Methods {
    /// Whether `method` is one of them.
    #[must_use]
    pub fn contain(&self, method: &Method) -> bool {
        match self {
            Self::Only(methods) => methods.contains(method),
            Self::Any => !matches!(*method, Method::CONNECT | Method::TRACE),
        }
    }

    /// The methods for the `Allow` header. For [`Methods::Any`], the common ones.
    #[must_use]
    pub const fn listed(&self) -> &'static [Method] {
        match self {
            Self::Only(methods) => methods,
            Self::Any => {
                &[Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
            }
        }
    }
}

/// The longest part of a wrong path that a response repeats, in bytes.
const MAX_REPEATED_BYTES: usize = 200;

/// The methods of what a monitor may ask for without its body.
const READ: Methods = Methods::Only(&[Method::GET, Method::HEAD]);

pub static TOKEN: Route =
    Route { function: "token-function", path: own_paths::TOKEN, methods: Methods::Only(&[Method::POST]) };
pub static AUTHORIZE: Route = Route {
    function: "authorize-function",
    path: "/oauth/authorize/{client_id?}",
    methods: Methods::Only(&[Method::GET]),
};
pub static REVOKE: Route =
    Route { function: "revoke-function", path: own_paths::REVOKE, methods: Methods::Only(&[Method::POST]) };
pub static METADATA: Route = Route { function: "metadata-function", path: own_paths::METADATA, methods: READ };
pub static CONSENT: Route =
    Route { function: "consent-callback", path: own_paths::CALLBACK, methods: Methods::Only(&[Method::GET]) };
pub static SETUP: Route = Route { function: "setup-function", path: own_paths::SETUP, methods: READ };
pub static GATEWAY: Route = Route { function: "gateway-function", path: "/gateway/{*path}", methods: Methods::Any };
pub static WORKFRONT: Route = Route {
    function: "workfront-function",
    path: "/workfront/{*path}",
    methods: Methods::Only(&[Method::GET, Method::POST, Method::PUT]),
};
pub static TRIGGERS: Route =
    Route { function: "trigger-function", path: "/triggers/{*path}", methods: Methods::Only(&[Method::GET]) };
pub static HEALTH: Route = Route { function: "health-function", path: "/healthz", methods: READ };
/// The home page, and the host's readiness probe, which repeats every 25 ms until it gets a response.
pub static ROOT: Route = Route { function: "home-function", path: "/", methods: READ };

/// Every route.
pub static ROUTES: [&Route; 11] =
    [&TOKEN, &AUTHORIZE, &REVOKE, &METADATA, &CONSENT, &SETUP, &GATEWAY, &WORKFRONT, &TRIGGERS, &HEALTH, &ROOT];

/// The path of [`TOKEN`].
pub fn token() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("oauth" / "token").and(no_slash_at_end())
}

/// The path of [`AUTHORIZE`], with or without a slash at the end: in the portals it is typed by hand.
/// Extracts the `client_id` in it, still percent-encoded.
pub fn authorize() -> impl Filter<Extract = (Option<String>,), Error = Rejection> + Copy {
    let with_client_id = warp::path!("oauth" / "authorize" / String).map(Some);
    warp::path!("oauth" / "authorize").map(|| None).or(with_client_id).unify()
}

/// The path of [`REVOKE`].
pub fn revoke() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("oauth" / "revoke").and(no_slash_at_end())
}

/// The path of [`METADATA`].
pub fn metadata() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!(".well-known" / "oauth-authorization-server").and(no_slash_at_end())
}

/// The path of [`CONSENT`].
pub fn consent() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("consent" / "callback").and(no_slash_at_end())
}

/// The path of [`SETUP`].
pub fn setup() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("setup").and(no_slash_at_end())
}

/// The paths of [`GATEWAY`].
pub fn gateway() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("gateway" / ..).and(more())
}

/// The paths of [`WORKFRONT`].
pub fn workfront() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("workfront" / ..).and(more())
}

/// The paths of [`TRIGGERS`].
pub fn triggers() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("triggers" / ..).and(more())
}

/// The path of [`HEALTH`].
pub fn health() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path!("healthz").and(no_slash_at_end())
}

/// Matches every path and returns its route, for any method; `None` if no route has this path.
pub fn find_route() -> BoxedFilter<(Option<&'static Route>,)> {
    let server = token().map(|| Some(&TOKEN)).or(revoke().map(|| Some(&REVOKE))).unify();
    let server =
        server.or(authorize().map(|_| Some(&AUTHORIZE))).unify().or(metadata().map(|| Some(&METADATA))).unify();
    let people = consent().map(|| Some(&CONSENT)).or(setup().map(|| Some(&SETUP))).unify();
    let through = gateway().map(|| Some(&GATEWAY)).or(workfront().map(|| Some(&WORKFRONT))).unify();
    let through = through.or(triggers().map(|| Some(&TRIGGERS))).unify();
    let probes = health().map(|| Some(&HEALTH)).or(warp::path::end().map(|| Some(&ROOT))).unify();
    let all = server.or(people).unify().or(through).unify().or(probes).unify();
    all.or(warp::any().map(|| None)).unify().boxed()
}

/// What may follow the fixed part of a path.
enum Tail {
    Nothing,
    OneSegment,
    Segments,
}

impl Route {
    /// The fixed part of the path, and what may follow it.
    fn parts(&self) -> (&'static str, Tail) {
        match self.path.split_once("/{") {
            None => (self.path, Tail::Nothing),
            Some((fixed, variable)) if variable.ends_with("?}") => (fixed, Tail::OneSegment),
            Some((fixed, _)) => (fixed, Tail::Segments),
        }
    }

    /// A path of this route, with `below` if it has to go on after its fixed part.
    #[must_use]
    pub fn path_with(&self, below: &str) -> String {
        match self.parts() {
            (fixed, Tail::Nothing | Tail::OneSegment) => fixed.to_owned(),
            (fixed, Tail::Segments) => format!("{fixed}/{below}"),
        }
    }
}

/// The path of ours that differs from `path` only in letter case or slashes at the end, for the sentence of a 404. The Functions
/// host lets both through.
pub fn suggested_path(path: &str) -> Option<String> {
    ROUTES.into_iter().filter(|route| **route != ROOT).find_map(|route| {
        let (fixed, tail) = route.parts();
        let start = path.get(..fixed.len()).filter(|start| start.eq_ignore_ascii_case(fixed))?;
        let rest = &path[start.len()..];
        let below = rest.trim_matches('/');
        match tail {
            _ if !rest.is_empty() && !rest.starts_with('/') => None,
            Tail::Nothing | Tail::OneSegment if below.is_empty() => Some(fixed.to_owned()),
            Tail::OneSegment if !below.contains('/') => Some(format!("{fixed}/{}", repeatable(below))),
            Tail::Segments => Some(format!("{fixed}/{}", repeatable(rest.trim_start_matches('/')))),
            Tail::Nothing | Tail::OneSegment => None,
        }
    })
}

/// `below` if a response may repeat it, otherwise nothing.
fn repeatable(below: &str) -> &str {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%/:@+,".contains(&b);
    if below.len() <= MAX_REPEATED_BYTES && below.bytes().all(is_plain) { below } else { "" }
}

/// Rejects a trailing slash. warp ignores it and the Functions host forwards it, but it is a different path.
fn no_slash_at_end() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let check = |path: FullPath| ready(if path.as_str().ends_with('/') { Err(reject::not_found()) } else { Ok(()) });
    warp::path::full().and_then(check).untuple_one()
}

/// At least one more character after the slash.
fn more() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let check = |rest: Peek| ready(if rest.as_str().is_empty() { Err(reject::not_found()) } else { Ok(()) });
    warp::path::peek().and_then(check).untuple_one()
}
