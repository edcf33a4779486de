//! The handler behind every kind of Functions host: its modes, its keys, its restarts.

use http::Method;
use sandbox::Sandbox;
use sandbox::host::{FunctionsHost, Generation, Phase};
use sandbox::manifest::{AuthLevel, Manifest};
use sandbox::process::copy_program;

use crate::support::{TestApp, TestEnvironment, handler, log_line, log_lines, root, run, skipped};
use evergrant::server::Methods;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_through_a_proxying_and_a_forwarding_host() {
    for generation in [Generation::Proxying, Generation::Forwarding] {
        let app = TestApp::on(generation).await;
        assert_eq!(app.token(&[]).await.status, 200, "{generation:?}");
        let line = log_line(&app.host, |line| line["event"] == "token_issued").await;
        assert!(line["invocation_id"].as_str().is_some_and(|id| id.len() == 36), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_invocation_id_is_ignored() {
    for generation in [Generation::Proxying, Generation::Forwarding] {
        let app = TestApp::on(generation).await;
        let forged = [("x-azure-functions-invocationid", "forged"), ("content-type", "text/plain")];
        app.http.call(Method::POST, &app.url("/oauth/token"), &forged, "x").await;
        let line = log_line(&app.host, |line| line["event"] == "token_refused").await;
        let id = line["invocation_id"].as_str().unwrap();
        assert!(id != "forged" && id.len() == 36, "{generation:?}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_either_mode_flag_gets_the_flags_to_set() {
    let app = TestApp::on(Generation::Envelope).await;
    assert_eq!(app.token(&[]).await.status, 500, "a failed invocation");
    let line = log_line(&app.host, |line| line["event"] == "json_envelope_received").await;
    assert_eq!(line["level"], "ERROR");
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("enableProxyingHttpRequest") && message.contains("enableForwardingHttpRequest"));
    let envelopes = log_lines(&app.host).into_iter().filter(|line| line["status"] == 500).count();
    assert_eq!(envelopes, 1, "one line");
    let Phase::Ready(port) = app.host.phase() else { panic!("not ready") };
    let direct = format!("http://127.0.0.1:{port}/consent-callback");
    let answer = app.http.call(Method::POST, &direct, &[("content-type", "application/json")], "{\"Data\":{}}").await;
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("enableProxyingHttpRequest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_parameter_reaches_the_callback_although_the_host_reads_it_as_a_key() {
    let app = TestApp::start().await;
    let answer = app.http.get(&app.url("/consent/callback?code=abc&state=x")).await;
    assert_eq!(answer.status, 400, "the handler's own page, not the host's 401");
    assert!(answer.text().contains("This link does not work here"));
    assert_eq!(app.host.key_lookups(), 1, "the host did look the key up");
    app.host.set_storage_down(true);
    assert_eq!(app.http.get(&app.url("/consent/callback?code=abc&state=x")).await.status, 500);
    assert_eq!(app.http.get(&app.url("/healthz")).await.status, 200, "without a code no key is looked up");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_function_level_authorization_the_host_would_reject_the_code() {
    // Shows why the callback's authLevel must be anonymous, with an app that has it wrong.
    let sandbox = Sandbox::start().await;
    let app_root = tempfile::tempdir().unwrap();
    let function = app_root.path().join("consent-callback");
    std::fs::create_dir(&function).unwrap();
    std::fs::copy(root().join("host.json"), app_root.path().join("host.json")).unwrap();
    let json = std::fs::read_to_string(root().join("consent-callback/function.json")).unwrap();
    std::fs::write(function.join("function.json"), json.replace("anonymous", "function")).unwrap();
    let mut options = sandbox.host_options(app_root.path(), Some(&handler()), 0, &[]);
    options.function_keys.insert("consent-callback".to_owned(), "the-key".to_owned());
    let host = FunctionsHost::start(options).await;
    let http = sandbox::client::HttpClient::default();
    let get = |query: &str| format!("{}/consent/callback{query}", host.url());
    assert_eq!(http.get(&get("?code=abc&state=x")).await.status, 401);
    assert_eq!(http.get(&get("?code=the-key")).await.status, 400, "the handler's own page");
    let by_header = http.call(Method::GET, &get("?code=abc"), &[("x-functions-key", "the-key")], "").await;
    assert_eq!(by_header.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_do_not_end_the_host() {
    let sandbox = Sandbox::start().await;
    let host = sandbox.host(&root(), &handler(), 0, &[("DOCUSIGN_USER_ID", "not a GUID")]).await;
    let phase = host.wait_for(|phase| *phase != Phase::Starting).await;
    assert!(matches!(phase, Phase::Ready(_)), "{phase:?}");
    let http = sandbox::client::HttpClient::default();
    assert_eq!(http.get(&format!("{}/healthz", host.url())).await.json()["status"], "not_configured");
    let setup = format!("{}/setup", host.url());
    assert_eq!(http.get(&setup).await.status, 401, "the host's lock");
    let answer = http.call(Method::GET, &setup, &[("x-functions-key", sandbox::SETUP_KEY)], "").await;
    assert!(answer.status == 503 && answer.text().contains("DOCUSIGN_USER_ID is invalid"), "{}", answer.text());
    assert_eq!((host.starts(), host.output().stderr.all()), (1, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_restarts_by_exit_code() {
    let sandbox = Sandbox::start().await;
    // The last one requests four free restarts, then stays down.
    let asks = "echo x >> asked; [ $(wc -l < asked) -gt 4 ] && rm asked && exit 0; exit 200";
    for (exit, starts) in [("exit 0", 1), ("exit 3", 3), (asks, 5)] {
        let script = sandbox.program("handler.sh", &format!("PATH=/usr/bin:/bin; cd \"${{0%/*}}\"\n{exit}"));
        let host = sandbox.host(&root(), &script, 0, &[]).await;
        host.wait_for(|phase| matches!(phase, Phase::Exited | Phase::HostStopped)).await;
        assert_eq!(host.starts(), starts, "{exit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_handler_is_restarted_without_losing_connections() {
    let app = TestApp::start().await;
    assert_eq!(app.token(&[]).await.status, 200);
    let Phase::Ready(first_port) = app.host.phase() else { panic!("not ready") };
    app.host.kill_handler().await;
    app.host.wait_for(|phase| matches!(phase, Phase::Ready(port) if *port != first_port)).await;
    assert_eq!(app.host.starts(), 2);
    assert_eq!(app.token(&[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_reported_without_a_panic() {
    let sandbox = Sandbox::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let environment = TestEnvironment::from(&sandbox.settings("http://127.0.0.1:1"));
    let output = run(&["serve"], environment.with("FUNCTIONS_CUSTOMHANDLER_PORT", &port)).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(&format!("cannot listen on 127.0.0.1:{port}")) && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deployed_folder_needs_nothing_else() {
    let sandbox = Sandbox::start().await;
    let app_root = tempfile::tempdir().unwrap();
    let copy = |name: &str| std::fs::copy(root().join(name), app_root.path().join(name)).unwrap();
    copy("host.json");
    for function in ["token-function", "consent-callback", "health-function"] {
        std::fs::create_dir(app_root.path().join(function)).unwrap();
        copy(&format!("{function}/function.json"));
    }
    copy_program(handler().as_ref(), &app_root.path().join("evergrant"));
    let host = FunctionsHost::start(sandbox.host_options(app_root.path(), None, 0, &[])).await;
    host.wait_for(|phase| *phase != Phase::Starting).await;
    let app = TestApp::behind(sandbox, host);
    assert_eq!(app.token(&[]).await.status, 200);
}

#[test]
fn the_files_of_the_app_match_the_hosts_rules() {
    let manifest = Manifest::read(&root()).unwrap();
    assert_eq!((manifest.route_prefix.as_str(), manifest.executable.as_str()), ("", "evergrant"));
    assert!(manifest.proxying && manifest.forwarding);
    for route in evergrant::server::ROUTES {
        let function = manifest.functions.iter().find(|function| function.name == route.function);
        let function = function.unwrap_or_else(|| panic!("{} has no folder", route.function));
        assert_eq!(format!("/{}", function.route.trim_start_matches('/')), route.path);
        match route.methods {
            Methods::Only(methods) => assert_eq!(function.methods, methods, "{}", function.name),
            Methods::Any => assert!(function.methods.is_empty(), "{} publishes some methods only", function.name),
        }
        assert!(function.http_in_and_out, "{}: another binding would switch it to the JSON envelope", function.name);
        // Evergrant authenticates clients; only the setup page is protected by the host's keys.
        let level = if route.path == "/setup" { AuthLevel::Function } else { AuthLevel::Anonymous };
        assert_eq!(function.auth_level, level, "{}", function.name);
    }
    assert_eq!(manifest.functions.len(), evergrant::server::ROUTES.len(), "every folder has a route");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_local_settings_starts_the_debug_build_from_the_repository_root() {
    let sample = std::fs::read_to_string(root().join("local.settings.sample.json")).unwrap();
    let sample: serde_json::Value = serde_json::from_str(&sample).unwrap();
    let sandbox = Sandbox::start().await;
    let mut options = sandbox.host_options(&root(), None, 0, &[]);
    let filled_in = std::mem::take(&mut options.settings);
    // Fill in the sandbox's values where it has some, and keep the sample's values otherwise.
    let values = sample["Values"].as_object().unwrap();
    let sampled = values.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    options.settings = sampled.filter(|(name, _)| filled_in.iter().all(|(known, _)| known != name)).collect();
    options.settings.extend(filled_in);
    let named = &values["AzureFunctionsJobHost__customHandler__description__defaultExecutablePath"];
    assert_eq!(named, "target/debug/evergrant", "the output of cargo build");
    if root().join("target/debug/evergrant").canonicalize().ok() != handler().canonicalize().ok() {
        skipped("the debug build is elsewhere, so the sample of local settings was not started");
        return;
    }
    let host = FunctionsHost::start(options).await;
    let phase = host.wait_for(|phase| *phase != Phase::Starting).await;
    assert!(matches!(phase, Phase::Ready(_)), "{phase:?}: {:?}", host.output().stderr.all());
    let app = TestApp::behind(sandbox, host);
    assert_eq!(app.token(&[]).await.status, 200);
}
