//! What the cost model, `tests/tools/costs.py`, assumes about Evergrant.

use std::process::Command;

use readers::programs::report;
use sandbox::INTEGRATION_USER;
use sandbox::browser::Browser;
use serde_json::Value;

use crate::support::{TestApp, log_line, root};

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_have_the_length_that_the_cost_model_assumes() {
    let app = TestApp::start().await;
    let url = format!("{}/connect", app.sandbox.power_platform.site.url());
    Browser::default().sign_in(&url, INTEGRATION_USER, "allow").await;
    app.sandbox.power_platform.refresh(1).await.unwrap();
    let is_refresh = |line: &Value| line["event"] == "token_issued" && line["grant_type"] == "refresh_token";
    let is_mint = |line: &Value| line["event"] == "docusign_token_minted";
    log_line(&app.host, is_refresh).await;
    log_line(&app.host, is_mint).await;
    let lines = app.host.output().stdout.all();
    let length = |matches: &dyn Fn(&Value) -> bool| {
        lines.iter().find(|line| serde_json::from_str(line).is_ok_and(|line| matches(&line))).map(String::len).unwrap()
    };
    let model = root().join("tests/tools/costs.py");
    let output = report(Command::new("python3").arg(model).arg("--assumptions")).unwrap();
    let assumptions: Value = serde_json::from_str(&output).unwrap();
    for (name, measured) in [("audit_line_bytes", length(&is_refresh)), ("mint_line_bytes", length(&is_mint))] {
        let assumed = assumptions[name].as_u64().unwrap();
        assert!(assumed.abs_diff(measured as u64) <= 20, "{name} is {measured}, not {assumed}: {lines:?}");
    }
}
