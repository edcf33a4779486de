//! The Functions host can kill the process without a signal. Only the last log lines are lost then.
//!
//! `cargo test --test api killed -- --nocapture` prints how many.

use std::collections::HashSet;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sandbox::client::HttpClient;
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox, free_port};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::support::TestEnvironment;

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
