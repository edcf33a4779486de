//! Quotes values for commands that people paste into a shell. Pure.

/// `text` as one word of a shell. Quoting fails only for NUL, which no value here contains.
#[must_use]
pub fn quoted(text: &str) -> String {
    shlex::try_quote(text).unwrap_or_default().into_owned()
}
