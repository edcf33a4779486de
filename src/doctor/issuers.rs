//! The issuers that clients trust, and clients' `jwks_uri`: can their keys be fetched, and which clients does an assertion fit?

use futures_util::future::join_all;
use jsonwebtoken::Algorithm;

use crate::clock::{Stopwatch, UnixSeconds};
use crate::doctor::check::{Area, Check, Finding};
use crate::oauth::assertion::candidates::possible_clients;
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::{AssertionError, shown};
use crate::oauth::client::{Client, ClientRegistry};
use crate::oauth::jwk::key::ALGORITHMS;
use crate::registry::issuers::{IssuerKeys, KeySetSource, VerifyError};
use crate::types::{BaseUrl, Explained as _};

/// The title of the first check of issuers.
pub const ISSUERS: &str = "Trusted issuers";

/// Fetches the keys of every issuer and `jwks_uri`; one check for each.
pub async fn check_issuers(keys: &IssuerKeys, clients: &ClientRegistry) -> Vec<Check> {
    join_all(KeySetSource::all(clients).into_iter().map(|source| check_source(keys, source))).await
}

async fn check_source(keys: &IssuerKeys, source: KeySetSource) -> Check {
    let watch = Stopwatch::start();
    let finding = match keys.fetch_now(&source).await {
        Ok(keys) => Finding::good(format!("its keys were fetched (usable: {})", keys.len())),
        Err(error) => Finding::bad(error.problem(), error.fix(&[])),
    };
    let title = match &source {
        KeySetSource::Issuer(issuer) => format!("Trusted issuer {issuer}"),
        KeySetSource::Url(url) => format!("Client keys at {url}"),
    };
    finding.into_check("trusted_issuer", Area::Clients, title, watch.elapsed_ms())
}

/// Which clients an assertion proves, and which claim does not fit for the others.
pub struct AssertionCheck<'a> {
    /// The keys.
    pub keys: &'a IssuerKeys,
    /// The registered clients.
    pub clients: &'a ClientRegistry,
    /// Our issuer.
    pub issuer: &'a BaseUrl,
    /// The time.
    pub now: UnixSeconds,
}

const FIX: &str = "Compare the caller with its entry's trust: docs/reference/clients.md, Trust.";

/// A token that proves several clients.
const AMBIGUOUS: &str = "as bearer it is refused with 403, because several clients trust it";
const ONE_CLIENT: &str =
    "Give each client an audience or a claim of its own, or send it as client_assertion with client_id.";

impl AssertionCheck<'_> {
    /// Reads `text` and checks it for every client that it can mean. It is not used up.
    pub async fn run(&self, text: &str) -> Vec<Check> {
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").unwrap_or(text);
        let assertion = match Assertion::parse(text) {
            Ok(assertion) => assertion,
            Err(error) => return vec![check("Assertion", Finding::bad(error.to_string(), FIX))],
        };
        let mut checks = vec![check("Assertion", Finding::good(summary(&assertion, self.now)))];
        let possible = possible_clients(self.clients, &assertion);
        if possible.is_empty() {
            let error = AssertionError::UnknownIssuer(assertion.text("iss").unwrap_or_default().to_owned());
            checks.push(check("Clients", Finding::bad(error.to_string(), FIX)));
        }
        let verified = join_all(possible.iter().map(|client| self.verify(client, &assertion))).await;
        let is_proof = verified.iter().any(Result::is_ok);
        let is_ambiguous = verified.iter().filter(|verified| verified.is_ok()).count() > 1;
        checks.extend(possible.iter().zip(verified).map(|(client, verified)| {
            let finding = match verified {
                Ok(()) => Finding::good("accepts it"),
                Err((problem, _)) if is_proof => Finding::skipped(problem),
                Err((problem, fix)) => Finding::bad(problem, fix),
            };
            check(&format!("Client {}", client.client_id), finding)
        }));
        checks.extend(is_ambiguous.then(|| check("Gateway and triggers", Finding::note(AMBIGUOUS, ONE_CLIENT))));
        checks
    }

    async fn verify(&self, client: &Client, assertion: &Assertion<'_>) -> Result<(), (String, String)> {
        let verified = self.keys.verify_for(client, assertion, self.issuer, self.now).await;
        verified.map(drop).map_err(|error| match error {
            VerifyError::Refused(error) => (error.to_string(), FIX.to_owned()),
            VerifyError::Unavailable(unavailable) => (unavailable.error.problem(), unavailable.error.fix(&[])),
        })
    }
}

fn check(title: &str, finding: Finding) -> Check {
    finding.into_check("assertion", Area::Clients, title, 0.0)
}

/// What the assertion says, in one line.
fn summary(assertion: &Assertion<'_>, now: UnixSeconds) -> String {
    let alg = |algorithm: Algorithm| ALGORITHMS.iter().find(|(_, known)| *known == algorithm).map(|(name, _)| *name);
    let claim = |name: &str| assertion.claims.get(name).map(|value| format!("{name} {}", shown(&value.to_string())));
    let expiry =
        assertion.claims.get("exp").and_then(serde_json::Value::as_u64).map(|exp| match exp.checked_sub(now.0) {
            Some(left) => format!("expires in {left} s"),
            None => format!("expired {} s ago", now.0 - exp),
        });
    let header = [
        alg(assertion.algorithm).map(|alg| format!("alg {alg}")),
        assertion.kid.as_deref().map(|kid| format!("kid {}", shown(kid))),
    ];
    let claims = ["iss", "aud", "sub"].map(claim);
    header.into_iter().chain(claims).chain([expiry]).flatten().collect::<Vec<_>>().join(", ")
}
