//! The link that asks a person to sign in and consent at DocuSign: `GET /oauth/auth`. Pure.

use crate::config::DocusignSettings;
use crate::oauth::pkce::{CodeChallenge, S256};
use crate::oauth::query;
use crate::oauth::scope::Scope;

/// Path of our redirection endpoint, to be registered with the integration key.
pub const CALLBACK_PATH: &str = "/consent/callback";

/// What of a consent link changes from link to link.
#[derive(Debug)]
pub struct ConsentLink<'a> {
    /// Where DocuSign sends the browser back to.
    pub redirect_uri: &'a str,
    /// Our sealed state.
    pub state: &'a str,
    /// What consent is asked for.
    pub scope: &'a Scope,
    /// The PKCE code verifier.
    pub code_verifier: &'a str,
}

impl ConsentLink<'_> {
    /// The link. `prompt=login` makes DocuSign ask who is there: otherwise an administrator's own session would
    /// give the wrong user's consent without a word.
    #[must_use]
    pub fn url(&self, settings: &DocusignSettings) -> String {
        let scope = self.scope.to_string();
        let challenge = CodeChallenge::of(self.code_verifier);
        let parameters = [
            ("response_type", "code"),
            ("scope", &scope),
            ("client_id", settings.integration_key.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
            ("prompt", "login"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", S256),
        ];
        // Spaces become %20: DocuSign takes a doubly encoded plus for part of a scope.
        query::append(&settings.oauth_url.join("/oauth/auth"), &parameters)
    }
}
