//! The handler's environment: settings and files, for its own process or for an app in the test process.

use std::collections::BTreeMap;
use std::process::Output;

use evergrant::config::{Environment, FileError};
use secrecy::SecretSlice;
use tokio::process::Command;

use super::handler;

/// Settings by name, and files that need not exist.
#[derive(Clone, Debug, Default)]
pub struct TestEnvironment {
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl TestEnvironment {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn with_all<V: AsRef<str>>(self, settings: &[(&str, V)]) -> Self {
        settings.iter().fold(self, |env, (name, value)| env.with(name, value.as_ref()))
    }

    pub fn with_file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), content.as_ref().to_vec());
        self
    }

    pub fn value(&self, name: &str) -> String {
        self.variables[name].clone()
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Makes this the complete environment of a process.
    pub fn apply(&self, command: &mut Command) {
        command.env_clear().envs(&self.variables);
    }

    /// The handler with these arguments and only this environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(handler());
        self.apply(command.args(arguments).kill_on_drop(true));
        command
    }
}

impl Environment for TestEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }

    fn file(&self, path: &str) -> Result<SecretSlice<u8>, FileError> {
        let file = self.files.get(path).cloned().or_else(|| std::fs::read(path).ok());
        file.map(SecretSlice::from).ok_or(FileError::Missing)
    }
}

impl From<&TestEnvironment> for TestEnvironment {
    fn from(environment: &TestEnvironment) -> Self {
        environment.clone()
    }
}

impl From<&Vec<(String, String)>> for TestEnvironment {
    fn from(settings: &Vec<(String, String)>) -> Self {
        Self { variables: settings.iter().cloned().collect(), ..Self::default() }
    }
}

impl<const N: usize> From<&[(&str, &str); N]> for TestEnvironment {
    fn from(settings: &[(&str, &str); N]) -> Self {
        Self::default().with_all(settings)
    }
}

/// Runs the handler as a command.
pub async fn run(arguments: &[&str], environment: impl Into<TestEnvironment>) -> Output {
    environment.into().command(arguments).output().await.unwrap()
}
