//! How a return to the consent callback can end. Pure.

use crate::docusign::tokens::minter::MintError;
use crate::docusign::userinfo::UserInfo;

/// How a return ended, if the browser is shown a page.
#[derive(Debug)]
pub enum ConsentOutcome {
    /// There is no state, or it is not ours.
    ForeignState,
    /// The address has a parameter twice.
    RepeatedParameter,
    /// The link has expired.
    OldState,
    /// A sign-in whose state has expired or was used, or whose cookie the browser does not have.
    SignInOver,
    /// The client that began the sign-in is no longer registered.
    ClientGone,
    /// There was no good version of the client registry yet.
    RegistryUnavailable,
    /// The state could not be checked, because the sealing key cannot be used.
    StateUnchecked,
    /// Without the secret key, which is missing, DocuSign does not say who signed in.
    SecretKeyMissing,
    /// DocuSign reports an error: `error` and its message.
    Denied(String, String),
    /// Neither a code nor an error came back.
    NoCode,
    /// It works. A different user may have signed in, if the integration user consented earlier.
    Granted {
        /// The integration user.
        user: UserInfo,
        /// The user who signed in, if DocuSign named the user.
        signed_in: Option<UserInfo>,
    },
    /// A user other than the integration user gave consent.
    WrongUser {
        /// The user who signed in.
        signed_in: UserInfo,
        /// The integration user, if this process has seen who that is.
        expected: Option<UserInfo>,
    },
    /// The right user signed in, but some scopes have no consent.
    ScopesMissing {
        /// The integration user, who signed in.
        signed_in: UserInfo,
        /// The scopes without consent.
        missing: Vec<String>,
    },
    /// The right user signed in. Each scope has consent by itself, but not all of them together.
    NotTogether {
        /// The integration user, who signed in.
        signed_in: UserInfo,
    },
    /// There is no consent, and DocuSign did not name the user who signed in.
    ConsentMissing,
    /// The consent could not be proved, for this reason.
    MintFailed(MintError),
}
