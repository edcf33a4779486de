//! The ids of items in Workfront, and CLM's rules for names. Pure.

use std::fmt;

use crate::endpoints::workfront::error::WorkfrontError;
use crate::types::Guid;

/// Length of the random part of an upload's id: 128 bits in base64url.
const UPLOAD_ID_CHARS: usize = 22;

/// The id that Workfront stores: CLM's id with the kind of item in front, because CLM's ids do not show whether they belong
/// to a folder or a document. Workfront allows 255 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemId {
    /// `/`: the account's root folder.
    Root,
    /// `f:` and CLM's id of a folder.
    Folder(Guid),
    /// `d:` and CLM's id of a document.
    Document(Guid),
    /// `u:` and a random part: an announced upload, and later the document it became.
    Upload(String),
}

impl ItemId {
    /// Parses an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "/" {
            return Some(Self::Root);
        }
        let (kind, id) = text.split_once(':')?;
        match kind {
            "f" => Guid::parse(id).map(Self::Folder),
            "d" => Guid::parse(id).map(Self::Document),
            "u" => {
                let fits = id.len() == UPLOAD_ID_CHARS
                    && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                fits.then(|| Self::Upload(id.to_owned()))
            }
            _ => None,
        }
    }

    /// Whether it is the id of a folder.
    #[must_use]
    pub const fn is_folder(&self) -> bool {
        matches!(self, Self::Root | Self::Folder(_))
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("/"),
            Self::Folder(id) => write!(f, "f:{}", id.as_str()),
            Self::Document(id) => write!(f, "d:{}", id.as_str()),
            Self::Upload(id) => write!(f, "u:{id}"),
        }
    }
}

/// CLM's id in `href`: the last segment of its path.
#[must_use]
pub fn clm_id(href: &str) -> Option<Guid> {
    Guid::parse(href.trim_end_matches('/').rsplit('/').next()?)
}

/// CLM's limit for the name of a document.
pub const MAX_DOCUMENT_NAME_CHARS: usize = 255;
/// CLM's limit for the name of a folder.
pub const MAX_FOLDER_NAME_CHARS: usize = 100;

/// `name`, if CLM accepts it.
///
/// # Errors
/// [`WorkfrontError`] with CLM's rules for names.
pub fn valid_name(name: Option<&str>, max_chars: usize) -> Result<&str, WorkfrontError> {
    const INVALID: WorkfrontError = WorkfrontError::Failed(
        "CLM does not accept this name: it must not be empty or too long, contain \\ / : * ? \" < > or |, start or end with a \
         space, or end with a period",
    );
    let name = name.ok_or(INVALID)?;
    let clean = !name.chars().any(|c| c.is_control() || "\\/:*?\"<>|".contains(c));
    let trimmed = name.trim() == name && !name.ends_with('.');
    if clean && trimmed && (1..=max_chars).contains(&name.chars().count()) { Ok(name) } else { Err(INVALID) }
}

/// The MIME type for the extension of `name`, because CLM returns no MIME type.
#[must_use]
pub fn mime_type(name: &str) -> &'static str {
    mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_round_trip_and_nothing_else_parses(
            kind in "[fdux]",
            guid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            random in "[A-Za-z0-9_-]{20,24}",
            wild in ".{0,60}",
        ) {
            for text in [format!("{kind}:{guid}"), format!("{kind}:{random}"), wild] {
                if let Some(id) = ItemId::parse(&text) {
                    prop_assert_eq!(id.to_string(), text);
                }
            }
            prop_assert_eq!(ItemId::parse(&format!("{kind}:{guid}")).is_some(), kind == "f" || kind == "d");
            prop_assert_eq!(ItemId::parse(&format!("{kind}:{random}")).is_some(), kind == "u" && random.len() == 22);
        }
    }

    #[test]
    fn kinds_are_distinguished() {
        let guid = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
        for good in ["/".to_owned(), format!("f:{guid}"), format!("d:{guid}"), "u:ABCDEFGHIJKLMNOPQRST_-".to_owned()] {
            assert_eq!(ItemId::parse(&good).unwrap().to_string(), good);
        }
        for bad in ["", "//", guid, "x:1", "d:../folders/1", "u:short", "f:", "d:5e1d7a90"] {
            assert_eq!(ItemId::parse(bad), None, "{bad}");
        }
        assert_eq!(clm_id(&format!("https://h/v2/a/folders/{guid}/")).unwrap().as_str(), guid);
    }

    #[test]
    fn names_follow_clms_rules() {
        for good in ["a", "Supply Agreement.docx", "Ärger & Söhne (2).pdf", &"x".repeat(255)] {
            assert_eq!(valid_name(Some(good), MAX_DOCUMENT_NAME_CHARS).ok(), Some(good));
        }
        for bad in
            ["", " a", "a ", "a.", "a/b", "a\\b", "a:b", "a*", "a?", "a\"", "a<", "a>", "a|", "a\nb", &"x".repeat(256)]
        {
            assert!(valid_name(Some(bad), MAX_DOCUMENT_NAME_CHARS).is_err(), "{bad}");
        }
        assert!(valid_name(None, MAX_FOLDER_NAME_CHARS).is_err());
    }

    #[test]
    fn mime_types_follow_the_extension() {
        assert_eq!(mime_type("a.PDF"), "application/pdf");
        assert_eq!(mime_type("a"), "application/octet-stream");
    }
}
