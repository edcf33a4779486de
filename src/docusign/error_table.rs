//! The texts for each [`ExchangeError`]. Pure.

use crate::docusign::error::ExchangeError;
use crate::oauth::subject::SubjectKind;
use crate::types::{Explained, Explanation};
use crate::web::upstream::UpstreamAnswer;

/// The client's sentence where only the user of a connection can fix it.
const UP_TO_THE_USER: &str = "the DocuSign user of this connection has not consented or is not active; that user needs to \
    connect again and press Allow";

/// An error whose reason only the log shows.
const REFUSED: Explanation = Explanation {
    code: "undocumented_refusal",
    problem: "DocuSign returned an error that it does not document (<answer>)",
    client: "DocuSign did not issue a token; the operator can find the cause in the log",
    person: "Ask the operator for help, and send them the request ID below.",
    operator: "Check DOCUSIGN_INTEGRATION_KEY (<integration key>), DOCUSIGN_USER_ID (<user id>) and the uploaded public key. If they \
        are right, contact DocuSign support.",
    command: None,
};

/// DocuSign is unavailable.
const OUTAGE: Explanation = Explanation {
    code: "server_failed",
    problem: "DocuSign answered with <answer>",
    client: "DocuSign cannot be reached at the moment; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "This may pass by itself. If not, check DocuSign's status page and whether the app's network can reach DocuSign.",
    command: None,
};

const CONSENT_REQUIRED: Explanation = Explanation {
    code: "consent_required",
    problem: "consent is missing for the user or for one of the scopes",
    client: "consent is missing at DocuSign; an administrator needs to open the consent link and press Allow",
    person: "Ask for a new consent link, sign in as the user that the app acts as, and press Allow.",
    operator: "Open the consent link from the setup page, `evergrant status` (for the deployed app) or `evergrant consent-url`, sign in \
        as the integration user (<user id>) and press Allow.",
    command: None,
};

const NO_VALID_KEYS: Explanation = Explanation {
    code: "no_valid_keys_or_signatures",
    problem: "DocuSign does not know the signing key",
    client: "DocuSign does not know the signing key; the DocuSign administrator needs to upload its public key",
    person: "Ask the DocuSign administrator to upload the app's public key.",
    operator: "The DocuSign administrator uploads the public key that `evergrant public-key` prints: Apps and Keys, \
        the integration key (<integration key>), Service Integration, Upload RSA.",
    command: None,
};

const ISSUER_NOT_FOUND: Explanation = Explanation {
    code: "issuer_not_found",
    problem: "DocuSign does not know the integration key",
    client: "DocuSign does not accept the configured integration key; the operator needs to check the settings",
    person: "Ask the operator to check the integration key and the DocuSign environment.",
    operator: "Compare DOCUSIGN_INTEGRATION_KEY (<integration key>) and DOCUSIGN_ENVIRONMENT (<account host>) with DocuSign's page \
        Apps and Keys. A demo integration key is unknown in production until DocuSign has \
        promoted it.",
    command: None,
};

const USER_NOT_FOUND: Explanation = Explanation {
    code: "user_not_found",
    problem: "DocuSign does not know the user, or the user is not active",
    client: "DocuSign does not accept the configured user; the operator needs to check the settings",
    person: "Ask the operator to check which DocuSign user the app acts as, and whether that user is active.",
    operator: "Compare DOCUSIGN_USER_ID (<user id>) with the User ID, a GUID that DocuSign calls API Username. Check that the user is \
        active and that DOCUSIGN_ENVIRONMENT (<account host>) is right.",
    command: None,
};

const ASSERTION_EXPIRED: Explanation = Explanation {
    code: "expired_grant",
    problem: "DocuSign rejects a new assertion as expired",
    client: "the server's clock is wrong; the operator needs to set it",
    person: "Ask the operator to set the server's clock.",
    operator: "Synchronize the machine's clock with a time server.",
    command: None,
};

const CLIENT_REFUSED: Explanation = Explanation {
    code: "unauthorized_client",
    problem: "DocuSign does not accept the secret key",
    client: "DocuSign does not accept the configured secret key; the operator needs to check the settings",
    person: "Ask the operator to check the secret key of the integration key.",
    operator: "Set DOCUSIGN_SECRET_KEY to a secret key of the integration key (<integration key>). If in doubt, add \
        a new one on the page Apps and Keys.",
    command: None,
};

