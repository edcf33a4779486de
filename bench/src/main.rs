//! Benchmarks Evergrant on this machine; `bench/run` builds everything and starts it. See `docs/performance.md`.
//!
//! [`setup`] starts the servers on one core; this process uses the other one for the load and the simulators. [`sections`]
//! measures, [`report`] writes table, JSON and chart. Times are only reported. Counts that the product guarantees are checked:
//! one signature for a storm of callers, a code redeemed once, no failed request.

#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints to the terminal")]

mod arguments;
mod cores;
mod figures;
mod http_wire;
mod peers;
mod process;
mod report;
mod sections;
mod server;
mod setup;
mod wrk;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use cores::Cores;
use setup::Setup;

/// An error ends the section and is reported.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let cores = Cores::choose();
    // Pin first, because threads and processes inherit it.
    cores.keep_to_load();
    match measure(&Setup { arguments, cores, busy_before: process::busy_machine() }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and reports. Returns whether all checks passed.
fn measure(setup: &Setup) -> Result<bool> {
    let handler = setup.arguments.handler();
    if !handler.is_file() {
        let handler = handler.display();
        return Err(format!("there is no handler at {handler}: use bench/run, which builds it").into());
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // The simulators run on these threads, while this thread measures.
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(sections::all(setup));
    println!("{}", report.markdown());
    for path in report.write(&setup.arguments.out)? {
        println!("Written: {}", path.display());
    }
    let broken = report.broken();
    for message in &broken {
        eprintln!("bench: BROKEN: {message}");
    }
    Ok(broken.is_empty())
}
