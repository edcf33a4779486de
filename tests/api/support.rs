//! Shared by the tests: a running app, its environment, a test clock, and checks for errors.

mod environment;
mod errors;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant::clock::{Clock, UnixSeconds};
pub use readers::files::{root, skipped};
use sandbox::client::{Answer, HttpClient};
use sandbox::host::{FunctionsHost, Generation, Phase};
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox};
use serde_json::Value;

pub use environment::{TestEnvironment, run};
pub use errors::{assert_error, assert_outage};

/// The host's size limit for bodies of 256 MiB; without it, the limit is 100 MiB.
pub const LARGE_BODIES: (&str, &str) = ("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "268435456");

/// The handler under test.
pub fn handler() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_evergrant"))
}

/// The handler behind a simulated Functions host, against a sandbox.
pub struct TestApp {
    pub sandbox: Sandbox,
    pub host: FunctionsHost,
    pub http: HttpClient,
    /// The handler's environment, without its port.
    pub environment: TestEnvironment,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::over(Sandbox::start().await, &[]).await
    }

    /// Starts with the sandbox's signing key as a PEM file for signing and sealing.
    pub async fn with_file_keys(sandbox: Sandbox, pem: &str) -> Self {
        let keys = file_keys(&sandbox, pem);
        Self::over(sandbox, &keys.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    }

    pub async fn over(sandbox: Sandbox, extra: &[(&str, &str)]) -> Self {
        let host = start_host(&sandbox, 0, extra).await;
        let app = Self::behind(sandbox, host);
        Self { environment: app.environment.with_all(extra), ..app }
    }

    /// Starts behind a host of this generation.
    pub async fn on(generation: Generation) -> Self {
        let sandbox = Sandbox::start().await;
        let mut options = sandbox.host_options(&root(), Some(&handler()), 0, &[]);
        options.generation = generation;
        let host = FunctionsHost::start(options).await;
        host.wait_for(|phase| *phase != Phase::Starting).await;
        Self::behind(sandbox, host)
    }

    /// Uses a host that was started with the sandbox's settings.
    pub fn behind(sandbox: Sandbox, host: FunctionsHost) -> Self {
        let environment = TestEnvironment::from(&sandbox.settings(&host.url()));
        Self { sandbox, host, http: HttpClient::default(), environment }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.host.url())
    }

    /// `POST /oauth/token` as the sandbox's client, with credentials in the body.
    pub async fn token(&self, extra: &[(&str, &str)]) -> Answer {
        let mut form =
            vec![("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
        form.extend_from_slice(extra);
        self.form(&[], &form).await
    }

    pub async fn form(&self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        self.http.post_form(&self.url("/oauth/token"), headers, form).await
    }

    /// The number of Key Vault signatures and DocuSign exchanges so far.
    pub fn counts(&self) -> (u32, u32) {
        (self.sandbox.key_vault.signatures(), self.sandbox.docusign.exchanges())
    }

    /// Waits until the warm-up has derived the sealing secret, which needs a signature; with a time limit.
    pub async fn until_sealing_is_done(&self) {
        for _ in 0..400 {
            if self.sandbox.key_vault.signatures_by("evergrant-sealing") == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no sealing secret in 4 s");
    }

    /// The output of `evergrant consent-url` for this app.
    pub async fn consent_url(&self) -> String {
        let output = run(&["consent-url"], &self.environment).await;
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Repeats the token request until it succeeds; with a time limit.
    pub async fn token_in_the_end(&self) -> Answer {
        for _ in 0..200 {
            let answer = self.token(&[]).await;
            if answer.status == 200 {
                return answer;
            }
            assert_outage(&answer);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("no token in 20 s");
    }
}

/// Starts a host with the handler and waits until it is ready.
pub async fn start_host(sandbox: &Sandbox, port: u16, extra: &[(&str, &str)]) -> FunctionsHost {
    let host = sandbox.host(&root(), &handler(), port, extra).await;
    let phase = host.wait_for(|phase| *phase != Phase::Starting).await;
    assert!(matches!(phase, Phase::Ready(_)), "{phase:?}: {:?}", host.output().stderr.all());
    host
}

/// HTTP Basic with id and secret form-encoded, RFC 6749 §2.3.1.
pub fn basic(client_id: &str, client_secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret))))
}

/// The sealed state of a consent link.
pub fn state_of(consent_url: &str) -> &str {
    consent_url.trim().split("state=").nth(1).unwrap().split('&').next().unwrap()
}

/// Settings for one PEM file as signing and sealing key, outside Azure.
pub fn file_keys(sandbox: &Sandbox, pem: &str) -> [(&'static str, String); 3] {
    let key = format!("file:{}", sandbox.file("key.pem", pem).display());
    [
        ("EVERGRANT_SIGNING_KEY_ID", key.clone()),
        ("EVERGRANT_SEALING_KEY_ID", key),
        ("WEBSITE_INSTANCE_ID", String::new()),
    ]
}

/// The peak memory of the handler in MiB.
pub fn rss(app: &TestApp) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.host.handler_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}

/// Waits until a condition is true; with a time limit.
pub async fn until(so: impl Fn() -> bool) {
    for _ in 0..400 {
        if so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the condition is not true after 4 s");
}

/// The handler's log lines so far.
pub fn log_lines(host: &FunctionsHost) -> Vec<Value> {
    host.output().stdout.all().iter().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// The handler's log with every line of the requests that were answered so far. Lines arrive in the order in which they were
/// written, so the line of a later request shows that they are here.
pub async fn whole_log(app: &TestApp) -> Vec<Value> {
    let answer = app.form(&[], &[]).await;
    let id = answer.header("x-request-id");
    log_line(&app.host, |line| line["request_id"] == id).await;
    log_lines(&app.host).into_iter().filter(|line| line["request_id"] != id).collect()
}

/// Waits for a matching log line; with a time limit.
pub async fn log_line(host: &FunctionsHost, matches: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        if let Some(line) = log_lines(host).into_iter().find(|line| matches(line)) {
            return line;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no such log line in 10 s: {:#?}", log_lines(host));
}

/// A clock that the test controls.
#[derive(Clone)]
pub struct ManualClock {
    now: Arc<AtomicU64>,
    /// How many of the next readings panic.
    panics: Arc<AtomicU64>,
}

impl ManualClock {
    /// Starts at the system time, because the sandbox's DocuSign checks it.
    pub fn new() -> Self {
        Self { now: Arc::new(AtomicU64::new(sandbox::docusign::unix_now())), panics: Arc::default() }
    }

    pub fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn set_back(&self, seconds: u64) {
        self.now.fetch_sub(seconds, Ordering::SeqCst);
    }

    /// The next `readings` panic: the one bug that tests can put into the product.
    pub fn panic_at_the_next(&self, readings: u64) {
        self.panics.store(readings, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixSeconds {
        let spend = |left: u64| left.checked_sub(1);
        let panics = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).is_ok();
        assert!(!panics, "the clock is broken, hunter2");
        UnixSeconds(self.now.load(Ordering::SeqCst))
    }
}
