//! Which clients an assertion can mean, by its claims. Pure.

use crate::clock::UnixSeconds;
use crate::oauth::assertion::claim_checks;
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::AssertionError;
use crate::oauth::client::{Client, ClientRegistry};

/// A client that an issuer's token fits, and the issuer.
pub type FittingClient<'c> = (&'c Client, &'c str);

/// The client with `client_id`, or the one that `sub` names.
///
/// # Errors
/// [`AssertionError::UnknownClient`] and [`AssertionError::NoClient`].
pub fn named_client<'c>(
    clients: &'c ClientRegistry,
    client_id: Option<&str>,
    assertion: &Assertion<'_>,
) -> Result<&'c Client, AssertionError> {
    match client_id {
        Some(client_id) => clients.find(client_id).ok_or(AssertionError::UnknownClient),
        None => assertion.text("sub").and_then(|sub| clients.find(sub)).ok_or(AssertionError::NoClient),
    }
}

/// The clients that the assertion can mean: those that trust its issuer, and the one that it names.
#[must_use]
pub fn possible_clients<'c>(clients: &'c ClientRegistry, assertion: &Assertion<'_>) -> Vec<&'c Client> {
    let (iss, sub) = (assertion.text("iss"), assertion.text("sub"));
    let trusts = |client: &Client| client.trusted_issuers().any(|trusted| Some(trusted.issuer.as_str()) == iss);
    let is_named = |client: &Client| [iss, sub].contains(&Some(client.client_id.as_str()));
    clients.iter().filter(|client| trusts(client) || is_named(client)).collect()
}

/// Whether the client `client_id` signed the assertion itself, as its `iss` says.
#[must_use]
pub fn is_self_signed(client: &Client, assertion: &Assertion<'_>) -> bool {
    assertion.text("iss") == Some(client.client_id.as_str())
}

/// The issuer whose tokens `client` trusts and whose token this can be.
///
/// # Errors
/// What does not fit in the entry that comes nearest.
pub fn fitting_issuer<'c>(
    client: &'c Client,
    assertion: &Assertion<'_>,
    now: UnixSeconds,
) -> Result<&'c str, AssertionError> {
    let iss = assertion.text("iss").ok_or(AssertionError::Claim("iss", "a text"))?;
    let mut nearest = None;
    for trusted in client.trusted_issuers().filter(|trusted| trusted.issuer == iss) {
        match claim_checks::issued(assertion, trusted, now) {
            Ok(()) => return Ok(&trusted.issuer),
            Err(error) if nearest.as_ref().is_none_or(|nearest| distance(&error) < distance(nearest)) => {
                nearest = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(nearest.unwrap_or_else(|| other_issuer(client, iss)))
}

/// The clients that trust the token by its claims, each with the issuer.
///
/// # Errors
/// What does not fit, and for which client if only one trusts the issuer.
pub fn fitting_clients<'c>(
    clients: &'c ClientRegistry,
    assertion: &Assertion<'_>,
    now: UnixSeconds,
) -> Result<Vec<FittingClient<'c>>, (Option<&'c Client>, AssertionError)> {
    let iss = assertion.text("iss").unwrap_or_default();
    let trusting = clients.iter().filter(|client| client.trusted_issuers().any(|trusted| trusted.issuer == iss));
    let (mut fitting, mut refusing) = (Vec::new(), Vec::new());
    for client in trusting {
        match fitting_issuer(client, assertion, now) {
            Ok(issuer) => fitting.push((client, issuer)),
            Err(error) => refusing.push((client, error)),
        }
    }
    if !fitting.is_empty() {
        return Ok(fitting);
    }
    let only = if refusing.len() == 1 { Some(refusing[0].0) } else { None };
    let nearest = refusing.into_iter().map(|(_, error)| error).min_by_key(distance);
    Err((only, nearest.unwrap_or_else(|| AssertionError::UnknownIssuer(iss.to_owned()))))
}

fn other_issuer(client: &Client, iss: &str) -> AssertionError {
    let issuers = client.trusted_issuers().map(|trusted| trusted.issuer.as_str());
    let itself = client.own_keys().next().map(|_| client.client_id.as_str());
    let mut expected: Vec<&str> = issuers.chain(itself).collect();
    expected.dedup();
    match expected.as_slice() {
        [] => AssertionError::NoTrust,
        expected => AssertionError::OtherIssuer { found: iss.to_owned(), expected: expected.join(" or ") },
    }
}

/// How far an entry was from fitting, by the order of the checks.
const fn distance(error: &AssertionError) -> u8 {
    match error {
        AssertionError::Audience { .. } => 2,
        AssertionError::OtherValue { .. } | AssertionError::Claim(..) => 1,
        _ => 0,
    }
}
