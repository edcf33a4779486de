//! A process that gets a stop signal finishes its requests and writes their log lines. Its exit code is what its host expects.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use sandbox::client::{Answer, HttpClient};
use sandbox::fault::Fault;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox, free_port};
use serde_json::Value;
use tokio::process::{Child, Command};
use url::form_urlencoded::Serializer;

use crate::support::{TestEnvironment, handler, until};

fn spawn(sandbox: &Sandbox, port: u16) -> Child {
    let environment = TestEnvironment::from(&sandbox.settings(&format!("http://127.0.0.1:{port}")));
    let mut command = environment.with("FUNCTIONS_CUSTOMHANDLER_PORT", &port.to_string()).command(&[]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn token(port: u16, scope: &str) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let form = Serializer::new(String::new()).extend_pairs(form).append_pair("scope", scope).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    HttpClient::default().call(Method::POST, &format!("http://127.0.0.1:{port}/oauth/token"), &headers, &form).await
}

/// The request ids of the issued tokens in `output`. Every line must be complete.
fn issued(output: &[u8]) -> Vec<String> {
    let lines = String::from_utf8_lossy(output);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a complete line of JSON"));
    let issued = lines.filter(|line| line["event"] == "token_issued");
    issued.map(|line| line["request_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn running_requests_are_finished_and_every_response_is_logged() {
    let (sandbox, port) = (Sandbox::start().await, free_port());
    let process = spawn(&sandbox, port);
    let pid = process.id().unwrap().to_string();
    // Read from the start, like the host, because a pipe holds only about a hundred lines.
    let output = tokio::spawn(process.wait_with_output());
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    let mut answers = vec![token(port, "spring_read").await];
    sandbox.docusign.faults.set(Some(Fault::Latency(Duration::from_secs(1))));
    let before = sandbox.docusign.exchanges();
    let slow = tokio::spawn(token(port, "spring_write"));
    until(|| sandbox.docusign.exchanges() > before).await;
    answers.extend(join_all((0..100).map(|_| token(port, "spring_read"))).await);
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    answers.push(slow.await.unwrap());
    let output = output.await.unwrap().unwrap();
    assert!(output.status.success(), "{}", output.status);
    assert!(answers.iter().all(|answer| answer.status == 200));
    let (issued, given) =
        (issued(&output.stdout), answers.iter().map(|answer| answer.header("x-request-id").to_owned()));
    assert_eq!(issued.len(), answers.len());
    assert_eq!(issued.into_iter().collect::<BTreeSet<_>>(), given.collect());
}

/// Three times as many requests as there is room for lines in a pipe.
const MORE_THAN_A_PIPE_HOLDS: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_no_one_reads_blocks_neither_requests_nor_the_signal_to_stop() {
    let (sandbox, port) = (Sandbox::start().await, free_port());
    let mut process = spawn(&sandbox, port);
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    for _ in 0..MORE_THAN_A_PIPE_HOLDS / 50 {
        let answers = join_all((0..50).map(|_| token(port, "spring_read"))).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
    }
    let health = HttpClient::default().call(Method::GET, &format!("http://127.0.0.1:{port}/healthz"), &[], "").await;
    assert_eq!(health.status, 200);
    let pid = process.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(20), process.wait()).await;
    assert!(ended.expect("the process ends although its log is not read").unwrap().success());
}

/// The exit code after `signal`; a Functions host has set its variable if `has_host`.
async fn exit_code(sandbox: &Sandbox, changes: &[(&str, &str)], has_host: bool, signal: &str) -> Option<i32> {
    let port = free_port();
    let environment = TestEnvironment::from(&sandbox.settings(&format!("http://127.0.0.1:{port}"))).with_all(changes);
    let environment = environment.with("FUNCTIONS_CUSTOMHANDLER_PORT", &port.to_string());
    let environment = if has_host { environment.with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w") } else { environment };
    let mut process = environment.command(&[]).stdout(Stdio::null()).spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    // The signals are handled before the first answer.
    assert_eq!(HttpClient::default().get(&url).await.status, 200);
    let pid = process.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    tokio::time::timeout(Duration::from_secs(20), process.wait()).await.unwrap().unwrap().code()
}

/// The host never starts a process again that ended with 0, and starts one again at once that ended with 200.
#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_asks_the_host_for_another_process() {
    let sandbox = Sandbox::start().await;
    let (right, wrong) = (&[][..], &[("DOCUSIGN_USER_ID", "x")][..]);
    for (settings, has_host, signal, expected) in [
        (right, true, "-TERM", 200),
        (right, true, "-INT", 0),
        (right, false, "-TERM", 0),
        (right, false, "-INT", 0),
        (wrong, true, "-TERM", 200),
        (wrong, true, "-INT", 0),
    ] {
        let found = exit_code(&sandbox, settings, has_host, signal).await;
        assert_eq!(found, Some(expected), "{settings:?} {has_host} {signal}");
    }
}

/// Does something listen there?
fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Starts the handler as the child of a shell, which is killed when it listens. Returns its port and its id.
async fn orphan(sandbox: &Sandbox, has_host: bool) -> (u16, String) {
    let (port, id) = (free_port(), sandbox.file(&format!("pid-{has_host}"), ""));
    let environment = TestEnvironment::from(&sandbox.settings(&format!("http://127.0.0.1:{port}")));
    let mut shell = Command::new("/bin/sh");
    environment.apply(&mut shell);
    let script = format!("\"$0\" & echo $! >{}; wait", id.display());
    shell.args(["-c", &script]).arg(handler()).env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string());
    if has_host {
        shell.env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w");
    }
    let mut shell = shell.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    until(|| listens(port)).await;
    shell.kill().await.unwrap();
    (port, std::fs::read_to_string(id).unwrap().trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_whose_host_is_gone_ends_itself_and_one_without_a_host_stays() {
    let sandbox = Sandbox::start().await;
    let (stays, id) = orphan(&sandbox, false).await;
    let (ends, _) = orphan(&sandbox, true).await;
    until(|| !listens(ends)).await;
    let is_up = listens(stays);
    assert!(Command::new("kill").arg(id).status().await.unwrap().success());
    assert!(is_up, "a shell that ends is no reason to end");
}
