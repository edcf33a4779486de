//! What a cursor remembers: which changes were delivered. Pure.
//!
//! Everything before `floor` is settled. From `floor` on, `known` lists the delivered changes, so that it does not matter whether
//! later ones have the same time or even an earlier one. `floor` follows the newest changes, as far up as needed to keep the list
//! short. Only if more changes than that have the same time do they become a [`CrowdedTime`].

use std::collections::BTreeSet;

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::crowded_time::{Compared, CrowdedTime};
use crate::endpoints::triggers::item_hash::ItemHash;

/// A change in the list: an item in its newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedChange {
    /// When it changed.
    pub time: Moment,
    /// Which change it is.
    pub key: ItemHash,
    /// Whether the trigger is about it.
    pub is_wanted: bool,
}

/// How much a step may do and a watermark may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The changes delivered at once.
    pub delivered: usize,
    /// The changes in [`Watermark::known`].
    pub known: usize,
    /// The items from [`Watermark::floor`] on, so that the next poll finds them in one answer.
    pub listed: usize,
}

/// Which changes were delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watermark {
    /// Earlier changes are settled.
    pub floor: Moment,
    /// Delivered changes from `floor` on.
    pub known: BTreeSet<(Moment, ItemHash)>,
    /// Delivered changes at `floor`, if they are too many for `known`.
    pub crowd: Option<Box<CrowdedTime>>,
}

/// The result of a poll.
#[derive(Debug, PartialEq, Eq)]
pub struct WatermarkStep {
    /// The changes to deliver, oldest first, as places in the list.
    pub delivered: Vec<usize>,
    /// The watermark after that.
    pub watermark: Watermark,
    /// Whether there are more to deliver.
    pub has_more: bool,
}

impl Watermark {
    /// Everything from `floor` on is new.
    #[must_use]
    pub fn since(floor: Moment) -> Self {
        Self { floor, ..Self::default() }
    }

    /// Everything in `list` is old, and so is everything before its newest change, or before `least` if it is empty.
    #[must_use]
    pub fn after(list: &[ListedChange], least: Moment, most: Limits) -> Self {
        let newest = list.iter().map(|change| change.time).max().unwrap_or(least);
        Self::since(newest).advance(list, Limits { delivered: usize::MAX, ..most }).watermark
    }

    /// Finds what is new in `list`, which has at least everything from [`Self::floor`] on.
    #[must_use]
    pub fn advance(&self, list: &[ListedChange], most: Limits) -> WatermarkStep {
        let (crowd, arrived) = self.compare(list);
        let is_new = |change: &ListedChange| {
            let in_crowd = crowd.as_ref().is_some_and(|crowd| change.time == self.floor && change.key <= crowd.last);
            let is_known = self.known.contains(&(change.time, change.key));
            let is_settled = change.time < self.floor || is_known || (in_crowd && !arrived.contains(&change.key));
            change.is_wanted && !is_settled
        };
        let mut new: Vec<usize> = (0..list.len()).filter(|place| is_new(&list[*place])).collect();
        new.sort_by_key(|place| (list[*place].time, list[*place].key));
        let later = new.split_off(new.len().min(most.delivered));
        let next = later.first().map(|place| list[*place]);
        let mut watermark = Self { crowd, ..self.clone() };
        watermark.add(new.iter().map(|place| list[*place]));
        watermark.shorten(list, next, most);
        WatermarkStep { delivered: new, watermark, has_more: next.is_some() }
    }

    /// The crowd, and its keys that arrived after their turn. If too much has changed, the crowd is what is in the list now, or
    /// begins again if something arrived: delivering twice is better than not at all.
    fn compare(&self, list: &[ListedChange]) -> (Option<Box<CrowdedTime>>, BTreeSet<ItemHash>) {
        let Some(crowd) = &self.crowd else { return (None, BTreeSet::new()) };
        let in_crowd =
            |change: &&ListedChange| change.is_wanted && change.time == self.floor && change.key <= crowd.last;
        let now: BTreeSet<ItemHash> = list.iter().filter(in_crowd).map(|change| change.key).collect();
        match crowd.compare(&now) {
            Compared::Arrived(arrived) => (Some(crowd.clone()), arrived),
            Compared::Shrunk => (Some(Box::new(CrowdedTime::of(crowd.last, &now))), BTreeSet::new()),
            Compared::Grown => (None, BTreeSet::new()),
        }
    }

    fn add(&mut self, delivered: impl Iterator<Item = ListedChange>) {
        for ListedChange { time, key, .. } in delivered {
            match self.crowd.as_mut().filter(|crowd| time == self.floor && key <= crowd.last) {
                Some(crowd) => crowd.add(key),
                None => drop(self.known.insert((time, key))),
            }
        }
    }

    /// Raises the floor until few changes are known and listed from it on, at most to `next`, which is still to be delivered, or
    /// to the newest change.
    fn shorten(&mut self, list: &[ListedChange], next: Option<ListedChange>, most: Limits) {
        let newest = list.iter().map(|change| change.time).max().unwrap_or(self.floor);
        let top = next.map_or(newest, |next| next.time).max(self.floor);
        let mut times: Vec<Moment> = list.iter().map(|change| change.time).filter(|time| *time >= self.floor).collect();
        times.sort_unstable();
        let is_short = |floor: Moment| {
            let listed = times.len() - times.partition_point(|time| *time < floor);
            self.known.range((floor, ItemHash(0))..).count() <= most.known && listed <= most.listed
        };
        let begin = if self.crowd.is_some() { self.floor.next() } else { self.floor };
        let steps = std::iter::once(begin).chain(times.iter().copied().filter(|time| *time > begin));
        let floor = steps.take_while(|floor| *floor <= top).find(|floor| is_short(*floor)).unwrap_or(top);
        if floor > self.floor {
            (self.floor, self.crowd) = (floor, None);
            self.known = self.known.split_off(&(floor, ItemHash(0)));
        }
        if self.crowd.is_some() || self.known.len() > most.known {
            self.absorb(next);
        }
    }

    /// Moves the delivered changes at the floor into the crowd, up to the first that is still to be delivered.
    fn absorb(&mut self, next: Option<ListedChange>) {
        let mut crowd = self.crowd.take().unwrap_or_default();
        let end = next.filter(|next| next.time == self.floor).map_or(ItemHash(ItemHash::MAX.0 + 1), |next| next.key);
        if end.0 > crowd.last.0 {
            let absorbed: Vec<(Moment, ItemHash)> = self.known.range(..(self.floor, end)).copied().collect();
            for at in &absorbed {
                crowd.add(at.1);
                self.known.remove(at);
            }
            crowd.last = ItemHash(end.0.saturating_sub(1));
        }
        self.crowd = Some(crowd);
    }
}
