//! Ids that Workfront keeps: CLM's, with what kind of thing it is, which CLM's own do not tell. Pure.

use std::fmt;

use crate::types::Guid;

/// Length of the random part of an upload's id: 128 bits in base64url.
const UPLOAD_ID: usize = 22;

/// What an id names. At most 255 characters, as Workfront wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemId {
    /// `/`: the account's root folder.
    Root,
    /// `f:` and CLM's id of a folder.
    Folder(Guid),
    /// `d:` and CLM's id of a document.
    Document(Guid),
    /// `u:` and a random part: a document that was announced, and that it became.
    Upload(String),
}

impl ItemId {
    /// Reads an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "/" {
            return Some(Self::Root);
        }
        let (kind, id) = text.split_once(':')?;
        match kind {
            "f" => Guid::parse(id).map(|id| Self::Folder(id.lower_case())),
            "d" => Guid::parse(id).map(|id| Self::Document(id.lower_case())),
            "u" => {
                let fits =
                    id.len() == UPLOAD_ID && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                fits.then(|| Self::Upload(id.to_owned()))
            }
            _ => None,
        }
    }

    /// Does it name a folder?
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

/// CLM's id of what lives at `href`: the last segment of its path.
#[must_use]
pub fn of_href(href: &str) -> Option<Guid> {
    Guid::parse(href.trim_end_matches('/').rsplit('/').next()?).map(|id| id.lower_case())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_are_read_as_they_are_written_and_nothing_else_is(
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
    fn kinds_are_told_apart() {
        let guid = "5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722";
        for good in ["/".to_owned(), format!("f:{guid}"), format!("d:{guid}"), "u:ABCDEFGHIJKLMNOPQRST_-".to_owned()] {
            assert_eq!(ItemId::parse(&good).unwrap().to_string(), good);
        }
        for bad in ["", "//", guid, "x:1", "d:../folders/1", "u:short", "f:", "d:5e1d7a90"] {
            assert_eq!(ItemId::parse(bad), None, "{bad}");
        }
        assert_eq!(of_href(&format!("https://h/v2/a/folders/{guid}/")).unwrap().as_str(), guid);
    }
}
