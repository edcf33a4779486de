//! What a cursor remembers: the limits of a step, filters, and what becomes of lists that a cursor cannot hold.

use std::collections::BTreeSet;

use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::crowded_time::{Compared, CrowdedTime};
use evergrant::endpoints::triggers::cursor;
use evergrant::endpoints::triggers::item_hash::ItemHash;
use evergrant::endpoints::triggers::watermark::{Limits, ListedChange, Watermark};
use evergrant::secret::sha256;
use proptest::prelude::*;

const MOST: Limits = Limits { delivered: 5, known: 4, listed: 6 };

/// A key as random as a digest.
fn key(number: u64) -> ItemHash {
    ItemHash::of_digest(&sha256(&number.to_le_bytes()))
}

fn listed(time: u64, number: u64) -> ListedChange {
    ListedChange { time: Moment(time), key: key(number), is_wanted: true }
}

/// Polls until there is no more, and returns the keys in the order of their delivery.
fn drain(mut watermark: Watermark, list: &[ListedChange]) -> (Watermark, Vec<ItemHash>) {
    let mut delivered = Vec::new();
    for _ in 0..=list.len() {
        let step = watermark.advance(list, MOST);
        assert!(step.delivered.len() <= MOST.delivered);
        delivered.extend(step.delivered.iter().map(|place| list[*place].key));
        watermark = step.watermark;
        if !step.has_more {
            return (watermark, delivered);
        }
    }
    panic!("it never ends: {watermark:?}");
}

#[test]
fn without_changes_nothing_is_delivered_and_the_watermark_stays() {
    let list = [listed(10, 1), listed(11, 2), listed(12, 3)];
    let watermark = Watermark::after(&list, Moment(0), MOST);
    for _ in 0..3 {
        let step = watermark.advance(&list, MOST);
        assert_eq!((step.delivered.len(), step.has_more), (0, false));
        assert_eq!(step.watermark, watermark);
    }
    assert_eq!(watermark.floor, Moment(12), "only what is newest has to be listed again");
}

#[test]
fn a_first_poll_of_an_empty_list_begins_where_it_should() {
    let watermark = Watermark::after(&[], Moment(7), MOST);
    assert_eq!((watermark.floor, watermark.known.len()), (Moment(7), 0));
    assert_eq!(drain(watermark, &[listed(6, 1), listed(7, 2), listed(8, 3)]).1, [key(2), key(3)]);
}

#[test]
fn since_is_inclusive_and_oldest_come_first() {
    let list = [listed(12, 1), listed(10, 2), listed(9, 3), listed(11, 4)];
    assert_eq!(drain(Watermark::since(Moment(10)), &list).1, [key(2), key(4), key(1)]);
}

#[test]
fn what_the_trigger_is_not_about_is_never_delivered_even_when_it_is_renamed_later() {
    let mut list = [listed(10, 1), listed(11, 2)];
    list[0].is_wanted = false;
    let (watermark, delivered) = drain(Watermark::since(Moment(0)), &list);
    assert_eq!(delivered, [key(2)]);
    // Renamed to fit: a new version at a new time.
    let renamed = [listed(11, 2), listed(12, 3)];
    assert_eq!(drain(watermark, &renamed).1, [key(3)]);
}

#[test]
fn an_item_that_appears_with_an_older_time_is_delivered_while_the_watermark_reaches_down_to_it() {
    let (watermark, _) = drain(Watermark::since(Moment(10)), &[listed(10, 1), listed(14, 2)]);
    assert_eq!(watermark.floor, Moment(10));
    let (watermark, delivered) = drain(watermark, &[listed(10, 1), listed(12, 3), listed(14, 2), listed(9, 4)]);
    assert_eq!(delivered, [key(3)], "and not what is before the floor");
    assert!(drain(watermark, &[listed(10, 1), listed(12, 3), listed(14, 2)]).1.is_empty());
}

#[test]
fn the_floor_rises_when_the_list_is_longer_than_a_cursor() {
    let list: Vec<ListedChange> = (0..40).map(|number| listed(100 + number, number)).collect();
    let (watermark, delivered) = drain(Watermark::since(Moment(0)), &list);
    assert_eq!(delivered, (0..40).map(key).collect::<Vec<_>>());
    assert!(watermark.known.len() <= MOST.known && watermark.crowd.is_none(), "{watermark:?}");
    assert!(watermark.floor >= Moment(100 + 40 - MOST.known as u64), "{watermark:?}");
}

