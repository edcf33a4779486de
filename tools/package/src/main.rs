//! Packs the binary that `./package` built.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints to the terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use package::{Measure, ZIP};

/// Checks a built binary and packs it with host.json and the function folders into the deployment zip.
#[derive(Parser)]
struct Arguments {
    /// The folder with host.json and the function folders
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// The built binary
    #[arg(long)]
    binary: PathBuf,
    /// Where the zip, its checksum and the unpacked folder go
    #[arg(long, default_value = "target/package")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { root, binary, out } = Arguments::parse();
    match package::package(&root, &binary, &out) {
        Ok(report) => {
            for entry in &report.entries {
                println!("packed      {entry}");
            }
            println!("binary      {}", describe(&report.binary));
            if let Some(version) = report.glibc {
                println!("glibc       {version} or newer");
            }
            println!("zip         {}", describe(&report.zip));
            println!("made        {}", out.join(ZIP).display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("package: {error}");
            ExitCode::FAILURE
        }
    }
}

fn describe(measure: &Measure) -> String {
    format!("{} bytes, SHA-256 {}", measure.size, measure.sha256)
}
