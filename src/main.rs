//! Process environment and arguments → command → exit code.

use std::process::ExitCode;
use std::{fs, io};

use evergrant::cli;
use evergrant::config::{Environment, FileError};
use mimalloc::MiMalloc;
use secrecy::SecretSlice;

/// Faster than glibc's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Keys and registries are smaller.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The environment of this process, and the files named in its settings.
struct Process;

impl Environment for Process {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var(&self, name: &str) -> Option<String> {
        // A value that is not UTF-8 becomes an invalid value, so that it is reported and does not count as unset.
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }

    fn file(&self, path: &str) -> Result<SecretSlice<u8>, FileError> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::Missing,
            _ => FileError::Unreadable,
        };
        // Reading a device could go on forever.
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(FileError::NotRegular);
        }
        if metadata.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLarge);
        }
        fs::read(path).map(SecretSlice::from).map_err(unreadable)
    }
}

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &Process)
}
