//! Any sequence of commands leaves the registry as a model of it says: order kept, nothing lost, never invalid.

use std::path::Path;

use evergrant::config::installation::InstallationScopes;
use evergrant::config::{RegistrySource, Settings};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::{json as parsed, stderr};
use crate::support::TestEnvironment;

const IDS: [&str; 3] = ["a", "b", "c-d"];
const URIS: [&str; 3] = ["https://client.example/1", "https://client.example/2", "http://client.example/refused"];

/// A command, with the arguments that matter for the model.
#[derive(Clone, Debug)]
enum Step {
    New(usize, Option<usize>),
    AddUri(usize, usize),
    RemoveUri(usize, usize),
    Set(usize, &'static str, &'static str),
    Rotate(usize),
    Finish(usize),
    Remove(usize),
}

/// Fields with values that are text, JSON, refused, or remove the field.
const VALUES: [(&str, &str); 14] = [
    ("scope", "signature"),
    ("scope", "null"),
    ("scope", "\""),
    ("profile", "power-automate"),
    ("profile", "nothing"),
    ("require_pkce", "true"),
    ("require_pkce", "maybe"),
    ("refresh_token_lifetime", "3600"),
    ("refresh_token_lifetime", "0"),
    ("grant_types", "[\"client_credentials\"]"),
    ("grant_types", "[]"),
    ("redirect_uris", "[\"https://client.example/9\"]"),
    ("client_secret_sha256", "[]"),
    ("comment", "x"),
];

fn step() -> impl Strategy<Value = Step> {
    let (id, uri) = (0..IDS.len(), 0..URIS.len());
    prop_oneof![
        3 => (id.clone(), proptest::option::of(0..2_usize)).prop_map(|(id, uri)| Step::New(id, uri)),
        2 => (id.clone(), uri.clone()).prop_map(|(id, uri)| Step::AddUri(id, uri)),
        2 => (id.clone(), uri).prop_map(|(id, uri)| Step::RemoveUri(id, uri)),
        4 => (id.clone(), 0..VALUES.len()).prop_map(|(id, at)| Step::Set(id, VALUES[at].0, VALUES[at].1)),
        2 => id.clone().prop_map(Step::Rotate),
        2 => id.clone().prop_map(Step::Finish),
        1 => id.prop_map(Step::Remove),
    ]
}

impl Step {
    fn arguments(&self) -> Vec<&'static str> {
        match *self {
            Self::New(id, None) => vec!["new", IDS[id], "--json"],
            Self::New(id, Some(uri)) => vec!["new", IDS[id], "--json", "--redirect-uri", URIS[uri]],
            Self::AddUri(id, uri) => vec!["add-redirect-uri", IDS[id], URIS[uri]],
            Self::RemoveUri(id, uri) => vec!["remove-redirect-uri", IDS[id], URIS[uri], "--yes"],
            Self::Set(id, field, value) => vec!["set", IDS[id], field, value, "--yes"],
            Self::Rotate(id) => vec!["rotate", IDS[id], "--json"],
            Self::Finish(id) => vec!["rotate", IDS[id], "--finish", "--yes"],
            Self::Remove(id) => vec!["remove", IDS[id], "--yes"],
        }
    }

    const fn id(&self) -> &'static str {
        match *self {
            Self::New(id, _)
            | Self::AddUri(id, _)
            | Self::RemoveUri(id, _)
            | Self::Set(id, ..)
            | Self::Rotate(id)
            | Self::Finish(id)
            | Self::Remove(id) => IDS[id],
        }
    }

    /// The registry after this step; `None` if it does not apply. `secret` is the digest of what the command issued.
    fn apply(&self, registry: &[Map<String, Value>], secret: Option<&str>) -> Option<Vec<Map<String, Value>>> {
        let mut after = registry.to_vec();
        let at = after.iter().position(|entry| entry["client_id"] == self.id());
        if let Self::New(id, uri) = *self {
            return at.is_none().then(|| {
                after.push(new_entry(IDS[id], uri, secret.unwrap_or_default()));
                after
            });
        }
        let entry = &mut after[at?];
        match *self {
            Self::AddUri(_, uri) => {
                let uris = entry.entry("redirect_uris").or_insert_with(|| json!([])).as_array_mut()?;
                if !uris.contains(&json!(URIS[uri])) {
                    uris.push(json!(URIS[uri]));
                }
            }
            Self::RemoveUri(_, uri) => {
                let uris = entry.get_mut("redirect_uris")?.as_array_mut()?;
                let place = uris.iter().position(|known| known == URIS[uri])?;
                uris.remove(place);
            }
            Self::Set(_, field, "null") => drop(entry.shift_remove(field)),
            Self::Set(_, field, value) => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value.replace("power-a", "power_a")));
                entry.insert(field.to_owned(), value);
            }
            Self::Rotate(_) => digests(entry)?.push(json!(secret.unwrap_or_default())),
            Self::Finish(_) => drop(digests(entry).filter(|digests| digests.len() == 2)?.remove(0)),
            Self::Remove(_) => drop(after.remove(at?)),
            Self::New(..) => unreachable!("returned above"),
        }
        is_valid(&after).then_some(after)
    }
}