const UNSUPPORTED_GRANT_TYPE: Explanation = Explanation {
    code: "unsupported_grant_type",
    problem: "DocuSign did not recognize the request as a JWT Grant",
    operator: "Check whether a proxy between the app and DocuSign rewrites requests.",
    ..REFUSED
};

const SCOPE_REFUSED: Explanation = Explanation {
    code: "invalid_scope",
    problem: "DocuSign does not accept one of the scopes",
    operator: "Correct DOCUSIGN_SCOPES or the client's scope.",
    ..REFUSED
};

const CODE_EXPIRED: Explanation = Explanation {
    code: "expired_client_token",
    problem: "the code of the sign-in is too old, or was already used",
    person: "Begin again.",
    operator: "Begin again. If that does not help, check DOCUSIGN_SECRET_KEY.",
    ..REFUSED
};

const UNEXPLAINED: Explanation =
    Explanation { code: "invalid_grant", problem: "DocuSign rejects the assertion and gives no reason", ..REFUSED };

const FOREIGN: Explanation = Explanation {
    code: "foreign_answer",
    problem: "the answer is not in DocuSign's format (<answer>)",
    operator: "This may pass by itself. If not, ask who runs the network: a proxy or firewall may have answered instead.",
    ..OUTAGE
};

const USER_UNNAMED: Explanation =
    Explanation { code: "userinfo_refused", problem: "DocuSign does not say who the user is (<answer>)", ..OUTAGE };

const THROTTLED: Explanation = Explanation {
    code: "throttled",
    problem: "DocuSign limits the rate of calls",
    client: "DocuSign limits the rate of requests at the moment; try again later",
    operator: "Wait: the app calls DocuSign again when DocuSign allows it (in <wait> s). If this happens often, find out what \
        else uses the integration key (<integration key>).",
    ..OUTAGE
};

const MALFORMED: Explanation =
    Explanation { code: "malformed_answer", problem: "DocuSign's answer could not be read", ..OUTAGE };

const NO_ANSWER: Explanation =
    Explanation { code: "no_answer", problem: "no answer from DocuSign: the connection failed (<answer>)", ..OUTAGE };

const TIMED_OUT: Explanation = Explanation { code: "timed_out", problem: "no answer from DocuSign in time", ..OUTAGE };

impl ExchangeError {
    /// The message for the client, if its connection acts as `subject`.
    #[must_use]
    pub fn client_sentence(&self, subject: SubjectKind) -> &'static str {
        if self.is_up_to_the_user(subject) { UP_TO_THE_USER } else { self.explain().client }
    }
}

impl Explained for ExchangeError {
    fn explain(&self) -> Explanation {
        match self {
            Self::ConsentRequired => CONSENT_REQUIRED,
            Self::NoValidKeys => NO_VALID_KEYS,
            Self::IssuerNotFound => ISSUER_NOT_FOUND,
            Self::UserNotFound => USER_NOT_FOUND,
            Self::AssertionExpired => ASSERTION_EXPIRED,
            Self::ClientRefused => CLIENT_REFUSED,
            Self::UnsupportedGrantType => UNSUPPORTED_GRANT_TYPE,
            Self::ScopeRefused => SCOPE_REFUSED,
            Self::CodeExpired => CODE_EXPIRED,
            Self::Unexplained => UNEXPLAINED,
            Self::Undocumented { .. } => REFUSED,
            Self::Foreign { .. } => FOREIGN,
            Self::UserUnnamed { .. } => USER_UNNAMED,
            Self::Throttled { .. } => THROTTLED,
            Self::ServerFailed { .. } => OUTAGE,
            Self::Malformed => MALFORMED,
            Self::Unreachable(obstacle) => obstacle.explain_as(NO_ANSWER),
            Self::TimedOut => TIMED_OUT,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable(obstacle) => obstacle.as_answer(),
            Self::Throttled { retry_after: Some(seconds) } => vec![("wait", seconds.to_string())],
            _ => self.answer().map(UpstreamAnswer::details).unwrap_or_default(),
        }
    }
}
