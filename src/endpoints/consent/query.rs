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

/// A parameter is repeated, so it is unclear which value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepeatedParameterError;

impl CallbackQuery {
    /// Reads the query. Blank parameters count as absent.
    ///
    /// # Errors
    /// [`RepeatedParameterError`] for a parameter that is repeated, even with the same value (RFC 6749 §3.1).
    pub fn read(query: &str) -> Result<Self, RepeatedParameterError> {
        let value = |parameter: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == parameter);
            let found = pairs.next().map(|(_, value)| value.into_owned());
            let is_repeated = pairs.next().is_some();
            if is_repeated { Err(RepeatedParameterError) } else { Ok(found.filter(|value| !value.is_empty())) }
        };
        let (message, description) = (value("error_message")?, value("error_description")?);
        let message = message.or(description).unwrap_or_default();
        Ok(Self {
            state: value("state")?,
            code: value("code")?.map(SecretString::from),
            denial: value("error")?.map(|error| (cut(&error), cut(&message))),
        })
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
        let success = CallbackQuery::read("code=abc&state=s&unknown=1&unknown=2").unwrap();
        assert!(success.code.is_some() && success.denial.is_none());
        let denial = CallbackQuery::read("error=access_denied&error_message=The+user+did+not+consent&state=s").unwrap();
        let expected = ("access_denied".to_owned(), "The user did not consent".to_owned());
        assert_eq!(denial.denial, Some(expected));
        assert!(CallbackQuery::read("error=x&error_description=d").unwrap().denial.is_some_and(|(_, d)| d == "d"));
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        for name in ["state", "code", "error", "error_message", "error_description"] {
            for (first, second) in [("a", "a"), ("a", "b"), ("", "a"), ("a", ""), ("", "")] {
                let query = format!("x=1&{name}={first}&y=2&%{:02x}{}={second}", name.as_bytes()[0], &name[1..]);
                assert_eq!(CallbackQuery::read(&query).err(), Some(RepeatedParameterError), "{query}");
            }
        }
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_removed() {
        let query = format!("error=%E2%80%AE{}%0a%00&code=&state=", "x".repeat(5000));
        let read = CallbackQuery::read(&query).unwrap();
        assert_eq!(read.denial.unwrap().0, "x".repeat(300));
        assert!(read.code.is_none() && read.state.is_none());
    }
}
