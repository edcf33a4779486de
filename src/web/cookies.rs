//! Ties a sign-in to the browser that began it, with a cookie per sign-in (RFC 9700 §4.7). Pure.
//!
//! The sealed state carries the digest of the cookie: whoever is sent somebody else's link back from DocuSign lacks the
//! cookie, and whoever has the cookie lacks the state.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;

use crate::secret::{hex, sha256};

/// How many characters of the state's `jti` are in the name of its cookie, so that two sign-ins at a time do not
/// overwrite each other's.
const NAMED_BY: usize = 16;

/// The cookie of one sign-in.
#[derive(Debug)]
pub struct SignInCookie {
    name: String,
    /// On https, the browser takes it from this host only and sends it over https only.
    secure: bool,
}

impl SignInCookie {
    /// The cookie of the sign-in whose state is `jti`.
    #[must_use]
    pub fn of(jti: &str, secure: bool) -> Self {
        let part: String = jti.chars().take(NAMED_BY).collect();
        let prefix = if secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}evergrant-{part}"), secure }
    }

    /// What the state remembers of the cookie.
    #[must_use]
    pub fn digest(value: &str) -> String {
        hex(&sha256(value.as_bytes()))
    }

    /// `Set-Cookie` for `value`, kept for `lifetime` seconds. `Lax`, because DocuSign's site sends the browser back.
    #[must_use]
    pub fn set(&self, value: &str, lifetime: u64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = &self.name;
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lifetime}{secure}");
        HeaderValue::from_str(&cookie).ok()
    }

    /// `Set-Cookie` that makes the browser forget it.
    #[must_use]
    pub fn forget(&self) -> Option<HeaderValue> {
        self.set("", 0)
    }

    /// Did the browser send the cookie with this digest?
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap, digest: &str) -> bool {
        cookies(headers)
            .any(|(name, value)| name == self.name && Self::digest(value).as_bytes().ct_eq(digest.as_bytes()).into())
    }
}

/// The cookie of a browser whose person signed in: sealed, and worth nothing to scripts and other sites.
#[derive(Debug)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// The cookie of a site that is reached over https, or not.
    #[must_use]
    pub const fn new(secure: bool) -> Self {
        Self { secure }
    }

    const fn name(&self) -> &'static str {
        if self.secure { "__Host-evergrant-session" } else { "evergrant-session" }
    }

    /// `Set-Cookie` for `session`, kept for `lifetime` seconds.
    #[must_use]
    pub fn set(&self, session: &str, lifetime: u64) -> Option<HeaderValue> {
        SignInCookie { name: self.name().to_owned(), secure: self.secure }.set(session, lifetime)
    }

    /// `Set-Cookie` that makes the browser forget it.
    #[must_use]
    pub fn forget(&self) -> Option<HeaderValue> {
        self.set("", 0)
    }

    /// The session that the browser sent.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<String> {
        cookies(headers).find(|(name, _)| *name == self.name()).map(|(_, value)| value.to_owned())
    }
}

/// The cookies of a request, by name and value.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_browser_with_the_cookie_is_known() {
        let cookie = SignInCookie::of("0123456789abcdefXYZ", true);
        let digest = SignInCookie::digest("value");
        let name = "__Host-evergrant-0123456789abcdef";
        assert!(cookie.is_in(&headers(&[&format!("a=b; {name}=value; c=d")]), &digest));
        assert!(cookie.is_in(&headers(&["a=b", &format!("{name}=value")]), &digest));
        assert!(!cookie.is_in(&headers(&[&format!("{name}=other"), "evergrant-0123456789abcdef=value"]), &digest));
        assert!(!cookie.is_in(&headers(&[&format!("{name}x=value"), "value", ""]), &digest));
    }

    #[test]
    fn over_https_it_is_bound_to_host_and_https() {
        let set = SignInCookie::of("jti", true).set("v", 900).unwrap();
        let expected = "__Host-evergrant-jti=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=900; Secure";
        assert_eq!(set, expected);
        assert_eq!(
            SignInCookie::of("jti", false).forget().unwrap(),
            "evergrant-jti=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
