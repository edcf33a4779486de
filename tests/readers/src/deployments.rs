//! What the templates deploy with different parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter, Write as _};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::bicep::{Compiler, compiler};
use crate::files::read;

/// Each combination of options by its name, and its parameters in addition to those of `infra/main.bicepparam`.
pub fn options() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("../../repository/infra/options.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(':')).map(|(name, parameters)| (name, parameters.trim()))
}

/// The deployment with each of [`options`], and with every parameter of a test file; `None` without a compiler.
pub static DEPLOYMENTS: LazyLock<Option<BTreeMap<&'static str, Value>>> = LazyLock::new(|| {
    let mut compiler = compiler()?;
    let everything = read("tests/repository/infra/everything.bicepparam");
    let files = options().map(|(name, parameters)| (name, with(parameters))).chain([("everything", everything)]);
    Some(files.map(|(name, file)| (name, deployment(&mut compiler, &file, Some("evergrant")))).collect())
});

/// The repository's parameter file with more parameters, which are separated by commas.
#[must_use]
pub fn with(parameters: &str) -> String {
    format!("{}\n{}\n", read("infra/main.bicepparam"), parameters.replace(", ", "\n"))
}

/// What a parameter file deploys to a group, or to the subscription, with shortened values.
#[must_use]
pub fn deployment(compiler: &mut Compiler, parameters: &str, group: Option<&str>) -> Value {
    serde_json::from_str(&short(&compiler.snapshot(parameters, group))).unwrap()
}

/// Leaves out the resource group. A value that only Azure knows becomes `[kind/name.property]`, or `[module.output]`.
fn short(snapshot: &str) -> String {
    let module = r"reference\(resourceId\('[^']*', '[^']*', 'Microsoft\.Resources/deployments', format\('([\w-]+?)-\{0\}'.*?\.outputs\.(\w+)\.value";
    let snapshot = Regex::new(module).unwrap().replace_all(snapshot, "$1.$2");
    let place = r"/subscriptions/[0-9a-f-]{36}/(resourceGroups/\w+/)?providers/";
    let snapshot = Regex::new(place).unwrap().replace_all(&snapshot, "");
    let reference = r"reference\('[^']*?([\w-]+/[\w.-]+)', '[^']*'\)\.(\w+)";
    Regex::new(reference).unwrap().replace_all(&snapshot, "$1.$2").into_owned()
}

/// The resources of a deployment.
#[must_use]
pub fn resources(deployment: &Value) -> &[Value] {
    deployment["predictedResources"].as_array().unwrap()
}

/// Every scalar of a deployment with its resource and path, one a line.
#[must_use]
pub fn lines(deployment: &Value) -> BTreeSet<String> {
    fn collect(start: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    collect(&format!("{start} {key}"), value, found);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    collect(start, item, found);
                }
            }
            value => drop(found.insert(format!("{start} = {value}"))),
        }
    }
    let mut found = BTreeSet::new();
    for resource in resources(deployment) {
        let fields = resource.as_object().unwrap().iter();
        let fields = fields.filter(|(key, _)| !["id", "type", "name", "apiVersion"].contains(&key.as_str()));
        let id = resource["id"].as_str().unwrap();
        found.insert(id.to_owned());
        for (key, value) in fields {
            collect(&format!("{id} {key}"), value, &mut found);
        }
    }
    found
}

/// The resources of a type.
pub fn of_type<'a>(deployment: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    resources(deployment).iter().filter(move |resource| resource["type"] == kind)
}

/// What each of [`options`] changes compared with the repository's parameters, as `tests/repository/infra/variants.txt` has it.
#[must_use]
pub fn differences(deployments: &BTreeMap<&str, Value>) -> String {
    let default = lines(&deployments["default"]);
    let mut text =
        "What each option changes compared with infra/main.snapshot.json. The test infra writes this file.\n"
            .to_owned();
    for (name, parameters) in options().filter(|(name, _)| !["default", "longest names"].contains(name)) {
        let variant = lines(&deployments[name]);
        write!(text, "\n# {name}: {parameters}\n").unwrap();
        default.difference(&variant).for_each(|line| writeln!(text, "- {line}").unwrap());
        variant.difference(&default).for_each(|line| writeln!(text, "+ {line}").unwrap());
    }
    text
}

/// A role assignment; it is displayed as the GUID of the role and its scope.
#[derive(Debug)]
pub struct Role {
    definition: String,
    /// The kind and name of a resource. Accounts and components have no name here, because some options change it.
    scope: String,
    /// The principal's id, as a template's expression.
    pub principal: String,
    /// The principal's type, if it is given.
    pub principal_type: String,
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.definition, self.scope)
    }
}

/// All role assignments of a deployment.
#[must_use]
pub fn roles(deployment: &Value) -> Vec<Role> {
    let end = r"(?:/providers/|', ')Microsoft.Authorization/roleAssignments(?:/[0-9a-f-]{36}$|', guid)";
    let scope = Regex::new(&format!(r"(?:(storageAccounts|components)/[\w-]+|(\w+/[\w-]+)){end}")).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let role = |resource: &Value| {
        let scope = scope.captures(resource["id"].as_str().unwrap()).unwrap();
        let properties = &resource["properties"];
        Role {
            definition: text(&properties["roleDefinitionId"]).rsplit('/').next().unwrap().to_owned(),
            scope: scope.get(1).or(scope.get(2)).unwrap().as_str().to_owned(),
            principal: text(&properties["principalId"]),
            principal_type: text(&properties["principalType"]),
        }
    };
    of_type(deployment, "Microsoft.Authorization/roleAssignments").map(role).collect()
}
