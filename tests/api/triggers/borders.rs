//! What a cursor remembers: the limits of a step, filters, and what becomes of lists that a cursor cannot hold.

use std::collections::BTreeSet;

use evergrant::endpoints::triggers::border::{Border, Key, Limits, Sighting};
use evergrant::endpoints::triggers::cursor;
use evergrant::endpoints::triggers::moment::Moment;
use evergrant::endpoints::triggers::run::{Compared, Run};
use evergrant::secret::sha256;
use proptest::prelude::*;

const MOST: Limits = Limits { delivered: 5, known: 4, listed: 6 };

/// A key as random as a digest.
fn key(number: u64) -> Key {
    Key::of_digest(&sha256(&number.to_le_bytes()))
}

fn seen(time: u64, number: u64) -> Sighting {
    Sighting { time: Moment(time), key: key(number), is_wanted: true }
}

/// Polls until there is no more, and returns the keys in the order of their delivery.
fn drain(mut border: Border, list: &[Sighting]) -> (Border, Vec<Key>) {
    let mut delivered = Vec::new();
    for _ in 0..=list.len() {
        let step = border.advance(list, MOST);
        assert!(step.delivered.len() <= MOST.delivered);
        delivered.extend(step.delivered.iter().map(|place| list[*place].key));
        border = step.border;
        if !step.has_more {
            return (border, delivered);
        }
    }
    panic!("it never ends: {border:?}");
}

#[test]
fn without_changes_nothing_is_delivered_and_the_border_stays() {
    let list = [seen(10, 1), seen(11, 2), seen(12, 3)];
    let border = Border::after(&list, Moment(0), MOST);
    for _ in 0..3 {
        let step = border.advance(&list, MOST);
        assert_eq!((step.delivered.len(), step.has_more), (0, false));
        assert_eq!(step.border, border);
    }
    assert_eq!(border.floor, Moment(12), "only what is newest has to be listed again");
}

#[test]
fn a_first_poll_of_an_empty_list_begins_where_it_should() {
    let border = Border::after(&[], Moment(7), MOST);
    assert_eq!((border.floor, border.known.len()), (Moment(7), 0));
    assert_eq!(drain(border, &[seen(6, 1), seen(7, 2), seen(8, 3)]).1, [key(2), key(3)]);
}

#[test]
fn since_is_inclusive_and_oldest_come_first() {
    let list = [seen(12, 1), seen(10, 2), seen(9, 3), seen(11, 4)];
    assert_eq!(drain(Border::since(Moment(10)), &list).1, [key(2), key(4), key(1)]);
}

#[test]
fn what_the_trigger_is_not_about_is_never_delivered_even_when_it_is_renamed_later() {
    let mut list = [seen(10, 1), seen(11, 2)];
    list[0].is_wanted = false;
    let (border, delivered) = drain(Border::since(Moment(0)), &list);
    assert_eq!(delivered, [key(2)]);
    // Renamed to fit: a new version at a new time.
    let renamed = [seen(11, 2), seen(12, 3)];
    assert_eq!(drain(border, &renamed).1, [key(3)]);
}

#[test]
fn an_item_that_appears_with_an_older_time_is_delivered_while_the_border_reaches_down_to_it() {
    let (border, _) = drain(Border::since(Moment(10)), &[seen(10, 1), seen(14, 2)]);
    assert_eq!(border.floor, Moment(10));
    let (border, delivered) = drain(border, &[seen(10, 1), seen(12, 3), seen(14, 2), seen(9, 4)]);
    assert_eq!(delivered, [key(3)], "and not what is before the floor");
    assert!(drain(border, &[seen(10, 1), seen(12, 3), seen(14, 2)]).1.is_empty());
}

#[test]
fn the_floor_rises_when_the_list_is_longer_than_a_cursor() {
    let list: Vec<Sighting> = (0..40).map(|number| seen(100 + number, number)).collect();
    let (border, delivered) = drain(Border::since(Moment(0)), &list);
    assert_eq!(delivered, (0..40).map(key).collect::<Vec<_>>());
    assert!(border.known.len() <= MOST.known && border.run.is_none(), "{border:?}");
    assert!(border.floor >= Moment(100 + 40 - MOST.known as u64), "{border:?}");
}

