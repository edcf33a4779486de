//! `cargo run -p sandbox`: runs the complete product on this machine, without any account.

#![expect(clippy::expect_used, reason = "test code should fail loudly")]
#![expect(clippy::disallowed_methods, reason = "cargo sets a variable with its path")]

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sandbox::consent_link::ConsentLinks;
use sandbox::host::{FunctionsHost, Phase};
use sandbox::start::{Start, open};
use sandbox::workfront::{self, Mode};
use sandbox::{Sandbox, examples, free_port, walk};

/// Starts simulators of DocuSign, Key Vault, managed identity and the Functions host on this machine, with the real handler,
/// runs the main use cases once and stays up.
#[derive(Parser)]
struct Arguments {
    /// Run the main use cases, then exit: 0 if all of them worked, otherwise 1
    #[arg(long, conflicts_with = "open")]
    once: bool,
    /// Open the start page in a browser
    #[arg(long)]
    open: bool,
    /// Print every address, call and fault
    #[arg(long, short)]
    verbose: bool,
    /// The handler binary [default: built with cargo]
    #[arg(long)]
    handler: Option<PathBuf>,
    /// Port of the Functions host [default: 7071 if it is free]. The start page is at 7070 if that is free
    #[arg(long)]
    port: Option<u16>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Ending like this also ends the sandbox's processes.
    let ended = tokio::select! {
        ended = run(&arguments) => ended,
        () = stop_signal() => Ok(!arguments.once),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader has seen enough, as with `| head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all steps worked, with `--once`; otherwise it stays up.
async fn run(arguments: &Arguments) -> io::Result<bool> {
    let mut sandbox = Sandbox::start_without_consent().await;
    if sandbox::storage::program().is_some() {
        sandbox.start_storage().await;
    }
    let sandbox = Arc::new(sandbox);
    let (host, links) = start_host(arguments, &sandbox).await?;
    print("Started. These are the main use cases:\n")?;
    let good = walk_through(&sandbox, &host, &links).await?;
    if arguments.once || !good {
        print(if good { "All steps worked.\n" } else { "A step failed.\n" })?;
    }
    if arguments.once {
        return Ok(good);
    }
    sandbox.start_over();
    stay(arguments, &sandbox, &host, links).await
}

/// Starts the Functions host with the handler and waits until both are ready.
async fn start_host(arguments: &Arguments, sandbox: &Sandbox) -> io::Result<(Arc<FunctionsHost>, ConsentLinks)> {
    let root = repository();
    let handler = arguments.handler.clone().or_else(|| build_handler(&root)).filter(|handler| handler.is_file());
    let handler = handler.ok_or_else(|| io::Error::other("there is no handler: it could not be built or found"))?;
    let usual = || if is_free(7071) { 7071 } else { free_port() };
    // The port is part of the public URL, which callers' tokens are for.
    let port = arguments.port.map_or_else(usual, |port| if port == 0 { free_port() } else { port });
    let clients = sandbox.clients_and_callers(&format!("http://127.0.0.1:{port}")).to_string();
    let options = sandbox.host_options(&root, Some(&handler), port, &[("EVERGRANT_CLIENTS", &clients)]);
    let links = ConsentLinks { handler, settings: options.settings.clone() };
    let host = FunctionsHost::start(options).await;
    if !is_ready(&host).await {
        return Err(io::Error::other(format!("the handler did not start:\n{}", host.output().stderr.all().join("\n"))));
    }
    Ok((Arc::new(host), links))
}

/// Runs the main use cases, then Adobe's ten manual tests with both kinds of authentication.
async fn walk_through(sandbox: &Sandbox, host: &FunctionsHost, links: &ConsentLinks) -> io::Result<bool> {
    let mut steps = walk::main_way(sandbox, &host.url(), &links.print().await).await;
    steps.push(walk::archive(sandbox, &host.url(), &links.handler).await);
    let mut good = print_steps(&steps)?;
    for (mode, name) in [(Mode::OAuth2, "OAuth2"), (Mode::ApiKey, "ApiKey")] {
        if good {
            print(&format!("\nWorkfront's own tests, with Authentication Type {name}:\n"))?;
            good = print_steps(&workfront::walk(sandbox, mode).await)?;
        }
    }
    let counts = (sandbox.key_vault.signatures(), sandbox.docusign.exchanges());
    print(&format!("\nKey Vault made {} signatures, DocuSign saw {} exchanges.\n", counts.0, counts.1))?;
    Ok(good)
}

/// Serves the start page and prints what to try. It never ends by itself.
async fn stay(
    arguments: &Arguments,
    sandbox: &Arc<Sandbox>,
    host: &Arc<FunctionsHost>,
    links: ConsentLinks,
) -> io::Result<bool> {
    let port = if arguments.port.is_none() && is_free(7070) { 7070 } else { 0 };
    let (_server, addresses) = Start::serve(sandbox, host, port, links).await;
    print(&examples::brief(sandbox, &addresses))?;
    print(&if arguments.verbose {
        examples::details(sandbox, &addresses.host)
    } else {
        "\nFor every address, call and fault, start it with --verbose.\n".to_owned()
    })?;
    if arguments.open && !open(&addresses.start).await {
        print("No browser was found: open the first address yourself.\n")?;
    }
    std::future::pending().await
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn print_steps(steps: &[walk::Step]) -> io::Result<bool> {
    for (number, step) in steps.iter().enumerate() {
        let mark = if step.good { "ok    " } else { "FAILED" };
        print(&format!("{mark} {}. {}\n          {}\n", number + 1, step.what, step.seen))?;
    }
    Ok(steps.iter().all(|step| step.good))
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
    succeeded.then_some(handler)
}

async fn is_ready(host: &FunctionsHost) -> bool {
    let ready = host.wait_for(|phase| *phase != Phase::Starting);
    matches!(tokio::time::timeout(Duration::from_secs(15), ready).await, Ok(Phase::Ready(_)))
}

fn is_free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}
