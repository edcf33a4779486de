//! DocuSign's own SDKs, `docusign-esign` for Node.js and for Python, unmodified: their JWT Grant with the sandbox's account
//! server, and the examples of the guide through the gateway.

use std::path::Path;

use readers::markdown::Page;
use sandbox::clm::ACCOUNT_ID;
use sandbox::{INTEGRATION_EMAIL, INTEGRATION_KEY, INTEGRATION_USER, OTHER_USER, Sandbox, digest};
use serde_json::json;

use crate::gateway::sealed_access_token;
use crate::guides::SAMPLE_URL;
use crate::stock_clients::tools;
use crate::support::TestApp;

/// Languages of code blocks, and the programs that run them.
const LANGUAGES: [(&str, &str); 2] = [("js", "node"), ("python", ".venv/bin/python")];
const SECRET_KEY: &str = "a secret key of the sandbox, worth nothing";

const KEY: &str = "a key of the sandbox, worth nothing";

/// What a script sends to the gateway.
pub enum Credential {
    ApiKey(String),
    SealedAccessToken(String),
}

/// Runs a script and returns what it prints.
async fn run(program: &str, script: &Path, environment: &[(&str, &str)]) -> String {
    let program = if program == "node" { program.into() } else { tools().join(program) };
    let mut command = tokio::process::Command::new(program);
    let folder = script.parent().unwrap();
    command.arg(script).current_dir(folder).envs(environment.iter().copied()).kill_on_drop(true);
    let output = command.output().await.expect("the program of tests/tools");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{}: {printed:?}", script.display());
    printed[0].clone()
}

/// Runs a script from `folder`, where it finds the npm packages.
async fn run_text(folder: &Path, language: &str, text: &str, environment: &[(&str, &str)]) -> String {
    let modules = folder.join("node_modules");
    if !modules.exists() {
        std::os::unix::fs::symlink(tools().join("node_modules"), modules).unwrap();
    }
    let (_, program) = LANGUAGES.into_iter().find(|(known, _)| *known == language).unwrap();
    let script = folder.join(if language == "js" { "script.mjs" } else { "script.py" });
    std::fs::write(&script, text).unwrap();
    run(program, &script, environment).await
}

/// An example with the header that the guide shows for a sealed access token.
fn with_access_token(guide: &Page, language: &str, example: &str) -> String {
    let (key, start) = match language {
        "js" => ("'x-api-key', process.env.KEY", "'Authorization', "),
        _ => ("\"x-api-key\", os.environ[\"KEY\"]", "\"Authorization\", "),
    };
    let header = guide.spans.iter().find(|span| span.starts_with(start)).expect("the header in the guide");
    assert!(example.contains(key), "{example}");
    example.replace(key, header)
}

/// Runs the guide's examples as they are, except for the address, the account and, for a token, the header that the guide shows.
pub async fn run_examples(app: &TestApp, folder: &Path, credential: &Credential) {
    let guide = Page::read("docs/gateway.md");
    for (language, _) in LANGUAGES {
        let [example] = guide.blocks_in(&[language])[..] else { panic!("one example in {language}") };
        assert!(example.lines().count() <= 10, "{example}");
        let (example, environment) = match credential {
            Credential::ApiKey(key) => (example.to_owned(), [("KEY", key.as_str())]),
            Credential::SealedAccessToken(token) => {
                (with_access_token(&guide, language, example), [("TOKEN", token.as_str())])
            }
        };
        let example = example.replace(SAMPLE_URL, &app.host.url()).replace("<API account ID>", ACCOUNT_ID);
        let printed = run_text(folder, language, &example, &environment).await;
        assert_sent_and_listed(app, folder, &printed);
    }
}

/// The example has sent one envelope, has printed it and the users, and has downloaded what it sent.
#[track_caller]
fn assert_sent_and_listed(app: &TestApp, folder: &Path, printed: &str) {
    let envelope = app.sandbox.docusign.envelopes().pop().expect("an envelope");
    assert_eq!((envelope.status.as_str(), envelope.signers()), ("sent", vec!["kim@contoso.com"]));
    assert!(printed.contains(&envelope.id) && printed.contains(INTEGRATION_EMAIL), "{printed}");
    let copy = folder.join("copy.pdf");
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(folder.join("report.pdf")).unwrap(), "{printed}");
    std::fs::remove_file(copy).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn docusigns_sdks_work_through_the_gateway_with_a_sealed_access_token() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.pdf"), b"%PDF-1.7\n\xff\x00\x80 not UTF-8").unwrap();
    let sealed = Credential::SealedAccessToken(sealed_access_token(&app).await);
    run_examples(&app, folder.path(), &sealed).await;
}

/// The SDKs read names, encodings and errors in answers of the gateway as in DocuSign's own.
#[tokio::test(flavor = "multi_thread")]
async fn docusigns_sdks_understand_the_gateways_answers() {
    let sandbox = Sandbox::start().await;
    let rules = ["GET,POST /esign/v2.1/accounts/*/envelopes", "GET /esign/v2.1/accounts/*/envelopes/*/documents/*"];
    let key = json!({"client_id": "contracts", "client_secret_sha256": [], "grant_types": [], "scope": "signature",
                     "api_key_sha256": [digest(KEY)], "gateway_allow": rules});
    let app = TestApp::over(sandbox, &[("EVERGRANT_CLIENTS", &json!([key]).to_string())]).await;
    let base_path = app.url("/gateway/esign");
    let environment = [("BASE_PATH", base_path.as_str()), ("KEY", KEY), ("ACCOUNT", ACCOUNT_ID)];
    for (program, script) in
        [("node", "docusign-esign-gateway.mjs"), (LANGUAGES[1].1, "with_docusign_esign_gateway.py")]
    {
        let printed = run(program, &tools().join("clients").join(script), &environment).await;
        assert!(printed.ends_with("ok\n"), "{script}: {printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jwt_grant_of_docusigns_sdks_works_with_the_account_server() {
    let mut sandbox = Sandbox::start_with(Some(SECRET_KEY)).await;
    sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation");
    sandbox.start_account_host().await;
    let authority = sandbox.authority_file().display().to_string();
    let key = sandbox.file("signing.pem", &sandbox.signing_key.pkcs1_pem()).display().to_string();
    for (program, script) in [("node", "docusign-esign.mjs"), (LANGUAGES[1].1, "with_docusign_esign.py")] {
        let environment = [
            ("HTTPS_PROXY", format!("http://{}", sandbox.proxy.address)),
            ("NODE_EXTRA_CA_CERTS", authority.clone()),
            ("SSL_CERT_FILE", authority.clone()),
            ("INTEGRATION_KEY", INTEGRATION_KEY.to_owned()),
            ("SECRET_KEY", SECRET_KEY.to_owned()),
            ("DOCUSIGN_USER", INTEGRATION_USER.to_owned()),
            ("OTHER_USER", OTHER_USER.to_owned()),
            ("SIGNING_KEY", key.clone()),
            ("CODE", sandbox.docusign.code_for(OTHER_USER, "https://contoso.example/callback", None)),
        ];
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        let printed = run(program, &tools().join("clients").join(script), &environment).await;
        assert!(printed.ends_with("ok\n"), "{script}: {printed}");
    }
}
