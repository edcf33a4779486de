//! Whose DocuSign tokens a grant is for.

use serde::{Deserialize, Serialize};

use crate::oauth::client::SubjectKind;
use crate::types::Guid;

/// The subject of a grant.
///
/// The integration user is stored as a word, not as a GUID, so that connections survive a change of `DOCUSIGN_USER_ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// The current integration user.
    IntegrationUser,
    /// The user who signed in.
    SignedInUser(Guid),
}

impl Subject {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::IntegrationUser => SubjectKind::IntegrationUser,
            Self::SignedInUser(_) => SubjectKind::SignedInUser,
        }
    }

    /// The DocuSign user; `integration_user` is the one in the settings.
    #[must_use]
    pub const fn user<'a>(&'a self, integration_user: &'a Guid) -> &'a Guid {
        match self {
            Self::IntegrationUser => integration_user,
            Self::SignedInUser(user) => user,
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::IntegrationUser => SubjectKind::IntegrationUser.as_str().to_owned(),
            Subject::SignedInUser(user) => user.as_str().to_owned(),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == SubjectKind::IntegrationUser.as_str() {
            return Ok(Self::IntegrationUser);
        }
        Guid::parse(&text).map(Self::SignedInUser).ok_or("neither integration_user nor a GUID")
    }
}
