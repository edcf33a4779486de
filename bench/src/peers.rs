//! The servers to compare with: a bare server, and other authorization servers.

use std::path::{Path, PathBuf};

use sandbox::free_port;

use crate::Result;
use crate::server::{Launch, Output};
use crate::setup::{MACHINE, SCOPE, SECRET};

/// Another authorization server.
#[derive(Debug)]
pub struct Peer {
    /// Its library.
    pub name: &'static str,
    /// The command to start it, or why it cannot be started.
    pub launch: Result<Launch>,
}

/// All of them.
#[must_use]
pub fn peers() -> Vec<Peer> {
    vec![
        Peer { name: "node oidc-provider", launch: node() },
        Peer { name: "Authlib, Flask, gunicorn", launch: python() },
    ]
}

/// The bare server with responses of this length. Its binary is next to this program.
///
/// # Errors
/// If it was not built.
pub fn bare(length: usize) -> Result<Launch> {
    let program = std::env::current_exe()?.with_file_name("bare");
    let port = free_port();
    let arguments = vec![format!("--port={port}"), format!("--length={length}")];
    launch(program, arguments, port, std::env::temp_dir())
}

fn node() -> Result<Launch> {
    let port = free_port();
    let folder = folder();
    if !folder.join("node_modules/oidc-provider").is_dir() {
        return Err("not installed".into());
    }
    launch(on_path("node")?, vec!["node.mjs".to_owned()], port, folder)
}

/// One process with several threads, because gunicorn's sync worker closes every connection.
fn python() -> Result<Launch> {
    let port = free_port();
    let folder = folder();
    let bind = format!("127.0.0.1:{port}");
    let arguments = ["--workers", "1", "--worker-class", "gthread", "--threads", "4", "--no-control-socket", "--bind"];
    let arguments = arguments.into_iter().chain([bind.as_str(), "server:app"]).map(ToOwned::to_owned).collect();
    launch(folder.join(".venv/bin/gunicorn"), arguments, port, folder)
}

fn launch(program: PathBuf, arguments: Vec<String>, port: u16, folder: PathBuf) -> Result<Launch> {
    if !program.is_file() {
        return Err("not installed".into());
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let environment =
        [("PORT", port.to_string().as_str()), ("CLIENT_ID", MACHINE), ("CLIENT_SECRET", SECRET), ("SCOPE", SCOPE)]
            .into_iter()
            .chain([("PATH", path.as_str()), ("NODE_ENV", "production"), ("PYTHONDONTWRITEBYTECODE", "1")])
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
    Ok(Launch { program, arguments, environment, folder, port, output: Output::Counted })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The path of a program.
///
/// # Errors
/// If it is not installed.
pub fn on_path(program: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.ok_or_else(|| format!("{program} is not installed").into())
}
