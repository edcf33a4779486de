//! The kinds of records: what each is called, what it holds, and how long it has to be kept. Pure.
//!
//! Blob storage forgets nothing by itself: the lifecycle rules of `infra/modules/storage.bicep` delete what has a
//! lifetime, and a test holds them to this table.

use crate::clock::UnixSeconds;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A used code, by the code's SHA-256; holds a random mark. The lifetime is that of a code and an hour more.
    UsedCode,
    /// A revoked grant or sealed access token, by its id; holds the word `revoked`. Without it a revoked grant works
    /// again.
    Revocation,
    /// The moment before which a client's grants are revoked, by the client id's SHA-256; holds unix seconds. Without
    /// it they work again.
    NotBefore,
    /// The latest generations of a grant's refresh token and when each was made, by the grant's id. Without it rotated
    /// refresh tokens work again.
    Rotation,
    /// A deletion in CLM under way, by the item's SHA-256; holds unix seconds.
    Deletion,
    /// An upload that Workfront announced, by a random id; holds JSON: client, user, folder and name.
    AnnouncedUpload,
    /// An upload that became a document of CLM, by the announcement's id; holds its JSON with the document's id. Without
    /// it Workfront loses the document. Announcements of older versions are here too.
    Upload,
    /// CLM's id of a document, by the SHA-256 of the client id and Workfront's id. Without it a new version becomes a
    /// new document.
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

    /// The folder of its records, and for how many seconds each has to be kept; `None` if it must never be deleted.
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

    /// For how many seconds a record has to be kept; `None` if it must never be deleted.
    #[must_use]
    pub const fn lifetime(self) -> Option<u64> {
        self.row().1
    }

    /// When a record that is written at `now` is not needed any more; `None` if it always is.
    #[must_use]
    pub fn expires_at(self, now: UnixSeconds) -> Option<UnixSeconds> {
        self.lifetime().map(|seconds| now.plus(seconds))
    }

    /// After how many whole days the lifecycle rule deletes a record; `None` if there is no rule.
    #[must_use]
    pub const fn deleted_after_days(self) -> Option<u64> {
        match self.lifetime() {
            Some(seconds) => Some(seconds.div_ceil(DAY)),
            None => None,
        }
    }

    /// The name of the record of `key`.
    #[must_use]
    pub fn name(self, key: &str) -> String {
        format!("{}/{key}", self.prefix())
    }
}
