//! Checks the assumptions of `tests/tools/costs.py` about the product.

use std::process::Command;

use sandbox::INTEGRATION_USER;
use sandbox::browser::Browser;
use sandbox::process::report;
use serde_json::Value;

use crate::support::{TestApp, log_line, root};

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_as_long_as_in_the_cost_model() {
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
    let printed = report(Command::new("python3").arg(model).arg("--log-line-bytes")).unwrap();
    let modeled: Vec<usize> = printed.split_whitespace().map(|word| word.parse().unwrap()).collect();
    for (measured, modeled) in [length(&is_refresh), length(&is_mint)].into_iter().zip(modeled) {
        assert!(measured.abs_diff(modeled) <= 20, "{measured} bytes, not {modeled}: {lines:?}");
    }
}
