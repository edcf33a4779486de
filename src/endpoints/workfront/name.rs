//! Names of documents and folders, as CLM's service limits allow them. Pure.

use crate::endpoints::workfront::error::WorkfrontError;

/// Longest names, in characters.
pub const DOCUMENT_NAME: usize = 255;
pub const FOLDER_NAME: usize = 100;

/// `name`, if CLM takes it.
///
/// # Errors
/// [`WorkfrontError`] that says what a name may be.
pub fn checked(name: Option<&str>, most: usize) -> Result<&str, WorkfrontError> {
    const WRONG: WorkfrontError = WorkfrontError::Failed(
        "CLM takes no such name: it may not be empty or too long, hold \\ / : * ? \" < > or |, begin or end with a space, or end \
         with a full stop",
    );
    let name = name.ok_or(WRONG)?;
    let clean = !name.chars().any(|c| c.is_control() || "\\/:*?\"<>|".contains(c));
    let trimmed = name.trim() == name && !name.ends_with('.');
    if clean && trimmed && (1..=most).contains(&name.chars().count()) { Ok(name) } else { Err(WRONG) }
}

/// `Content-Disposition` for `name` (RFC 6266), readable for those who know ASCII only.
#[must_use]
pub fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() && !c.is_ascii_control() && c != '"' && c != '\\' { c } else { '_' })
        .collect();
    if plain == name {
        return format!("attachment; filename=\"{name}\"");
    }
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// The MIME type by the extension of `name`, which is all that CLM tells.
#[must_use]
pub fn mime_type(name: &str) -> &'static str {
    mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_clm() {
        for good in ["a", "Supply Agreement.docx", "Ärger & Söhne (2).pdf", &"x".repeat(255)] {
            assert_eq!(checked(Some(good), DOCUMENT_NAME).ok(), Some(good));
        }
        for bad in
            ["", " a", "a ", "a.", "a/b", "a\\b", "a:b", "a*", "a?", "a\"", "a<", "a>", "a|", "a\nb", &"x".repeat(256)]
        {
            assert!(checked(Some(bad), DOCUMENT_NAME).is_err(), "{bad}");
        }
        assert!(checked(None, FOLDER_NAME).is_err());
    }

    #[test]
    fn dispositions_are_one_header_whatever_the_name() {
        assert_eq!(attachment("a b.pdf"), "attachment; filename=\"a b.pdf\"");
        assert_eq!(attachment("ä\".pdf"), "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%A4%22%2Epdf");
        assert!(attachment("a\r\nb").parse::<http::HeaderValue>().is_ok());
    }

    #[test]
    fn types_come_by_extension() {
        assert_eq!(mime_type("a.PDF"), "application/pdf");
        assert_eq!(mime_type("a"), "application/octet-stream");
    }
}
