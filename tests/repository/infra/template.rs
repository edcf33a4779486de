//! Reads a Bicep file as far as the tests need it. The files are laid out as `bicep format` does, so that a declaration
//! begins in the first column and ends with a line that does.

use std::path::Path;

use crate::support::root;

/// One Bicep file.
pub struct Template {
    /// Its name.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// One declaration.
pub struct Block {
    /// Its symbolic name.
    pub name: String,
    /// Its first line.
    pub head: String,
    /// The lines after it.
    pub body: String,
}

/// Every Bicep file of the project.
pub fn templates() -> Vec<Template> {
    let modules = std::fs::read_dir(root().join("infra/modules")).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<_> = modules.chain([root().join("infra/main.bicep")]).collect();
    assert!(all.len() > 8);
    all.iter().map(|path| Template::read(path)).collect()
}

/// The names declared as `kind` in `text`.
pub fn declared(text: &str, kind: &str) -> Vec<String> {
    let rests = text.lines().filter_map(|line| line.strip_prefix(&format!("{kind} ")));
    rests.filter_map(|rest| rest.split_whitespace().next()).map(ToOwned::to_owned).collect()
}

impl Template {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("{} is gone", path.display()));
        Self { file: path.file_name().unwrap().to_string_lossy().into_owned(), text }
    }

    /// The declaration of the resource or module `name`.
    pub fn block(&self, name: &str) -> Block {
        let named =
            |line: &&str| ["resource", "module"].iter().any(|kind| line.starts_with(&format!("{kind} {name} ")));
        let head = self.text.lines().find(named).unwrap_or_else(|| panic!("{} has no {name}", self.file));
        self.block_at(head)
    }

    fn block_at(&self, head: &str) -> Block {
        let (_, rest) = self.text.split_once(&format!("{head}\n")).unwrap();
        let body: Vec<&str> = rest.lines().take_while(|line| !line.starts_with('}')).collect();
        let name = head.split_whitespace().nth(1).unwrap().to_owned();
        Block { name, head: head.to_owned(), body: body.join("\n") }
    }

    /// The resources of a type that the template makes.
    pub fn resources(&self, kind: &str) -> Vec<Block> {
        let wanted = format!(" '{kind}@");
        let heads = self.text.lines().filter(|line| line.starts_with("resource ") && line.contains(&wanted));
        heads.filter(|line| !line.contains(" existing ")).map(|head| self.block_at(head)).collect()
    }

    /// What is assigned to the variable `name`, up to the next empty line.
    pub fn variable(&self, name: &str) -> &str {
        let found = self.text.split_once(&format!("var {name} = "));
        let (_, rest) = found.unwrap_or_else(|| panic!("{} has no variable {name}", self.file));
        let end = rest.find("\n\n").into_iter().chain(rest.find("\nvar ")).min();
        &rest[..end.unwrap_or(rest.len())]
    }

    /// What the output `name` is.
    pub fn output(&self, name: &str) -> &str {
        let line = self.text.lines().find(|line| line.starts_with(&format!("output {name} ")));
        line.and_then(|line| line.split_once(" = ")).unwrap_or_else(|| panic!("no output {name}")).1
    }

    /// The declarations of a kind with their descriptions.
    pub fn described(&self, kind: &str) -> Vec<(String, Option<String>)> {
        let mut described = Vec::new();
        let mut description = None;
        for line in self.text.lines() {
            if let Some(text) = line.strip_prefix("@description('") {
                description = text.strip_suffix("')").map(ToOwned::to_owned);
            } else if let Some(name) = declared(line, kind).pop() {
                described.push((name, description.take()));
            } else if line.is_empty() {
                description = None;
            }
        }
        described
    }

    /// The default of a parameter; empty if it has none.
    pub fn default_of(&self, parameter: &str) -> &str {
        self.parameter(parameter).split_once(" = ").map_or("", |(_, default)| default)
    }

    fn parameter(&self, name: &str) -> &str {
        let line = self.text.lines().find(|line| line.starts_with(&format!("param {name} ")));
        line.unwrap_or_else(|| panic!("{} has no parameter {name}", self.file))
    }
}

impl Block {
    /// The value of the first property called `name`, if it stands on one line.
    pub fn property(&self, name: &str) -> &str {
        let values = self.body.lines().filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
        values.into_iter().next().unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    /// The lines of the list called `name`.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let (_, rest) = self.body.split_once(&format!("{name}: [\n")).unwrap();
        rest.lines().map(str::trim).take_while(|line| *line != "]").collect()
    }
}
