//! The files of the app: the configuration of the Functions host, and the binary that it starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

const HOST_JSON: &str = "host.json";
const FUNCTION_JSON: &str = "function.json";

/// Why a folder is not an app.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file is missing or cannot be read.
    #[error("{name}: {source}: run this on the folder that has host.json and the function folders")]
    Unreadable {
        /// The file.
        name: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{name} is not JSON: {source}: fix it, or the host cannot start")]
    NotJson {
        /// The file.
        name: String,
        /// The position of the error.
        source: serde_json::Error,
    },
    /// `host.json` has no executable.
    #[error("host.json names no executable: set customHandler.description.defaultExecutablePath to the binary's name")]
    NoExecutable,
    /// The executable in `host.json` is not a plain file name.
    #[error("host.json names the executable {0:?}: use a plain file name, for only then is its entry made executable")]
    ExecutablePath(String),
    /// There are no functions.
    #[error("no function: no folder next to host.json has a function.json")]
    NoFunction,
}

/// A file of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The content.
    pub bytes: Vec<u8>,
    /// The Unix permissions. They are fixed, because a checkout's permissions depend on the umask, and the app does not start
    /// if the host cannot read `host.json`.
    pub mode: u32,
}

/// The deployed files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// By path with forward slashes, in a fixed order.
    pub files: BTreeMap<String, File>,
}

impl App {
    /// Reads `host.json` and the function folders of `root`, and adds `program` as the executable.
    ///
    /// # Errors
    /// If the host could not start the app.
    pub fn read(root: &Path, program: Vec<u8>) -> Result<Self, AppError> {
        let host = read(root, HOST_JSON)?;
        let executable = executable(&json(HOST_JSON, &host)?)?;
        let mut files = functions(root)?;
        if files.is_empty() {
            return Err(AppError::NoFunction);
        }
        files.insert(HOST_JSON.to_owned(), File { bytes: host, mode: 0o644 });
        files.insert(executable, File { bytes: program, mode: 0o755 });
        Ok(Self { files })
    }
}

/// Every folder directly below the root with a `function.json` is a function, as for the host.
fn functions(root: &Path) -> Result<BTreeMap<String, File>, AppError> {
    let unreadable = |source| AppError::Unreadable { name: root.display().to_string(), source };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(root).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.file_name();
        let name = format!("{}/{FUNCTION_JSON}", folder.to_string_lossy());
        if root.join(&name).is_file() {
            let bytes = read(root, &name)?;
            json(&name, &bytes)?;
            files.insert(name, File { bytes, mode: 0o644 });
        }
    }
    Ok(files)
}

fn executable(host: &Value) -> Result<String, AppError> {
    let named = host["customHandler"]["description"]["defaultExecutablePath"].as_str();
    let named = named.filter(|name| !name.is_empty()).ok_or(AppError::NoExecutable)?;
    // The host expands %NAME%, and deployment tools compare this with the entry's name.
    let plain = named.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !named.starts_with('.');
    if plain { Ok(named.to_owned()) } else { Err(AppError::ExecutablePath(named.to_owned())) }
}

fn read(root: &Path, name: &str) -> Result<Vec<u8>, AppError> {
    fs::read(root.join(name)).map_err(|source| AppError::Unreadable { name: name.to_owned(), source })
}

fn json(name: &str, bytes: &[u8]) -> Result<Value, AppError> {
    serde_json::from_slice(bytes).map_err(|source| AppError::NotJson { name: name.to_owned(), source })
}
