//! The app of the recording: its functions and keys, in front of a handler in the test's process.

use std::path::Path;
use std::time::Duration;

use sandbox::host::{FunctionsHost, Generation, Options, Timing};
use serde_json::json;
use tempfile::TempDir;

use crate::client::{self, Answer};
use crate::handler::Handler;

/// Both modes, with what the recording calls them.
pub const MODES: [(Generation, &str); 2] = [(Generation::Proxying, "proxy"), (Generation::Forwarding, "forward")];

/// Name, route, level and methods; no methods are all.
type Function = (&'static str, &'static str, &'static str, &'static [&'static str]);

const FUNCTIONS: [Function; 18] = [
    ("gw", "gateway/{*path}", "anonymous", &[]),
    ("setup", "setup", "function", &["get"]),
    ("setuppost", "setuppost", "function", &["post"]),
    ("adm", "adm", "admin", &["get"]),
    ("healthz", "healthz", "anonymous", &["get"]),
    ("exact", "exact", "anonymous", &["get", "head"]),
    ("home", "/", "anonymous", &[]),
    ("authorize", "oauth/authorize/{client_id?}", "anonymous", &["get"]),
    ("token", "oauth/token", "anonymous", &["post"]),
    ("odd", "odd/{*what}", "anonymous", &[]),
    ("over-a", "over/{x}", "anonymous", &[]),
    ("over-b", "over/fixed", "anonymous", &[]),
    ("over-c", "over/{*rest}", "anonymous", &[]),
    ("split-get", "split", "anonymous", &["get"]),
    ("split-post", "split", "anonymous", &["post"]),
    ("well", ".well-known/oauth-authorization-server", "anonymous", &["get"]),
    ("twin-b", "keyed/{*p}", "function", &[]),
    ("noroute", "", "anonymous", &["get"]),
];

/// A host with the app.
pub struct App {
    pub host: FunctionsHost,
    pub handler: Handler,
    _root: TempDir,
}

impl App {
    /// Starts the app with short waits.
    pub async fn start(generation: Generation) -> Self {
        Self::start_with(generation, |_| {}).await
    }

    pub async fn start_with(generation: Generation, change: impl FnOnce(&mut Options)) -> Self {
        let (root, handler) = (lay_out(&FUNCTIONS), Handler::start().await);
        let key = |name: &str, key: &str| (name.to_owned(), key.to_owned());
        let mut options = Options {
            generation,
            listening: Some(handler.port),
            settings: vec![key("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "200000")],
            master_key: Some("bWFzdGVyLWtleQ".to_owned()),
            host_key: Some("aG9zdC1rZXk".to_owned()),
            function_keys: [key("setup", "ZnVuY3Rpb24ta2V5"), key("twin-b", "dHdpbg")].into(),
            timing: Timing {
                pause: Duration::from_millis(2),
                continue_wait: Duration::from_millis(300),
                ..Timing::default()
            },
            ..Options::new(root.path())
        };
        change(&mut options);
        let host = FunctionsHost::start(options).await;
        Self { host, handler, _root: root }
    }

    /// Sends a request with a `Host` header on a connection of its own; `head` has its other lines.
    pub async fn send(&self, head: &str, body: &[u8]) -> Option<Answer> {
        client::send(&self.host.url(), &request(head, body)).await
    }
}

/// A request with a `Host` header: `head` has the first line without its version, and other headers.
pub fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let line = format!("{line} HTTP/1.1");
    let lines = [&*line, "Host: app.example"].into_iter().chain(headers.lines()).chain(["", ""]);
    let head = lines.collect::<Vec<_>>().join("\r\n");
    [head.as_bytes(), body].concat()
}

/// Writes the app's files.
pub fn lay_out(functions: &[Function]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let host = json!({
        "version": "2.0",
        "extensions": {"http": {"routePrefix": ""}},
        "customHandler": {
            "description": {"defaultExecutablePath": "handler"},
            "enableProxyingHttpRequest": true, "enableForwardingHttpRequest": true,
        },
    });
    write(root.path(), "host.json", &host);
    for (name, route, level, methods) in functions {
        let mut trigger = json!({"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level});
        if !route.is_empty() {
            trigger["route"] = json!(route);
        }
        if !methods.is_empty() {
            trigger["methods"] = json!(methods);
        }
        let bindings = json!({"bindings": [trigger, {"type": "http", "direction": "out", "name": "res"}]});
        std::fs::create_dir(root.path().join(name)).unwrap();
        write(&root.path().join(name), "function.json", &bindings);
    }
    root
}

fn write(folder: &Path, name: &str, json: &serde_json::Value) {
    std::fs::write(folder.join(name), json.to_string()).unwrap();
}
