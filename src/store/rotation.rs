//! Rotation of public clients' refresh tokens (RFC 9700 §4.14.2): each works once, and its successor takes over.
//!
//! Who lost the answer, or refreshes twice at a time, gets the same successor again within a grace window. After that, an
//! old refresh token in somebody's hands means that it was stolen, or its successor was.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::UnixSeconds;
use crate::oauth::sealed::claims::Grant;
use crate::store::{Condition, Record, Store, StoreError, Write};

/// For how long after its rotation a refresh token still gets its successor, in seconds.
pub const GRACE: u64 = 60;

/// How long a refresh waits for the store.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often a lost race is run again. Each loss means that somebody else won, so one more round settles it.
const ROUNDS: u32 = 3;

/// What becomes of a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
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
    /// While the store does not answer, its successor takes over all the same: should the write have come through, it is
    /// the newest; should it not, the store catches up when it is presented.
    pub async fn take_turn(&self, grant: &Grant, presented: u64, now: UnixSeconds) -> Turn {
        let turn = timeout(PATIENCE, self.run(&format!("rotated/{}", grant.grant_id), presented, now)).await;
        turn.unwrap_or(Err(StoreError::NoAnswer)).unwrap_or_else(|error| {
            tracing::warn!(event = "store_unavailable", what = "rotate", cause = %error);
            Turn::Successor { generation: presented + 1, at: now }
        })
    }

    async fn run(&self, name: &str, presented: u64, now: UnixSeconds) -> Result<Turn, StoreError> {
        for _ in 0..ROUNDS {
            let record = self.store.read(name).await?;
            match decide(record.as_ref().and_then(parse), presented, now) {
                Decision::Settled(turn) => return Ok(turn),
                Decision::Rotate => {
                    let generation = presented + 1;
                    let condition = record.map_or(Condition::Absent, |record| Condition::Unchanged(record.version));
                    let content = format!("{generation} {}", now.0);
                    let write = Write { name: name.to_owned(), content, condition, useless_from: None };
                    if self.store.write(write).await? {
                        return Ok(Turn::Successor { generation, at: now });
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
    Settled(Turn),
}

/// `current` is the newest generation and when it was made. A store that knows less than the refresh token has lost its
/// memory; then the refresh token is believed, for it is sealed.
const fn decide(current: Option<(u64, UnixSeconds)>, presented: u64, now: UnixSeconds) -> Decision {
    match current {
        Some((newest, at)) if presented < newest => {
            let in_grace = presented + 1 == newest && now.0 <= at.plus(GRACE).0;
            let turn = if in_grace { Turn::Successor { generation: newest, at } } else { Turn::Reused };
            Decision::Settled(turn)
        }
        _ => Decision::Rotate,
    }
}

fn parse(record: &Record) -> Option<(u64, UnixSeconds)> {
    let (generation, at) = record.content.split_once(' ')?;
    Some((generation.parse().ok()?, UnixSeconds(at.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_refresh_token_gets_its_successor_for_a_while_and_then_gives_itself_away() {
        let at = UnixSeconds(1_000_000);
        let successor = Decision::Settled(Turn::Successor { generation: 5, at });
        assert_eq!(decide(None, 0, at), Decision::Rotate);
        assert_eq!(decide(Some((5, at)), 5, at.plus(1)), Decision::Rotate);
        assert_eq!(decide(Some((5, at)), 4, at), successor);
        assert_eq!(decide(Some((5, at)), 4, at.plus(GRACE)), successor);
        assert_eq!(decide(Some((5, at)), 4, at.plus(GRACE + 1)), Decision::Settled(Turn::Reused));
        assert_eq!(decide(Some((5, at)), 3, at), Decision::Settled(Turn::Reused));
        assert_eq!(decide(Some((5, at)), 6, at), Decision::Rotate, "the store forgot");
    }
}
