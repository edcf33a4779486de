//! The Functions host can kill the process without a signal. Only the last log lines are lost then, and only a request without a
//! body is repeated.
//!
//! `cargo test --test api killed -- --nocapture` prints how many.

use std::collections::HashSet;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::Method;
use sandbox::client::HttpClient;
use sandbox::{CLIENT_ID, CLIENT_SECRET, GATEWAY_API_KEY, Sandbox, free_port};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::support::{TestApp, TestEnvironment, until};

/// How many callers ask at once, and the pause of each between two requests: about 1,000 requests a second.
const CALLERS: usize = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// An answer that came this long before the last one has an audit line, even on a busy machine.
const SAFE: Duration = Duration::from_millis(250);

fn spawn(sandbox: &Sandbox, port: u16) -> Child {
    let environment = TestEnvironment::from(&sandbox.settings(&format!("http://127.0.0.1:{port}")));
    let mut command = environment.with("FUNCTIONS_CUSTOMHANDLER_PORT", &port.to_string()).command(&[]);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Asks for tokens until `stopped`; returns when each answer came, with its request id.
async fn ask(port: u16, delay: Duration, stopped: Arc<AtomicBool>) -> Vec<(Instant, String)> {
    tokio::time::sleep(delay).await;
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let (http, mut ticks) = (HttpClient::default(), tokio::time::interval(PAUSE));
    let (url, mut answers) = (format!("http://127.0.0.1:{port}/oauth/token"), Vec::new());
    while !stopped.load(Ordering::Relaxed) {
        ticks.tick().await;
        let answer = http.post_form(&url, &[], &form).await;
        if answer.status == 200 {
            answers.push((Instant::now(), answer.header("x-request-id").to_owned()));
        }
    }
    answers
}

/// Kills a handler amid traffic; returns how long before the last answer each answer without an audit line came, and the
/// number of answers.
async fn kill_amid_traffic(sandbox: &Sandbox) -> (Vec<Duration>, usize) {
    let port = free_port();
    let process = spawn(sandbox, port);
    let pid = process.id().unwrap().to_string();
    let output = tokio::spawn(process.wait_with_output());
    let stopped = Arc::new(AtomicBool::new(false));
    // One after the other, so that the requests are spread evenly.
    let delay = |caller| PAUSE * u32::try_from(caller).unwrap() / u32::try_from(CALLERS).unwrap();
    let callers: Vec<_> =
        (0..CALLERS).map(|caller| tokio::spawn(ask(port, delay(caller), Arc::clone(&stopped)))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(Command::new("kill").args(["-9", &pid]).status().await.unwrap().success());
    let output = output.await.unwrap().unwrap();
    stopped.store(true, Ordering::Relaxed);
    let mut answers = Vec::new();
    for caller in callers {
        answers.extend(caller.await.unwrap());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audit = lines.filter(|line| line["event"] == "token_issued");
    let logged: HashSet<String> = audit.filter_map(|line| line["request_id"].as_str().map(ToOwned::to_owned)).collect();
    let newest = answers.iter().map(|(at, _)| *at).max().unwrap();
    let lost = answers.iter().filter(|(_, request_id)| !logged.contains(request_id));
    (lost.map(|(at, _)| newest.duration_since(*at)).collect(), answers.len())
}

#[expect(clippy::print_stdout, reason = "a measurement, shown with --nocapture")]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_only_its_last_audit_lines() {
    let sandbox = Sandbox::start().await;
    for _ in 0..10 {
        let (lost, answers) = kill_amid_traffic(&sandbox).await;
        let oldest = lost.iter().max().copied().unwrap_or_default();
        println!("{} of {answers} answers have no audit line; the oldest came {oldest:?} before the last", lost.len());
        assert!(answers > 5 * CALLERS && oldest < SAFE, "{lost:?}");
    }
}

/// CLM that counts calls of `/echo`, and does not answer the first one.
async fn first_unanswered(listener: TcpListener, calls: Arc<AtomicU32>) {
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let mut unanswered = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = [0; 4096];
        let length = stream.read(&mut head).await.unwrap_or_default();
        let is_echo =
            String::from_utf8_lossy(&head[..length]).lines().next().is_some_and(|line| line.contains("/echo"));
        if is_echo && calls.fetch_add(1, Ordering::SeqCst) == 0 {
            unanswered.push(stream);
            continue;
        }
        let body = json!({"ApiBaseUrl": base, "ApiBaseUploadUrl": base, "ApiBaseDownloadUrl": base}).to_string();
        let start = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
        let _ = stream.write_all(format!("{start}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_request_without_a_body_is_repeated_when_the_handler_is_killed() {
    for (method, body, repeated) in
        [(Method::GET, "", true), (Method::POST, "", true), (Method::DELETE, "", true), (Method::POST, "{}", false)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clm = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let calls = Arc::new(AtomicU32::new(0));
        let serving = tokio::spawn(first_unanswered(listener, Arc::clone(&calls)));
        let app = TestApp::over(Sandbox::start().await, &[("DOCUSIGN_CLM_URL", &clm)]).await;
        let headers = [("x-api-key", GATEWAY_API_KEY)];
        let url = app.url("/gateway/clm/echo");
        let calling = app.http.call(method.clone(), &url, &headers, body);
        let killing = async {
            until(|| calls.load(Ordering::SeqCst) == 1).await;
            app.host.kill_handler().await;
        };
        let (answer, ()) = tokio::join!(calling, killing);
        let made = calls.load(Ordering::SeqCst);
        if repeated {
            assert_eq!((answer.status.as_u16(), made), (200, 2), "{method} {body}");
            assert_eq!(answer.header("x-request-id").len(), 32, "the second handler's answer");
        } else {
            assert_eq!((answer.status.as_u16(), made), (500, 1), "{method} {body}");
            assert_eq!(answer.header("x-request-id"), "", "the host's own answer");
        }
        assert_eq!(app.host.starts(), 2, "{method} {body}");
        serving.abort();
    }
}
