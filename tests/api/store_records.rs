//! Checks that the template's lifecycle rules match the table of record kinds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use evergrant::store::records::RecordKind;
use serde_json::Value;

use crate::support::{root, skipped};

/// Days after which records are deleted, by prefix.
fn expected_rules() -> BTreeMap<String, u64> {
    let deleted = |kind: RecordKind| Some((kind.prefix().to_owned(), kind.deleted_after_days()?));
    RecordKind::ALL.into_iter().filter_map(deleted).collect()
}

#[test]
fn records_are_kept_at_least_for_their_lifetime_and_no_prefix_contains_another() {
    assert_eq!(expected_rules().keys().collect::<Vec<_>>(), ["announced-uploads", "deletions", "redeemed"]);
    for kind in RecordKind::ALL {
        let days = kind.deleted_after_days().map(|days| days * 24 * 3600);
        assert!(days.is_none_or(|seconds| Some(seconds) >= kind.lifetime()), "{kind:?}");
        assert_eq!(kind.name("key"), format!("{}/key", kind.prefix()));
        let like_it = RecordKind::ALL.into_iter().filter(|other| kind.name("").starts_with(&other.name("")));
        assert_eq!(like_it.collect::<Vec<_>>(), [kind]);
    }
}

#[test]
fn the_templates_rules_match_the_table() {
    let template = std::fs::read_to_string(root().join("infra/modules/storage.bicep")).unwrap();
    let table = template.split_once("var deletedAfterDays = {\n").unwrap().1.split_once("\n}").unwrap().0;
    let row = |line: &str| {
        let (prefix, days) = line.trim().split_once(": ").unwrap();
        (prefix.trim_matches('\'').to_owned(), days.parse().unwrap())
    };
    assert_eq!(table.lines().map(row).collect::<BTreeMap<String, u64>>(), expected_rules());
    assert!(template.contains("rules: [for record in items(deletedAfterDays): {"));
}

/// The Bicep compiler on the PATH, the one of `az`, or the one next to the repository.
fn compiler() -> Option<PathBuf> {
    let of_az = std::env::home_dir().map(|home| home.join(".azure/bin/bicep"));
    let places = [Some("bicep".into()), of_az, Some(root().join("../shared/tools/bicep/bicep"))];
    let works = |compiler: &PathBuf| Command::new(compiler).arg("--version").output().is_ok();
    places.into_iter().flatten().find(works)
}

const PARAMETERS: &str = "using 'storage.bicep'
param name = 'evergrantabc123'
param location = 'westeurope'
param tags = {}
param principalId = '1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e'
param zoneRedundant = false
param privateNetwork = false
param hostMayUseWholeAccount = false
param workspaceId = ''
";

const SCOPE: [&str; 8] = [
    "--subscription-id",
    "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
    "--resource-group",
    "rg",
    "--location",
    "westeurope",
    "--tenant-id",
    "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
];

#[test]
fn a_deployment_creates_one_rule_per_kind_with_a_lifetime() {
    let Some(compiler) = compiler() else {
        skipped("there is no Bicep compiler (az bicep install), so the lifecycle rules were not evaluated");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("infra/modules/storage.bicep"), folder.path().join("storage.bicep")).unwrap();
    let parameters = folder.path().join("storage.bicepparam");
    std::fs::write(&parameters, PARAMETERS).unwrap();
    let output = Command::new(compiler).arg("snapshot").arg(&parameters).args(SCOPE).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let snapshot = std::fs::read(folder.path().join("storage.snapshot.json")).unwrap();
    let snapshot: Value = serde_json::from_slice(&snapshot).unwrap();
    let resources = snapshot["predictedResources"].as_array().unwrap();
    let policy = resources.iter().find(|resource| resource["type"].as_str().unwrap().ends_with("/managementPolicies"));
    let rules = policy.unwrap()["properties"]["policy"]["rules"].as_array().unwrap();
    let of_rule = |rule: &Value| {
        assert_eq!(rule["enabled"], true);
        let prefix = rule["definition"]["filters"]["prefixMatch"].as_array().unwrap();
        assert_eq!(prefix.len(), 1);
        let prefix = prefix[0].as_str().unwrap().strip_prefix("evergrant/").unwrap().strip_suffix('/').unwrap();
        let delete = &rule["definition"]["actions"]["baseBlob"]["delete"];
        (prefix.to_owned(), delete["daysAfterModificationGreaterThan"].as_u64().unwrap())
    };
    assert_eq!(rules.iter().map(of_rule).collect::<BTreeMap<_, _>>(), expected_rules());
}
