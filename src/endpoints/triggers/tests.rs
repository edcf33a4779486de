//! The model test: random histories of a list, polled through [`ListReader`], [`Watermark`] and the text of a cursor.

use std::collections::BTreeSet;

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::cursor;
use crate::endpoints::triggers::item_hash::ItemHash;
use crate::endpoints::triggers::reader::{ListPage, ListReader, Listed, Next, Snapshot};
use crate::endpoints::triggers::watermark::{Limits, ListedChange, Watermark};

/// The histories, and how many changes each has.
const HISTORIES: u64 = 100_000;
const CHANGES: u64 = 10;
/// Limits that histories of this size reach.
const TIGHT: Limits = Limits { delivered: 2, known: 2, listed: 4 };
/// The real limits, within which even changes that become visible late are found.
const WIDE: Limits = Limits { delivered: 100, known: 48, listed: 60 };
const PAGE: usize = 3;

/// A document in one state.
#[derive(Clone, Copy, Debug)]
struct Doc {
    id: u64,
    version: u64,
    time: Moment,
    is_here: bool,
    /// Whether it came without a new date, so that it may be missed.
    is_silent: bool,
}

impl Listed for Doc {
    type Id = u64;

    fn id(&self) -> &u64 {
        &self.id
    }

    fn time(&self) -> Moment {
        self.time
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        (self.time, self.version) > (other.time, other.version)
    }
}

impl Doc {
    /// A key as random as a digest (splitmix64).
    fn key(&self) -> ItemHash {
        let mut bits = (self.id << 40 ^ self.version << 32 ^ self.time.0).wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ItemHash((bits ^ bits >> 31) & ItemHash::MAX.0)
    }
}

/// Random numbers (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn place(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("a place")
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }
}

