//! Broken deployments, each with one fault, and what the doctor has to report.

use std::process::Output;

use futures_util::stream::{self, StreamExt as _};
use sandbox::docusign::Docusign;
use sandbox::fault::Fault;
use serde_json::Value;

use super::stage::Stage;
use super::stand_ins::VaultFault;
use super::table::DEPLOYMENTS;
use crate::support::{TestEnvironment, run};

/// Settings that are changed; `Stage::change` fills in the placeholders.
pub type Settings = &'static [(&'static str, &'static str)];

/// What is broken.
pub enum Broken {
    Settings(Settings),
    Vault(VaultFault),
    /// No such host.
    VaultHost(&'static str, Settings),
    /// Status and error code of every answer.
    Storage(u16, &'static str),
    Identity(Fault),
    Docusign(fn(&Docusign), Settings),
    /// The machine's clock is behind by this many seconds.
    Clock(u64),
    /// Another issuer, and a path that lets everyone through.
    Front(Option<&'static str>, &'static str),
}

/// A broken deployment.
pub struct Deployment {
    pub name: &'static str,
    pub broken: Broken,
    /// The checks that have to be bad; the others must not be.
    pub bad: &'static [&'static str],
    /// Words of the first one's finding.
    pub finding: &'static str,
    /// Words of its fix.
    pub fix: &'static [&'static str],
}

/// The number of deployments at the same time; the doctor mostly waits.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_deployment_is_diagnosed() {
    assert!(DEPLOYMENTS.len() >= 20, "{}", DEPLOYMENTS.len());
    let stage = Stage::set().await;
    let examined = stream::iter(&DEPLOYMENTS).map(|deployment| examine(&stage, deployment)).buffer_unordered(AT_ONCE);
    let mistakes: Vec<Option<String>> = examined.collect().await;
    let wrong: Vec<String> = mistakes.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong with the diagnosis, if anything.
async fn examine(stage: &Stage, deployment: &Deployment) -> Option<String> {
    let output = diagnosed(stage, deployment, &["doctor", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let mistake = mistake(deployment, output.status.code(), &report)?;
    Some(format!("{}: {mistake}\n{report:#}", deployment.name))
}

async fn diagnosed(stage: &Stage, deployment: &Deployment, command: &[&str]) -> Output {
    let change = stage.change(&deployment.broken).await;
    let environment = TestEnvironment::from(&stage.sandbox.settings("http://127.0.0.1:1")).with_all(&change.settings);
    let output = run(command, environment).await;
    drop(change.server);
    output
}

fn mistake(deployment: &Deployment, code: Option<i32>, report: &Value) -> Option<String> {
    let Deployment { bad, finding, fix, .. } = deployment;
    let Some(checks) = report["checks"].as_array() else { return Some("no report".to_owned()) };
    let found: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "bad").collect();
    let names: Vec<&str> = found.iter().filter_map(|check| check["check"].as_str()).collect();
    // Invalid settings, without which nothing can be checked, exit with 2, as wrong usage does.
    let expected = if found.len() == checks.len() { 2 } else { 1 };
    if names != *bad || code != Some(expected) || report["healthy"] != false {
        return Some(format!("exit code {code:?}, bad: {names:?}"));
    }
    let text = |field: &str| found[0][field].as_str().unwrap_or_default();
    if !text("finding").contains(finding) {
        return Some(format!("the finding lacks {finding}"));
    }
    fix.iter().find(|words| !text("fix").contains(**words)).map(|words| format!("the fix lacks {words}"))
}

/// A vault may offer further schemes, also in headers of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_with_a_second_scheme_is_read() {
    let stage = Stage::set().await;
    for further in [&["PoP realm=\"\", nonce=\"abc\""][..], &["Negotiate", "Basic realm=\"x\", scope=\"y\""]] {
        let change = stage.change(&Broken::Vault(VaultFault::Challenges(further))).await;
        let settings = TestEnvironment::from(&stage.sandbox.settings("http://127.0.0.1:1"));
        let output = run(&["doctor", "--json"], settings.with_all(&change.settings)).await;
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{further:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_have_the_same_findings_in_80_columns() {
    let stage = Stage::set().await;
    for (name, begin) in [
        ("no role on either key", "bad azure Signing key: "),
        ("a scope without consent", "bad docusign Consent for every scope: "),
        ("DocuSign out of reach", "bad docusign DocuSign's account server: "),
        ("a public URL that takes every secret", "bad clients Wrong client secret: "),
    ] {
        let deployment = DEPLOYMENTS.iter().find(|deployment| deployment.name == name).unwrap();
        let output = diagnosed(&stage, deployment, &["doctor"]).await;
        let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        let too_long = stdout.lines().find(|line| line.chars().count() > 80);
        assert_eq!(too_long, None, "{name}");
        let text = unwrapped(&stdout);
        let rest = text.split(begin).nth(1).unwrap_or_else(|| panic!("{name}: {stdout}"));
        let (finding, fix) = rest.split_once(" → ").unwrap();
        assert!(finding.contains(deployment.finding), "{name}: {stdout}");
        assert!(deployment.fix.iter().all(|words| fix.contains(words)), "{name}: {stdout}");
        let summary = stdout.lines().next_back().unwrap();
        let begin = format!("{} of ", deployment.bad.len());
        assert!(summary.starts_with(&begin) && summary.contains(" checks failed"), "{name}: {stdout}");
        assert_eq!((output.status.code(), stderr.as_str()), (Some(1), ""));
    }
}

/// `report` without its line breaks.
fn unwrapped(report: &str) -> String {
    report.replace(" \\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}
