//! The list of redirect URIs that clients asked for and that are not registered: short, and newest first. Pure.

use serde::{Deserialize, Serialize};

use crate::clock::UnixSeconds;
use crate::store::records::RecordKind;

/// The most redirect URIs of one client. More of them only push out older ones of the same client.
const MAX_OF_CLIENT: usize = 5;

/// The most redirect URIs of all clients.
const MAX_REQUESTS: usize = 25;

/// Longer redirect URIs are not listed.
const MAX_URI_BYTES: usize = 1000;

/// A repeated request counts as new only after this time, in seconds, so that it is seldom written.
const REPEATED_WITHIN: u64 = 3600;

/// A redirect URI that a registered client asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectRequest {
    /// The client.
    pub client_id: String,
    /// The redirect URI, exactly as it was sent.
    pub redirect_uri: String,
    /// When it was asked for.
    pub asked_at: UnixSeconds,
}

/// The redirect URIs, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectList {
    requests: Vec<RedirectRequest>,
}

impl RedirectList {
    /// Adds a request; false if it is too long, or on the list already.
    pub fn add(&mut self, request: RedirectRequest, now: UnixSeconds) -> bool {
        let repeated = |known: &RedirectRequest| {
            known.is_like(&request) && request.asked_at < known.asked_at.plus(REPEATED_WITHIN)
        };
        if request.redirect_uri.len() > MAX_URI_BYTES || self.requests.iter().any(repeated) {
            return false;
        }
        self.merge(Self { requests: vec![request] }, now);
        true
    }

    /// Adds all of `other`, and drops what is too old or too much.
    pub fn merge(&mut self, other: Self, now: UnixSeconds) {
        let mut all: Vec<_> = other.requests.into_iter().chain(self.requests.drain(..)).collect();
        all.retain(|request| RecordKind::RequestedRedirects.expires_at(request.asked_at).is_none_or(|end| now < end));
        // Stable, so that of two at the same second the one that was added last comes first.
        all.sort_by_key(|request| std::cmp::Reverse(request.asked_at.0));
        for request in all {
            let of_client = self.requests.iter().filter(|known| known.client_id == request.client_id).count();
            let is_known = self.requests.iter().any(|known| known.is_like(&request));
            if !is_known && of_client < MAX_OF_CLIENT && self.requests.len() < MAX_REQUESTS {
                self.requests.push(request);
            }
        }
    }

    /// The requests, newest first.
    #[must_use]
    pub fn into_requests(self) -> Vec<RedirectRequest> {
        self.requests
    }

    /// The text of a record.
    #[must_use]
    pub fn to_record(&self) -> String {
        // Texts and numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The list in a record; an empty one if the record cannot be read.
    #[must_use]
    pub fn from_record(content: &str) -> Self {
        serde_json::from_str(content).unwrap_or_default()
    }
}

impl RedirectRequest {
    fn is_like(&self, other: &Self) -> bool {
        (&self.client_id, &self.redirect_uri) == (&other.client_id, &other.redirect_uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(client_id: &str, redirect_uri: &str, asked_at: u64) -> RedirectRequest {
        let (client_id, redirect_uri) = (client_id.to_owned(), redirect_uri.to_owned());
        RedirectRequest { client_id, redirect_uri, asked_at: UnixSeconds(asked_at) }
    }

    fn uris(list: &RedirectList, client_id: &str) -> Vec<String> {
        let of_client = list.requests.iter().filter(|request| request.client_id == client_id);
        of_client.map(|request| request.redirect_uri.clone()).collect()
    }

    #[test]
    fn a_flood_pushes_out_only_older_ones_of_its_own_client_and_the_newest_stays() {
        let mut list = RedirectList::default();
        list.add(request("quiet", "https://quiet.example/cb", 1000), UnixSeconds(1000));
        for number in 0..500 {
            assert!(list.add(request("loud", &format!("https://loud.example/{number}"), 1001), UnixSeconds(1001)));
        }
        assert_eq!(
            uris(&list, "loud"),
            [499, 498, 497, 496, 495].map(|number| format!("https://loud.example/{number}"))
        );
        assert_eq!(uris(&list, "quiet"), ["https://quiet.example/cb"]);
        for client in 0..500 {
            list.add(request(&format!("client-{client}"), "https://c.example/cb", 1002), UnixSeconds(1002));
        }
        assert_eq!(list.requests.len(), MAX_REQUESTS);
    }

    #[test]
    fn what_is_repeated_too_long_or_a_day_old_is_not_added() {
        let mut list = RedirectList::default();
        let day = 24 * 3600;
        assert!(list.add(request("c", "https://c.example/cb", 1000), UnixSeconds(1000)));
        assert!(!list.add(request("c", "https://c.example/cb", 4599), UnixSeconds(4599)));
        assert!(list.add(request("c", "https://c.example/cb", 4600), UnixSeconds(4600)));
        let long = format!("https://c.example/{}", "x".repeat(MAX_URI_BYTES));
        assert!(!list.add(request("c", &long, 5000), UnixSeconds(5000)));
        let other = list.clone();
        list.merge(other, UnixSeconds(4599 + day));
        assert_eq!(uris(&list, "c"), ["https://c.example/cb"], "merging adds nothing twice");
        list.merge(RedirectList::default(), UnixSeconds(4600 + day));
        assert_eq!(list, RedirectList::default());
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_a_foreign_one_is_empty() {
        let mut list = RedirectList::default();
        list.add(request("c", "https://c.example/cb?x=\"", 1000), UnixSeconds(1000));
        assert!(RecordKind::RequestedRedirects.accepts(&list.to_record()));
        assert_eq!(RedirectList::from_record(&list.to_record()), list);
        for foreign in ["{}", "", r#"{"requests":[{}]}"#, r#"{"other":1}"#] {
            assert_eq!(RedirectList::from_record(foreign), RedirectList::default(), "{foreign}");
        }
    }
}
