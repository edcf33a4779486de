//! `POST /sandbox/fault`, to break the sandbox by hand.

use std::sync::Arc;

use http::Response;
use serde_json::json;

use super::Docusign;
use crate::fault::{Fault, Faults};
use crate::server::{Body, reply};
use crate::wire::parameter;

/// More faults of DocuSign, by name.
pub const REFUSALS: [&str; 2] = ["consent-withdrawn", "key-not-registered"];

impl Docusign {
    /// Lets `POST /sandbox/fault?at={name}` break another server of the sandbox.
    pub fn control_also(&self, name: &'static str, faults: Arc<Faults>) {
        self.state().others.push((name, faults));
    }

    /// `POST /sandbox/fault?kind=…[&at=…]`, with a kind of [`fault::KINDS`](crate::fault::KINDS) or [`REFUSALS`].
    pub(super) fn control(&self, query: &str) -> Response<Body> {
        let kind = parameter(query, "kind").unwrap_or_default();
        let at = parameter(query, "at").unwrap_or_else(|| "docusign".to_owned());
        let other = self.state().others.iter().find(|(name, _)| *name == at).map(|(_, faults)| Arc::clone(faults));
        match (other, Fault::named(&kind)) {
            (Some(faults), Some(fault)) => faults.set(fault),
            (None, Some(fault)) if at == "docusign" => {
                self.refuse_with(None);
                self.faults.set(fault);
            }
            (None, None) if at == "docusign" && REFUSALS.contains(&kind.as_str()) => {
                self.refuse_with(Some(match kind.as_str() {
                    "consent-withdrawn" => json!({"error": "consent_required"}),
                    _ => json!({"error": "invalid_grant", "error_description": "no_valid_keys_or_signatures"}),
                }));
            }
            _ => return reply(400, "text/plain", "no such kind or place\n"),
        }
        reply(200, "text/plain", "done\n")
    }
}
