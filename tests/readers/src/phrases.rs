//! Words and phrases in texts, with or without line breaks, and in identifiers.

use std::sync::LazyLock;

use regex::Regex;

/// What separates words in an identifier.
static SEAM: LazyLock<Regex> = LazyLock::new(|| Regex::new("([a-z])([A-Z])|[0-9_]").unwrap());

/// Some phrases, in any case.
pub struct Phrases(Regex);

impl Phrases {
    /// A phrase may span two lines, but it does not continue after a full stop or the end of a text.
    #[must_use]
    pub fn new<'a>(phrases: impl Iterator<Item = &'a str>) -> Self {
        let phrases: Vec<_> = phrases.map(|phrase| phrase.replace(' ', "[^a-z.,;:()\"`]+")).collect();
        Self(Regex::new(&format!("(?i)(?-u:\\b)(?:{})(?-u:\\b)", phrases.join("|"))).unwrap())
    }

    /// The phrases in a text, each with its line.
    #[must_use]
    pub fn find_in(&self, text: &str) -> Vec<(usize, String)> {
        let text = SEAM.replace_all(text, "$1 $2");
        let line = |at: usize| text[..=at].lines().count();
        let words = |phrase: &str| {
            phrase.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        self.0.find_iter(&text).map(|found| (line(found.start()), words(&found.as_str().to_lowercase()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_sentences_identifiers_and_across_lines() {
        let phrases = Phrases::new(["tell", "tells", "told", "nobody", "stands", "made of", "for ever"].into_iter());
        for (text, expected) in [
            ("It tells.\nNobody\n", vec![(1, "tells"), (2, "nobody")]),
            ("fn told_twice() { isTold(TOLD_2) }", vec![(1, "told"), (1, "told"), (1, "told")]),
            ("/// good for\n/// ever", vec![(1, "for ever")]),
            ("storytellers understood; what is made. Of these, forever, Standstill", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(line, phrase)| (line, phrase.to_owned())).collect();
            assert_eq!(phrases.find_in(text), expected, "{text}");
        }
    }
}