#[test]
fn more_items_of_one_time_than_a_cursor_lists_become_a_run_and_come_once() {
    let list: Vec<Sighting> = (0..50).map(|number| seen(100, number)).collect();
    let (border, delivered) = drain(Border::since(Moment(100)), &list);
    assert_eq!(delivered.len(), 50);
    assert_eq!(delivered.iter().collect::<BTreeSet<_>>().len(), 50);
    let run = border.run.as_deref().expect("too many for a list");
    assert_eq!(run.compare(&list.iter().map(|sighting| sighting.key).collect()), Compared::Arrived(BTreeSet::new()));
    assert!(border.known.len() <= MOST.known, "{border:?}");
    // One more of the same time, and then later ones.
    let mut longer = [list, vec![seen(100, 1000)]].concat();
    let (border, delivered) = drain(border, &longer);
    assert_eq!(delivered, [key(1000)]);
    longer.push(seen(101, 1001));
    let (border, delivered) = drain(border, &longer);
    assert_eq!(delivered, [key(1001)]);
    assert!(drain(border, &longer).1.is_empty());
}

#[test]
fn a_run_from_which_much_has_left_goes_on_with_what_is_there() {
    let list: Vec<Sighting> = (0..400).map(|number| seen(100, number)).collect();
    let (border, _) = drain(Border::since(Moment(100)), &list);
    let rest = &list[300..];
    let (border, delivered) = drain(border, rest);
    assert_eq!(delivered, [], "nothing proves that something came");
    let (_, delivered) = drain(border, &[rest, &[seen(100, 5000)]].concat());
    assert_eq!(delivered, [key(5000)]);
}

#[test]
fn a_run_to_which_much_was_added_is_delivered_again_rather_than_not_at_all() {
    let list: Vec<Sighting> = (0..100).map(|number| seen(100, number)).collect();
    let (border, _) = drain(Border::since(Moment(100)), &list);
    let more: Vec<Sighting> = (0..400).map(|number| seen(100, number)).collect();
    let delivered: BTreeSet<Key> = drain(border, &more).1.into_iter().collect();
    assert!((100..400).all(|number| delivered.contains(&key(number))), "{} of 300", delivered.len());
}

#[test]
fn the_whole_list_is_compared_when_it_becomes_a_run() {
    let keys: BTreeSet<Key> = (0..30).map(key).collect();
    let run = Run::of(Key::MAX, &keys);
    assert_eq!(run.compare(&keys), Compared::Arrived(BTreeSet::new()));
    let mut more = keys.clone();
    more.insert(key(99));
    more.remove(&key(3));
    assert_eq!(run.compare(&more), Compared::Arrived(BTreeSet::from([key(99)])));
}

/// A history: changes that arrive in batches, at the same time or later ones.
fn batches() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(0_u64..3, 0..12), 1..8)
}

proptest! {
    #[test]
    fn every_change_comes_once_and_oldest_first_through_cursors(batches in batches()) {
        let (mut list, mut border, mut number, mut time) = (Vec::new(), Border::since(Moment(0)), 0, 100);
        for batch in batches {
            for pause in batch {
                time += pause;
                list.push(seen(time, number));
                number += 1;
            }
            let before = list.len();
            let (after, delivered) = drain(border, &list);
            let expected: BTreeSet<Key> = list.iter().map(|sighting| sighting.key).collect();
            prop_assert!(delivered.iter().all(|key| expected.contains(key)));
            // The list forgets what it delivered, as a folder does whose documents are moved away.
            list.retain(|sighting| sighting.time >= after.floor);
            prop_assert_eq!(delivered.iter().collect::<BTreeSet<_>>().len(), delivered.len(), "twice in one poll");
            prop_assert!(before >= list.len());
            let text = cursor::write(&after);
            border = cursor::read(&text).expect("a border");
            prop_assert_eq!(&border, &after);
            prop_assert!(drain(border.clone(), &list).1.is_empty(), "it was delivered");
        }
    }

    #[test]
    fn a_border_keeps_its_limits(times in prop::collection::vec(0_u64..20, 0..60), since in 0_u64..20) {
        let list: Vec<Sighting> = times.iter().enumerate().map(|(number, time)| seen(*time, number as u64)).collect();
        let (border, delivered) = drain(Border::since(Moment(since)), &list);
        let mut expected: Vec<(Moment, Key)> =
            list.iter().filter(|sighting| sighting.time >= Moment(since)).map(|s| (s.time, s.key)).collect();
        expected.sort_unstable();
        prop_assert_eq!(delivered, expected.into_iter().map(|(_, key)| key).collect::<Vec<_>>());
        prop_assert!(border.known.len() <= MOST.known || border.run.is_some(), "{:?}", border);
        prop_assert!(border.floor >= Moment(since), "it never goes back");
    }
}
