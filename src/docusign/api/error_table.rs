//! The texts for each [`ApiError`]. Pure.
//!
//! A missing access token has the texts of [`crate::docusign::tokens::minter::MintError`].

use crate::docusign::api::error::ApiError;
use crate::types::{Explained, Explanation};

/// An API is unavailable.
const OUTAGE: Explanation = Explanation {
    code: "api_failed",
    problem: "DocuSign's API answered with <answer>",
    client: "DocuSign's API cannot be reached at the moment; try again later",
    person: "Wait a minute, then try again.",
    operator: "This may pass by itself. If not, check DocuSign's status page, DOCUSIGN_CLM_URL, and that the app's network lets it reach \
        DocuSign's APIs (*.docusign.net, *.springcm.com).",
    command: None,
};

/// The settings do not fit the account.
const NO_ACCOUNT: Explanation = Explanation {
    code: "no_account",
    problem: "the integration user does not belong to the account",
    client: "the DocuSign account cannot be found; the operator needs to run the health checks",
    person: "Ask the operator to run the health checks.",
    operator: "Compare DOCUSIGN_ACCOUNT_ID (<account id>) with the API Account ID on DocuSign's page Apps and Keys. If it is right, \
        or not set, the DocuSign administrator adds the integration user to the account.",
    command: None,
};

const NO_CLM: Explanation = Explanation {
    code: "no_clm",
    problem: "CLM does not know the account, or does not let the integration user in (<answer>)",
    client: "the account's CLM cannot be found; the operator needs to run the health checks",
    operator: "Ask DocuSign or the CLM administrator whether the account has CLM and the integration user belongs to it. If \
        there is no CLM, take its scopes (spring_read, spring_write) out of DOCUSIGN_SCOPES.",
    ..NO_ACCOUNT
};

const UNTRUSTED: Explanation = Explanation {
    code: "untrusted_address",
    problem: "DocuSign named an address outside its own hosts, so no access token was sent there",
    operator: "Check DOCUSIGN_ENVIRONMENT, DOCUSIGN_OAUTH_URL and DOCUSIGN_CLM_URL, and that no proxy answers for DocuSign.",
    ..NO_ACCOUNT
};

const NO_USER_LIST: Explanation = Explanation {
    code: "no_user_list",
    problem: "the integration user may not list the account's users (<answer>)",
    client: "the integration user may not look up users; the operator needs to run the health checks",
    operator: "The DocuSign administrator lets the integration user list users, and DOCUSIGN_SCOPES needs signature. API keys that name \
        users need both.",
    ..NO_ACCOUNT
};

const THROTTLED: Explanation = Explanation {
    code: "api_throttled",
    problem: "DocuSign's API limits the rate of calls (<answer>)",
    client: "DocuSign limits the rate of requests at the moment; try again later",
    operator: "Wait some minutes. If this happens often, find out what else calls DocuSign's APIs for this account.",
    ..OUTAGE
};

const MALFORMED: Explanation =
    Explanation { code: "api_answer_malformed", problem: "the answer of DocuSign's API could not be read", ..OUTAGE };

const NO_ANSWER: Explanation = Explanation {
    code: "api_no_answer",
    problem: "no answer from DocuSign's API: the connection failed (<answer>)",
    ..OUTAGE
};

const TIMED_OUT: Explanation =
    Explanation { code: "api_timed_out", problem: "no answer from DocuSign's API in time", ..OUTAGE };

const BODY_BROKE_OFF: Explanation = Explanation {
    code: "body_broke_off",
    problem: "the body of the request ended too early",
    client: "the body of the request ended too early; send it again",
    person: "Try again.",
    operator: "If this happens often, check the network between the client and the app.",
    command: None,
};

const TOO_MANY_STREAMS: Explanation = Explanation {
    code: "too_many_streams",
    problem: "too many uploads and downloads at once",
    client: "too many uploads and downloads at once; try again later",
    person: "Wait a minute, then try again.",
    operator: "If this happens often, find out which client keeps transfers open, or run more instances.",
    command: None,
};

const ACCESS_TOKEN_REPLACED: Explanation = Explanation {
    code: "access_token_replaced",
    problem: "the access token was replaced while a request body was being sent",
    client: "the DocuSign access token was replaced in the meantime; send the request again",
    operator: "No action is needed: the client sends the request again.",
    ..BODY_BROKE_OFF
};

impl Explained for ApiError {
    fn explain(&self) -> Explanation {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.error.explain(),
            Self::AccountUnknown(error) => error.explain(),
            Self::NoAccount => NO_ACCOUNT,
            Self::NoClm { .. } => NO_CLM,
            Self::Untrusted => UNTRUSTED,
            Self::NoUserList { .. } => NO_USER_LIST,
            Self::Failed { .. } => OUTAGE,
            Self::Throttled { .. } => THROTTLED,
            Self::Malformed => MALFORMED,
            Self::Unreachable(obstacle) => obstacle.explain_as(NO_ANSWER),
            Self::TimedOut => TIMED_OUT,
            Self::BodyBrokeOff => BODY_BROKE_OFF,
            Self::TooManyStreams => TOO_MANY_STREAMS,
            Self::AccessTokenReplaced => ACCESS_TOKEN_REPLACED,
        }
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoAccessToken(unavailable) => unavailable.error.details(),
            Self::AccountUnknown(error) => error.details(),
            Self::Failed { answer }
            | Self::NoUserList { answer }
            | Self::NoClm { answer }
            | Self::Throttled { answer, .. } => answer.details(),
            Self::Unreachable(obstacle) => obstacle.as_answer(),
            _ => Vec::new(),
        }
    }
}
