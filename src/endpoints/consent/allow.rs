//! Decides who may make a connection. Pure.

use crate::config::DocusignSettings;
use crate::oauth::subject::{Subject, SubjectKind};
use crate::types::Guid;

/// The subject of a connection that the DocuSign user `signed_in` makes; `None` if that user may not.
///
/// The integration user and administrators may make a system-wide connection. Every user may make a connection that acts as
/// that user.
pub fn subject_for(kind: SubjectKind, signed_in: &str, docusign: &DocusignSettings) -> Option<Subject> {
    match kind {
        SubjectKind::IntegrationUser => {
            let allowed = std::iter::once(&docusign.user_id).chain(&docusign.admins).any(|user| user.is(signed_in));
            allowed.then_some(Subject::IntegrationUser)
        }
        SubjectKind::SignedInUser => Guid::parse(signed_in).map(Subject::SignedInUser),
    }
}
