//! The path table: which path and methods each function folder has. Pure.

use http::Method;

/// What answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Token,
    Authorize,
    Consent,
    Revoke,
    Metadata,
    Setup,
    Gateway,
    Workfront,
    Health,
    Root,
}

/// One row of the path table.
#[derive(Debug)]
pub struct Route {
    /// The function folder that publishes the route; empty for what only the host itself calls.
    pub function: &'static str,
    /// The path, with a leading slash. At its end, `{client_id?}` stands for one more segment, or none, and `{*path}` for
    /// one or more.
    pub path: &'static str,
    /// The methods answered, as `Allow` lists them; empty for all but those that are no business of a server's.
    pub methods: &'static [Method],
    pub(super) endpoint: Endpoint,
}

impl Route {
    fn matches(&self, path: &str) -> bool {
        if let Some(fixed) = self.path.strip_suffix("{*path}") {
            return path.strip_prefix(fixed).is_some_and(|rest| !rest.is_empty());
        }
        let Some(fixed) = self.path.strip_suffix("/{client_id?}") else { return path == self.path };
        let rest = path.strip_prefix(fixed);
        rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/').is_some_and(|last| !last.contains('/')))
    }
}

/// What the gateway answers where it does not take a method: what clients of the APIs send.
pub const COMMON_METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

impl Route {
    /// Does the route take `method`? `CONNECT` and `TRACE` concern connections, not what lies behind a gateway.
    fn takes(&self, method: &Method) -> bool {
        let any = self.methods.is_empty() && !matches!(*method, Method::CONNECT | Method::TRACE);
        any || self.methods.contains(method)
    }
}

/// The path table.
pub const ROUTES: &[Route] = &[
    Route { function: "token-function", path: "/oauth/token", methods: &[Method::POST], endpoint: Endpoint::Token },
    Route {
        function: "authorize-function",
        path: "/oauth/authorize/{client_id?}",
        methods: &[Method::GET],
        endpoint: Endpoint::Authorize,
    },
    Route { function: "revoke-function", path: "/oauth/revoke", methods: &[Method::POST], endpoint: Endpoint::Revoke },
    Route {
        function: "metadata-function",
        path: "/.well-known/oauth-authorization-server",
        methods: &[Method::GET],
        endpoint: Endpoint::Metadata,
    },
    Route {
        function: "consent-callback",
        path: "/consent/callback",
        methods: &[Method::GET],
        endpoint: Endpoint::Consent,
    },
    Route { function: "setup-function", path: "/setup", methods: &[Method::GET], endpoint: Endpoint::Setup },
    Route { function: "gateway-function", path: "/gateway/{*path}", methods: &[], endpoint: Endpoint::Gateway },
    Route {
        function: "workfront-function",
        path: "/workfront/{*path}",
        methods: &[Method::GET, Method::POST, Method::PUT],
        endpoint: Endpoint::Workfront,
    },
    Route { function: "health-function", path: "/healthz", methods: &[Method::GET], endpoint: Endpoint::Health },
    // The host's readiness probe, which asks every 25 ms until something answers.
    Route { function: "", path: "/", methods: &[Method::GET], endpoint: Endpoint::Root },
];

/// What a method and a path lead to.
pub enum Found {
    Route(&'static Route),
    WrongMethod(&'static Route),
    Envelope(&'static Route),
    Nothing,
}

/// Looks a request up.
pub fn find(method: &Method, path: &str) -> Found {
    if let Some(route) = ROUTES.iter().find(|route| route.matches(path)) {
        return if route.takes(method) { Found::Route(route) } else { Found::WrongMethod(route) };
    }
    // A host that understands neither mode flag posts its JSON envelope to the function's name.
    let function = path.strip_prefix('/').filter(|name| !name.is_empty());
    let called = ROUTES.iter().find(|route| function == Some(route.function));
    match called {
        Some(route) if method == Method::POST => Found::Envelope(route),
        _ => Found::Nothing,
    }
}
