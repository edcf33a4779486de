//! The text of a watermark in a cursor: short, and read only as it was written.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::crowded_time::CrowdedTime;
use evergrant::endpoints::triggers::cursor;
use evergrant::endpoints::triggers::item_hash::ItemHash;
use evergrant::endpoints::triggers::watermark::Watermark;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Option<Watermark> {
    cursor::read(&URL_SAFE_NO_PAD.encode(bytes))
}

fn watermark(floor: u64, known: &[(u64, u64)]) -> Watermark {
    let known = known.iter().map(|(time, key)| (Moment(*time), ItemHash(*key))).collect();
    Watermark { known, ..Watermark::since(Moment(floor)) }
}

#[test]
fn watermarks_are_read_as_they_were_written() {
    for written in [
        watermark(0, &[]),
        watermark(u64::MAX, &[]),
        watermark(127, &[(127, 0)]),
        watermark(128, &[(128, 1), (128, ItemHash::MAX.0), (129, 0), (u64::MAX, 7)]),
        watermark(643_000_000_000_000_000, &[(643_000_000_000_000_001, 5), (643_000_000_864_000_000, 5)]),
        Watermark { crowd: Some(Box::default()), ..watermark(5, &[]) },
        Watermark {
            crowd: Some(Box::new(CrowdedTime::of(ItemHash(9), &BTreeSet::from([ItemHash(1), ItemHash(9)])))),
            ..watermark(5, &[(6, 1)])
        },
    ] {
        assert_eq!(cursor::read(&cursor::write(&written)), Some(written));
    }
}

#[test]
fn many_changes_of_one_time_take_four_bytes_each() {
    let floor = 643_000_000_000_000_000;
    let many: Vec<(u64, u64)> = (0..180).map(|key| (floor, key)).collect();
    let text = cursor::write(&watermark(floor, &many));
    assert!(text.len() < 180 * 4 * 4 / 3 + 40, "{}", text.len());
    let spread: Vec<(u64, u64)> = (0..48).map(|key| (floor + key * 10_000_000, key)).collect();
    let text = cursor::write(&watermark(floor, &spread));
    assert!(text.len() < 48 * 9 * 4 / 3 + 40, "{}", text.len());
}

#[test]
fn other_bytes_are_no_watermark() {
    for bytes in [
        &[][..],
        &[0],
        &[2, 0, 0],
        &[1],
        &[1, 5],
        &[1, 0x80],
        &[1, 5, 1],
        &[1, 5, 1, 0],
        &[1, 5, 1, 0, 1],
        &[1, 5, 1, 0, 1, 1, 2, 3],
        &[1, 5, 0, 9],
        &[1, 5, 0, 9, 9, 9, 9],
        // A number of more than ten bytes, and one that is too large.
        &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        // More changes, and more groups, than there are bytes.
        &[1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        &[1, 5, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4],
        // A time after the last one.
        &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1, 1, 2, 3, 4],
    ] {
        assert_eq!(read(bytes), None, "{bytes:?}");
    }
    for text in ["", "waiting", "ended", "AQ==", "AQ\n", "A Q", "AQUA+", "\u{e4}"] {
        assert_eq!(cursor::read(text), None, "{text}");
    }
}

#[test]
fn a_watermark_is_not_read_with_something_before_or_after_it() {
    let crowds = [None, Some(Box::new(CrowdedTime::of(ItemHash(3), &BTreeSet::from([ItemHash(3)]))))];
    for crowd in crowds {
        let whole =
            URL_SAFE_NO_PAD.decode(cursor::write(&Watermark { crowd, ..watermark(9, &[(9, 1), (10, 2)]) })).unwrap();
        for more in 1..8 {
            assert_eq!(read(&[&whole[..], &vec![0; more]].concat()), None, "{more} more");
            assert_eq!(read(&whole[..whole.len() - more]), None, "{more} less");
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_is_written_alike(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "\\PC{0,40}") {
        drop(cursor::read(&text));
        if let Some(watermark) = read(&[&[1], &bytes[..]].concat()) {
            prop_assert_eq!(cursor::read(&cursor::write(&watermark)), Some(watermark));
        }
    }
}
