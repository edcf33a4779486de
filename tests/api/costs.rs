//! docs/cost-and-scale.md: its tables are what `tests/tools/costs.py` makes of its model.

use std::process::{Command, Output};

use sandbox::INTEGRATION_USER;
use sandbox::browser::Browser;
use serde_json::Value;

use crate::support::{TestApp, log_line, root};

fn costs(arguments: &[&str]) -> Output {
    Command::new("python3").current_dir(root()).arg("tests/tools/costs.py").args(arguments).output().unwrap()
}

#[test]
fn the_tables_of_the_costs_are_those_of_the_model() {
    let told = costs(&["--check", "docs/cost-and-scale.md"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn tables_that_are_not_those_of_the_model_are_found() {
    let page = std::fs::read_to_string(root().join("docs/cost-and-scale.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("dearer.md", page.replace("$0.", "$7.")), ("none.md", page.replace("costs:begin", "costs"))] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        assert_eq!(costs(&["--check", path.to_str().unwrap()]).status.code(), Some(1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_as_long_as_the_model_says() {
    let app = TestApp::start().await;
    let url = format!("{}/connect", app.sandbox.power_platform.site.url());
    Browser::default().sign_in(&url, INTEGRATION_USER, "allow").await;
    app.sandbox.power_platform.refresh(1).await.unwrap();
    let is_refresh = |line: &Value| line["event"] == "token_issued" && line["grant_type"] == "refresh_token";
    let is_mint = |line: &Value| line["event"] == "docusign_token_minted";
    log_line(&app.host, is_refresh).await;
    log_line(&app.host, is_mint).await;
    let lines = app.host.output().stdout.all();
    let length = |wanted: &dyn Fn(&Value) -> bool| {
        lines.iter().find(|line| serde_json::from_str(line).is_ok_and(|line| wanted(&line))).map(String::len).unwrap()
    };
    let told = String::from_utf8(costs(&["--log-line-bytes"]).stdout).unwrap();
    let modelled: Vec<usize> = told.split_whitespace().map(|word| word.parse().unwrap()).collect();
    for (measured, modelled) in [length(&is_refresh), length(&is_mint)].into_iter().zip(modelled) {
        assert!(measured.abs_diff(modelled) <= 20, "{measured} bytes, not {modelled}: {lines:?}");
    }
}
