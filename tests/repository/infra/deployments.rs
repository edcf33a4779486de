//! What the compiler says about the templates, and what they deploy with different parameters. Computed once for all tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use readers::bicep::Compiler;
use readers::files::{files, is_a, read};
use regex::Regex;
use serde_json::Value;

/// Parameters in addition to those of `infra/main.bicepparam`.
pub const VARIANTS: [(&str, &str); 11] = [
    ("default", ""),
    ("private network", "param privateNetwork = true"),
    ("own domain elsewhere", "param customDomain = 'evergrant.contoso.com'"),
    ("own domain first", "param customDomain = 'evergrant.contoso.com'\nparam customDomainTls = 'first'"),
    ("own domain managed", "param customDomain = 'evergrant.contoso.com'\nparam customDomainTls = 'managed'"),
    ("zones", "param zoneRedundant = true"),
    ("HSM keys", "param hsmKeys = true"),
    ("whole account", "param hostMayUseWholeAccount = true"),
    ("always-ready instance", "param alwaysReadyInstances = 1"),
    ("secret in the vault", "param docusignSecretName = 'docusign-secret-key'"),
    (
        "longest names",
        "param namePrefix = 'evergrants'\nparam privateNetwork = true\nparam docusignSecretName = 'secret'\n\
         param instanceMemoryMB = 512",
    ),
];

/// Clients with one mistake each.
const WRONG_CLIENTS: &str = "param clients = [
  { client_id: 'a', client_secret_sha256: [] }
  { client_id: 'b', client_secret_sha256: [], grant_types: ['password'] }
  { client_id: 'c', client_secret_sha256: [], grant_types: [], scopes: 'signature' }
  { client_id: 'd', client_secret_sha256: ['2c26'], grant_types: [] }
  { client_id: 'e', client_secret_sha256: [], grant_types: [], require_pkce: 'yes' }
]
param sealingKeyVersion = ";

/// Changes of files: their name, a part, and what replaces it.
type Changes = &'static [(&'static str, &'static str, &'static str)];

/// Changes, and parts of what the compiler must say about them.
pub const MISTAKES: [(Changes, &[&str]); 2] = [
    (
        &[
            ("modules/vault.bicep", "enablePurgeProtection", "enablePurgeProtektion"),
            ("modules/storage.bicep", "#disable-next-line use-recent-api-versions", ""),
        ],
        &["enablePurgeProtektion", "use-recent-api-versions"],
    ),
    (
        &[
            ("main.bicepparam", "'DOCUSIGN_ENVIRONMENT'", "'NOT_SET'"),
            ("main.bicepparam", "param alertEmail = ''", "param docusignAdmins = ['ada@contoso.com']"),
            ("main.bicepparam", "param tags = ", "param additionalSettings = { HTTPS_PROXY: 1 }\nparam tags = "),
            ("main.bicepparam", "param sealingKeyVersion = ", WRONG_CLIENTS),
        ],
        &[
            "Environment variable \"NOT_SET\" does not exist",
            "minimum allowable length is 36",
            "\"HTTPS_PROXY\" expected a value of type",
            "missing the following required properties: \"grant_types\"",
            "the provided item was of type \"'password'\"",
            "The property \"scopes\" is not allowed",
            "minimum allowable length is 64",
            "\"require_pkce\" expected a value of type",
        ],
    ),
];

/// The recipe for callers in Azure Logic Apps.
pub const LOGIC_APP: &str = "examples/callers/logic-app.bicep";

const LOGIC_APP_PARAMETERS: &str = "using 'logic-app.bicep'
param name = 'agreements'
param evergrantUrl = 'https://contoso.example'
param audience = 'api://d2c3e4f5-6071-4c8d-8e9f-1a2b3c4d5e88'
";

/// What the compiler found.
pub struct Findings {
    /// Its version, and the linter's.
    pub version: String,
    /// Diagnostics of the template and the parameter file.
    pub diagnostics: BTreeMap<&'static str, Vec<String>>,
    /// Diagnostics after each of [`MISTAKES`].
    pub of_mistakes: Vec<Vec<String>>,
    /// Each file as it is and as the compiler formats it.
    pub formatted: Vec<(String, String, String)>,
    /// The compiled template.
    pub template: Value,
    /// The compiled template for a subscription.
    pub group_template: Value,
    /// What that template would create with the repository's parameters, with shortened values.
    pub preview: Value,
    /// The deployment with the repository's parameters, as the compiler writes it, with sorted outputs.
    pub default: String,
    /// Each deployment with shortened values.
    pub deployments: BTreeMap<&'static str, Value>,
    /// Diagnostics of the Logic App in `examples`.
    pub logic_app_diagnostics: Vec<String>,
    /// That file as the compiler formats it.
    pub logic_app_formatted: String,
    /// What it deploys.
    pub logic_app: Value,
}

