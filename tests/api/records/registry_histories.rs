//! The client registry in a file, through any history of versions: the last good one serves, and what is wrong now is known.

use std::path::Path;

use evergrant::config::clients::MAX_BYTES;
use evergrant::config::{ClientsSetting, FileError, RegistryPlace};
use evergrant::oauth::scope::Scope;
use evergrant::registry::error::RegistryError;
use evergrant::registry::source::RegistryLocation;
use evergrant::registry::{Registry, faults};
use evergrant::store::StoreError;
use evergrant::types::Explained as _;
use proptest::prelude::*;
use serde_json::json;

/// What is at the registry's place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    /// This many clients.
    Good(usize),
    /// One of several texts that are refused.
    Refused(usize),
    Missing,
    Folder,
}

const REFUSED: [&str; 6] = [
    "",
    "[{",
    "{}",
    r#"[{"client_id":"a"}]"#,
    r#"[{"client_id":"a","client_secret_sha256":["x"],"grant_types":[]}]"#,
    r#"[{"client_id":"a","client_secret_sha256":[],"grant_types":["client_credentials"]}]"#,
];

fn versions() -> impl Strategy<Value = Vec<Version>> {
    let version = prop_oneof![
        4 => (0..3_usize).prop_map(Version::Good),
        3 => (0..REFUSED.len()).prop_map(Version::Refused),
        2 => Just(Version::Missing),
        1 => Just(Version::Folder),
    ];
    proptest::collection::vec(version, 1..15)
}

/// A registry of this many clients.
fn text(clients: usize) -> String {
    let client = |number| json!({"client_id": format!("client-{number}"), "client_secret_sha256": ["2c".repeat(32)], "grant_types": ["client_credentials"]});
    json!((0..clients).map(client).collect::<Vec<_>>()).to_string()
}

fn put(path: &Path, version: Version) {
    let _ = std::fs::remove_dir(path);
    let _ = std::fs::remove_file(path);
    match version {
        Version::Good(clients) => std::fs::write(path, text(clients)).unwrap(),
        Version::Refused(number) => std::fs::write(path, REFUSED[number]).unwrap(),
        Version::Missing => {}
        Version::Folder => std::fs::create_dir(path).unwrap(),
    }
}

/// What has to be known after all versions so far.
#[derive(Debug, Default, PartialEq)]
struct Known {
    clients: Option<usize>,
    is_refused: bool,
    outage: Option<RegistryError>,
}

impl Known {
    fn read(&mut self, version: Version) {
        match version {
            Version::Good(clients) => *self = Self { clients: Some(clients), ..Self::default() },
            Version::Refused(_) => (self.is_refused, self.outage) = (true, None),
            Version::Missing => self.outage = Some(RegistryError::File(FileError::Missing)),
            Version::Folder => self.outage = Some(RegistryError::File(FileError::NotRegular)),
        }
    }

    fn of(registry: &Registry) -> Self {
        let state = registry.state();
        let clients = registry.loaded().map(|clients| clients.iter().count());
        assert_eq!(state.clients.map(|clients| clients.iter().count()), clients);
        Self { clients, is_refused: state.refused.is_some(), outage: state.outage }
    }
}

fn registry(path: &Path) -> Registry {
    let name = path.display().to_string();
    let setting = ClientsSetting { place: RegistryPlace::File(name.clone()), at_start: None, digest: None };
    Registry::new(&setting, RegistryLocation::File(name.into()), Scope::parse("signature").unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_last_good_version_serves_and_what_is_wrong_now_is_known(versions in versions()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.json");
        let (registry, mut known) = (registry(&path), Known::default());
        runtime.block_on(async {
            for version in versions {
                put(&path, version);
                known.read(version);
                // Reading the same version again changes nothing.
                for _ in 0..2 {
                    registry.read_again().await;
                    prop_assert_eq!(&Known::of(&registry), &known, "after {:?}", version);
                }
                prop_assert_eq!(registry.current().await.is_ok(), known.clients.is_some());
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_request_keeps_the_version_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let registry = registry(&path);
    put(&path, Version::Good(2));
    registry.read_again().await;
    let (at_begin, clone) = (registry.current().await.unwrap(), registry.clone());
    put(&path, Version::Good(1));
    registry.read_again().await;
    assert_eq!(at_begin.iter().count(), 2);
    assert_eq!(clone.current().await.unwrap().iter().count(), 1, "clones see the same versions");
}

#[tokio::test]
async fn a_version_may_have_one_mebibyte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let registry = registry(&path);
    for (bytes, is_good) in [(MAX_BYTES - 1, true), (MAX_BYTES, true), (MAX_BYTES + 1, false), (4 * MAX_BYTES, false)] {
        let text = text(1);
        std::fs::write(&path, format!("{text}{}", " ".repeat(bytes - text.len()))).unwrap();
        registry.read_again().await;
        assert_eq!(registry.state().refused.is_none(), is_good, "{bytes}");
        assert_eq!(registry.loaded().unwrap().iter().count(), 1);
    }
}

#[tokio::test]
async fn at_most_five_faults_are_named_and_the_others_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clients.json");
    let registry = registry(&path);
    for wrong in [1_usize, 5, 6, 30] {
        let entries: Vec<_> = (0..wrong)
            .map(|number| json!({"client_id": format!("c{number}"), "client_secret_sha256": ["hunter2"], "grant_types": []}))
            .collect();
        std::fs::write(&path, json!(entries).to_string()).unwrap();
        registry.read_again().await;
        let refused = registry.state().refused.unwrap();
        let (line, named) = (faults(&refused), refused.errors.len().min(5));
        assert_eq!(line.matches("EVERGRANT_CLIENTS[").count(), named, "{line}");
        let more = refused.errors.len() - named;
        assert_eq!(line.ends_with(&format!("; and {more} more")), more > 0, "{line}");
        assert!(!line.contains("hunter2") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn every_outage_of_the_registry_names_the_registry_and_not_the_store() {
    for (error, code, sentence) in [
        (StoreError::NoContainer, "blob_missing", "the blob does not exist"),
        (StoreError::AccessDenied, "store_unavailable", "Storage Blob Data Reader"),
        (StoreError::ContainerBeingDeleted, "store_unavailable", "the container of EVERGRANT_CLIENTS is being deleted"),
        (StoreError::NetworkRefused, "store_unavailable", "network rules"),
        (StoreError::NoAnswer, "store_unavailable", "no answer"),
        (StoreError::OtherTenant, "store_unavailable", "another Entra tenant"),
    ] {
        let outage = RegistryError::from(error);
        assert_eq!(outage.explain().code, code, "{outage}");
        assert!(outage.to_string().contains(sentence), "{outage}");
        assert!(!outage.to_string().contains("EVERGRANT_STORE"), "{outage}");
    }
    assert_eq!(RegistryError::File(FileError::Missing).explain().code, "file_unavailable");
}
