//! Measures Evergrant on this machine; `bench/run` builds everything and starts it. See `docs/performance.md`.
//!
//! [`stand`] starts what is measured, on a core of its own; this process has the other one, with the load and the simulated
//! outside world. [`sections`] measures, [`report`] writes table, JSON and chart. Figures are told and never judged; what is
//! judged are counts that the product promises: one signature for a storm of callers, a code redeemed once, no request
//! refused.

#![expect(clippy::disallowed_methods, reason = "to read clocks is its purpose")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to people")]

mod arguments;
mod cores;
mod figures;
mod http_wire;
mod peers;
mod process;
mod report;
mod sections;
mod server;
mod stand;
mod wrk;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use cores::Cores;
use stand::Stand;

/// What goes wrong is told, and ends the section.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cores = Cores::choose();
    // Threads and processes inherit it, so it comes before all of them.
    cores.keep_to_load();
    match measure(&Stand { arguments, cores, busy_before: process::busy_machine() }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and reports; whether every promise was kept.
fn measure(stand: &Stand) -> Result<bool> {
    let handler = stand.arguments.handler();
    if !handler.is_file() {
        let handler = handler.display();
        return Err(format!("there is no handler at {handler}: start this by bench/run, which builds it").into());
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // The outside world runs on these, while this thread measures.
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(sections::all(stand));
    println!("{}", report.markdown());
    for path in report.write(&stand.arguments.out)? {
        println!("Written: {}", path.display());
    }
    let broken = report.broken();
    for told in &broken {
        eprintln!("bench: BROKEN: {told}");
    }
    Ok(broken.is_empty())
}
