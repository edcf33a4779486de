//! The Bicep compiler. It starts slowly, so one process answers all questions over JSON-RPC.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::files::{is_a, root, skipped};
use crate::programs::report;

/// A GUID for every parameter that needs one.
const GUID: &str = "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e";

/// A subscription and tenant that do not exist.
const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// What parameter files read from the environment. Without a value, a variable is removed.
const VARIABLES: [(&str, Option<&str>); 7] = [
    ("DOCUSIGN_ENVIRONMENT", Some("demo")),
    ("DOCUSIGN_INTEGRATION_KEY", Some(GUID)),
    ("DOCUSIGN_USER_ID", Some(GUID)),
    ("SIGNING_KEY_VERSION", None),
    ("SIGNING_KEY_VERSION_NEXT", None),
    ("SEALING_KEY_VERSION", None),
    ("AZURE_ENV_NAME", None),
];

/// What the compiler or its linter says about a place.
#[derive(Debug)]
pub struct Finding {
    /// The path of the file in the copy.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The code and the message.
    pub text: String,
}

/// A running compiler and a copy of the templates, to add files. Both go when this process ends.
pub struct Compiler {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// The compiler, for one test at a time; `None` if there is none. A test that holds it must not then use
/// [`DEPLOYMENTS`](crate::deployments::DEPLOYMENTS), which needs it.
pub fn compiler() -> Option<MutexGuard<'static, Compiler>> {
    static COMPILER: LazyLock<Option<Mutex<Compiler>>> = LazyLock::new(|| Compiler::start().map(Mutex::new));
    COMPILER.as_ref().map(|compiler| compiler.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Compiler {
    /// Starts the compiler on the PATH, of the Azure CLI, or next to the repository.
    fn start() -> Option<Self> {
        let of_azure = std::env::home_dir().unwrap_or_default().join(".azure/bin/bicep");
        let programs: [PathBuf; 3] = ["bicep".into(), of_azure, root().join("../shared/tools/bicep/bicep")];
        let Some(program) = programs.iter().find(|program| Command::new(program).arg("--version").output().is_ok())
        else {
            skipped(
                "there is no Bicep compiler, so the templates were not compiled; install it with `az bicep install`",
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap().keep();
        report(Command::new("cp").current_dir(root()).args(["-r", "infra/."]).arg(&folder)).unwrap();
        // The compiler ends with its input, and the shell then removes the copy.
        let mut command = Command::new("sh");
        command.args(["-c", r#""$0" jsonrpc --stdio; rm -r "$1""#]).args([program, &folder]);
        command.env("DOTNET_TieredPGO", "0").stdin(Stdio::piped()).stdout(Stdio::piped());
        for (name, value) in VARIABLES {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Some(Self { _process: process, input, output, folder })
    }

    /// The compiler's version, which also decides what its linter knows.
    pub fn version(&mut self) -> String {
        self.ask("bicep/version", "", &json!({}))["version"].as_str().unwrap().to_owned()
    }

    /// Writes a file into the copy.
    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).unwrap();
    }

    /// What the compiler and its linter say against a template or parameter file of the copy, and against the modules in it.
    pub fn diagnostics(&mut self, file: &str) -> Vec<Finding> {
        let method = if is_a("bicep", file) { "bicep/compile" } else { "bicep/compileParams" };
        let found = self.ask(method, file, &json!({"parameterOverrides": {}}));
        let found = found["diagnostics"].as_array().unwrap();
        let text = |found: &Value, name: &str| found[name].as_str().unwrap().to_owned();
        let finding = |found: &Value| Finding {
            file: text(found, "source"),
            line: found["range"]["start"]["line"].as_u64().unwrap() + 1,
            text: format!("{}: {}", text(found, "code"), text(found, "message")),
        };
        found.iter().map(finding).collect()
    }

    /// The compiled template.
    pub fn template(&mut self, file: &str) -> Value {
        let answer = self.ask("bicep/compile", file, &json!({}));
        let Some(template) = answer["contents"].as_str() else { panic!("{file}: {:#?}", self.diagnostics(file)) };
        serde_json::from_str(template).unwrap()
    }

    /// A file of the copy as the compiler formats it.
    pub fn formatted(&mut self, file: &str) -> String {
        self.ask("bicep/format", file, &json!({}))["contents"].as_str().unwrap().to_owned()
    }

    /// What a deployment with these parameters creates, as `bicep snapshot` writes it; without a group, in the subscription.
    pub fn snapshot(&mut self, parameters: &str, group: Option<&str>) -> String {
        self.write("variant.bicepparam", parameters);
        let place = json!({"tenantId": NOWHERE, "subscriptionId": NOWHERE, "resourceGroup": group,
            "location": "westeurope", "deploymentName": null});
        let found =
            self.ask("bicep/getSnapshot", "variant.bicepparam", &json!({"metadata": place, "externalInputs": null}));
        found["snapshot"].as_str().unwrap().to_owned()
    }

    fn ask(&mut self, method: &str, file: &str, more: &Value) -> Value {
        let mut question = more.clone();
        question["path"] = json!(self.folder.join(file));
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": [question]}).to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let answer = self.answer();
        let hint = "fix the template, or update the compiler if it does not know the method";
        assert!(answer.get("result").is_some(), "{method} of {file} failed, {hint}: {answer}");
        answer["result"].clone()
    }

    fn answer(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the compiler ended");
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::read;

    #[test]
    fn the_parameter_file_reads_every_variable() {
        let parameters = read("infra/main.bicepparam");
        let is_read = |name: &str| parameters.contains(&format!("readEnvironmentVariable('{name}'"));
        assert_eq!(VARIABLES.map(|(name, _)| name).into_iter().find(|name| !is_read(name)), None);
    }
}
