//! `cargo run -p sandbox`: runs the complete product on this machine, without any account.

#![expect(clippy::expect_used, reason = "test code should fail loudly")]
#![expect(clippy::disallowed_methods, reason = "cargo sets a variable with its path")]

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use sandbox::host::{FunctionsHost, Phase};
use sandbox::workfront::{self, Mode};
use sandbox::{
    API_KEY, CLIENT_ID, CLIENT_SECRET, GATEWAY_API_KEY, OTHER_EMAIL, SETUP_KEY, Sandbox, clm, free_port, walk,
};

/// Starts simulators of DocuSign, Key Vault, managed identity and the Functions host on this machine, with the real handler,
/// runs the main use cases once and stays up.
#[derive(Parser)]
struct Arguments {
    /// Run the main use cases, then exit: 0 if all of them worked, otherwise 1
    #[arg(long)]
    once: bool,
    /// The handler binary [default: built with cargo]
    #[arg(long)]
    handler: Option<PathBuf>,
    /// Port of the Functions host [default: 7071 if it is free]
    #[arg(long)]
    port: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        // A reader that stops early, as `head` does, needs no message.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => complain(format_args!("the output could not be written: {error}")),
    }
}

/// Writes a line to stdout. Rust's own macro panics if its reader stops early, and would leave processes behind.
fn say(line: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush())
}

/// Writes an error to stderr. If that fails, there is nowhere to report it.
fn complain(error: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "sandbox: {error}");
    ExitCode::FAILURE
}

