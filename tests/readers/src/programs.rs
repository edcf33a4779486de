//! Programs that tests run.

use std::process::Command;

/// Runs `command` and returns its output, as an error if it failed.
///
/// # Errors
/// If the command did not succeed.
pub fn report(command: &mut Command) -> Result<String, String> {
    let output = command.output();
    let output = output.map_err(|error| format!("{command:?}: {error}; ./test installs what the tests need"))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(text) } else { Err(text) }
}
