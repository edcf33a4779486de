//! What a cursor remembers: which changes were delivered. Pure.
//!
//! Everything before `floor` is settled. From `floor` on, `known` lists the delivered changes, so that it does not matter whether
//! later ones have the same time or even an earlier one. `floor` follows the newest changes, as far up as needed to keep the list
//! short. Only if more changes than that have one and the same time, they become a [`Run`].

use std::collections::BTreeSet;

use crate::endpoints::triggers::moment::Moment;
use crate::endpoints::triggers::run::{Compared, Run};

/// Bits of a [`Key`].
const KEY_BITS: u32 = 32;

/// The beginning of the digest of an item's id, version and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

impl Key {
    /// The largest key.
    pub const MAX: Self = Self((1 << KEY_BITS) - 1);

    /// The key in a digest.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        let first = digest.first_chunk::<8>().copied().unwrap_or_default();
        Self(u64::from_be_bytes(first) >> (64 - KEY_BITS))
    }
}

/// A change in the list: an item in its newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When it changed.
    pub time: Moment,
    /// Which change it is.
    pub key: Key,
    /// Whether the trigger is about it.
    pub is_wanted: bool,
}

/// How much a step may do and a border may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The changes delivered at once.
    pub delivered: usize,
    /// The changes in [`Border::known`].
    pub known: usize,
    /// The items from [`Border::floor`] on, so that the next poll finds them in one answer.
    pub listed: usize,
}

/// Which changes were delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Border {
    /// Earlier changes are settled.
    pub floor: Moment,
    /// Delivered changes.
    pub known: BTreeSet<(Moment, Key)>,
    /// Delivered changes at `floor`, if they are too many for `known`.
    pub run: Option<Box<Run>>,
}

/// The result of a poll.
#[derive(Debug, PartialEq, Eq)]
pub struct BorderStep {
    /// The changes to deliver, oldest first, as places in the list.
    pub delivered: Vec<usize>,
    /// The border after that.
    pub border: Border,
    /// Whether there are more to deliver.
    pub has_more: bool,
}

impl Border {
    /// Everything from `floor` on is new.
    #[must_use]
    pub fn since(floor: Moment) -> Self {
        Self { floor, ..Self::default() }
    }

    /// Everything in `list` is old, and so is everything before its newest change, or before `least` if it is empty.
    #[must_use]
    pub fn after(list: &[Sighting], least: Moment, most: Limits) -> Self {
        let newest = list.iter().map(|sighting| sighting.time).max().unwrap_or(least);
        Self::since(newest).advance(list, Limits { delivered: usize::MAX, ..most }).border
    }

    /// Finds what is new in `list`, which has at least everything from [`Self::floor`] on.
    #[must_use]
    pub fn advance(&self, list: &[Sighting], most: Limits) -> BorderStep {
        let (run, arrived) = self.compare(list);
        let is_new = |sighting: &Sighting| {
            let in_run = run.as_ref().is_some_and(|run| sighting.time == self.floor && sighting.key <= run.last);
            let is_known = self.known.contains(&(sighting.time, sighting.key));
            let is_settled = sighting.time < self.floor || is_known || (in_run && !arrived.contains(&sighting.key));
            sighting.is_wanted && !is_settled
        };
        let mut new: Vec<usize> = (0..list.len()).filter(|place| is_new(&list[*place])).collect();
        new.sort_by_key(|place| (list[*place].time, list[*place].key));
        let later = new.split_off(new.len().min(most.delivered));
        let next = later.first().map(|place| list[*place]);
        let mut border = Self { run, ..self.clone() };
        border.add(new.iter().map(|place| list[*place]));
        border.shorten(list, next, most);
        BorderStep { delivered: new, border, has_more: next.is_some() }
    }

    /// The run, and its keys that arrived after their turn. If too much has changed, the run is what is in the list now, or
    /// begins again if something arrived: delivering twice is better than not at all.
    fn compare(&self, list: &[Sighting]) -> (Option<Box<Run>>, BTreeSet<Key>) {
        let Some(run) = &self.run else { return (None, BTreeSet::new()) };
        let in_run =
            |sighting: &&Sighting| sighting.is_wanted && sighting.time == self.floor && sighting.key <= run.last;
        let now: BTreeSet<Key> = list.iter().filter(in_run).map(|sighting| sighting.key).collect();
        match run.compare(&now) {
            Compared::Arrived(arrived) => (Some(run.clone()), arrived),
            Compared::Shrunk => (Some(Box::new(Run::of(run.last, &now))), BTreeSet::new()),
            Compared::Grown => (None, BTreeSet::new()),
        }
    }

    fn add(&mut self, delivered: impl Iterator<Item = Sighting>) {
        for Sighting { time, key, .. } in delivered {
            match self.run.as_mut().filter(|run| time == self.floor && key <= run.last) {
                Some(run) => run.add(key),
                None => drop(self.known.insert((time, key))),
            }
        }
    }

    /// Raises the floor until the border is short, at most to `next`, which is still to be delivered, or to the newest change.
    fn shorten(&mut self, list: &[Sighting], next: Option<Sighting>, most: Limits) {
        let newest = list.iter().map(|sighting| sighting.time).max().unwrap_or(self.floor);
        let top = next.map_or(newest, |next| next.time).max(self.floor);
        let mut times: Vec<Moment> =
            list.iter().map(|sighting| sighting.time).filter(|time| *time >= self.floor).collect();
        times.sort_unstable();
        let is_short = |floor: Moment| {
            let listed = times.len() - times.partition_point(|time| *time < floor);
            self.known.range((floor, Key(0))..).count() <= most.known && listed <= most.listed
        };
        let begin = if self.run.is_some() { self.floor.next() } else { self.floor };
        let steps = std::iter::once(begin).chain(times.iter().copied().filter(|time| *time > begin));
        let floor = steps.take_while(|floor| *floor <= top).find(|floor| is_short(*floor)).unwrap_or(top);
        if floor > self.floor {
            (self.floor, self.run) = (floor, None);
            self.known = self.known.split_off(&(floor, Key(0)));
        }
        if self.run.is_some() || self.known.len() > most.known {
            self.absorb(next);
        }
    }

    /// Moves the delivered changes at the floor into the run, up to the first that is still to be delivered.
    fn absorb(&mut self, next: Option<Sighting>) {
        let mut run = self.run.take().unwrap_or_default();
        let end = next.filter(|next| next.time == self.floor).map_or(Key(Key::MAX.0 + 1), |next| next.key);
        if end.0 > run.last.0 {
            let absorbed: Vec<(Moment, Key)> = self.known.range(..(self.floor, end)).copied().collect();
            for at in &absorbed {
                run.add(at.1);
                self.known.remove(at);
            }
            run.last = Key(end.0.saturating_sub(1));
        }
        self.run = Some(run);
    }
}
