//! `POST /sandbox/fault`, to break the sandbox by hand: one fault at a time, so that its effect can be seen.

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use super::Docusign;
use crate::fault::{self, Fault, Faults};
use crate::server::{Body, reply};
use crate::wire::parameter;

/// More faults of DocuSign, by name.
pub const REFUSALS: [&str; 2] = ["consent-withdrawn", "key-not-registered"];

const DOCUSIGN: &str = "docusign";

/// A fault that was switched on by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// A kind of [`KINDS`](crate::fault::KINDS) or [`REFUSALS`].
    pub kind: String,
    /// The server that is broken.
    pub at: String,
}

impl Docusign {
    /// Lets `POST /sandbox/fault?at={name}` break another server of the sandbox.
    pub fn control_also(&self, name: &'static str, faults: Arc<Faults>) {
        self.state().others.push((name, faults));
    }

    /// The servers that can be broken by hand.
    #[must_use]
    pub fn places(&self) -> Vec<&'static str> {
        let others: Vec<_> = self.state().others.iter().map(|(name, _)| *name).collect();
        [vec![DOCUSIGN], others].concat()
    }

    /// The fault that is switched on.
    #[must_use]
    pub fn switched(&self) -> Option<Switched> {
        self.state().switched.clone()
    }

    /// Switches a fault on and all others off, for `kind=…[&at=…]` with a kind of [`fault::KINDS`] or [`REFUSALS`].
    ///
    /// # Errors
    /// What is possible, if there is no such kind or place.
    pub fn switch(&self, query: &str) -> Result<String, String> {
        let kind = parameter(query, "kind").unwrap_or_default();
        // The role that is missing most often is the one on the vault's keys.
        let usual = if kind == "forbidden" { "key-vault" } else { DOCUSIGN };
        let at = parameter(query, "at").unwrap_or_else(|| usual.to_owned());
        let (named, refusal) = (Fault::named(&kind), refusal(&kind).filter(|_| at == DOCUSIGN));
        if !self.places().contains(&at.as_str()) || (named.is_none() && refusal.is_none()) {
            return Err(self.possible());
        }
        let others = self.state().others.clone();
        for (name, faults) in &others {
            faults.set(named.clone().flatten().filter(|_| *name == at));
        }
        self.faults.set(named.flatten().filter(|_| at == DOCUSIGN));
        self.refuse_with(refusal);
        let text = fault::explain(&kind, &at);
        self.state().switched = (kind != "none").then_some(Switched { kind, at });
        Ok(text)
    }

    /// The kinds and places of faults.
    fn possible(&self) -> String {
        let kinds = [&fault::KINDS[..], &REFUSALS].concat().join(", ");
        let (places, refusals) = (self.places().join(", "), REFUSALS.join(" and "));
        format!("There is no such kind or place.\nkind: {kinds}\nat: {places}; {refusals} at {DOCUSIGN} only\n")
    }

    pub(super) fn control(&self, query: &str) -> Response<Body> {
        match self.switch(query) {
            Ok(text) => reply(200, "text/plain", text),
            Err(text) => reply(400, "text/plain", text),
        }
    }
}

/// The error body of a refusal.
fn refusal(kind: &str) -> Option<Value> {
    match kind {
        "consent-withdrawn" => Some(json!({"error": "consent_required"})),
        "key-not-registered" => {
            Some(json!({"error": "invalid_grant", "error_description": "no_valid_keys_or_signatures"}))
        }
        _ => None,
    }
}
