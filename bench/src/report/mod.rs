//! The report: sections with a table, failed checks and bar charts.

mod chart;
mod machine;
mod markdown;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Result;
use crate::figures::written;
use machine::Machine;

/// A complete run.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    sections: Vec<Section>,
}

/// The result of a section.
#[derive(Debug, Default)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// A short description of the measurement.
    pub about: String,
    /// The figures.
    pub table: Table,
    /// The conclusions, in sentences.
    pub findings: Vec<String>,
    /// Failed checks.
    pub broken: Vec<String>,
    /// The bar charts.
    pub bars: Vec<Bars>,
}

/// A table; columns carry their units.
#[derive(Debug, Default)]
pub struct Table {
    /// Their names.
    pub columns: Vec<&'static str>,
    /// Rows with one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A text.
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
    /// The title.
    pub title: String,
    /// The unit.
    pub unit: &'static str,
    /// Names and values.
    pub figures: Vec<(String, f64)>,
}

impl Cell {
    /// A cell with text.
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
    /// Adds a failed check unless it `holds`.
    pub fn promise(&mut self, holds: bool, message: impl Into<String>) {
        if !holds {
            self.broken.push(message.into());
        }
    }

    /// The placeholder for a section that could not be measured.
    #[must_use]
    pub fn failed(title: &'static str, error: &str) -> Self {
        let message = format!("{title}: could not be measured: {error}");
        Self { title, about: format!("Could not be measured: {error}"), broken: vec![message], ..Self::default() }
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
    /// A report of this run.
    #[must_use]
    pub fn new(setup: &crate::setup::Setup, sections: Vec<Section>) -> Self {
        Self { machine: Machine::look(setup), sections }
    }

    /// All failed checks.
    #[must_use]
    pub fn broken(&self) -> Vec<&str> {
        self.sections.iter().flat_map(|section| &section.broken).map(String::as_str).collect()
    }

    /// The report as Markdown, which is also readable in a terminal.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::write(&self.machine, &self.sections)
    }

    /// Writes table, JSON and chart into `folder` and returns their paths.
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
