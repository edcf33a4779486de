//! Authenticates clients by assertions: at the OAuth endpoints (RFC 7523 §2.2), and by an issuer's token as bearer.
//!
//! The assertion is read and its claims are compared with the client registry ([`crate::oauth::assertion`], pure) → only then
//! are keys asked for ([`IssuerKeys`]) → what a client signed itself works once ([`UsedAssertions`]).

use std::sync::Arc;

use crate::clock::Clock;
use crate::oauth::assertion::candidates::{fitting_clients, named_client};
use crate::oauth::assertion::compact::Assertion;
use crate::oauth::assertion::error::AssertionError;
use crate::oauth::client::{Client, ClientRegistry};
use crate::registry::issuers::{IssuerKeys, IssuerKeysError, KeySetSource, Verified, VerifyError};
use crate::store::StoreError;
use crate::store::assertions::UsedAssertions;
use crate::telemetry;
use crate::types::BaseUrl;

/// Why an assertion does not authenticate.
#[derive(Debug)]
pub enum ClientAssertionError {
    /// It is wrong, for this reason, which the caller does not learn.
    Refused(AssertionError),
    /// The issuer's keys are not available.
    IssuerUnavailable(IssuerKeysError),
    /// The store of used assertions is unavailable.
    StoreUnavailable,
}

impl From<AssertionError> for ClientAssertionError {
    fn from(error: AssertionError) -> Self {
        Self::Refused(error)
    }
}

impl From<VerifyError> for ClientAssertionError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(error) => Self::Refused(error),
            VerifyError::Unavailable(unavailable) => Self::IssuerUnavailable(unavailable),
        }
    }
}

impl From<StoreError> for ClientAssertionError {
    fn from(_: StoreError) -> Self {
        Self::StoreUnavailable
    }
}

/// Why an issuer's token is no bearer token.
#[derive(Debug)]
pub enum BearerError<'c> {
    /// It is wrong, for this reason. The client is known if only one can be meant.
    Refused(AssertionError, Option<&'c Client>),
    /// Several clients trust the token, among them these.
    Ambiguous([&'c Client; 2]),
    /// The issuer's keys are not available.
    IssuerUnavailable(IssuerKeysError),
}

/// Authenticates clients by assertions.
pub struct Assertions {
    /// Our issuer, which is an audience of assertions that clients sign themselves.
    pub issuer: BaseUrl,
    /// The keys of issuers.
    pub keys: Arc<IssuerKeys>,
    /// The used assertions.
    pub used: UsedAssertions,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Assertions {
    /// The client that `compact` authenticates: the one with `client_id`, or the one that `sub` names.
    ///
    /// # Errors
    /// [`ClientAssertionError`].
    pub async fn client<'c>(
        &self,
        clients: &'c ClientRegistry,
        client_id: Option<&str>,
        compact: &str,
    ) -> Result<&'c Client, ClientAssertionError> {
        let assertion = Assertion::parse(compact)?;
        let client = named_client(clients, client_id, &assertion)?;
        telemetry::record_client(client);
        let verified = self.keys.verify_for(client, &assertion, &self.issuer, self.clock.now()).await?;
        let Verified::SelfSigned { jti, exp } = verified else { return Ok(client) };
        let is_first = self.used.use_up(&client.client_id, &jti, exp).await?;
        if is_first { Ok(client) } else { Err(AssertionError::Replayed.into()) }
    }

    /// The one client that trusts the issuer's token `compact`. Assertions that clients sign themselves are no bearer tokens.
    ///
    /// # Errors
    /// [`BearerError`].
    pub async fn bearer<'c>(&self, clients: &'c ClientRegistry, compact: &str) -> Result<&'c Client, BearerError<'c>> {
        let assertion = Assertion::parse(compact).map_err(|error| BearerError::Refused(error, None))?;
        let fitting = fitting_clients(clients, &assertion, self.clock.now());
        let fitting = fitting.map_err(|(client, error)| BearerError::Refused(error, client))?;
        let [(first, issuer), others @ ..] = &fitting[..] else {
            return Err(BearerError::Refused(AssertionError::NoTrust, None));
        };
        let only = others.is_empty().then_some(*first);
        let issuer = KeySetSource::Issuer((*issuer).to_owned());
        self.keys.verify(&issuer, &assertion).await.map_err(|error| match error {
            VerifyError::Refused(error) => BearerError::Refused(error, only),
            VerifyError::Unavailable(unavailable) => BearerError::IssuerUnavailable(unavailable),
        })?;
        match others.first() {
            None => Ok(first),
            Some((second, _)) => Err(BearerError::Ambiguous([first, second])),
        }
    }
}
