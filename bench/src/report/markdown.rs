//! The report as Markdown.

use std::fmt::Write as _;

use super::machine::Machine;
use super::{Cell, Section, Table};

/// Writes it.
#[must_use]
pub fn write(machine: &Machine, sections: &[Section]) -> String {
    let mut text = "# Figures\n\n".to_owned();
    for (name, value) in machine.all() {
        let _ = writeln!(text, "- {name}: {value}");
    }
    for section in sections {
        let _ = write!(text, "\n## {}\n\n{}\n\n{}", section.title, section.about, table(&section.table));
        let lines = section.findings.iter().map(|message| format!("- {message}\n"));
        let lines: String =
            lines.chain(section.broken.iter().map(|message| format!("- **BROKEN**: {message}\n"))).collect();
        if !lines.is_empty() {
            let _ = write!(text, "\n{lines}");
        }
    }
    text
}

/// A padded table, so that it can be read as text, with right-aligned figures.
fn table(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let head: Vec<String> = table.columns.iter().map(|name| (*name).to_owned()).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(Cell::written).collect()).collect();
    let width = |at: usize| rows.iter().chain([&head]).map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let is_text: Vec<bool> =
        (0..head.len()).map(|at| table.rows.iter().any(|row| matches!(row[at], Cell::Text(_)))).collect();
    let line = |cells: &Vec<String>| {
        let cells = cells.iter().enumerate().map(|(at, cell)| {
            let width = widths[at];
            if is_text[at] { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths
        .iter()
        .zip(&is_text)
        .map(|(width, is_text)| if *is_text { "-".repeat(width + 2) } else { format!("{}:", "-".repeat(width + 1)) });
    let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
    [line(&head), rule].into_iter().chain(rows.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_right_aligned() {
        let rows = vec![vec![Cell::text("a"), Cell::Count(7)], vec![Cell::text("bcd"), Cell::Figure(1234.0)]];
        let text = table(&Table { columns: vec!["who", "req/s"], rows });
        assert_eq!(text, "| who | req/s |\n|-----|------:|\n| a   |     7 |\n| bcd | 1,234 |\n");
    }
}
