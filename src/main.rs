//! Process environment and arguments → command → exit code.

use std::process::ExitCode;

use evergrant::cli;
use evergrant::config::Environment;
use secrecy::SecretString;

/// The environment of this process, and the files named in its settings.
struct Process;

impl Environment for Process {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var(&self, name: &str) -> Option<String> {
        // A value that is not UTF-8 becomes an invalid value, so that it is reported and does not count as unset.
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn file(&self, path: &str) -> Option<SecretString> {
        // Keys and registries are small, regular files. Reading a device could go on forever.
        let metadata = std::fs::metadata(path).ok()?;
        let plausible = metadata.is_file() && metadata.len() <= 1024 * 1024;
        plausible.then(|| std::fs::read_to_string(path).ok().map(SecretString::from))?
    }
}

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Process)
}
