//! Ties a sign-in to the browser that began it, with a cookie per sign-in (RFC 9700 §4.7). Pure.
//!
//! The sealed state has the digest of the cookie. A victim who opens the last link of an attacker's sign-in does not have the
//! cookie.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::secret::{are_equal, hex, sha256};

/// How many characters of the state's `jti` are in the name of its cookie. Two sign-ins at the same time have different
/// cookies.
const NAME_CHARS: usize = 16;

/// How many session cookies are tried. A browser sends one.
const MAX_SESSIONS: usize = 8;

/// The cookie of one sign-in.
#[derive(Debug)]
pub struct SignInCookie {
    name: String,
    /// Over https, the cookie belongs to this host and is sent over https only.
    secure: bool,
}

impl SignInCookie {
    /// The cookie of the sign-in whose state is `jti`.
    #[must_use]
    pub fn of(jti: &str, secure: bool) -> Self {
        let part: String = jti.chars().take(NAME_CHARS).collect();
        let prefix = if secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}evergrant-{part}"), secure }
    }

    /// The digest of the cookie, which is in the state.
    #[must_use]
    pub fn digest(value: &str) -> String {
        hex(&sha256(value.as_bytes()))
    }

    /// `Set-Cookie` for `value`, kept for `lifetime` seconds.
    #[must_use]
    pub fn set(&self, value: &str, lifetime: u64) -> Option<HeaderValue> {
        set_cookie(&self.name, value, lifetime, self.secure)
    }

    /// `Set-Cookie` that deletes it.
    #[must_use]
    pub fn forget(&self) -> Option<HeaderValue> {
        self.set("", 0)
    }

    /// Whether the browser sent the cookie with this digest.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap, digest: &str) -> bool {
        values(headers, &self.name).any(|value| are_equal(Self::digest(&value).as_bytes(), digest.as_bytes()))
    }
}

/// The session cookie of a browser. It is sealed, and scripts and other sites cannot use it.
#[derive(Debug)]
pub struct SessionCookie {
    secure: bool,
}

impl SessionCookie {
    /// The cookie of a site, which is `secure` over https.
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
        set_cookie(self.name(), session, lifetime, self.secure)
    }

    /// `Set-Cookie` that deletes it.
    #[must_use]
    pub fn forget(&self) -> Option<HeaderValue> {
        self.set("", 0)
    }

    /// The sessions that the browser sent. There is more than one if another application on the host uses the name.
    pub fn read(&self, headers: &HeaderMap) -> impl Iterator<Item = String> + use<> {
        let sessions: Vec<_> = values(headers, self.name()).take(MAX_SESSIONS).collect();
        sessions.into_iter()
    }
}

/// `Set-Cookie`, hidden from scripts. `Lax` lets the browser send it when DocuSign's site redirects back.
fn set_cookie(name: &str, value: &str, lifetime: u64, secure: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((name, value))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .path("/")
        .max_age(Duration::seconds(i64::try_from(lifetime).ok()?));
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// The values of the cookies called `name`. Cookies of other applications on the host may contain any bytes.
fn values(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    let lines = headers.get_all(COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines
        .flat_map(Cookie::split_parse)
        .flatten()
        .filter(move |cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_browser_with_the_cookie_is_accepted() {
        let cookie = SignInCookie::of("0123456789abcdefXYZ", true);
        let digest = SignInCookie::digest("value");
        let name = "__Host-evergrant-0123456789abcdef";
        assert!(cookie.is_in(&headers(&[&format!("a=b; {name}=value; c=d")]), &digest));
        assert!(cookie.is_in(&headers(&["a=b", &format!("{name}=value")]), &digest));
        assert!(!cookie.is_in(&headers(&[&format!("{name}=other"), "evergrant-0123456789abcdef=value"]), &digest));
        assert!(!cookie.is_in(&headers(&[&format!("{name}x=value"), "value", ""]), &digest));
    }

    #[test]
    fn cookies_of_other_applications_do_no_harm() {
        let cookie = SessionCookie::new(false);
        for other in [&b"city=M\xc3\xbcnchen"[..], b"city=M\xfcnchen", b"\xff", b"=", b"a=\"x", b"; ;", b"a=%zz"] {
            for line in [[b"evergrant-session=s; ", other].concat(), [other, b"; evergrant-session=s"].concat()] {
                let value = HeaderValue::from_bytes(&line).unwrap();
                let sessions: Vec<_> = cookie.read(&[(COOKIE, value)].into_iter().collect()).collect();
                assert_eq!(sessions, ["s"], "{line:?}");
            }
        }
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let set = SignInCookie::of("jti", true).set("v", 900).unwrap();
        let expected = "__Host-evergrant-jti=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=900";
        assert_eq!(set, expected);
        assert_eq!(
            SignInCookie::of("jti", false).forget().unwrap(),
            "evergrant-jti=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }
}
