//! Start, end and restart of a handler that is a process.

use std::path::PathBuf;
use std::time::Duration;

use sandbox::host::Generation::{Forwarding, Proxying};
use sandbox::host::{FunctionsHost, Options, Phase};
use sandbox::process::write_program;
use tempfile::TempDir;

use crate::app::{App, lay_out, request};
use crate::client::send;

/// An app whose handler is a script.
fn scripted(script: &str) -> (TempDir, Options) {
    let root = lay_out(&[("gw", "gateway/{*path}", "anonymous", &[]), ("setup", "setup", "function", &[])]);
    let executable: PathBuf = root.path().join("handler");
    write_program(&executable, &format!("PATH=/usr/bin:/bin\n{script}"));
    let options = Options::new(root.path());
    (root, options)
}

/// A handler that answers with its process id until it is killed.
const ANSWERS: &str = r#"exec python3 -c '
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments): pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])), Handler).serve_forever()
'"#;

async fn up(options: Options) -> FunctionsHost {
    let host = FunctionsHost::start(options).await;
    let phase = host.wait_for(|phase| *phase != Phase::Starting).await;
    assert!(matches!(phase, Phase::Ready(_)), "{phase:?}: {:?}", host.output().stderr.all());
    host
}

/// The handler's process, as it answers itself; `None` for another answer.
async fn handler_of(host: &FunctionsHost) -> Option<u32> {
    let answer = send(&host.url(), &request("GET /gateway/pid", b"")).await?;
    String::from_utf8(answer.body).ok().filter(|_| answer.status == 200)?.parse().ok()
}

fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

async fn until_it_ends(pid: u32) {
    for _ in 0..400 {
        if !runs(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {pid} still runs after 4 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_restarted_by_its_exit_code() {
    // Four exits with 200, then one with 0.
    let asks = "cd \"${0%/*}\"; echo x >> asked; [ $(wc -l < asked) -gt 4 ] && exit 0; exit 200";
    for (script, starts, end) in [
        ("exit 0", 1, Phase::Exited),
        ("exit 2", 3, Phase::HostStopped),
        ("kill -9 $$", 3, Phase::HostStopped),
        (asks, 5, Phase::Exited),
    ] {
        let (_root, options) = scripted(script);
        let host = FunctionsHost::start(options).await;
        let phase = host.wait_for(|phase| matches!(phase, Phase::Exited | Phase::HostStopped)).await;
        assert_eq!((phase, host.starts()), (end, starts), "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_exit_0_every_call_is_a_500_while_the_host_still_checks_keys_and_routes() {
    for generation in [Proxying, Forwarding] {
        let (_root, mut options) = scripted("exit 0");
        (options.generation, options.timing.pause) = (generation, Duration::from_millis(1));
        let host = FunctionsHost::start(options).await;
        host.wait_for(|phase| *phase == Phase::Exited).await;
        for (head, status) in [("GET /gateway/x", 500), ("GET /setup", 401), ("GET /nowhere", 404)] {
            assert_eq!(send(&host.url(), &request(head, b"")).await.unwrap().status, status, "{generation:?} {head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_counted_exit_ends_the_host() {
    let (_root, options) = scripted("exit 2");
    let host = FunctionsHost::start(options).await;
    host.wait_for(|phase| *phase == Phase::HostStopped).await;
    let address = host.url().replace("http://", "");
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_handler_is_started_again_and_the_request_of_that_moment_waits() {
    let (_root, options) = scripted(ANSWERS);
    let host = up(options).await;
    let first = handler_of(&host).await.unwrap();
    assert_eq!(first, host.handler_pid());
    host.kill_handler().await;
    let second = handler_of(&host).await.unwrap();
    assert_eq!((second != first, runs(first), host.starts()), (true, false, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_starts_the_new_handler_first_and_loses_no_request() {
    let (_root, options) = scripted(ANSWERS);
    let host = up(options).await;
    let first = handler_of(&host).await.unwrap();
    host.restart().await;
    // The old one answers until the new one is up.
    while handler_of(&host).await.unwrap() == first {}
    until_it_ends(first).await;
    assert_eq!((host.starts(), handler_of(&host).await), (2, Some(host.handler_pid())));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_ends_with_its_host_or_stays_behind_without_its_parent() {
    let (_root, options) = scripted(ANSWERS);
    let host = up(options).await;
    let pid = host.handler_pid();
    drop(host);
    until_it_ends(pid).await;
    let (_root, mut options) = scripted(ANSWERS);
    options.can_leave_orphan = true;
    let host = up(options.clone()).await;
    let pid = handler_of(&host).await.unwrap();
    assert_eq!(pid, host.handler_pid());
    drop(host);
    until_it_ends(pid).await;
    let host = up(options).await;
    let parent = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().to_owned()
    };
    let before = parent(host.handler_pid());
    let orphan = host.end_without_handler().await;
    assert!(orphan.is_alive() && parent(orphan.pid) != before, "its parent's id has changed");
    let pid = orphan.pid;
    drop(orphan);
    until_it_ends(pid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_gets_the_hosts_variables() {
    let (root, options) = scripted("env > \"${0%/*}/seen\"; exit 0");
    let host = FunctionsHost::start(options).await;
    host.wait_for(|phase| *phase == Phase::Exited).await;
    let seen = std::fs::read_to_string(root.path().join("seen")).unwrap();
    let value =
        |name: &str| seen.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    assert!(value("FUNCTIONS_CUSTOMHANDLER_PORT").parse::<u16>().is_ok(), "{seen}");
    assert_eq!(value("FUNCTIONS_CUSTOMHANDLER_WORKER_ID").len(), 36, "{seen}");
    assert_eq!(value("CARGO_MANIFEST_DIR"), "", "nothing else is inherited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_ten_tries_for_a_handler_that_does_not_listen() {
    let app = App::start(Proxying).await;
    let host = app.host;
    drop(app.handler);
    let answer = send(&host.url(), &request("GET /gateway/x", b"")).await.unwrap();
    assert_eq!((answer.status, answer.is_ours()), (500, false));
}
