//! Rotation of public clients' refresh tokens (RFC 9700 §4.14.2): each works once, and its successor takes over.
//!
//! Who lost the answer, or refreshes several times at a time, gets the newest successor within a grace window. After
//! that, an old refresh token in somebody's hands means that it was stolen, or its successor was.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::UnixSeconds;
use crate::sealing::claims::Grant;
use crate::store::records::RecordKind;
use crate::store::{Condition, Store, StoreError, Write};

/// For how long after its rotation a refresh token still gets its successor, in seconds.
pub const GRACE: u64 = 60;

/// How long a refresh waits for the store.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many generations are remembered at most.
const MAX_GENERATIONS: usize = 32;

/// How often a lost race is run again. Each loss means that somebody else won, so one more round settles it.
const ROUNDS: u32 = 3;

/// What becomes of a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is replaced by the one of this generation, made at this moment.
    Successor {
        /// The successor's generation.
        generation: u64,
        /// When it was made.
        at: UnixSeconds,
    },
    /// It was replaced long ago.
    Reused,
}

/// How far each grant's refresh token was rotated.
#[derive(Clone)]
pub struct Rotations {
    store: Arc<dyn Store>,
}

impl Rotations {
    /// The rotations that `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Takes the turn of the refresh token number `presented` of `grant`.
    ///
    /// While the store does not answer, its successor takes over all the same: should the write have come through, it
    /// is the newest; should it not, the store catches up when it is presented.
    pub async fn rotate(&self, grant: &Grant, presented: u64, now: UnixSeconds) -> Rotation {
        let turn = timeout(PATIENCE, self.run(&RecordKind::Rotation.name(&grant.grant_id), presented, now)).await;
        turn.unwrap_or(Err(StoreError::NoAnswer)).unwrap_or_else(|error| {
            tracing::warn!(event = "store_unavailable", what = "rotate", cause = %error);
            Rotation::Successor { generation: presented + 1, at: now }
        })
    }

    async fn run(&self, name: &str, presented: u64, now: UnixSeconds) -> Result<Rotation, StoreError> {
        for _ in 0..ROUNDS {
            let record = self.store.read(name).await?;
            let mut history = record.as_ref().map(|record| History::parse(&record.content)).unwrap_or_default();
            match history.decide(presented, now) {
                Decision::Settled(turn) => return Ok(turn),
                Decision::Rotate => {
                    let generation = presented + 1;
                    history.add(generation, now);
                    let condition = record.map_or(Condition::Absent, |record| Condition::Unchanged(record.version));
                    let content = history.to_string();
                    let write = Write { name: name.to_owned(), content, condition, expires_at: None };
                    if self.store.write(write).await? {
                        return Ok(Rotation::Successor { generation, at: now });
                    }
                }
            }
        }
        Err(StoreError::NoAnswer)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// It is the newest: it has to be replaced.
    Rotate,
    /// It was replaced before.
    Settled(Rotation),
}

/// The latest generations and when each was made, newest first; written as `5:1795319592 4:1795319590`.
#[derive(Debug, Default, PartialEq, Eq)]
struct History(Vec<(u64, UnixSeconds)>);

impl History {
    /// A store that knows less than the refresh token has lost its memory; then the refresh token is believed, for it
    /// is sealed.
    fn decide(&self, presented: u64, now: UnixSeconds) -> Decision {
        match self.0.first() {
            Some(&(newest, at)) if presented < newest => {
                // The next generation that was recorded: while the store is away, some are not.
                let replaced_at = self.0.iter().rev().find(|(generation, _)| *generation > presented);
                let in_grace = replaced_at.is_some_and(|(_, replaced_at)| now <= replaced_at.plus(GRACE));
                let turn = if in_grace { Rotation::Successor { generation: newest, at } } else { Rotation::Reused };
                Decision::Settled(turn)
            }
            _ => Decision::Rotate,
        }
    }

    /// Adds a generation, and forgets those whose predecessors are out of grace; but for the newest of them, which tells
    /// that everything before it is.
    fn add(&mut self, generation: u64, now: UnixSeconds) {
        let in_grace = self.0.iter().take_while(|(_, at)| now <= at.plus(GRACE)).count();
        self.0.truncate(in_grace + 1);
        self.0.insert(0, (generation, now));
        self.0.truncate(MAX_GENERATIONS);
    }

    /// What cannot be read is left out.
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
    fn an_old_refresh_token_gets_the_newest_successor_for_a_while_and_then_gives_itself_away() {
        let at = UnixSeconds(1_000_000);
        let mut history = History::default();
        assert_eq!(history.decide(0, at), Decision::Rotate);
        for generation in 1..=5 {
            history.add(generation, at.plus(generation));
        }
        let newest = Decision::Settled(Rotation::Successor { generation: 5, at: at.plus(5) });
        assert_eq!(history.decide(5, at.plus(6)), Decision::Rotate);
        for presented in 0..5 {
            let replaced_at = at.plus(presented + 1);
            assert_eq!(history.decide(presented, replaced_at.plus(GRACE)), newest, "{presented}");
            assert_eq!(history.decide(presented, replaced_at.plus(GRACE + 1)), Decision::Settled(Rotation::Reused));
        }
        assert_eq!(history.decide(6, at), Decision::Rotate, "the store forgot");
        let later = at.plus(5 + GRACE + 1);
        history.add(6, later);
        assert_eq!(history.0, [(6, later), (5, at.plus(5))]);
        assert_eq!(history.decide(4, later), Decision::Settled(Rotation::Reused));
    }

    #[test]
    fn a_generation_that_the_store_missed_makes_nobody_a_thief() {
        let (long_ago, now) = (UnixSeconds(1_000_000), UnixSeconds(2_000_000));
        let mut history = History::default();
        history.add(1, long_ago);
        // The store was away when 2 was made; 3 is its successor.
        history.add(3, now);
        let newest = Decision::Settled(Rotation::Successor { generation: 3, at: now });
        assert_eq!(history.decide(1, now.plus(5)), newest);
        assert_eq!(history.decide(2, now.plus(5)), newest);
        assert_eq!(history.decide(0, now.plus(5)), Decision::Settled(Rotation::Reused));
        assert_eq!(history.decide(1, now.plus(GRACE + 1)), Decision::Settled(Rotation::Reused));
    }

    #[test]
    fn what_is_written_is_read_back_and_nonsense_is_left_out() {
        let mut history = History::default();
        (1..100).for_each(|generation| history.add(generation, UnixSeconds(7)));
        assert_eq!(history.0.len(), MAX_GENERATIONS);
        assert_eq!(History::parse(&history.to_string()), history);
        assert_eq!(History::parse("x 3:9 :1 4:"), History(vec![(3, UnixSeconds(9))]));
    }
}