/// A list that changes, and a flow that polls it.
struct History {
    random: Random,
    docs: Vec<Doc>,
    clock: u64,
    most: Limits,
    /// How much later than others a change can become visible.
    skew: u64,
    shuffles_ties: bool,
    delivered: Vec<ItemHash>,
    /// The state of the flow.
    watermark: Watermark,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let is_tight = !random.one_in(4);
        let (most, skew) = if is_tight { (TIGHT, 0) } else { (WIDE, random.below(3)) };
        let shuffles_ties = random.one_in(8);
        let mut history = Self {
            random,
            docs: Vec::new(),
            clock: 10,
            most,
            skew,
            shuffles_ties,
            delivered: Vec::new(),
            watermark: Watermark::default(),
        };
        for _ in 0..history.random.below(6) {
            history.change();
        }
        history.docs.iter_mut().for_each(|doc| doc.is_silent = true);
        // A change that was made before the first poll may become visible after it.
        history.clock += history.skew;
        history
    }

    /// One change: a document is added, changed, moved or deleted.
    fn change(&mut self) {
        if self.random.one_in(3) {
            self.clock += 1;
        }
        let late = self.random.below(self.skew + 1);
        let time = Moment(self.clock - late);
        let count = self.docs.len() as u64;
        if count == 0 || (count < 9 && self.random.one_in(3)) {
            self.docs.push(Doc { id: count, version: 1, time, is_here: !self.random.one_in(6), is_silent: false });
            return;
        }
        let (place, what) = (self.random.place(self.docs.len()), self.random.below(6));
        let doc = &mut self.docs[place];
        match what {
            0 => doc.is_here = false,
            1 if doc.is_here => (doc.is_here, doc.time) = (false, time),
            2 if !doc.is_here => (doc.is_here, doc.is_silent) = (true, true),
            3 if !doc.is_here => (doc.is_here, doc.time, doc.is_silent) = (true, time, false),
            4 => (doc.time, doc.is_silent) = (time, false),
            _ => (doc.version, doc.time, doc.is_silent) = (doc.version + 1, time, false),
        }
    }

    fn page(&mut self, offset: usize) -> ListPage<Doc> {
        let mut here: Vec<(Moment, u64, Doc)> = Vec::new();
        for place in 0..self.docs.len() {
            let doc = self.docs[place];
            if doc.is_here {
                let tie = if self.shuffles_ties { self.random.below(100) } else { doc.id };
                here.push((doc.time, tie, doc));
            }
        }
        here.sort_by_key(|shown| std::cmp::Reverse((shown.0, shown.1)));
        let is_last = offset + PAGE >= here.len();
        ListPage { items: here.into_iter().skip(offset).take(PAGE).map(|(.., doc)| doc).collect(), is_last }
    }

    /// Reads the list while it changes.
    fn read(&mut self, floor: Moment) -> Option<Snapshot<Doc>> {
        let (mut reader, mut offset) = (ListReader::new(floor), 0);
        loop {
            let page = self.page(offset);
            // If equal times also change places, nothing shows that an item was skipped.
            if !self.shuffles_ties && self.random.one_in(4) {
                self.change();
            }
            match reader.take(page) {
                Next::Page(next) => offset = next,
                Next::Done(snapshot) => return Some(snapshot),
                Next::Unsteady => return None,
            }
        }
    }

    /// A poll; it may fail, or its answer may be lost.
    fn poll(&mut self) -> bool {
        let watermark = self.watermark.clone();
        let Some(snapshot) = self.read(watermark.floor) else { return true };
        assert!(snapshot.covers(watermark.floor));
        let step = watermark.advance(&changes(&snapshot), self.most);
        if self.random.one_in(5) {
            return true;
        }
        assert!(step.delivered.len() <= self.most.delivered && step.watermark.floor >= watermark.floor);
        assert!(step.watermark.known.len() <= self.most.known + self.most.delivered, "{:?}", step.watermark);
        assert!(step.delivered.is_sorted_by_key(|place| snapshot.items[*place].time), "oldest first");
        self.delivered.extend(step.delivered.iter().map(|place| snapshot.items[*place].key()));
        self.keep(step.watermark);
        step.has_more
    }

    /// Keeps a watermark; sometimes it is read from the text of a cursor.
    fn keep(&mut self, watermark: Watermark) {
        let text = self.random.one_in(8).then(|| cursor::write(&watermark));
        self.watermark = text.map_or(watermark, |text| cursor::read(&text).expect("a watermark"));
    }

    fn run(mut self, seed: u64) {
        let Some(mut snapshot) = self.read(Moment(u64::MAX)) else { return };
        let newest = snapshot.items.iter().map(|doc| doc.time).max().unwrap_or_default();
        if !snapshot.covers(newest) {
            let Some(deeper) = self.read(newest) else { return };
            snapshot = deeper;
        }
        // What changed while the first poll was answered may count as old or as new.
        self.docs.iter_mut().for_each(|doc| doc.is_silent = true);
        let old: BTreeSet<ItemHash> = snapshot.items.iter().map(Doc::key).collect();
        self.keep(Watermark::after(&changes(&snapshot), Moment(0), self.most));
        self.clock += self.skew;
        for _ in 0..CHANGES {
            self.change();
            if self.random.one_in(3) {
                self.poll();
            }
        }
        let mut polls = 0;
        while self.poll() || self.random.one_in(3) {
            polls += 1;
            assert!(polls < 1000, "history {seed} never ends");
        }
        self.check(&old, seed);
    }

    fn check(&mut self, old: &BTreeSet<ItemHash>, seed: u64) {
        // Reading changes the list too, so the end is polled without that.
        let calm =
            Snapshot { items: self.docs.iter().copied().filter(|doc| doc.is_here).collect(), complete_after: None };
        loop {
            let step = self.watermark.advance(&changes(&calm), self.most);
            self.delivered.extend(step.delivered.iter().map(|place| calm.items[*place].key()));
            self.keep(step.watermark);
            if !step.has_more {
                break;
            }
        }
        let delivered: BTreeSet<ItemHash> = self.delivered.iter().copied().collect();
        assert_eq!(delivered.len(), self.delivered.len(), "history {seed} delivers a change twice");
        assert!(delivered.is_disjoint(old), "history {seed} delivers what is old");
        let is_settled = |doc: &Doc| doc.is_silent || delivered.contains(&doc.key()) || old.contains(&doc.key());
        let missed = calm.items.iter().find(|doc| !is_settled(doc));
        assert!(missed.is_none(), "history {seed} misses {missed:?}");
    }
}

fn changes(snapshot: &Snapshot<Doc>) -> Vec<ListedChange> {
    snapshot.items.iter().map(|doc| ListedChange { time: doc.time, key: doc.key(), is_wanted: true }).collect()
}

#[test]
fn a_hundred_thousand_histories_miss_nothing_and_deliver_nothing_twice() {
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                (0..HISTORIES / 2).for_each(|number| History::new(2 * number + half).run(2 * number + half));
            });
        }
    });
}
