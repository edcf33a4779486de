//! The link that asks a person for consent at DocuSign: `GET /oauth/auth`. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::config::DocusignSettings;
use crate::secret::sha256;

/// Path of our redirection endpoint, to be registered with the integration key.
pub const CALLBACK_PATH: &str = "/consent/callback";

/// Everything but the unreserved characters of RFC 3986 §2.3. A space becomes `%20`: DocuSign takes a doubly
/// encoded plus for part of a scope.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What of a consent link changes from link to link.
#[derive(Debug)]
pub struct ConsentLink<'a> {
    /// Where DocuSign sends the browser back to.
    pub redirect_uri: &'a str,
    /// Our sealed state.
    pub state: &'a str,
    /// The PKCE code verifier, if the code is to be exchanged without the secret key.
    pub code_verifier: Option<&'a str>,
}

impl ConsentLink<'_> {
    /// The link. `prompt=login` makes DocuSign ask who is there: otherwise an administrator's own session would
    /// give the wrong user's consent without a word.
    #[must_use]
    pub fn url(&self, settings: &DocusignSettings) -> String {
        let scope = settings.scopes.to_string();
        let mut parameters = vec![
            ("response_type", "code"),
            ("scope", &scope),
            ("client_id", settings.integration_key.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
            ("prompt", "login"),
        ];
        let challenge = self.code_verifier.map(code_challenge);
        if let Some(challenge) = &challenge {
            parameters.push(("code_challenge", challenge));
            parameters.push(("code_challenge_method", "S256"));
        }
        let query: Vec<String> = parameters
            .into_iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY_VALUE)))
            .collect();
        format!("{}?{}", settings.oauth_url.join("/oauth/auth"), query.join("&"))
    }
}

/// `S256`, RFC 7636 §4.2.
fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(code_challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
