//! The package that `./package` built: the binary depends only on glibc, and the folder works alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use sandbox::client::{Answer, HttpClient};
use sandbox::host::{FunctionsHost, Phase};
use sandbox::manifest::Manifest;
use sandbox::process::{self, Output, copy_program};
use sandbox::{CLIENT_ID, CLIENT_SECRET, Sandbox, free_port};
use tempfile::TempDir;

use crate::support::{TestApp, TestEnvironment, root, skipped};

/// The sources of the package besides the function folders. Tests may be newer than the package.
const SOURCES: [&str; 7] = [".cargo", "Cargo.lock", "Cargo.toml", "connectors", "host.json", "src", "templates"];

/// The ways to run a program with another root folder: as root, or as any user if the system allows it.
const WAYS: [&[&str]; 2] = [&["chroot"], &["unshare", "--map-root-user", "chroot"]];

/// Reports that there is no package to test.
fn untested<T>(why: &str) -> Option<T> {
    skipped(&format!("the package is NOT tested: {why}"));
    None
}

/// The package, unpacked as in a deployment.
fn unpacked() -> Option<TempDir> {
    let zip = root().join("target/package/evergrant.zip");
    let made = fs::metadata(&zip).and_then(|metadata| metadata.modified()).ok();
    let functions = Manifest::read(&root()).unwrap().functions.into_iter().map(|function| function.name);
    let sources = SOURCES.map(str::to_owned).into_iter().chain(functions);
    let changed = sources.map(|source| last_change(&root().join(source))).max();
    if made.is_none() {
        return untested("there is no package: run ./package");
    }
    if made < changed {
        return untested("the package is older than its sources: run ./package");
    }
    let folder = tempfile::tempdir().unwrap();
    let unzip = Command::new("unzip").arg("-q").arg(&zip).arg("-d").arg(folder.path()).status();
    let Ok(status) = unzip else { return untested("unzip is missing: install it") };
    assert!(status.success(), "unzip takes the zip");
    Some(folder)
}

fn last_change(path: &Path) -> SystemTime {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().map(|entry| last_change(&entry.unwrap().path())).max().unwrap();
    }
    fs::metadata(path).unwrap().modified().unwrap()
}

/// A folder with the package's binary and this machine's glibc, and the way to use it as a root folder.
fn jail() -> Option<(TempDir, &'static [&'static str])> {
    let package = unpacked()?;
    let jail = tempfile::tempdir().unwrap();
    let binary = jail.path().join("evergrant");
    fs::rename(package.path().join("evergrant"), &binary).unwrap();
    if copy_glibc(&binary, jail.path()).is_err() {
        return untested("ldd is missing: install it");
    }
    let works = |way: &&&[&str]| {
        Command::new(way[0]).args(&way[1..]).args(["/", "true"]).status().is_ok_and(|status| status.success())
    };
    let Some(way) = WAYS.iter().find(works) else { return untested("this user may not change the root folder") };
    Some((jail, way))
}

/// Copies the loader and the libraries that `binary` requires, which are all from glibc, to the same paths in `jail`.
fn copy_glibc(binary: &Path, jail: &Path) -> std::io::Result<()> {
    let output = Command::new("ldd").arg(binary).output()?;
    let words = String::from_utf8_lossy(&output.stdout);
    for path in words.split_whitespace().filter_map(|word| word.strip_prefix('/')) {
        let copy = jail.join(path);
        fs::create_dir_all(copy.parent().unwrap_or(jail))?;
        copy_program(&Path::new("/").join(path), &copy);
    }
    Ok(())
}

/// `evergrant` in the jail.
fn jailed(jail: &TempDir, way: &[&str], argument: &str, environment: TestEnvironment) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(way[0]);
    command.args(&way[1..]).arg(jail.path()).args(["/evergrant", argument]);
    environment.with("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").apply(&mut command);
    command
}

