//! A bug that panics is answered: if the connection were closed instead, the Functions host would send the request again, up to
//! forty times. The tests break the clock, which every endpoint reads, so the product needs no code for them.

use std::io::BufRead as _;
use std::process::Stdio;
use std::time::Duration;

use http::Method;
use sandbox::CLIENT_SECRET;
use sandbox::client::{Answer, HttpClient};
use sandbox::fault::Fault;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::local::LocalApp;
use crate::support::{assert_outage, until};

/// The server of the next test, in a process of its own, for its log and its standard error. For each line that it reads, the
/// next reading of the clock panics.
#[ignore = "the next test starts it"]
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "for the test that started it")]
async fn a_server_whose_clock_breaks() {
    let _log = evergrant::telemetry::init("info".parse().unwrap());
    let app = LocalApp::start().await;
    app.app.warm_up().await;
    println!("\n{{\"issuer\":\"{}\"}}", app.issuer);
    let clock = app.clock.clone();
    let reading = tokio::task::spawn_blocking(move || {
        for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
            clock.panic_at_the_next(1);
            println!("{{\"event\":\"broken\"}}");
        }
    });
    reading.await.unwrap();
}

struct BrokenServer {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    issuer: String,
}

impl BrokenServer {
    async fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["panics::a_server_whose_clock_breaks", "--exact", "--ignored", "--nocapture"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut server = Self { process, lines, issuer: String::new() };
        let started = server.line(|line| line.get("issuer").is_some()).await;
        Self { issuer: started["issuer"].as_str().unwrap().to_owned(), ..server }
    }

    /// The next matching line of its output.
    async fn line(&mut self, matches: impl Fn(&Value) -> bool) -> Value {
        let reading = async {
            while let Some(text) = self.lines.next_line().await.unwrap() {
                assert!(!text.contains("hunter2"), "the message of a panic may contain a secret: {text}");
                if let Some(line) = serde_json::from_str(&text).ok().filter(&matches) {
                    return line;
                }
            }
            panic!("the server has ended");
        };
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("a line in time")
    }

    async fn break_the_clock(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").await.unwrap();
        self.line(|line| line["event"] == "broken").await;
    }

    /// Its standard error, after it has ended.
    async fn end(mut self) -> String {
        drop(self.process.stdin.take());
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).await.unwrap();
        assert!(self.process.wait().await.unwrap().success(), "{stderr}");
        stderr
    }
}

/// A request for each endpoint that reads the clock.
fn requests() -> Vec<(Method, &'static str, (&'static str, &'static str), String)> {
    let as_form = ("content-type", "application/x-www-form-urlencoded");
    let form = |more: &str| format!("client_secret={CLIENT_SECRET}&{more}");
    let authorize = "/oauth/authorize?response_type=code&client_id=web&redirect_uri=https://client.example/cb&state=x";
    let open = "/workfront/v1/open?client=workfront&id=d:5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
    let bearer = ("authorization", "Bearer e30.e30.e30");
    vec![
        (Method::POST, "/oauth/token", as_form, form("client_id=machine&grant_type=client_credentials")),
        (
            Method::POST,
            "/oauth/token",
            as_form,
            form("client_id=web&grant_type=refresh_token&refresh_token=e30.e30.e30"),
        ),
        (Method::POST, "/oauth/revoke", as_form, form("client_id=web&token=e30.e30.e30")),
        (Method::GET, authorize, ("accept", "text/html"), String::new()),
        (Method::GET, "/consent/callback?code=x&state=e30.e30.e30", ("accept", "text/html"), String::new()),
        (Method::GET, "/setup", ("accept", "text/html"), String::new()),
        (Method::GET, "/gateway/clm/members/current", bearer, String::new()),
        (Method::DELETE, "/gateway/clm/documents/1", bearer, String::new()),
        (Method::GET, "/workfront/v1/files?id=/", bearer, String::new()),
        (Method::GET, open, ("accept", "text/html"), String::new()),
    ]
}

#[track_caller]
fn assert_answered(path: &str, answer: &Answer) {
    assert_eq!(answer.status, 500, "{path}: {}", answer.text());
    assert_eq!(answer.json()["error"], "server_error", "{path}");
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"), "{path}");
    assert!(!answer.text().contains("clock"), "{path}: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_answered_with_500_and_logged_as_an_error() {
    let mut server = BrokenServer::start().await;
    let http = HttpClient::default();
    for (method, path, header, body) in requests() {
        server.break_the_clock().await;
        let url = format!("{}{path}", server.issuer);
        let answer = http.call(method.clone(), &url, &[header], &body).await;
        assert_answered(path, &answer);
        let request_id = answer.header("x-request-id").to_owned();
        let panic = server.line(|line| line["request_id"] == *request_id).await;
        assert_eq!((&panic["event"], &panic["level"]), (&"panic".into(), &"ERROR".into()), "{path}: {panic}");
        assert!(panic["place"].as_str().is_some_and(|place| place.contains("support.rs")), "{path}: {panic}");
        let line = server.line(|line| line["request_id"] == *request_id).await;
        assert_eq!((&line["status"], &line["cause"]), (&500.into(), &"panic".into()), "{path}: {line}");
        let again = http.call(method, &url, &[header], &body).await;
        assert_ne!(again.status, 500, "{path}: the next request is not affected: {}", again.text());
    }
    assert_eq!(server.end().await, "", "nothing on standard error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mint_that_panics_ends_the_wait_of_its_callers() {
    let app = LocalApp::start().await;
    app.docusign.faults.once(Fault::Latency(Duration::from_millis(200)));
    let form = [("grant_type", "client_credentials")];
    let breaking = async {
        until(|| app.docusign.exchanges() == 1).await;
        app.clock.panic_at_the_next(1);
    };
    let (first, second, ()) = tokio::join!(app.token("machine", &form), app.token("machine", &form), breaking);
    assert_outage(&first);
    assert_outage(&second);
    assert_eq!(app.token("machine", &form).await.status, 200);
}
