//! Checks and their results. Pure.

use std::borrow::Cow;

use serde::Serialize;

/// A check's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it should be.
    Good,
    /// It works, but the operator should know.
    Note,
    /// The operator has to fix it.
    Bad,
    /// It was not checked, because another check failed or it does not apply.
    Skipped,
}

impl Verdict {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Bad => "bad",
            Self::Skipped => "skipped",
        }
    }
}

/// The part of the installation, and so who is responsible for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Identity, keys and storage, which the deployment sets up.
    Azure,
    /// Integration key, public key, user and consent, which the DocuSign administrator sets up.
    Docusign,
    /// Registered clients and the public URL, which the operator sets up.
    Clients,
}

/// One check with its result. Nothing in it is secret.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name, for machines.
    pub check: Cow<'static, str>,
    /// Its part of the installation.
    pub area: Area,
    /// What is checked, for people.
    pub title: String,
    /// Its result.
    pub verdict: Verdict,
    /// What was found.
    pub finding: String,
    /// What fixes it, and who does that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
}

impl Area {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Azure => "azure",
            Self::Docusign => "docusign",
            Self::Clients => "clients",
        }
    }
}

/// What a check found, before it is named and timed.
pub struct Finding {
    verdict: Verdict,
    message: String,
    fix: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn good(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Good, message: message.into(), fix: None }
    }

    /// It works, but `fix` would be better.
    pub fn note(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Note, message: message.into(), fix: Some(fix.into()) }
    }

    /// It does not work until `fix` is done.
    pub fn bad(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, message: message.into(), fix: Some(fix.into()) }
    }

    /// It was not checked, for this reason.
    pub fn skipped(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, message: message.into(), fix: None }
    }

    /// This finding as the result of `check`.
    pub fn into_check(self, check: &'static str, area: Area, title: impl Into<String>, duration_ms: f64) -> Check {
        let Self { verdict, message, fix } = self;
        Check { check: check.into(), area, title: title.into(), verdict, finding: message, fix, duration_ms }
    }
}

/// Whether no check failed.
#[must_use]
pub fn healthy(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.verdict != Verdict::Bad)
}
