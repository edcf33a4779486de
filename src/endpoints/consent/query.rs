//! Reads the query of DocuSign's redirect to the callback. Pure.

use secrecy::SecretString;
use url::form_urlencoded;

/// Longest DocuSign text that a page shows, in characters.
const MAX_SHOWN_CHARS: usize = 300;

/// The parameters of the callback; unknown ones are ignored.
#[derive(Debug, Default)]
pub struct CallbackQuery {
    /// Our sealed state.
    pub state: Option<String>,
    /// The code of the sign-in.
    pub code: Option<SecretString>,
    /// `error` and DocuSign's `error_message` (elsewhere `error_description`), cut to a readable length.
    pub denial: Option<(String, String)>,
}

impl CallbackQuery {
    /// Reads the query. The first of repeated parameters counts, as in the Functions host. Blank ones count as absent.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let value = |parameter: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned());
            found.filter(|value| !value.is_empty())
        };
        let message = value("error_message").or_else(|| value("error_description"));
        Self {
            state: value("state"),
            code: value("code").map(SecretString::from),
            denial: value("error").map(|error| (cut(&error), cut(&message.unwrap_or_default()))),
        }
    }
}

fn cut(text: &str) -> String {
    // Control characters and marks that change the direction of writing are left out.
    let is_direction_mark =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let readable = text.chars().filter(|c| !c.is_control() && !is_direction_mark(*c));
    readable.take(MAX_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_success_and_denial() {
        let success = CallbackQuery::read("code=abc&state=s&unknown=1");
        assert!(success.code.is_some() && success.denial.is_none());
        let denial = CallbackQuery::read("error=access_denied&error_message=The+user+did+not+consent&state=s");
        let expected = ("access_denied".to_owned(), "The user did not consent".to_owned());
        assert_eq!(denial.denial, Some(expected));
        assert!(CallbackQuery::read("error=x&error_description=d").denial.is_some_and(|(_, d)| d == "d"));
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_removed() {
        let query = format!("error=%E2%80%AE{}%0a%00&code=&state=", "x".repeat(5000));
        let read = CallbackQuery::read(&query);
        assert_eq!(read.denial.unwrap().0, "x".repeat(300));
        assert!(read.code.is_none() && read.state.is_none());
    }
}
