//! Why a sign-in ends without a code, and the error that the client gets. Pure.

use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::minter::MintError;
use crate::endpoints::sign_in::SECRET_KEY_MISSING;
use crate::memory::failures::FailureKind;
use crate::oauth::authorization::{AuthorizationError, AuthorizationErrorCode as Code};
use crate::oauth::subject::SubjectKind;
use crate::sealing::keys::SEALING_UNAVAILABLE;
use crate::types::Explained as _;

/// Why there is no code.
#[derive(Debug)]
pub enum ConnectError {
    /// DocuSign reports this `error`.
    Denied(String),
    /// DocuSign sent back neither a code nor an error.
    NoCode,
    /// DocuSign does not say who signed in.
    UnknownUser(ExchangeError),
    /// This user may not make this connection.
    NotAllowed,
    /// There is no access token for it.
    MintFailed(MintError, SubjectKind),
    /// DocuSign does not say who signed in without the secret key, which is missing.
    SecretKeyMissing,
    /// The sealing key cannot be used.
    SealingUnavailable,
    /// It took too long.
    Deadline,
}

impl ConnectError {
    /// The code in log lines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::NoCode => "no_code",
            Self::UnknownUser(error) => error.code(),
            Self::NotAllowed => "user_not_allowed",
            Self::MintFailed(error, _) => error.code(),
            Self::SecretKeyMissing => SECRET_KEY_MISSING.code,
            Self::SealingUnavailable => SEALING_UNAVAILABLE.code,
            Self::Deadline => "deadline",
        }
    }

    /// The error for the client (RFC 6749 §4.1.2.1), never with text from DocuSign.
    pub fn error(&self) -> AuthorizationError {
        match self {
            Self::Denied(error) => denied(error),
            Self::NoCode => Code::ServerError.with_description("DocuSign sent back no code; begin again"),
            Self::UnknownUser(error) => unknown_user(error),
            Self::NotAllowed => Code::AccessDenied.with_description(
                "this DocuSign user may not make this connection; sign in as the integration user, or have the operator add the \
                 user to DOCUSIGN_ADMINS",
            ),
            Self::MintFailed(error, subject) => mint_failed(error, *subject),
            Self::SecretKeyMissing => Code::TemporarilyUnavailable.with_description(SECRET_KEY_MISSING.client),
            Self::SealingUnavailable | Self::Deadline => Code::TemporarilyUnavailable
                .with_description("the connection could not be made in time; try again later"),
        }
    }
}

fn denied(error: &str) -> AuthorizationError {
    match error {
        "access_denied" | "consent_required" | "login_required" | "interaction_required" => {
            Code::AccessDenied.with_description("consent was not given at DocuSign")
        }
        "temporarily_unavailable" => {
            Code::TemporarilyUnavailable.with_description("DocuSign is not available at the moment; try again later")
        }
        _ => Code::ServerError
            .with_description("DocuSign refused to sign the person in; the operator checks the DocuSign settings"),
    }
}

fn unknown_user(error: &ExchangeError) -> AuthorizationError {
    match error.kind() {
        // DocuSign refuses a code if it was used before, or if the secret key is wrong.
        FailureKind::Permanent => Code::ServerError.with_description(
            "DocuSign does not say who signed in; begin again, and if that does not help, the operator checks the secret key",
        ),
        FailureKind::Transient | FailureKind::Throttled(_) => {
            Code::TemporarilyUnavailable.with_description(error.explain().client)
        }
    }
}

fn mint_failed(error: &MintError, subject: SubjectKind) -> AuthorizationError {
    let code = match error {
        MintError::Exchange(ExchangeError::ConsentRequired) => Code::AccessDenied,
        error if error.kind() == FailureKind::Permanent => Code::ServerError,
        _ => Code::TemporarilyUnavailable,
    };
    code.with_description(error.client_sentence(subject))
}
