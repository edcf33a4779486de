//! Compares the claims of an assertion with what a client trusts. Pure.

use serde_json::{Map, Value};

use crate::clock::UnixSeconds;
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::AssertionError;
use crate::oauth::client::trust::{ClaimValue, RequiredClaim, TrustedIssuer};
use crate::types::{BaseUrl, own_paths};

/// How far clocks may differ, in seconds.
pub const LEEWAY: u64 = 60;

/// The longest lifetime of an issuer's tokens in seconds.
const MAX_LIFETIME: u64 = 24 * 60 * 60;

/// How far in the past the `iat` of a new token may be, in seconds. Entra dates its tokens back by this much, so those of managed
/// identities, which are valid for a day, have more than 24 h between `iat` and `exp`.
const BACKDATED: u64 = 5 * 60;

/// How far the `exp` of an assertion that a client signs itself may be in the future, in seconds.
const MAX_SELF_SIGNED_LIFETIME: u64 = 60 * 60;

/// The longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 512;

/// The audiences of assertions for the authorization server `issuer`: the issuer, and its token endpoint.
#[must_use]
pub fn own_audiences(issuer: &BaseUrl) -> [String; 2] {
    [issuer.as_str().to_owned(), issuer.join(own_paths::TOKEN)]
}

/// Whether the claims of an issuer's token fit `trusted` at `now`.
///
/// # Errors
/// The first claim that does not.
pub fn issued(assertion: &Assertion<'_>, trusted: &TrustedIssuer, now: UnixSeconds) -> Result<(), AssertionError> {
    let found = assertion.text("iss").ok_or(AssertionError::Claim("iss", "a text"))?;
    if found != trusted.issuer {
        return Err(AssertionError::OtherIssuer { found: found.to_owned(), expected: trusted.issuer.clone() });
    }
    let audiences = audiences(&assertion.claims)?;
    if !audiences.contains(&trusted.audience.as_str()) {
        return Err(AssertionError::Audience { found: audiences.join(", "), expected: trusted.audience.clone() });
    }
    assertion.text("sub").ok_or(AssertionError::Claim("sub", "a text"))?;
    if let Some(required) = trusted.claims.iter().find(|required| !required.is_in(&assertion.claims)) {
        return Err(other_value(required, &assertion.claims));
    }
    times(&assertion.claims, now, MAX_LIFETIME, BACKDATED).map(drop)
}

/// Whether the claims of an assertion that the client `client_id` signed itself fit one of `audiences` at `now`. Returns its
/// `jti` and `exp`.
///
/// # Errors
/// The first claim that does not.
pub fn self_signed<'a>(
    assertion: &'a Assertion<'_>,
    client_id: &str,
    accepted: &[&str],
    now: UnixSeconds,
) -> Result<(&'a str, UnixSeconds), AssertionError> {
    if ["iss", "sub"].iter().any(|claim| assertion.text(claim) != Some(client_id)) {
        return Err(AssertionError::NotItself);
    }
    // With another audience in it, the other one could use the assertion here.
    let audiences = audiences(&assertion.claims)?;
    if !audiences.iter().all(|audience| accepted.contains(audience)) {
        return Err(AssertionError::Audience { found: audiences.join(", "), expected: accepted.join(" or ") });
    }
    // Clients date an assertion back a little, in case their clock is ahead.
    let backdated = time(&assertion.claims, "iat")?.map_or(0, |iat| now.seconds_left(iat).min(LEEWAY));
    let exp = times(&assertion.claims, now, MAX_SELF_SIGNED_LIFETIME, backdated)?;
    let jti = assertion.text("jti").filter(|jti| jti.len() <= MAX_JTI_BYTES);
    Ok((jti.ok_or(AssertionError::Claim("jti", "a text of up to 512 bytes"))?, exp))
}

/// The audiences: a text, or an array of texts that is not empty.
fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, AssertionError> {
    let audiences: Option<Vec<&str>> = match claims.get("aud") {
        Some(Value::String(audience)) => Some(vec![audience]),
        Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let missing = AssertionError::Claim("aud", "a text or an array of texts");
    audiences.filter(|audiences| !audiences.is_empty()).ok_or(missing)
}

fn other_value(required: &RequiredClaim, claims: &Map<String, Value>) -> AssertionError {
    let found = match claims.get(&required.name) {
        None => "missing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let expected = match &required.value {
        ClaimValue::Text(text) => text.clone(),
        ClaimValue::Prefix(prefix) => format!("{prefix}*"),
        ClaimValue::Boolean(value) => value.to_string(),
    };
    AssertionError::OtherValue { name: required.name.clone(), found, expected }
}

/// Checks `exp`, `nbf` and `iat`, and returns `exp`.
fn times(
    claims: &Map<String, Value>,
    now: UnixSeconds,
    max_lifetime: u64,
    backdated: u64,
) -> Result<UnixSeconds, AssertionError> {
    let exp = time(claims, "exp")?.ok_or(AssertionError::Claim("exp", WHOLE_SECONDS))?;
    if exp.plus(LEEWAY) <= now {
        return Err(AssertionError::Expired(now.seconds_left(exp)));
    }
    let iat = time(claims, "iat")?;
    for (name, at) in [("nbf", time(claims, "nbf")?), ("iat", iat)] {
        let ahead = at.map_or(0, |at| at.seconds_left(now));
        if ahead > LEEWAY {
            return Err(AssertionError::NotYet(name, ahead));
        }
    }
    // Without `iat`, what is left of its life is all that is known.
    let lifetime = iat.map_or(0, |iat| lifetime(iat, exp, now, backdated)).max(exp.seconds_left(now.plus(LEEWAY)));
    if lifetime > max_lifetime { Err(AssertionError::TooLong(lifetime, max_lifetime)) } else { Ok(exp) }
}

/// The time from `iat`, without `backdated` if the token is at least that old, to `exp`.
fn lifetime(iat: UnixSeconds, exp: UnixSeconds, now: UnixSeconds, backdated: u64) -> u64 {
    let is_old_enough = now.plus(LEEWAY) >= iat.plus(backdated);
    exp.seconds_left(iat).saturating_sub(if is_old_enough { backdated } else { 0 })
}

const WHOLE_SECONDS: &str = "a whole number of seconds";

/// A `NumericDate`, which has to be a whole number.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<UnixSeconds>, AssertionError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    value.as_u64().map(UnixSeconds).map(Some).ok_or(AssertionError::Claim(name, WHOLE_SECONDS))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_day_is_the_longest_life_whether_a_token_is_dated_back_or_not() {
        let (now, day) = (1_800_000_000_u64, 86_400);
        for (iat, exp, is_accepted) in [
            (now, now + day, true),
            (now, now + day + 1, false),
            // Managed identities: when it was issued, and just before it expires.
            (now - 300, now + day, true),
            (now - day, now + 300, true),
            // With a clock that is half a minute ahead of ours, or behind it.
            (now - 270, now + day + 30, true),
            (now - 330, now + day - 30, true),
            (now - 200, now + day, false),
            (now - 301, now + day, false),
            (now - 3600, now + day, false),
            (now - day, now + 301, false),
        ] {
            let claims = json!({"iat": iat, "exp": exp});
            let found = times(claims.as_object().unwrap(), UnixSeconds(now), MAX_LIFETIME, BACKDATED);
            assert_eq!(found.is_ok(), is_accepted, "{} to {}", iat.cast_signed() - now.cast_signed(), exp - now);
        }
    }
}
