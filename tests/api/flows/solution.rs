//! The files that `evergrant solution power-automate` writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use readers::files::is_a;
use sandbox::flows::{FLOWS, Reference};

use super::bench::{Written, write};
use crate::support::root;

const URL: &str = "https://contoso-evergrant.azurewebsites.net";

/// All files below a folder, sorted.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|inside| format!("{name}/{inside}")));
        } else {
            found.insert(name);
        }
    }
    found
}

/// Unpacks a solution with another program.
fn unzip(written: &Written, solution: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let archive = written.path(&format!("{solution}.zip"));
    let output = Command::new("unzip").arg("-q").arg(archive).current_dir(&folder).output().expect("unzip");
    assert!(output.status.success(), "{output:?}");
    folder
}

/// The values of an attribute, or the texts of an element.
fn values<'t>(text: &'t str, before: &str, after: &str) -> BTreeSet<&'t str> {
    text.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_packings_are_equal_and_existing_files_are_not_overwritten() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &other] {
        let output = write(&folder.path().join("new"), &["--public-url", URL]).await;
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && printed.contains("EvergrantConnectors.zip first"), "{printed}");
    }
    let (one, other) = (one.path().join("new"), other.path().join("new"));
    assert_eq!(files(&one), files(&other));
    for name in files(&one) {
        assert_eq!(fs::read(one.join(&name)).unwrap(), fs::read(other.join(&name)).unwrap(), "{name}");
    }
    // Running it again changes nothing and is not an error.
    let again = write(&one, &["--public-url", URL]).await;
    assert!(again.status.success() && again.stdout.is_empty(), "{again:?}");
    let changed = one.join("EvergrantFlows/Other/Solution.xml");
    fs::write(&changed, "mine").unwrap();
    let refused = write(&one, &["--public-url", "https://other.example"]).await;
    let printed = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(printed.contains("EvergrantFlows/Other/Solution.xml") && printed.contains("--force"), "{printed}");
    assert_eq!(fs::read_to_string(&changed).unwrap(), "mine");
    assert!(write(&one, &["--public-url", "https://other.example", "--force"]).await.status.success());
    assert!(fs::read_to_string(&changed).unwrap().contains("<UniqueName>EvergrantFlows"));
    assert_ne!(
        fs::read(one.join("EvergrantConnectors.zip")).unwrap(),
        fs::read(other.join("EvergrantConnectors.zip")).unwrap(),
        "the connectors have the new host"
    );
    let missing = crate::support::run(&["solution", "power-automate", "--out", "x"], &[]).await;
    assert!(missing.status.code() == Some(2) && !Path::new("x").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unpacked_sources_are_the_committed_ones() {
    let written = Written::new(URL).await;
    let kept = root().join("connectors/solution");
    let version = format!("<Version>{}.0</Version>", env!("CARGO_PKG_VERSION"));
    for solution in ["EvergrantConnectors", "EvergrantFlows"] {
        for name in files(&kept.join(solution)) {
            let expected = fs::read_to_string(kept.join(solution).join(&name)).unwrap();
            let expected = expected.replace("<Version>1.0.0.0</Version>", &version);
            assert_eq!(fs::read_to_string(written.path(&format!("{solution}/{name}"))).unwrap(), expected, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archives_have_everything_that_their_manifests_name() {
    let written = Written::new(URL).await;
    for solution in ["EvergrantConnectors", "EvergrantFlows"] {
        let folder = unzip(&written, solution);
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let names = files(folder.path());
        let (manifest, customizations) = (read("solution.xml"), read("customizations.xml"));
        assert!(manifest.contains("<CustomizationPrefix>evgrant</CustomizationPrefix>"));
        assert!(manifest.contains(&format!("<UniqueName>{solution}</UniqueName>")));
        for name in names.iter().filter(|name| is_a("xml", name)) {
            well_formed(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for extension in names.iter().filter_map(|name| name.rsplit_once('.')).map(|(_, extension)| extension) {
            assert!(read("[Content_Types].xml").contains(&format!("Extension=\"{extension}\"")), "{extension}");
        }
        let mut expected: BTreeSet<String> =
            ["[Content_Types].xml", "customizations.xml", "solution.xml"].map(ToOwned::to_owned).into();
        for (before, after) in [
            ("<JsonFileName>/", "<"),
            ("<openapidefinition>/", "<"),
            ("<connectionparameters>/", "<"),
            ("<policytemplateinstances>/", "<"),
            ("<iconblob>/", "<"),
        ] {
            expected.extend(values(&customizations, before, after).into_iter().map(ToOwned::to_owned));
        }
        for variable in values(&manifest, "type=\"380\" schemaName=\"", "\"") {
            let file = format!("environmentvariabledefinitions/{variable}/environmentvariabledefinition.xml");
            assert!(read(&file).contains(&format!("schemaname=\"{variable}\"")), "{variable}");
            expected.insert(file);
        }
        assert_eq!(names, expected);
        assert_eq!(values(&manifest, "type=\"29\" id=\"{", "}"), values(&customizations, "WorkflowId=\"{", "}"));
        assert_eq!(values(&manifest, "type=\"372\" id=\"{", "}"), {
            let connectors = customizations.split("<connectionreferences>").next().unwrap();
            values(connectors, "<connectorid>", "<")
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reference_leads_to_something_in_the_solutions() {
    let written = Written::new(URL).await;
    let read = |name: &str| fs::read_to_string(written.path(name)).unwrap();
    let customizations = read("EvergrantFlows/Other/Customizations.xml");
    let references = values(&customizations, "connectionreferencelogicalname=\"", "\"");
    let mut used = BTreeSet::new();
    for flow in FLOWS {
        for Reference { name: connection, logical_name, connector } in written.solutions.references(flow) {
            assert!(references.contains(logical_name.as_str()), "{logical_name}");
            assert!(
                customizations.contains(&format!("<connectorid>/providers/Microsoft.PowerApps/apis/{connection}<"))
            );
            if let Some(connector) = connector {
                let xml = read(&format!("EvergrantConnectors/Connectors/{connector}.xml"));
                let id = values(&xml, "<connectorid>", "<").into_iter().next().unwrap();
                assert!(customizations.contains(&format!("<connectorid>{id}</connectorid>")), "{connector}");
                assert!(xml.contains(&format!("<name>{connector}</name>")));
            }
            used.insert(logical_name);
        }
    }
    assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), references, "no reference is unused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_is_for_the_chosen_kind_of_connection() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--public-url", "https://app.example", "--client-id", "o'flows"];
    assert!(write(folder.path(), &options).await.status.success());
    let by_sign_in = fs::read_to_string(folder.path().join("README.md")).unwrap();
    let parameters = "EvergrantConnectors/Connectors/evgrant_docusignclm_connectionparameters.json";
    let parameters = fs::read_to_string(folder.path().join(parameters)).unwrap();
    assert!(parameters.contains("\"clientId\": \"o'flows\"") && !parameters.contains("clientSecret\""), "{parameters}");
    let by_key = fs::read_to_string(Written::new(URL).await.path("README.md")).unwrap();
    assert!(by_sign_in.contains("client new \"o'flows\" ") && by_sign_in.contains("<https://app.example>"));
    assert!(by_sign_in.contains("Security") && !by_sign_in.contains("--api-key") && !by_sign_in.contains("<!--"));
    assert!(by_key.contains("client new flows --api-key") && !by_key.contains("Security") && !by_key.contains("<!--"));
    assert_eq!(write(folder.path(), &["--api-key", "--client-id", "x"]).await.status.code(), Some(2));
}

/// Whether every element is closed, in order.
fn well_formed(xml: &str) -> Result<(), String> {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match tag {
            _ if tag.starts_with('?') || tag.ends_with('/') => {}
            _ if tag.starts_with('/') => {
                let opened = open.pop();
                if opened != Some(name) {
                    return Err(format!("{name} closes {opened:?}"));
                }
            }
            _ => open.push(name),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} are open")) }
}
