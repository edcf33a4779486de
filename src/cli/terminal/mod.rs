//! What commands share: parsing arguments, printing results, reporting errors. It imports no command.

mod error;
mod output;
pub mod progress;
pub mod values;

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

pub use error::{CommandError, failed, usage};
pub use output::{explain, print, print_line};

/// Something works. `anstream` leaves styles out if stdout is not a terminal with colors, or if `NO_COLOR` is set.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something needs attention.
pub const NOTE: Style = AnsiColor::Yellow.on_default();
/// Something is broken.
pub const BAD: Style = AnsiColor::Red.on_default();

/// `argument` quoted for a shell.
pub fn shell_quoted(argument: &str) -> Cow<'_, str> {
    // Quoting fails only for NUL, which no argument of a process contains.
    shlex::try_quote(argument).unwrap_or(Cow::Borrowed(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_if_a_shell_would_change_them() {
        assert_eq!(shell_quoted("infra/clients.json"), "infra/clients.json");
        assert_eq!(shell_quoted("my clients.json"), "'my clients.json'");
        assert_eq!(shell_quoted("a'b"), r#""a'b""#);
        assert_eq!(shell_quoted("$(rm x)"), "'$(rm x)'");
        assert_eq!(shell_quoted(""), "''");
    }
}
