//! Promises about the house itself: what is pure stays pure, dependencies run one way, no OpenSSL.

use std::path::{Path, PathBuf};

use crate::links::pages;
use crate::support::root;

/// No IO, no clock, no environment, no async.
const PURE: &[&str] = &[
    "endpoints/authorize/page.rs",
    "endpoints/authorize/request.rs",
    "endpoints/authorize/target.rs",
    "web/cookies.rs",
    "endpoints/caller/credentials.rs",
    "cli/client/entry.rs",
    "cli/client/registry.rs",
    "config",
    "connector",
    "endpoints/consent/allow.rs",
    "endpoints/consent/error.rs",
    "endpoints/consent/message.rs",
    "endpoints/consent/outcome.rs",
    "endpoints/consent/query.rs",
    "doctor/check.rs",
    "doctor/fixes.rs",
    "doctor/connectivity.rs",
    "docusign/tokens/assertion.rs",
    "docusign/error.rs",
    "docusign/error_table.rs",
    "memory/failures.rs",
    "endpoints/gateway/headers.rs",
    "endpoints/gateway/error.rs",
    "endpoints/gateway/target.rs",
    "docusign/tokens/freshness.rs",
    "docusign/tokens/replacements.rs",
    "docusign/tokens/slot.rs",
    "docusign/lifetimes.rs",
    "docusign/userinfo.rs",
    "endpoints/metadata.rs",
    "oauth",
    "types.rs",
    "web/response.rs",
    "sealing/claims.rs",
    "sealing/mod.rs",
    "sealing/presented.rs",
    "sealing/secret.rs",
    "web/page.rs",
    "server/paths.rs",
    "secret.rs",
    "memory/tidy_map.rs",
    "signing/key_id.rs",
    "signing/public_key.rs",
    "signing/error.rs",
    "signing/error_table.rs",
    "signing/forbidden.rs",
    "endpoints/setup/page.rs",
    "endpoints/setup/report.rs",
    "endpoints/setup/text.rs",
    "endpoints/token/outage.rs",
    "endpoints/token/error.rs",
    "endpoints/token/request.rs",
    "docusign/api/addresses.rs",
    "docusign/api/error.rs",
    "docusign/api/error_table.rs",
    "endpoints/workfront/error.rs",
    "endpoints/workfront/item.rs",
    "endpoints/workfront/naming.rs",
    "endpoints/workfront/request.rs",
    "telemetry/json.rs",
    "docusign/requested_scope.rs",
];

const IMPURE: [&str; 15] = [
    "async fn",
    ".await",
    "std::fs",
    "std::env",
    "std::net",
    "std::time::SystemTime",
    "Instant",
    "tokio::net",
    "tokio::time",
    "tokio::spawn",
    "reqwest",
    "azure_",
    "Stopwatch",
    "SystemClock",
    "random::<",
];

pub fn sources(path: &Path) -> Vec<(PathBuf, String)> {
    if path.is_file() {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        return vec![(path.to_owned(), code)];
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|_| panic!("{} is gone", path.display()));
    entries.flat_map(|entry| sources(&entry.unwrap().path())).collect()
}

#[test]
fn pure_modules_are_pure() {
    for module in PURE {
        for (path, code) in sources(&root().join("src").join(module)) {
            let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for word in IMPURE {
                assert!(!code.contains(word), "{} has {word}", path.display());
            }
        }
    }
}

