//! How a visit to the consent callback can end. Pure.

use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;

/// How a visit ended.
#[derive(Debug)]
pub enum ConsentOutcome {
    /// There is no state, or it is not ours.
    ForeignState,
    /// The link was older than its life.
    OldState,
    /// The state of a sign-in (way C) is too old, or its cookie is not this browser's, or was used up.
    SignInOver,
    /// The client that began the sign-in is registered no longer.
    ClientGone,
    /// The state could not be checked, because the sealing key cannot be used.
    StateUnchecked,
    /// DocuSign reports an error: `error` and its message.
    Denied(String, String),
    /// Neither a code nor an error came back.
    NoCode,
    /// It works. Somebody else may have signed in, and the consent been there before.
    Granted {
        /// The integration user.
        user: UserInfo,
        /// Who signed in, if that could be learnt.
        signed_in: Option<UserInfo>,
    },
    /// The wrong user gave consent.
    WrongUser {
        /// Who signed in.
        signed_in: UserInfo,
    },
    /// The right user signed in, but these scopes have no consent.
    ScopesMissing(Vec<String>),
    /// The right user signed in and each scope has consent alone, but not all together.
    NotTogether,
    /// There is no consent, and who signed in could not be learnt.
    ConsentMissing,
    /// The consent could not be proved, for this reason.
    Unproved(MintError),
}
