//! Whose DocuSign tokens a grant is for.

use serde::{Deserialize, Serialize};

use crate::types::Guid;

/// Whose DocuSign access tokens a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// System-wide: the current user of `DOCUSIGN_USER_ID`.
    IntegrationUser,
    /// Per user: the user who signed in when the connection was created.
    SignedInUser,
}

impl SubjectKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::IntegrationUser, Self::SignedInUser];

    /// Parses the value in the settings.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The value in settings, sealed tokens and log lines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntegrationUser => "integration_user",
            Self::SignedInUser => "signed_in_user",
        }
    }
}

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
