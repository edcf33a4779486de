//! Reads a list page by page, newest first, although it changes meanwhile. Pure.
//!
//! Each page begins with the last item of the page before. If that item is missing, something left the list, and what moved up
//! in its place may have been skipped: reading starts again. Items that came to the top push others down, so that pages show
//! them twice. Reading ends when as many items were seen as the list had up to the place that was reached. What changed after
//! the first page is left for the next time, because not all of it was seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::docusign::moment::Moment;

/// How often reading starts again because items left the list.
const MAX_GAPS: u32 = 5;
/// How often the list is read while fewer items are seen than it has, and after how many readings without a new one it is
/// taken as it is.
const MAX_PASSES: u32 = 20;
const CALM_PASSES: u32 = 6;
/// The most pages in all.
const MAX_PAGES: u32 = 500;

/// What a list has.
pub trait Listed {
    /// What identifies it in all its states.
    type Id: Clone + Ord;

    /// Its id.
    fn id(&self) -> &Self::Id;

    /// What the list is sorted by.
    fn time(&self) -> Moment;

    /// Whether this is a later state of the same item.
    fn is_newer_than(&self, other: &Self) -> bool;
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Whether the list says that it ends here.
    pub is_last: bool,
}

/// What was read of a list.
#[derive(Debug)]
pub struct Snapshot<T> {
    /// The items, each in the newest state that was seen.
    pub items: Vec<T>,
    /// Later changes are all here; `None` if everything is.
    pub complete_after: Option<Moment>,
}

impl<T> Snapshot<T> {
    /// Whether every change from `floor` on is here.
    #[must_use]
    pub fn covers(&self, floor: Moment) -> bool {
        self.complete_after.is_none_or(|before| before < floor)
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Next<T> {
    /// Read the page that begins at this offset.
    Page(usize),
    /// Everything is here.
    Done(Snapshot<T>),
    /// The list changes too fast to be read.
    Unsteady,
}

/// Reads a list down to `floor`.
pub struct ListReader<T: Listed> {
    floor: Moment,
    seen: BTreeMap<T::Id, T>,
    /// The newest time when reading began.
    newest: Option<Moment>,
    /// The items of this pass, the time of its last one, and the first place with that time.
    pass: BTreeSet<T::Id>,
    lowest: Option<Moment>,
    lowest_from: usize,
    /// The time of the last item of the pass before, unless that reached the end.
    reached: Option<Moment>,
    is_sorted: bool,
    offset: usize,
    /// How many items later than [`Self::reached`] the list had at the end of the last pass.
    expected: Option<usize>,
    /// How many items were seen before this pass.
    before: usize,
    pages: u32,
    passes: u32,
    calm: u32,
    gaps: u32,
}

impl<T: Listed> ListReader<T> {
    /// Reads down to `floor`; the first page is at offset 0.
    #[must_use]
    pub fn new(floor: Moment) -> Self {
        Self {
            floor,
            seen: BTreeMap::new(),
            pass: BTreeSet::new(),
            newest: None,
            lowest: None,
            lowest_from: 0,
            reached: None,
            is_sorted: true,
            offset: 0,
            expected: None,
            before: 0,
            pages: 0,
            passes: 0,
            calm: 0,
            gaps: 0,
        }
    }

    /// Takes the page that was asked for.
    #[must_use]
    pub fn take(&mut self, page: ListPage<T>) -> Next<T> {
        self.pages += 1;
        if self.pages > MAX_PAGES || self.gaps > MAX_GAPS {
            return Next::Unsteady;
        }
        let end = self.offset + page.items.len();
        let continues = self.offset == 0 || page.items.iter().any(|item| self.pass.contains(item.id()));
        if !continues {
            *self = Self { pages: self.pages, gaps: self.gaps + 1, ..Self::new(self.floor) };
            return Next::Page(0);
        }
        let (is_first, is_last) = (self.offset == 0, page.is_last || page.items.is_empty());
        page.items.into_iter().enumerate().for_each(|(place, item)| self.add(self.offset + place, item));
        self.newest = self.newest.or_else(|| self.seen.values().map(T::time).max());
        if is_first && self.expected.is_some_and(|expected| self.count() >= expected) {
            return self.done();
        }
        let is_deep_enough = self.is_sorted && self.lowest.is_some_and(|lowest| lowest < self.floor);
        if is_last || is_deep_enough {
            self.reached = self.lowest.filter(|_| !is_last);
            return self.end_pass(if is_last { end } else { self.lowest_from });
        }
        self.offset = end - 1;
        Next::Page(self.offset)
    }

    fn add(&mut self, place: usize, item: T) {
        self.is_sorted &= self.lowest.is_none_or(|lowest| item.time() <= lowest);
        if self.lowest.replace(item.time()) != Some(item.time()) {
            self.lowest_from = place;
        }
        self.pass.insert(item.id().clone());
        if self.seen.get(item.id()).is_none_or(|seen| item.is_newer_than(seen)) {
            self.seen.insert(item.id().clone(), item);
        }
    }

    /// One page is one state of the list. Several are complete if they have as many items as the list had.
    fn end_pass(&mut self, expected: usize) -> Next<T> {
        let is_one_page = self.offset == 0 && self.passes == 0;
        self.passes += 1;
        self.calm = if self.seen.len() > self.before { 0 } else { self.calm + 1 };
        let is_enough = self.count() >= expected || self.calm >= CALM_PASSES || self.passes >= MAX_PASSES;
        if is_one_page || is_enough {
            return self.done();
        }
        (self.expected, self.before) = (Some(expected), self.seen.len());
        (self.offset, self.is_sorted, self.lowest) = (0, true, None);
        self.pass.clear();
        Next::Page(0)
    }

    /// How many items were seen in the part that was read.
    fn count(&self) -> usize {
        self.seen.values().filter(|item| self.reached.is_none_or(|reached| item.time() > reached)).count()
    }

    fn done(&mut self) -> Next<T> {
        let newest = self.newest.filter(|_| self.is_sorted);
        let is_steady = |item: &T| newest.is_none_or(|newest| item.time() <= newest);
        let items = std::mem::take(&mut self.seen).into_values().filter(is_steady).collect();
        Next::Done(Snapshot { items, complete_after: self.reached })
    }
}
