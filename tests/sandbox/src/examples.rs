//! What to try with a running sandbox, for the terminal and for the start page.

use std::fmt::Write as _;

use crate::issuers::APP_ID;
use crate::{API_KEY, CLIENT_ID, CLIENT_SECRET, GATEWAY_API_KEY, OTHER_EMAIL, SETUP_KEY, Sandbox, WORKFLOW_ID, clm};

/// The addresses of a running sandbox.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The Functions host.
    pub host: String,
    /// The start page.
    pub start: String,
}

impl Addresses {
    /// The setup page, with its key.
    #[must_use]
    pub fn setup(&self) -> String {
        format!("{}/setup?code={SETUP_KEY}", self.host)
    }
}

/// What to try first; it fits on a screen.
#[must_use]
pub fn brief(sandbox: &Sandbox, at: &Addresses) -> String {
    let Addresses { host, start } = at;
    let (setup, power_automate) = (at.setup(), sandbox.power_platform.site.url());
    let (workfront, docusign) = (sandbox.workfront.site.url(), sandbox.docusign_url());
    let token = token_call(host);
    format!(
        "
The sandbox runs until you press Ctrl-C. Everything is on its start page:
  {start}

In a browser, where DocuSign asks you to press Allow or Deny:
  Setup page       {setup}
  Consent link     {start}/consent   (as Integration Robot)
  Power Automate   {power_automate}   (as Integration Robot)
  Workfront        {workfront}   (as any user)

A token, and a call through the gateway:
  {token}
  curl -H 'x-api-key: {GATEWAY_API_KEY}' \\
    {host}/gateway/clm/members/current

Remove the app's role on the vault's keys, and repair it with kind=none:
  curl -X POST '{docusign}/sandbox/fault?kind=forbidden'
"
    )
}

/// A token request with curl, on two lines.
fn token_call(host: &str) -> String {
    // HTTP Basic requires form-encoded id and secret, RFC 6749 §2.3.1.
    let secret: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    format!("curl -u '{CLIENT_ID}:{secret}' \\\n    -d grant_type=client_credentials {host}/oauth/token")
}

/// Calls with curl: tokens, Workfront's calls as a user, then CLM and eSignature as the integration user.
#[must_use]
pub fn calls(host: &str) -> String {
    let token = token_call(host);
    let account = clm::ACCOUNT_ID;
    format!(
        "{token}
curl '{host}/workfront/v1/serviceInfo'
curl -H 'apiKey: {API_KEY}' -H 'username: {OTHER_EMAIL}' \\
    '{host}/workfront/v1/files?parentId=/'
curl -H 'x-api-key: {GATEWAY_API_KEY}' '{host}/gateway/clm/members/current'
curl -H 'x-api-key: {GATEWAY_API_KEY}' \\
    '{host}/gateway/esign/v2.1/accounts/{account}/users'
"
    )
}

/// Which storage is in use.
#[must_use]
pub fn storage(sandbox: &Sandbox) -> &'static str {
    match sandbox.azurite {
        Some(_) => "the real Azurite, over the real Azure SDK",
        None => "memory (for the real Azurite, run `npm ci` in tests/tools first)",
    }
}

/// Every server, with its address.
#[must_use]
pub fn servers(sandbox: &Sandbox, host: &str) -> Vec<(&'static str, String)> {
    let docusign = sandbox.docusign_url();
    vec![
        ("Functions host", format!("{host}   (reads host.json and */function.json)")),
        ("eSignature API", format!("{docusign}/restapi")),
        ("DocuSign account", docusign),
        ("CLM API", sandbox.clm.api_url()),
        ("CLM uploads", sandbox.clm.upload_url()),
        ("CLM downloads", sandbox.clm.download_url()),
        ("CLM web pages", format!("{}/web", sandbox.clm.discovery_url())),
        ("SharePoint", sandbox.share_point.site.url()),
        ("GitHub, Entra ID", "issuers under their real names, for callers without a secret".to_owned()),
        ("Key Vault", "over the real Azure SDK, with managed identity".to_owned()),
        ("Storage", storage(sandbox).to_owned()),
    ]
}

/// The environment in which the recipes of `examples/callers` run.
fn callers(sandbox: &Sandbox, host: &str) -> String {
    let settings = sandbox.identity_settings().into_iter().chain(sandbox.job_settings().clone());
    let settings: Vec<String> = settings.map(|(name, value)| format!("export {name}='{value}'")).collect();
    format!(
        "export EVERGRANT_URL='{host}' EVERGRANT_AUDIENCE='api://{APP_ID}'\n\
         export CLIENT_ID='{WORKFLOW_ID}' DOCUSIGN_URL='{}'\n{}\n",
        sandbox.docusign_url(),
        settings.join("\n")
    )
}

/// Every server, call and fault.
#[must_use]
pub fn details(sandbox: &Sandbox, host: &str) -> String {
    let mut text = "\nEverything runs on this machine:\n".to_owned();
    for (name, address) in servers(sandbox, host) {
        let _ = writeln!(text, "  {name:<18}{address}");
    }
    let kinds = [&crate::fault::KINDS[..], &crate::docusign::REFUSALS].concat().join(", ");
    let _ = write!(
        text,
        "\nCalls as a client, as Workfront and through the gateway:\n{}\n\
         Workfront also connects with the API key: {API_KEY}\n\n\
         Callers without a secret, with the recipes of examples/callers:\n{}\n\
         Faults: POST {}/sandbox/fault?kind=KIND&at=PLACE, one at a time.\n  KIND   {kinds}\n  PLACE  {}\n",
        calls(host),
        callers(sandbox, host),
        sandbox.docusign_url(),
        sandbox.docusign.places().join(", "),
    );
    text
}
