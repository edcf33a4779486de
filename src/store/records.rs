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
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::UsedCode,
        Self::Revocation,
        Self::NotBefore,
        Self::Rotation,
        Self::Deletion,
        Self::AnnouncedUpload,
        Self::Upload,
        Self::WorkfrontDocument,
    ];

    /// The folder of its records, and their lifetime in seconds; `None` if they must never be deleted.
    const fn row(self) -> (&'static str, Option<u64>) {
        match self {
            Self::UsedCode => ("redeemed", Some(HOUR + 5 * MINUTE)),
            Self::Revocation => ("revoked", None),
            Self::NotBefore => ("not-before", None),
            Self::Rotation => ("rotated", None),
            Self::Deletion => ("deletions", Some(MINUTE)),
            Self::AnnouncedUpload => ("announced-uploads", Some(7 * DAY)),
            Self::Upload => ("uploads", None),
            Self::WorkfrontDocument => ("workfront-documents", None),
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

    /// The name of the record for `key`.
    #[must_use]
    pub fn name(self, key: &str) -> String {
        format!("{}/{key}", self.prefix())
    }
}
