//! The program `sandbox`.

use std::path::Path;
use std::process::{Command, Stdio};

use sandbox::repository::skipped;

/// `sandbox | head -n 0` ends, with everything that it started.
#[test]
fn a_reader_that_stops_early_ends_the_sandbox_without_a_panic() {
    let program = Path::new(env!("CARGO_BIN_EXE_sandbox"));
    let handler = program.with_file_name("evergrant");
    if !handler.exists() {
        return skipped("the handler is not built, so the sandbox was not started");
    }
    let mut command = Command::new(program);
    command.arg("--handler").arg(handler).args(["--port", "0"]).stdin(Stdio::null()).stderr(Stdio::piped());
    let reader = command.stdout(std::io::pipe().unwrap().1);
    let output = reader.spawn().unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.is_empty(), "{:?}: {stderr}", output.status);
}
