//! What came out: sections with a table each, promises that were broken, and bars to look at.

mod chart;
mod machine;
mod markdown;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Result;
use crate::figures::written;
use machine::Machine;

/// A whole run.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    sections: Vec<Section>,
}

/// What one section found.
#[derive(Debug, Default)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What was done, in a sentence or two.
    pub about: String,
    /// The figures.
    pub table: Table,
    /// What follows from them, in sentences.
    pub findings: Vec<String>,
    /// Promises of the product that did not hold.
    pub broken: Vec<String>,
    /// The figures to look at.
    pub bars: Vec<Bars>,
}

/// A table; columns carry their units.
#[derive(Debug, Default)]
pub struct Table {
    /// Their names.
    pub columns: Vec<&'static str>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Something measured.
    Figure(f64),
    /// Something counted.
    Count(u64),
    /// Nothing.
    Empty,
}

/// A group of bars with the same unit.
#[derive(Debug)]
pub struct Bars {
    /// What is compared.
    pub title: String,
    /// In which unit.
    pub unit: &'static str,
    /// Who has how much.
    pub figures: Vec<(String, f64)>,
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Figure(figure) => written(*figure),
            Self::Count(count) => count.to_string(),
            Self::Empty => String::new(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Figure(figure) => json!(figure),
            Self::Count(count) => json!(count),
            Self::Empty => Value::Null,
        }
    }
}

impl Section {
    /// Notes a promise as broken unless it `holds`.
    pub fn promise(&mut self, holds: bool, told: impl Into<String>) {
        if !holds {
            self.broken.push(told.into());
        }
    }

    /// What stands for a section that could not be measured.
    #[must_use]
    pub fn failed(title: &'static str, error: &str) -> Self {
        let told = format!("{title}: could not be measured: {error}");
        Self { title, about: format!("Could not be measured: {error}"), broken: vec![told], ..Self::default() }
    }

    fn json(&self) -> Value {
        let named = |row: &Vec<Cell>| {
            let pairs = self.table.columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.json()));
            Value::Object(pairs.collect())
        };
        let rows: Vec<Value> = self.table.rows.iter().map(named).collect();
        json!({"title": self.title, "about": self.about, "rows": rows, "findings": self.findings, "broken": self.broken})
    }
}

impl Report {
    /// A report of what was found on this machine.
    #[must_use]
    pub fn new(stand: &crate::stand::Stand, sections: Vec<Section>) -> Self {
        Self { machine: Machine::look(stand), sections }
    }

    /// All promises that did not hold.
    #[must_use]
    pub fn broken(&self) -> Vec<&str> {
        self.sections.iter().flat_map(|section| &section.broken).map(String::as_str).collect()
    }

    /// As Markdown, whose tables are easy on the eye in a terminal too.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::write(&self.machine, &self.sections)
    }

    /// Writes table, JSON and chart into `folder`; where they are.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder)?;
        let sections: Vec<Value> = self.sections.iter().map(Section::json).collect();
        let json = json!({"machine": self.machine.json(), "sections": sections});
        let bars: Vec<&Bars> = self.sections.iter().flat_map(|section| &section.bars).collect();
        let files =
            [("bench.md", self.markdown()), ("bench.json", format!("{json:#}\n")), ("bench.svg", chart::draw(&bars))];
        let write = |(name, text): (&str, String)| {
            let path = folder.join(name);
            std::fs::write(&path, text).map(|()| path)
        };
        Ok(files.into_iter().map(write).collect::<std::io::Result<_>>()?)
    }
}
