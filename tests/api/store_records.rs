//! Checks that the template's lifecycle rules match the table of record kinds.

use std::collections::BTreeMap;

use evergrant::store::records::RecordKind;
use serde_json::Value;

use crate::support::root;

/// Days after which records are deleted, by prefix.
fn expected_rules() -> BTreeMap<String, u64> {
    let deleted = |kind: RecordKind| Some((kind.prefix().to_owned(), kind.deleted_after_days()?));
    RecordKind::ALL.into_iter().filter_map(deleted).collect()
}

#[test]
fn records_are_kept_at_least_for_their_lifetime_and_no_prefix_contains_another() {
    let with_a_lifetime = ["announced-uploads", "deletions", "redeemed", "requested-redirects", "used-assertions"];
    assert_eq!(expected_rules().keys().collect::<Vec<_>>(), with_a_lifetime);
    for kind in RecordKind::ALL {
        let days = kind.deleted_after_days().map(|days| days * 24 * 3600);
        assert!(days.is_none_or(|seconds| Some(seconds) >= kind.lifetime()), "{kind:?}");
        assert_eq!(kind.name("key"), format!("{}/key", kind.prefix()));
        let like_it = RecordKind::ALL.into_iter().filter(|other| kind.name("").starts_with(&other.name("")));
        assert_eq!(like_it.collect::<Vec<_>>(), [kind]);
    }
}

/// A test of the repository compares the snapshot with the templates.
#[test]
fn a_deployment_creates_one_rule_per_kind_with_a_lifetime() {
    let snapshot = std::fs::read(root().join("infra/main.snapshot.json")).unwrap();
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
