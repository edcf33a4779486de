//! DocuSign's own SDKs, `docusign-esign` for Node.js and for Python, unmodified: their JWT Grant with the sandbox's account
//! server, and the lines of the guide through the gateway.

use std::collections::HashMap;
use std::path::Path;

use sandbox::{INTEGRATION_KEY, INTEGRATION_USER, OTHER_USER, Sandbox};

use crate::stock_clients::tools;

/// Languages of the guide's blocks, and the programs that run them.
const LANGUAGES: [(&str, &str); 2] = [("js", "node"), ("python", ".venv/bin/python")];
const SECRET_KEY: &str = "a secret key of the sandbox, worth nothing";

/// Runs a script that ends with `ok`, in the folder of the tools.
async fn run(program: &str, script: &Path, environment: &HashMap<&str, String>) {
    let tools = tools();
    let program = if program == "node" { program.into() } else { tools.join(program) };
    let mut command = tokio::process::Command::new(program);
    command.arg(script).current_dir(&tools).envs(environment).kill_on_drop(true);
    let output = command.output().await.expect("the program of tests/tools");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && printed[0].ends_with("ok\n"), "{}: {printed:?}", script.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jwt_grant_of_docusigns_sdks_works_with_the_account_server() {
    let mut sandbox = Sandbox::start_with(Some(SECRET_KEY)).await;
    sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation");
    sandbox.start_account_host().await;
    let authority = sandbox.authority_file().display().to_string();
    let key = sandbox.file("signing.pem", &sandbox.signing_key.pkcs1_pem()).display().to_string();
    for (program, script) in [("node", "docusign-esign.mjs"), (LANGUAGES[1].1, "with_docusign_esign.py")] {
        let environment = HashMap::from([
            ("HTTPS_PROXY", format!("http://{}", sandbox.proxy.address)),
            ("NODE_EXTRA_CA_CERTS", authority.clone()),
            ("SSL_CERT_FILE", authority.clone()),
            ("INTEGRATION_KEY", INTEGRATION_KEY.to_owned()),
            ("SECRET_KEY", SECRET_KEY.to_owned()),
            ("DOCUSIGN_USER", INTEGRATION_USER.to_owned()),
            ("OTHER_USER", OTHER_USER.to_owned()),
            ("SIGNING_KEY", key.clone()),
            ("CODE", sandbox.docusign.code_for(OTHER_USER, "https://contoso.example/callback", None)),
        ]);
        run(program, &tools().join("clients").join(script), &environment).await;
    }
}
