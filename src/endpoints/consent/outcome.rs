//! How a return to the consent callback can end. Pure.

use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;

/// How it ended, where the browser is shown a page.
#[derive(Debug)]
pub enum ConsentOutcome {
    /// There is no state, or it is not ours.
    ForeignState,
    /// The link has expired.
    OldState,
    /// The state of a sign-in (way C) is too old, or its cookie is not this browser's, or was used up.
    SignInOver,
    /// The client that began the sign-in is no longer registered.
    ClientGone,
    /// The state could not be checked, because the sealing key cannot be used.
    StateUnchecked,
    /// DocuSign reports an error: `error` and its message.
    Denied(String, String),
    /// Neither a code nor an error came back.
    NoCode,
    /// It works. Another user may have signed in, with the consent there before.
    Granted {
        /// The integration user.
        user: UserInfo,
        /// Who signed in, if DocuSign named the user.
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
    /// There is no consent, and DocuSign did not name who signed in.
    ConsentMissing,
    /// The consent could not be proved, for this reason.
    Unproved(MintError),
}
