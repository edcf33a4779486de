//! What the tests share: a started app, a clock that stands still, an environment out of a map.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant::clock::{Clock, UnixSeconds};
use evergrant::config::Environment;
use sandbox::client::{Answer, HttpClient};
use sandbox::host::{FunctionsHost, Phase};
pub use sandbox::repository::{root, skipped};
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox};
use secrecy::SecretString;
use serde_json::Value;

/// The handler under test.
pub fn handler() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_evergrant"))
}

/// The handler behind the host, against a sandbox.
pub struct TestApp {
    pub sandbox: Sandbox,
    pub host: FunctionsHost,
    pub http: HttpClient,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::over(Sandbox::start().await, &[]).await
    }

    /// Over a sandbox with its signing key as a PEM file for everything.
    pub async fn with_file_keys(sandbox: Sandbox, pem: &str) -> Self {
        let keys = file_keys(&sandbox, pem);
        Self::over(sandbox, &keys.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    }

    pub async fn over(sandbox: Sandbox, extra: &[(&str, &str)]) -> Self {
        let host = start_host(&sandbox, 0, extra).await;
        Self { sandbox, host, http: HttpClient::default() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.host.url())
    }

    /// `POST /oauth/token` as the sandbox's client, by body credentials.
    pub async fn token(&self, extra: &[(&str, &str)]) -> Answer {
        let mut form =
            vec![("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
        form.extend_from_slice(extra);
        self.form(&[], &form).await
    }

    pub async fn form(&self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        self.http.post_form(&self.url("/oauth/token"), headers, form).await
    }

    /// Signatures by Key Vault and exchanges at DocuSign so far.
    pub fn counts(&self) -> (u32, u32) {
        (self.sandbox.key_vault.signatures(), self.sandbox.docusign.exchanges())
    }

    /// Waits until the warm-up has made the sealing secret, which costs a signature of its own; bounded.
    pub async fn until_sealing_is_done(&self) {
        for _ in 0..400 {
            if self.sandbox.key_vault.signatures_by("evergrant-sealing") == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no sealing secret in 4 s");
    }

    /// What `evergrant consent-url` prints for this app.
    pub async fn consent_url(&self, settings: &[(String, String)]) -> String {
        let output = run(&["consent-url"], settings).await;
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The settings of the running handler.
    pub fn settings(&self) -> Vec<(String, String)> {
        self.sandbox.settings(&self.host.url())
    }

    /// Asks until a token is answered; bounded, for things that recover by themselves.
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

/// A host over the handler, ready.
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

/// Settings that make one PEM file both keys, outside Azure.
pub fn file_keys(sandbox: &Sandbox, pem: &str) -> [(&'static str, String); 3] {
    let key = format!("file:{}", sandbox.file("key.pem", pem).display());
    [
        ("EVERGRANT_SIGNING_KEY_ID", key.clone()),
        ("EVERGRANT_SEALING_KEY_ID", key),
        ("WEBSITE_INSTANCE_ID", String::new()),
    ]
}

/// Runs the handler as a command.
pub async fn run(arguments: &[&str], settings: &[(String, String)]) -> std::process::Output {
    let mut command = tokio::process::Command::new(handler());
    command.args(arguments).env_clear().envs(settings.iter().cloned()).kill_on_drop(true);
    command.output().await.unwrap()
}

/// An outage as promised: 503, `Retry-After`, a JSON body that no client takes for a bad grant.
#[track_caller]
pub fn assert_outage(answer: &Answer) {
    let json = answer.json();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(json["error"], "temporarily_unavailable");
    assert!(json["error_description"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// The most memory that the handler ever held, in MiB.
pub fn rss(app: &TestApp) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.host.handler_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}

/// Waits until something is so; bounded.
pub async fn until(so: impl Fn() -> bool) {
    for _ in 0..400 {
        if so() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not so in 4 s");
}

/// The JSON log lines of the handler so far.
pub fn log_lines(host: &FunctionsHost) -> Vec<Value> {
    host.output().stdout.all().iter().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// Waits until a log line fits; bounded.
pub async fn log_line(host: &FunctionsHost, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        if let Some(line) = log_lines(host).into_iter().find(|line| wanted(line)) {
            return line;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no such log line in 10 s: {:#?}", log_lines(host));
}

/// A clock that only moves when told to.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Starts at the machine's time, because the sandbox's DocuSign checks it.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(sandbox::docusign::unix_now())))
    }

    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl ManualClock {
    pub fn set_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.0.load(Ordering::SeqCst))
    }
}

/// An environment out of a map, with real files.
#[derive(Clone, Debug, Default)]
pub struct MapEnvironment(pub HashMap<String, String>);

impl MapEnvironment {
    pub fn with_all(self, pairs: &[(&str, String)]) -> Self {
        pairs.iter().fold(self, |env, (name, value)| env.with(name, value))
    }

    pub fn of(settings: &[(String, String)]) -> Self {
        Self(settings.iter().cloned().collect())
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }
}

impl Environment for MapEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn file(&self, path: &str) -> Option<SecretString> {
        std::fs::read_to_string(path).ok().map(SecretString::from)
    }
}
