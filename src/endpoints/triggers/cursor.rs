//! A watermark as text, for a cursor. Pure.
//!
//! The changes of one time are together, because often many have one. A number has seven bits in each byte, as in LEB128. A
//! cursor has to be short, because it is part of an address.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::crowded_time::{CELLS, Cell, CrowdedTime};
use crate::endpoints::triggers::item_hash::ItemHash;
use crate::endpoints::triggers::watermark::Watermark;

/// The first byte; others are for later formats.
const FORMAT: u8 = 1;
/// The bytes of a key.
const KEY_BYTES: usize = 4;
/// The most bytes of a number.
const MAX_NUMBER_BYTES: usize = 10;

/// Writes a watermark.
#[must_use]
pub fn write(watermark: &Watermark) -> String {
    let mut bytes = vec![FORMAT];
    push_number(&mut bytes, watermark.floor.0);
    let known: Vec<(Moment, ItemHash)> = watermark.known.iter().copied().collect();
    let groups: Vec<&[(Moment, ItemHash)]> = known.chunk_by(|one, other| one.0 == other.0).collect();
    push_number(&mut bytes, groups.len() as u64);
    let mut before = watermark.floor;
    for group in groups {
        push_number(&mut bytes, group[0].0.0.saturating_sub(before.0));
        push_number(&mut bytes, group.len() as u64);
        for (_, key) in group {
            push_key(&mut bytes, key.0);
        }
        before = group[0].0;
    }
    if let Some(crowd) = &watermark.crowd {
        push_key(&mut bytes, crowd.last.0);
        for cell in &crowd.cells {
            push_number(&mut bytes, zigzag(cell.count));
            push_key(&mut bytes, cell.keys);
            bytes.extend_from_slice(&cell.checks.to_le_bytes());
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`write()`] has written.
#[must_use]
pub fn read(text: &str) -> Option<Watermark> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (format, mut rest) = bytes.split_first()?;
    if *format != FORMAT {
        return None;
    }
    let mut watermark = Watermark::since(Moment(take_number(&mut rest)?));
    let (groups, mut time) = (take_number(&mut rest)?, watermark.floor.0);
    for _ in 0..groups {
        time = time.checked_add(take_number(&mut rest)?)?;
        for _ in 0..take_number(&mut rest)? {
            watermark.known.insert((Moment(time), ItemHash(take_key(&mut rest)?)));
        }
    }
    if !rest.is_empty() {
        watermark.crowd = Some(Box::new(take_crowd(&mut rest)?));
    }
    rest.is_empty().then_some(watermark)
}

fn take_crowd(rest: &mut &[u8]) -> Option<CrowdedTime> {
    let mut crowd = CrowdedTime { last: ItemHash(take_key(rest)?), cells: [Cell::default(); CELLS] };
    for cell in &mut crowd.cells {
        let (count, keys) = (unzigzag(take_number(rest)?), take_key(rest)?);
        let (checks, behind) = rest.split_first_chunk::<2>()?;
        (*cell, *rest) = (Cell { count, keys, checks: u16::from_le_bytes(*checks) }, behind);
    }
    Some(crowd)
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..MAX_NUMBER_BYTES {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f).checked_shl(u32::try_from(7 * place).ok()?)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn push_key(bytes: &mut Vec<u8>, key: u64) {
    bytes.extend_from_slice(&key.to_le_bytes()[..KEY_BYTES]);
}

fn take_key(rest: &mut &[u8]) -> Option<u64> {
    let (key, behind) = rest.split_first_chunk::<KEY_BYTES>()?;
    *rest = behind;
    Some(key.iter().rev().fold(0, |key, byte| key << 8 | u64::from(*byte)))
}

/// Small numbers with a sign as small numbers without.
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = ItemHash> {
        (0..=ItemHash::MAX.0).prop_map(ItemHash)
    }

    prop_compose! {
        fn watermarks()(floor in any::<u64>(), later in prop::collection::vec((any::<u32>(), key()), 0..50),
                        crowd in prop::option::of((key(), prop::collection::vec(key(), 0..20)))) -> Watermark {
            let known: BTreeSet<_> =
                later.into_iter().map(|(later, key)| (Moment(floor.saturating_add(later.into())), key)).collect();
            let crowd = crowd.map(|(last, keys)| Box::new(CrowdedTime::of(last, &keys.into_iter().collect())));
            Watermark { floor: Moment(floor), known, crowd }
        }
    }

    proptest! {
        #[test]
        fn watermarks_round_trip(watermark in watermarks()) {
            prop_assert_eq!(read(&write(&watermark)), Some(watermark));
        }

        #[test]
        fn other_texts_are_not_read_as_watermarks(watermark in watermarks(), cut in 1usize..20) {
            let text = write(&watermark);
            let cut = text.get(..text.len().saturating_sub(cut)).and_then(read);
            prop_assert!(cut.is_none_or(|cut| cut != watermark));
            prop_assert_eq!(read(&format!("{text}AAAA")).filter(|read| *read == watermark), None);
        }
    }
}
