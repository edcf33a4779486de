//! More items with one point in time than a cursor can list. Pure.
//!
//! They are delivered in the order of their keys, up to `last`. To notice items that get a lower key later, the delivered keys
//! are kept as an invertible Bloom lookup table (Goodrich and Mitzenmacher 2011): subtracting the keys that are in the list
//! now leaves the difference, which can be read as long as it is small, however many keys there are.

use std::collections::BTreeSet;

use crate::endpoints::triggers::item_hash::ItemHash;

/// Each key is in one cell of each part. Two keys that have all their cells in common look like one, which happens once in
/// 262,144 pairs.
const PARTS: usize = 6;
const CELLS_PER_PART: usize = 1 << CELL_BITS;
const CELL_BITS: usize = 3;
/// The number of cells of a table.
pub const CELLS: usize = PARTS * CELLS_PER_PART;

/// A cell: how many keys, and all of them combined by exclusive or.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The number of keys.
    pub count: i64,
    /// The keys.
    pub keys: u64,
    /// The check digits of the keys.
    pub checks: u16,
}

/// A crowd: the delivered items of one point in time, which are too many to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrowdedTime {
    /// Items with keys up to this one were delivered, except those that arrived since.
    pub last: ItemHash,
    /// The delivered keys up to `last`.
    pub cells: [Cell; CELLS],
}

/// What became of a crowd.
#[derive(Debug, PartialEq, Eq)]
pub enum Compared {
    /// These keys are new.
    Arrived(BTreeSet<ItemHash>),
    /// Too much has changed to read the difference, but nothing proves that something arrived.
    Shrunk,
    /// Too much has changed to read the difference, and more arrived than left.
    Grown,
}

impl Default for CrowdedTime {
    fn default() -> Self {
        Self { last: ItemHash(0), cells: [Cell::default(); CELLS] }
    }
}

impl CrowdedTime {
    /// A crowd in which these keys up to `last` were delivered.
    #[must_use]
    pub fn of(last: ItemHash, keys: &BTreeSet<ItemHash>) -> Self {
        let mut crowd = Self { last, ..Self::default() };
        for key in keys {
            crowd.add(*key);
        }
        crowd
    }

    /// Adds a delivered key.
    pub fn add(&mut self, key: ItemHash) {
        self.count(key, 1);
    }

    /// Compares with the keys up to [`Self::last`] that are in the list now.
    #[must_use]
    pub fn compare(&self, now: &BTreeSet<ItemHash>) -> Compared {
        let mut difference = self.clone();
        for key in now {
            difference.count(*key, -1);
        }
        let surplus: i64 = difference.cells.iter().take(CELLS_PER_PART).map(|cell| -cell.count).sum();
        let mut arrived = BTreeSet::new();
        while let Some((key, count)) = difference.single(now) {
            if count < 0 {
                arrived.insert(key);
            }
            difference.count(key, -count);
        }
        match difference.cells.iter().all(|cell| *cell == Cell::default()) {
            true => Compared::Arrived(arrived),
            false if surplus > 0 => Compared::Grown,
            false => Compared::Shrunk,
        }
    }

    /// A key that is alone in one of its cells.
    fn single(&self, now: &BTreeSet<ItemHash>) -> Option<(ItemHash, i64)> {
        let mut cells = self.cells.iter().enumerate();
        cells.find_map(|(place, cell)| {
            let key = ItemHash(cell.keys);
            let is_one = cell.count.abs() == 1 && cell.checks == check_of(key) && cells_of(key).contains(&place);
            (is_one && (cell.count == 1 || now.contains(&key))).then_some((key, cell.count))
        })
    }

    fn count(&mut self, key: ItemHash, count: i64) {
        for place in cells_of(key) {
            self.cells[place].count += count;
            self.cells[place].keys ^= key.0;
            self.cells[place].checks ^= check_of(key);
        }
    }
}

/// The cells of a key. Keys are parts of a digest, so their bits are random.
fn cells_of(key: ItemHash) -> [usize; PARTS] {
    std::array::from_fn(|part| {
        let [bits, ..] = (key.0 >> (CELL_BITS * part)).to_le_bytes();
        part * CELLS_PER_PART + usize::from(bits) % CELLS_PER_PART
    })
}

/// Check digits, so that several keys in a cell do not look like one.
fn check_of(key: ItemHash) -> u16 {
    let bytes = key.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::sha256;

    fn key(number: usize) -> ItemHash {
        ItemHash::of_digest(&sha256(&number.to_le_bytes()))
    }

    fn crowd(delivered: std::ops::Range<usize>) -> CrowdedTime {
        let mut crowd = CrowdedTime { last: ItemHash::MAX, ..CrowdedTime::default() };
        delivered.for_each(|number| crowd.add(key(number)));
        crowd
    }

    #[test]
    fn a_small_difference_is_read_whatever_the_size_of_the_crowd() {
        for (arrived, left) in [(0, 0), (1, 0), (0, 1), (1, 1), (3, 2), (5, 0), (0, 8)] {
            for size in [50, 1000, 10_000] {
                let now: BTreeSet<ItemHash> = (left..size + arrived).map(key).collect();
                let expected = (size..size + arrived).map(key).collect();
                assert_eq!(crowd(0..size).compare(&now), Compared::Arrived(expected), "{size} +{arrived} -{left}");
            }
        }
    }

    #[test]
    fn a_difference_that_is_too_large_is_noticed() {
        let now = |numbers: std::ops::Range<usize>| numbers.map(key).collect::<BTreeSet<ItemHash>>();
        assert_eq!(crowd(0..1000).compare(&now(0..2000)), Compared::Grown);
        assert_eq!(crowd(0..1000).compare(&now(500..1000)), Compared::Shrunk);
    }
}