#[test]
fn dependencies_run_one_way() {
    let slices = ["authorize", "consent", "gateway", "metadata", "revoke", "setup", "token", "workfront"];
    for (path, code) in sources(&root().join("src")) {
        let inside = path.strip_prefix(root().join("src")).unwrap().display().to_string();
        let may_not = |word: &str, allowed: &[&str]| {
            let allowed = allowed.iter().any(|place| inside.starts_with(place));
            assert!(allowed || !code.contains(word), "{inside} has {word}");
        };
        may_not("hyper::", &["server"]);
        may_not("std::env::var", &["main.rs"]);
        may_not("SystemTime::now", &["clock.rs"]);
        may_not("KeyVaultSigner::new", &["app"]);
        may_not("BlobStore::new", &["app"]);
        may_not("MemoryStore::new", &["app"]);
        may_not("LocalSigner::from_pem", &["config/keys.rs"]);
        may_not("crate::app", &["cli", "app"]);
        may_not("crate::server", &["cli", "app", "server"]);
        may_not("crate::cli", &["cli"]);
        for slice in slices {
            may_not(&format!("crate::endpoints::{slice}"), &[&format!("endpoints/{slice}"), "app", "server", "cli"]);
        }
    }
}

/// Rows of the checklist for authorization servers: A authorization endpoint, T token endpoint, P PKCE, S security best
/// practice, M metadata, I issuer, R revocation, B bearer tokens. A test says by its name which rows it is for: `_b2_b3_`.
const ROWS: [(&str, u8); 8] = [("A", 16), ("T", 18), ("P", 6), ("S", 15), ("M", 4), ("I", 2), ("R", 5), ("B", 3)];

#[test]
fn every_row_of_the_checklist_has_a_test_or_a_reason() {
    let page = std::fs::read_to_string(root().join("docs/reference/standards.md")).unwrap();
    let files = ["src", "tests/api"].iter().flat_map(|folder| rust_files(&root().join(folder)));
    let names: Vec<String> = files
        .flat_map(|text| {
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
            names.map(|name| format!("_{name}_")).collect::<Vec<_>>()
        })
        .collect();
    for (letter, last) in ROWS {
        for number in 1..=last {
            let part = format!("_{}{number}_", letter.to_lowercase());
            let tested = names.iter().any(|name| name.contains(&part));
            let explained = page.contains(&format!("| {letter}{number} |"));
            assert!(tested || explained, "{letter}{number} has neither a test nor a line in standards.md");
            assert!(!(tested && explained), "{letter}{number} has a test, so standards.md need not explain it");
        }
    }
}

pub fn rust_files(path: &Path) -> Vec<String> {
    if path.is_file() {
        return vec![std::fs::read_to_string(path).unwrap()];
    }
    std::fs::read_dir(path).unwrap().flat_map(|entry| rust_files(&entry.unwrap().path())).collect()
}

#[test]
fn the_docs_show_the_pictures_that_are_taken_and_no_others() {
    let docs: String = pages().into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let walk = std::fs::read_to_string(root().join("tests/tools/walk.mjs")).unwrap();
    for picture in std::fs::read_dir(root().join("docs/images")).unwrap() {
        let name = picture.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(docs.contains(&format!("images/{name}.png")), "no page shows {name}");
        assert!(walk.contains(&format!("'{name}'")), "nothing takes {name}");
    }
    for shown in docs.split("images/").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root().join("docs/images").join(shown).is_file(), "{shown} is missing");
    }
}

#[test]
fn tls_is_rustls_and_nothing_else() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for forbidden in ["name = \"openssl\"", "name = \"openssl-sys\"", "name = \"native-tls\""] {
        assert!(!lock.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn the_readme_and_the_sample_name_every_setting() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sample = std::fs::read_to_string(root().join("local.settings.sample.json")).unwrap();
    let mut names: Vec<String> = Vec::new();
    for (_, code) in sources(&root().join("src/config")) {
        let words = code.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        let settings = words.filter(|word| {
            ["EVERGRANT_", "DOCUSIGN_"].iter().any(|prefix| word.len() > prefix.len() && word.starts_with(prefix))
        });
        names.extend(settings.map(ToOwned::to_owned));
    }
    assert!(names.len() > 15);
    for name in names {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not tell of {name}");
        assert!(sample.contains(&format!("\"{name}\"")), "local.settings.sample.json does not have {name}");
    }
}
