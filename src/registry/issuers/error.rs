//! Why the keys of a trusted issuer, or of a client's `jwks_uri`, are not available. Pure.

use thiserror::Error;

use crate::memory::failures::FailureKind;
use crate::types::{Explained, Explanation};
use crate::web::obstacle::Obstacle;
use crate::web::upstream::UpstreamAnswer;

/// Why keys are not available. Never a reason to refuse a caller for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.problem())]
pub enum IssuerError {
    /// No connection, or the connection was lost.
    Unreachable(Obstacle),
    /// Not 200.
    Failed {
        /// What came.
        answer: UpstreamAnswer,
    },
    /// It redirects, which is not followed.
    Redirects,
    /// More than 256 KiB.
    TooLarge,
    /// Not JSON, or not the members that are needed.
    Malformed,
    /// The `issuer` in the configuration is another one.
    OtherIssuer,
    /// The `jwks_uri` in the configuration is not https.
    InsecureKeys,
    /// No key is for signatures with an algorithm that is accepted.
    NoKeys,
}

const UNAVAILABLE: Explanation = Explanation {
    code: "issuer_unavailable",
    problem: "the issuer answered with <answer>",
    client: "the keys of the assertion's issuer cannot be read at the moment; try again later",
    person: "Wait a minute, then try again.",
    operator: "This may pass by itself. If not, open the issuer's /.well-known/openid-configuration, and the jwks_uri in it.",
    command: None,
};

const UNREACHABLE: Explanation = Explanation { problem: "the issuer cannot be reached (<answer>)", ..UNAVAILABLE };

const REDIRECTS: Explanation = Explanation {
    problem: "the issuer redirects, and redirects are not followed",
    operator: "Register the issuer exactly as its tokens have it in iss.",
    ..UNAVAILABLE
};

const TOO_LARGE: Explanation = Explanation {
    problem: "the issuer's answer is larger than 256 KiB",
    operator: "Check that the URL leads to an OpenID configuration or a key set.",
    ..UNAVAILABLE
};

const MALFORMED: Explanation =
    Explanation { problem: "the issuer's answer is not an OpenID configuration or a key set", ..TOO_LARGE };

const OTHER_ISSUER: Explanation = Explanation {
    problem: "the OpenID configuration names another issuer",
    operator: "Register the issuer exactly as its configuration names it, also the slash at the end.",
    ..UNAVAILABLE
};

const INSECURE_KEYS: Explanation = Explanation {
    problem: "the OpenID configuration has a jwks_uri that is not https",
    operator: "The issuer has to publish its keys over https.",
    ..UNAVAILABLE
};

const NO_KEYS: Explanation = Explanation {
    problem: "the key set has no key for RS256, PS256 or ES256",
    operator: "The issuer has to sign with one of these algorithms.",
    ..UNAVAILABLE
};

impl IssuerError {
    /// One of each variant with texts of its own, for the table in the tests.
    pub const ALL: [Self; 7] = [
        Self::Failed { answer: UpstreamAnswer::NONE },
        Self::Redirects,
        Self::TooLarge,
        Self::Malformed,
        Self::OtherIssuer,
        Self::InsecureKeys,
        Self::NoKeys,
    ];

    /// When another try can help.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Unreachable(_) | Self::Failed { .. } => FailureKind::Transient,
            Self::Redirects
            | Self::TooLarge
            | Self::Malformed
            | Self::OtherIssuer
            | Self::InsecureKeys
            | Self::NoKeys => FailureKind::Permanent,
        }
    }
}

impl Explained for IssuerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreachable(obstacle) => obstacle.explain_as(UNREACHABLE),
            Self::Failed { .. } => UNAVAILABLE,
            Self::Redirects => REDIRECTS,
            Self::TooLarge => TOO_LARGE,
            Self::Malformed => MALFORMED,
            Self::OtherIssuer => OTHER_ISSUER,
            Self::InsecureKeys => INSECURE_KEYS,
            Self::NoKeys => NO_KEYS,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable(obstacle) => obstacle.as_answer(),
            Self::Failed { answer } => answer.details(),
            _ => Vec::new(),
        }
    }
}
