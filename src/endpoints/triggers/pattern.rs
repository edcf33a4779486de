//! Patterns of names, with `*` for any text. Pure.

/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 380;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Pattern {
    /// Every text is a pattern.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(folded(text).split('*').map(ToOwned::to_owned).collect())
    }

    /// Whether `name` fits, ignoring case.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        let name = folded(name);
        let [first, between @ .., last] = self.0.as_slice() else { return self.0.iter().all(|whole| *whole == name) };
        let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
        for part in between {
            let Some((_, behind)) = rest.split_once(part.as_str()) else { return false };
            rest = behind;
        }
        rest.ends_with(last.as_str())
    }
}

/// `text` in lower case, letter by letter: in a word, the lower case of a Greek sigma depends on the letters around it, which a
/// `*` hides.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names_in_any_case() {
        for (pattern, name, fits) in [
            ("*.pdf", "Agreement.PDF", true),
            ("*.pdf", "Agreement.pdf.docx", false),
            ("agreement*", "Agreement 12", true),
            ("*", "", true),
            ("Agreement", "agreement", true),
            ("Agreement", "agreement 2", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXc", false),
            ("ab*bc", "abc", false),
            ("ab*bc", "abbc", true),
            ("**x**", "xx", true),
            ("*Ä*", "zähne", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(Pattern::new(pattern).fits(name), fits, "{pattern} {name}");
        }
    }
}