pub static FINDINGS: LazyLock<Option<Findings>> = LazyLock::new(|| Compiler::start().map(find));

fn find(mut compiler: Compiler) -> Findings {
    let main = read("infra/main.bicepparam");
    let variant = |(name, more): (&'static str, &str)| (name, format!("{main}\n{more}\n"));
    let everything = ("everything", include_str!("everything.bicepparam").to_owned());
    let mut findings = Findings {
        version: compiler.version(),
        diagnostics: ["main.bicep", "main.bicepparam", "group.bicep"]
            .map(|file| (file, compiler.diagnostics(file)))
            .into(),
        of_mistakes: Vec::new(),
        formatted: formatted(&mut compiler),
        template: compiler.template("main.bicep"),
        group_template: compiler.template("group.bicep"),
        preview: Value::Null,
        default: String::new(),
        deployments: BTreeMap::new(),
        logic_app_diagnostics: Vec::new(),
        logic_app_formatted: String::new(),
        logic_app: Value::Null,
    };
    for (name, text) in VARIANTS.into_iter().map(variant).chain([everything]) {
        compiler.write("variant.bicepparam", &text);
        let snapshot = compiler.snapshot("variant.bicepparam", Some("evergrant"));
        findings.deployments.insert(name, serde_json::from_str(&short(&snapshot)).unwrap());
        if name == "default" {
            findings.default = with_sorted_outputs(&snapshot);
        }
    }
    let of_group = main.replace("using 'main.bicep'", "using 'group.bicep'");
    let place = "param resourceGroupName = 'evergrant'\nparam location = 'westeurope'\n";
    compiler.write("variant.bicepparam", &format!("{of_group}\n{place}"));
    findings.preview = serde_json::from_str(&short(&compiler.snapshot("variant.bicepparam", None))).unwrap();
    compiler.write("logic-app.bicep", &read(LOGIC_APP));
    compiler.write("variant.bicepparam", LOGIC_APP_PARAMETERS);
    findings.logic_app_diagnostics = compiler.diagnostics("logic-app.bicep");
    findings.logic_app_formatted = compiler.formatted("logic-app.bicep");
    findings.logic_app = serde_json::from_str(&compiler.snapshot("variant.bicepparam", Some("evergrant"))).unwrap();
    findings.of_mistakes = MISTAKES.iter().map(|(changes, _)| of_mistake(&mut compiler, changes)).collect();
    findings
}

/// The compiler writes outputs in another order every time.
fn with_sorted_outputs(snapshot: &str) -> String {
    let mut snapshot: Value = serde_json::from_str(snapshot).unwrap();
    snapshot["outputs"].as_object_mut().unwrap().sort_keys();
    format!("{snapshot:#}\n")
}

fn formatted(compiler: &mut Compiler) -> Vec<(String, String, String)> {
    let is_bicep = |name: &String| ["bicep", "bicepparam"].iter().any(|kind| is_a(kind, name));
    let sources = files("infra").into_iter().filter(is_bicep);
    let format = |name: String| {
        let formatted = compiler.formatted(name.strip_prefix("infra/").unwrap());
        (name.clone(), read(&name), formatted)
    };
    sources.map(format).collect()
}

fn of_mistake(compiler: &mut Compiler, changes: Changes) -> Vec<String> {
    for (file, right, wrong) in changes {
        let text = compiler.read(file);
        assert!(text.contains(right), "{file} does not contain {right}");
        compiler.write(file, &text.replacen(right, wrong, 1));
    }
    let found = compiler.diagnostics("main.bicepparam");
    for (file, _, _) in changes {
        compiler.write(file, &read(&format!("infra/{file}")));
    }
    found
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

pub fn resources(deployment: &Value) -> &[Value] {
    deployment["predictedResources"].as_array().unwrap()
}

/// Every scalar of a deployment with its resource and path, one a line.
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