/// Repeats a request until there is a response; with a time limit.
async fn answer_in_the_end(http: &HttpClient, url: &str, output: &Output) -> Answer {
    for _ in 0..200 {
        let answer = http.get(url).await;
        if answer.status != 599 {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no answer from {url} in 10 s: {output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_runs_with_glibc_alone() {
    let Some((jail, way)) = jail() else { return };
    let output = jailed(&jail, way, "--version", TestEnvironment::default()).output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, concat!("evergrant ", env!("CARGO_PKG_VERSION"), "\n"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_serves_a_token_with_glibc_and_a_key_file_alone() {
    let Some((jail, way)) = jail() else { return };
    let sandbox = Sandbox::start().await;
    fs::write(jail.path().join("key.pem"), sandbox.signing_key.pkcs8_pem()).unwrap();
    let url = format!("http://127.0.0.1:{}", free_port());
    // The name localhost cannot be resolved there.
    let docusign = sandbox.docusign_url().replace("localhost", "127.0.0.1");
    let environment = TestEnvironment::from(&sandbox.settings(&url))
        .with("DOCUSIGN_OAUTH_URL", &docusign)
        .with("EVERGRANT_SIGNING_KEY_ID", "file:/key.pem")
        .with("EVERGRANT_SEALING_KEY_ID", "file:/key.pem")
        .with("FUNCTIONS_CUSTOMHANDLER_PORT", url.rsplit(':').next().unwrap());
    let environment =
        ["WEBSITE_INSTANCE_ID", "HTTPS_PROXY", "SSL_CERT_FILE"].into_iter().fold(environment, TestEnvironment::without);
    let mut command = jailed(&jail, way, "serve", environment);
    let output = Output::default();
    let _child = process::spawn(&mut command, &output);
    let http = HttpClient::default();
    assert_eq!(answer_in_the_end(&http, &format!("{url}/healthz"), &output).await.status, 200);
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let answer = http.post_form(&format!("{url}/oauth/token"), &[], &form).await;
    assert_eq!(answer.status, 200, "{} {:?}", answer.text(), output.stdout.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unpacked_folder_works_behind_the_host() {
    let Some(package) = unpacked() else { return };
    let sandbox = Sandbox::start().await;
    let options = sandbox.host_options(package.path(), None, 0, &[]);
    let host = FunctionsHost::start(options).await;
    let phase = host.wait_for(|phase| *phase != Phase::Starting).await;
    assert!(matches!(phase, Phase::Ready(_)), "{phase:?}: {:?}", host.output().stderr.all());
    let app = TestApp::behind(sandbox, host);
    assert_eq!(app.http.get(&app.url("/healthz")).await.status, 200);
    let answer = app.token(&[]).await;
    assert_eq!(answer.status, 200);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert!(app.sandbox.docusign.access_tokens().contains(&token), "DocuSign's own");
    assert_eq!(app.sandbox.key_vault.signatures_by("evergrant-signing"), 1, "signed in Key Vault");
}

#[test]
fn the_package_contains_only_the_app() {
    let Some(package) = unpacked() else { return };
    let functions = Manifest::read(&root()).unwrap().functions.into_iter().map(|function| PathBuf::from(function.name));
    let mut expected: Vec<_> = functions.map(|folder| folder.join("function.json")).collect();
    expected.extend(["evergrant".into(), "host.json".into()]);
    expected.sort();
    assert_eq!(files(package.path(), package.path()), expected);
    for name in expected.iter().filter(|name| *name != Path::new("evergrant")) {
        assert_eq!(fs::read(package.path().join(name)).unwrap(), fs::read(root().join(name)).unwrap(), "{name:?}");
    }
}

/// The files below `folder`, relative to `top`, sorted.
fn files(folder: &Path, top: &Path) -> Vec<PathBuf> {
    if folder.is_file() {
        return vec![folder.strip_prefix(top).unwrap().to_owned()];
    }
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.flat_map(|entry| files(&entry.unwrap().path(), top)).collect();
    files.sort();
    files
}

#[test]
fn func_publish_leaves_out_the_same_files_as_the_package() {
    let tracked = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let Some(tracked) = tracked.ok().filter(|output| output.status.success()) else {
        untested::<()>("git does not know what is in the repository");
        return;
    };
    let manifest = Manifest::read(&root()).unwrap();
    let packed: Vec<_> =
        manifest.functions.iter().map(|function| function.name.as_str()).chain(["host.json"]).collect();
    let ignored = fs::read_to_string(root().join(".funcignore")).unwrap();
    for path in String::from_utf8(tracked.stdout).unwrap().split_terminator('\0') {
        let top = path.split('/').next().unwrap();
        // func never publishes .funcignore itself.
        let left_out = top == ".funcignore" || ignored.lines().any(|pattern| fits(pattern, top));
        assert_ne!(left_out, packed.contains(&top), "{top}: in .funcignore if and only if it is not packed");
    }
}

/// Matches patterns with at most one star, which is enough for `.funcignore`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
        None => pattern == name,
    }
}