#[test]
fn more_items_of_one_time_than_a_cursor_lists_become_a_crowd_and_come_once() {
    let list: Vec<ListedChange> = (0..50).map(|number| listed(100, number)).collect();
    let (watermark, delivered) = drain(Watermark::since(Moment(100)), &list);
    assert_eq!(delivered.len(), 50);
    assert_eq!(delivered.iter().collect::<BTreeSet<_>>().len(), 50);
    let crowd = watermark.crowd.as_deref().expect("too many for a list");
    assert_eq!(crowd.compare(&list.iter().map(|change| change.key).collect()), Compared::Arrived(BTreeSet::new()));
    assert!(watermark.known.len() <= MOST.known, "{watermark:?}");
    // One more of the same time, and then later ones.
    let mut longer = [list, vec![listed(100, 1000)]].concat();
    let (watermark, delivered) = drain(watermark, &longer);
    assert_eq!(delivered, [key(1000)]);
    longer.push(listed(101, 1001));
    let (watermark, delivered) = drain(watermark, &longer);
    assert_eq!(delivered, [key(1001)]);
    assert!(drain(watermark, &longer).1.is_empty());
}

#[test]
fn a_crowd_from_which_much_has_left_goes_on_with_what_is_there() {
    let list: Vec<ListedChange> = (0..400).map(|number| listed(100, number)).collect();
    let (watermark, _) = drain(Watermark::since(Moment(100)), &list);
    let rest = &list[300..];
    let (watermark, delivered) = drain(watermark, rest);
    assert_eq!(delivered, [], "nothing proves that something came");
    let (_, delivered) = drain(watermark, &[rest, &[listed(100, 5000)]].concat());
    assert_eq!(delivered, [key(5000)]);
}

#[test]
fn a_crowd_to_which_much_was_added_is_delivered_again_rather_than_not_at_all() {
    let list: Vec<ListedChange> = (0..100).map(|number| listed(100, number)).collect();
    let (watermark, _) = drain(Watermark::since(Moment(100)), &list);
    let more: Vec<ListedChange> = (0..400).map(|number| listed(100, number)).collect();
    let delivered: BTreeSet<ItemHash> = drain(watermark, &more).1.into_iter().collect();
    assert!((100..400).all(|number| delivered.contains(&key(number))), "{} of 300", delivered.len());
}

#[test]
fn the_whole_list_is_compared_when_it_becomes_a_crowd() {
    let keys: BTreeSet<ItemHash> = (0..30).map(key).collect();
    let crowd = CrowdedTime::of(ItemHash::MAX, &keys);
    assert_eq!(crowd.compare(&keys), Compared::Arrived(BTreeSet::new()));
    let mut more = keys.clone();
    more.insert(key(99));
    more.remove(&key(3));
    assert_eq!(crowd.compare(&more), Compared::Arrived(BTreeSet::from([key(99)])));
}

/// A history: changes that arrive in batches, at the same time or later ones.
fn batches() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(0_u64..3, 0..12), 1..8)
}

proptest! {
    #[test]
    fn every_change_comes_once_and_oldest_first_through_cursors(batches in batches()) {
        let (mut list, mut watermark, mut number, mut time) = (Vec::new(), Watermark::since(Moment(0)), 0, 100);
        for batch in batches {
            for pause in batch {
                time += pause;
                list.push(listed(time, number));
                number += 1;
            }
            let before = list.len();
            let (after, delivered) = drain(watermark, &list);
            let expected: BTreeSet<ItemHash> = list.iter().map(|change| change.key).collect();
            prop_assert!(delivered.iter().all(|key| expected.contains(key)));
            // The list forgets what it delivered, as a folder does whose documents are moved away.
            list.retain(|change| change.time >= after.floor);
            prop_assert_eq!(delivered.iter().collect::<BTreeSet<_>>().len(), delivered.len(), "twice in one poll");
            prop_assert!(before >= list.len());
            let text = cursor::write(&after);
            watermark = cursor::read(&text).expect("a watermark");
            prop_assert_eq!(&watermark, &after);
            prop_assert!(drain(watermark.clone(), &list).1.is_empty(), "it was delivered");
        }
    }

    #[test]
    fn a_watermark_keeps_its_limits(times in prop::collection::vec(0_u64..20, 0..60), since in 0_u64..20) {
        let list: Vec<ListedChange> = times.iter().enumerate().map(|(number, time)| listed(*time, number as u64)).collect();
        let (watermark, delivered) = drain(Watermark::since(Moment(since)), &list);
        let mut expected: Vec<(Moment, ItemHash)> =
            list.iter().filter(|change| change.time >= Moment(since)).map(|change| (change.time, change.key)).collect();
        expected.sort_unstable();
        prop_assert_eq!(delivered, expected.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
        prop_assert!(watermark.known.len() <= MOST.known || watermark.crowd.is_some(), "{:?}", watermark);
        prop_assert!(watermark.floor >= Moment(since), "it never goes back");
    }
}
