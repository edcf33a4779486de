//! Advice for the operator, in parts: text, and what they type. Pure.

/// A part of the advice for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text to read.
    Text(&'a str),
    /// Something to type, such as an `evergrant` command.
    Typed(&'a str),
    /// A whole command for a shell, on a line of its own.
    Command(&'a str),
}

/// The parts of `advice`, which has backticks around what the reader types. A period after a command is left out.
#[must_use]
pub fn parts(advice: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for (position, text) in advice.split('`').enumerate() {
        let after_command = matches!(parts.last(), Some(Part::Command(_)));
        parts.push(match text {
            _ if position % 2 == 1 && text.starts_with("az ") => Part::Command(text),
            _ if position % 2 == 1 => Part::Typed(text),
            _ if after_command => Part::Text(text.trim_start_matches(['.', ' '])),
            _ => Part::Text(text),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Part, parts};

    #[test]
    fn text_in_backticks_is_typed_or_a_command() {
        let parsed = parts("Run `evergrant doctor` and `az login`. Then wait.");
        let expected = [
            Part::Text("Run "),
            Part::Typed("evergrant doctor"),
            Part::Text(" and "),
            Part::Command("az login"),
            Part::Text("Then wait."),
        ];
        assert_eq!(parsed, expected);
        assert_eq!(parts("Wait."), [Part::Text("Wait.")]);
    }
}