fn digests(entry: &mut Map<String, Value>) -> Option<&mut Vec<Value>> {
    entry.get_mut("client_secret_sha256")?.as_array_mut().filter(|digests| !digests.is_empty())
}

/// What `client new` writes, with the defaults that the documentation names.
fn new_entry(id: &str, uri: Option<usize>, digest: &str) -> Map<String, Value> {
    let grant_types =
        if uri.is_some() { json!(["authorization_code", "refresh_token"]) } else { json!(["client_credentials"]) };
    let mut entry = json!({"client_id": id, "client_secret_sha256": [digest], "grant_types": grant_types, "subject": "integration_user"});
    if let Some(uri) = uri {
        entry["redirect_uris"] = json!([URIS[uri]]);
    }
    entry.as_object().unwrap().clone()
}

/// Whether the app accepts the registry.
fn is_valid(registry: &[Map<String, Value>]) -> bool {
    let text = json!(registry).to_string();
    let env = TestEnvironment::default();
    let scopes = InstallationScopes::find(&env, None, None).for_editing();
    Settings::read_registry(&env, RegistrySource::Text { name: "x", text: &text }, &scopes).is_ok()
}

async fn run(place: &Path, arguments: &[&str]) -> std::process::Output {
    let place = place.display().to_string();
    TestEnvironment::default().command(&[&["client"], arguments, &["--in", &place]].concat()).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_sequence_of_changes_leaves_what_the_model_has() {
    let mut runner = TestRunner::deterministic();
    let steps = proptest::collection::vec(step(), 9);
    let (mut changed, mut refused) = (0, 0);
    for _ in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("clients.json");
        std::fs::write(&place, "[]").unwrap();
        let mut model: Vec<Map<String, Value>> = Vec::new();
        let mut history = Vec::new();
        for step in steps.new_tree(&mut runner).unwrap().current() {
            let before = std::fs::read_to_string(&place).unwrap();
            let output = run(&place, &step.arguments()).await;
            history.push(step.clone());
            let issued = if output.stdout.is_empty() {
                None
            } else {
                parsed(&output)["client_secret"].as_str().map(sandbox::digest)
            };
            let text = std::fs::read_to_string(&place).unwrap();
            let Some(after) = step.apply(&model, issued.as_deref()) else {
                assert_eq!(output.status.code(), Some(2), "{history:?}: {}", stderr(&output));
                assert_eq!(text, before, "{history:?}: nothing is written");
                refused += 1;
                continue;
            };
            assert_eq!(output.status.code(), Some(0), "{history:?}: {}", stderr(&output));
            let found: Vec<Map<String, Value>> = serde_json::from_str(&text).unwrap();
            // Comparing texts also compares the order of members.
            assert_eq!(json!(found).to_string(), json!(after).to_string(), "{history:?}");
            changed += usize::from(model != after);
            model = after;
        }
        let list = run(&place, &["list", "--json"]).await;
        assert_eq!(parsed(&list), json!(model));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
    }
    assert!(changed > 10 && refused > 10, "{changed} changed, {refused} refused");
}
