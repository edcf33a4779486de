//! The kinds of records, with their names, content and lifetimes. Pure.
//!
//! In Blob Storage, the lifecycle rules of `infra/modules/storage.bicep` delete expired records. A test checks that they match
//! this table.

use crate::clock::UnixSeconds;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A used code, by the code's SHA-256; holds a random mark. Its lifetime is the code's plus an hour.
    UsedCode,
    /// A used assertion that a client signed itself, by the SHA-256 of the client id and the `jti`; holds a random mark. Its
    /// lifetime is the assertion's.
    UsedAssertion,
    /// A revoked grant or sealed access token, by its id; holds the word `revoked`. If deleted, the grant works again.
    Revocation,
    /// The time before which all grants of a client are revoked, by the client id's SHA-256; holds Unix seconds. If deleted,
    /// the grants work again.
    NotBefore,
    /// The latest generations of a grant's refresh token and when each was created, by the grant id. If deleted, rotated
    /// refresh tokens work again.
    Rotation,
    /// A running deletion in CLM, by the item's SHA-256; holds Unix seconds and a random mark, or 0 if it failed.
    Deletion,
    /// An upload that Workfront announced, by a random id; holds JSON: client, user, folder and name.
    AnnouncedUpload,
    /// A finished upload, by the announcement's id; holds its JSON with the CLM document id. If deleted, Workfront loses the
    /// document. Older versions also stored announcements here.
    Upload,
    /// CLM's id of a document, by the SHA-256 of the client id and Workfront's id. If deleted, a new version becomes a new
    /// document.
    WorkfrontDocument,
    /// Redirect URIs that clients asked for and that are not registered; one record for all clients, holds JSON.
    RequestedRedirects,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::UsedCode,
        Self::UsedAssertion,
        Self::Revocation,
        Self::NotBefore,
        Self::Rotation,
        Self::Deletion,
        Self::AnnouncedUpload,
        Self::Upload,
        Self::WorkfrontDocument,
        Self::RequestedRedirects,
    ];

    /// The folder of its records, and their lifetime in seconds; `None` if they must never be deleted.
    const fn row(self) -> (&'static str, Option<u64>) {
        match self {
            Self::UsedCode => ("redeemed", Some(HOUR + 5 * MINUTE)),
            Self::UsedAssertion => ("used-assertions", Some(HOUR + 5 * MINUTE)),
            Self::Revocation => ("revoked", None),
            Self::NotBefore => ("not-before", None),
            Self::Rotation => ("rotated", None),
            Self::Deletion => ("deletions", Some(MINUTE)),
            Self::AnnouncedUpload => ("announced-uploads", Some(7 * DAY)),
            Self::Upload => ("uploads", None),
            Self::WorkfrontDocument => ("workfront-documents", None),
            Self::RequestedRedirects => ("requested-redirects", Some(DAY)),
        }
    }

    /// The folder of its records.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        self.row().0
    }

    /// The lifetime of a record in seconds; `None` if it must never be deleted.
    #[must_use]
    pub const fn lifetime(self) -> Option<u64> {
        self.row().1
    }

    /// When a record written at `now` expires; `None` if never.
    #[must_use]
    pub fn expires_at(self, now: UnixSeconds) -> Option<UnixSeconds> {
        self.lifetime().map(|seconds| now.plus(seconds))
    }

    /// The number of days after which the lifecycle rule deletes a record; `None` if there is no rule.
    #[must_use]
    pub const fn deleted_after_days(self) -> Option<u64> {
        match self.lifetime() {
            Some(seconds) => Some(seconds.div_ceil(DAY)),
            None => None,
        }
    }

    /// The kind of the record `name`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let prefix = name.split_once('/')?.0;
        Self::ALL.into_iter().find(|kind| kind.prefix() == prefix)
    }

    /// Whether `content` can be the text of such a record. A proxy's page is none.
    #[must_use]
    pub fn accepts(self, content: &str) -> bool {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_generation = |entry: &str| entry.split_once(':').is_some_and(|(n, at)| is_number(n) && is_number(at));
        match self {
            Self::Revocation => content == "revoked",
            Self::NotBefore => is_number(content.trim()),
            Self::Rotation => content.split(' ').all(is_generation),
            Self::UsedCode | Self::UsedAssertion => {
                !content.is_empty() && content.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            }
            Self::AnnouncedUpload | Self::Upload | Self::RequestedRedirects => {
                content.starts_with('{') && content.ends_with('}')
            }
            Self::Deletion | Self::WorkfrontDocument => {
                !content.is_empty() && content.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.: ".contains(&b))
            }
        }
    }

    /// The name of the record for `key`.
    #[must_use]
    pub fn name(self, key: &str) -> String {
        format!("{}/{key}", self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_records_own_text_counts() {
        for (kind, own) in [
            (RecordKind::UsedCode, "aGVsbG8td29ybGQtMTIz"),
            (RecordKind::UsedAssertion, "aGVsbG8td29ybGQtMTIz"),
            (RecordKind::Revocation, "revoked"),
            (RecordKind::NotBefore, "1795319592"),
            (RecordKind::Rotation, "5:1795319592 4:1795319590"),
            (RecordKind::Deletion, "1795319592"),
            (RecordKind::AnnouncedUpload, r#"{"client":"c"}"#),
            (RecordKind::Upload, r#"{"client":"c"}"#),
            (RecordKind::WorkfrontDocument, "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e"),
            (RecordKind::RequestedRedirects, r#"{"requests":[]}"#),
        ] {
            assert_eq!(RecordKind::of(&kind.name("key")), Some(kind));
            assert!(kind.accepts(own), "{own}");
            for foreign in ["", "<html>", "<!DOCTYPE html>\n<h1>Blocked</h1>", "no such page!", "[]", "{", "\u{feff}"] {
                assert!(!kind.accepts(foreign), "{kind:?} {foreign}");
            }
        }
        assert_eq!(RecordKind::of("elsewhere/key"), None);
    }
}