/// Everything that runs ends with the returned value.
async fn run(arguments: Arguments) -> io::Result<ExitCode> {
    let root = repository();
    let Some(handler) = arguments.handler.clone().or_else(|| build_handler(&root)) else {
        return Ok(complain("the handler could not be built"));
    };
    let mut sandbox = Sandbox::start_without_consent().await;
    if sandbox::storage::program().is_some() {
        sandbox.start_storage().await;
    }
    let port = arguments.port.unwrap_or_else(|| if is_free(7071) { 7071 } else { free_port() });
    let options = sandbox.host_options(&root, Some(&handler), port, &[]);
    let settings = options.settings.clone();
    let host = FunctionsHost::start(options).await;
    if !is_ready(&host).await {
        return Ok(complain(format_args!("the handler did not start:\n{}", host.output().stderr.all().join("\n"))));
    }
    say("Started, all on this machine:")?;
    say(format_args!(
        "  Functions host        {}   (reads host.json and */function.json, runs {})",
        host.url(),
        handler.display()
    ))?;
    say(format_args!("  DocuSign account      {}", sandbox.docusign_url()))?;
    say(format_args!("  eSignature API        {}/restapi", sandbox.docusign_url()))?;
    say(format_args!("  CLM API               {}", sandbox.clm.api_url()))?;
    say(format_args!("  CLM uploads           {}", sandbox.clm.upload_url()))?;
    say(format_args!("  CLM downloads         {}", sandbox.clm.download_url()))?;
    say(format_args!("  CLM web pages         {}/web", sandbox.clm.discovery_url()))?;
    say("  Key Vault             over the real Azure SDK, with managed identity")?;
    say(format_args!("  Storage               {}\n", storage(&sandbox)))?;
    let mut good = print_steps(&walk::main_way(&sandbox, &host.url(), &consent_url(&handler, &settings)).await)?;
    if good {
        good = workfront_tests(&sandbox).await?;
    }
    let counts = (sandbox.key_vault.signatures(), sandbox.docusign.exchanges());
    say(format_args!(
        "\nKey Vault made {} signatures (assertions, and one for the sealing secret per process), DocuSign saw {} exchanges.",
        counts.0, counts.1
    ))?;
    if arguments.once {
        say(format_args!("{}", if good { "All steps worked." } else { "A step failed." }))?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    print_examples(&sandbox, &host, &consent_url(&handler, &settings).unwrap_or_else(|printed| printed))?;
    stop_signal().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C or SIGTERM. The sandbox's processes end with it.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn storage(sandbox: &Sandbox) -> &'static str {
    match sandbox.azurite {
        Some(_) => "the real Azurite, over the real Azure SDK",
        None => "memory (for the real Azurite, run `npm ci` in tests/tools first)",
    }
}

fn print_steps(steps: &[walk::Step]) -> io::Result<bool> {
    for (number, step) in steps.iter().enumerate() {
        let mark = if step.good { "ok    " } else { "FAILED" };
        say(format_args!("{mark} {}. {}\n          {}", number + 1, step.what, step.seen))?;
    }
    Ok(steps.iter().all(|step| step.good))
}

/// Runs Adobe's ten manual tests with both kinds of authentication.
async fn workfront_tests(sandbox: &Sandbox) -> io::Result<bool> {
    let mut good = true;
    for (mode, name) in [(Mode::OAuth2, "OAuth2"), (Mode::ApiKey, "ApiKey")] {
        say(format_args!("\nWorkfront's own tests, with Authentication Type {name}:"))?;
        good &= print_steps(&workfront::walk(sandbox, mode).await)?;
    }
    Ok(good)
}

fn print_examples(sandbox: &Sandbox, host: &FunctionsHost, consent_url: &str) -> io::Result<()> {
    say("\nThe sandbox runs until you press Ctrl-C. Try it:")?;
    say(format_args!(
        "  curl -u '{CLIENT_ID}:{}' -d grant_type=client_credentials {}/oauth/token",
        form_encoded(CLIENT_SECRET),
        host.url()
    ))?;
    print_api_calls(host)?;
    say(format_args!("Look at the setup page:\n  {}/setup?code={SETUP_KEY}", host.url()))?;
    let kinds = [&sandbox::fault::KINDS[..], &sandbox::docusign::REFUSALS].concat().join(", ");
    say(format_args!("Break DocuSign and repair it ({kinds}); or with &at=key-vault, identity, esign or clm:"))?;
    say(format_args!("  curl -X POST '{}/sandbox/fault?kind=status-500'", sandbox.docusign_url()))?;
    say(format_args!("Open the consent link in a browser and press Allow or Deny:\n  {consent_url}"))?;
    say("Make a connection in a browser (sign in, press Allow, then refresh it):")?;
    say(format_args!("  Power Automate, as the integration user   {}", sandbox.power_platform.site.url()))?;
    say(format_args!("  Workfront, as any user                    {}", sandbox.workfront.site.url()))?;
    say(format_args!("  or there with the API key                 {API_KEY}"))
}

/// Prints example calls with API keys.
fn print_api_calls(host: &FunctionsHost) -> io::Result<()> {
    let (url, account) = (host.url(), clm::ACCOUNT_ID);
    say("Call what Workfront calls, as a user; then CLM and eSignature through the gateway, as the integration user:")?;
    say(format_args!("  curl '{url}/workfront/v1/serviceInfo'"))?;
    say(format_args!(
        "  curl -H 'apiKey: {API_KEY}' -H 'username: {OTHER_EMAIL}' '{url}/workfront/v1/files?parentId=/'"
    ))?;
    say(format_args!("  curl -H 'x-api-key: {GATEWAY_API_KEY}' '{url}/gateway/clm/members/current'"))?;
    say(format_args!("  curl -H 'x-api-key: {GATEWAY_API_KEY}' '{url}/gateway/esign/v2.1/accounts/{account}/users'"))
}

/// HTTP Basic requires form-encoded id and secret, RFC 6749 §2.3.1.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("tests/sandbox is two folders deep").to_owned()
}

/// `cargo run -p sandbox` builds the sandbox only, so the handler is built here, in the same profile.
fn build_handler(root: &Path) -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(root).args(["build", "--locked", "--package", "evergrant", "--bin", "evergrant"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    // The handler is then next to this binary.
    let succeeded = build.status().ok()?.success();
    let handler = std::env::current_exe().ok()?.with_file_name("evergrant");
    (succeeded && handler.is_file()).then_some(handler)
}

/// The output of `evergrant consent-url` with these settings, or its error.
fn consent_url(handler: &Path, settings: &[(String, String)]) -> Result<String, String> {
    let mut command = Command::new(handler);
    command.arg("consent-url").env_clear().envs(settings.iter().cloned());
    let output = command.output().map_err(|error| error.to_string())?;
    let printed = if output.status.success() { Ok(&output.stdout) } else { Err(&output.stderr) };
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).trim().to_owned();
    printed.map(text).map_err(text)
}

async fn is_ready(host: &FunctionsHost) -> bool {
    let ready = host.wait_for(|phase| *phase != Phase::Starting);
    matches!(tokio::time::timeout(Duration::from_secs(15), ready).await, Ok(Phase::Ready(_)))
}

fn is_free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}
