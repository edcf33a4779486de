//! Colours, where somebody sees them. Pure but for the question whether stdout is a terminal.

use std::fmt::Display;
use std::io::IsTerminal as _;

use crate::config::Environment;

/// A colour of the terminal, which has its own idea of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// The style for stdout: coloured on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    pub fn of_stdout(env: &dyn Environment) -> Self {
        let refused = env.var("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env.var("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { coloured: !refused && !dumb && std::io::stdout().is_terminal() }
    }

    /// `text` in `colour`.
    pub fn paint(self, colour: Colour, text: impl Display) -> String {
        if self.coloured { format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8) } else { text.to_string() }
    }
}
