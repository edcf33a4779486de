//! Rotation of public clients' refresh tokens (RFC 9700 §4.14.2): each one works once and is replaced by its successor.
//!
//! A client that lost the response or refreshes in parallel gets the newest successor within a grace period. After that, a
//! reused refresh token means that it or its successor was stolen.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::UnixSeconds;
use crate::sealing::claims::Grant;
use crate::store::records::RecordKind;
use crate::store::{Store, StoreError, log_failure, update};

/// The grace period after a rotation, in seconds.
pub const GRACE: u64 = 60;

/// How long a refresh waits for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(4);

/// The most generations in a record.
const MAX_GENERATIONS: usize = 32;

/// What happens to a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is replaced by this successor.
    Successor {
        /// The successor's generation.
        generation: u64,
        /// When it was created.
        at: UnixSeconds,
    },
    /// It was replaced before the grace period.
    Reused,
}

/// The rotations of each grant's refresh token.
#[derive(Clone)]
pub struct Rotations {
    store: Arc<dyn Store>,
}

impl Rotations {
    /// The rotations in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Rotates the refresh token of `grant` with the generation `presented`.
    ///
    /// If the store does not respond, the client still gets the successor. If the write did succeed, it is the newest. If not,
    /// the store catches up when the successor is presented.
    pub async fn rotate(&self, grant: &Grant, presented: u64, now: UnixSeconds) -> Rotation {
        let rotation =
            timeout(STORE_TIMEOUT, self.run(&RecordKind::Rotation.name(&grant.grant_id), presented, now)).await;
        rotation.unwrap_or(Err(StoreError::NoAnswer)).unwrap_or_else(|error| {
            log_failure("rotate", &error);
            Rotation::Successor { generation: presented + 1, at: now }
        })
    }

    async fn run(&self, name: &str, presented: u64, now: UnixSeconds) -> Result<Rotation, StoreError> {
        let rotate = |there: Option<&str>| {
            let mut history = there.map(History::parse).unwrap_or_default();
            match history.decide(presented, now) {
                RotationDecision::Settled(rotation) => (None, rotation),
                RotationDecision::Rotate => {
                    let generation = presented + 1;
                    history.add(generation, now);
                    (Some(history.to_string()), Rotation::Successor { generation, at: now })
                }
            }
        };
        update(self.store.as_ref(), name, None, rotate).await
    }
}

#[derive(Debug, PartialEq, Eq)]
enum RotationDecision {
    /// It is the newest, so it must be replaced.
    Rotate,
    /// It was already replaced.
    Settled(Rotation),
}

/// The latest generations and when each was created, newest first; written as `5:1795319592 4:1795319590`.
#[derive(Debug, Default, PartialEq, Eq)]
struct History(Vec<(u64, UnixSeconds)>);

impl History {
    /// If the store's newest generation is older than the refresh token's, the store has lost data. The refresh token is
    /// sealed, so it is trusted.
    fn decide(&self, presented: u64, now: UnixSeconds) -> RotationDecision {
        match self.0.first() {
            Some(&(newest, at)) if presented < newest => {
                // The next recorded generation. Some are missing if the store was down.
                let replaced_at = self.0.iter().rev().find(|(generation, _)| *generation > presented);
                let in_grace = replaced_at.is_some_and(|(_, replaced_at)| now <= replaced_at.plus(GRACE));
                let rotation = if in_grace { Rotation::Successor { generation: newest, at } } else { Rotation::Reused };
                RotationDecision::Settled(rotation)
            }
            _ => RotationDecision::Rotate,
        }
    }

    /// Adds a generation and drops those past the grace period, except the newest of them, which shows that all earlier ones
    /// are past it too.
    fn add(&mut self, generation: u64, now: UnixSeconds) {
        let in_grace = self.0.iter().take_while(|(_, at)| now <= at.plus(GRACE)).count();
        self.0.truncate(in_grace + 1);
        self.0.insert(0, (generation, now));
        self.0.truncate(MAX_GENERATIONS);
    }

    /// Skips entries that cannot be read.
    fn parse(text: &str) -> Self {
        let entry = |entry: &str| {
            let (generation, at) = entry.split_once(':')?;
            Some((generation.parse().ok()?, UnixSeconds(at.parse().ok()?)))
        };
        Self(text.split(' ').filter_map(entry).collect())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = self.0.iter().map(|(generation, at)| format!("{generation}:{}", at.0)).collect();
        f.write_str(&entries.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_refresh_token_gets_the_newest_successor_in_the_grace_period_and_then_counts_as_reused() {
        let at = UnixSeconds(1_000_000);
        let mut history = History::default();
        assert_eq!(history.decide(0, at), RotationDecision::Rotate);
        for generation in 1..=5 {
            history.add(generation, at.plus(generation));
        }
        let newest = RotationDecision::Settled(Rotation::Successor { generation: 5, at: at.plus(5) });
        assert_eq!(history.decide(5, at.plus(6)), RotationDecision::Rotate);
        for presented in 0..5 {
            let replaced_at = at.plus(presented + 1);
            assert_eq!(history.decide(presented, replaced_at.plus(GRACE)), newest, "{presented}");
            assert_eq!(
                history.decide(presented, replaced_at.plus(GRACE + 1)),
                RotationDecision::Settled(Rotation::Reused)
            );
        }
        assert_eq!(history.decide(6, at), RotationDecision::Rotate, "the store lost data");
        let later = at.plus(5 + GRACE + 1);
        history.add(6, later);
        assert_eq!(history.0, [(6, later), (5, at.plus(5))]);
        assert_eq!(history.decide(4, later), RotationDecision::Settled(Rotation::Reused));
    }

    #[test]
    fn a_generation_missing_from_the_store_does_not_count_as_reuse() {
        let (long_ago, now) = (UnixSeconds(1_000_000), UnixSeconds(2_000_000));
        let mut history = History::default();
        history.add(1, long_ago);
        // The store was down when 2 was created; 3 is its successor.
        history.add(3, now);
        let newest = RotationDecision::Settled(Rotation::Successor { generation: 3, at: now });
        assert_eq!(history.decide(1, now.plus(5)), newest);
        assert_eq!(history.decide(2, now.plus(5)), newest);
        assert_eq!(history.decide(0, now.plus(5)), RotationDecision::Settled(Rotation::Reused));
        assert_eq!(history.decide(1, now.plus(GRACE + 1)), RotationDecision::Settled(Rotation::Reused));
    }

    #[test]
    fn the_history_round_trips_and_invalid_entries_are_skipped() {
        let mut history = History::default();
        (1..100).for_each(|generation| history.add(generation, UnixSeconds(7)));
        assert_eq!(history.0.len(), MAX_GENERATIONS);
        assert_eq!(History::parse(&history.to_string()), history);
        assert_eq!(History::parse("x 3:9 :1 4:"), History(vec![(3, UnixSeconds(9))]));
    }
}
