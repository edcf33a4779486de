//! Reading a list that changes between its pages: what is complete, what is left for the next time, and when to give up.

use evergrant::docusign::moment::Moment;
use evergrant::endpoints::triggers::reader::{ListPage, ListReader, Listed, Next, Snapshot};
use proptest::prelude::*;

/// An item: its id, its time and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Doc(u64, u64, u64);

impl Listed for Doc {
    type Id = u64;

    fn id(&self) -> &u64 {
        &self.0
    }

    fn time(&self) -> Moment {
        Moment(self.1)
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        (self.1, self.2) > (other.1, other.2)
    }
}

/// Items with these times, newest first.
fn docs(times: impl IntoIterator<Item = u64>) -> Vec<Doc> {
    times.into_iter().map(|time| Doc(time, time, 1)).collect()
}

/// Reads pages of three of the list that `list` returns for each page.
fn read(floor: u64, mut list: impl FnMut(u32) -> Vec<Doc>) -> Result<(Snapshot<Doc>, u32), u32> {
    let (mut reader, mut offset, mut pages) = (ListReader::new(Moment(floor)), 0, 0);
    loop {
        let all = list(pages);
        let items: Vec<Doc> = all.iter().copied().skip(offset).take(3).collect();
        let is_last = offset + items.len() >= all.len();
        pages += 1;
        match reader.take(ListPage { items, is_last }) {
            Next::Page(next) => offset = next,
            Next::Done(snapshot) => return Ok((snapshot, pages)),
            Next::Unsteady => return Err(pages),
        }
        assert!(pages < 2000, "it never ends");
    }
}

fn ids(snapshot: &Snapshot<Doc>) -> Vec<u64> {
    snapshot.items.iter().map(|doc| doc.0).collect()
}

#[test]
fn a_list_is_read_down_to_the_floor_and_no_further() {
    let list = docs((1..=20).rev());
    for (floor, least_pages, most_pages) in [(21, 1, 1), (19, 1, 1), (17, 1, 2), (12, 3, 6), (0, 10, 12)] {
        let (snapshot, pages) = read(floor, |_| list.clone()).unwrap();
        assert!(snapshot.covers(Moment(floor)), "{floor}");
        let wanted = list.iter().filter(|doc| doc.1 >= floor).map(|doc| doc.0);
        assert!(wanted.clone().all(|id| ids(&snapshot).contains(&id)), "{floor}: {:?}", ids(&snapshot));
        assert!((least_pages..=most_pages).contains(&pages), "{floor}: {pages} pages");
    }
}

#[test]
fn an_empty_list_and_a_list_of_one_page_need_one_page() {
    for list in [vec![], docs([5]), docs([7, 6, 5])] {
        let (snapshot, pages) = read(0, |_| list.clone()).unwrap();
        assert_eq!((snapshot.items.len(), snapshot.complete_after, pages), (list.len(), None, 1));
    }
}

#[test]
fn an_item_that_leaves_between_pages_hides_no_other() {
    let whole = docs((1..=9).rev());
    for leaving in 0..9 {
        let (snapshot, _) = read(0, |page| {
            let mut list = whole.clone();
            if page > 0 {
                list.remove(leaving);
            }
            list
        })
        .unwrap();
        let rest = whole.iter().enumerate().filter(|(place, _)| *place != leaving);
        assert!(rest.map(|(_, doc)| doc.0).all(|id| ids(&snapshot).contains(&id)), "{leaving}: {:?}", ids(&snapshot));
    }
}

#[test]
fn what_changes_after_the_first_page_is_left_for_the_next_time() {
    let whole = docs((1..=9).rev());
    let (snapshot, _) = read(0, |page| {
        let mut list = whole.clone();
        if page > 0 {
            list.insert(0, Doc(100, 100, 1));
        }
        list
    })
    .unwrap();
    assert_eq!(ids(&snapshot).len(), 9, "{:?}", ids(&snapshot));
    assert!(!ids(&snapshot).contains(&100), "not all of its time was seen");
}

#[test]
fn the_newest_state_of_an_item_that_is_seen_twice_counts() {
    let (snapshot, _) = read(0, |page| {
        let versions = docs((1..=9).rev()).into_iter().map(|Doc(id, time, _)| Doc(id, time, u64::from(page) + 1));
        versions.collect()
    })
    .unwrap();
    // The last item of each page is the first of the next one, and every page has a newer version.
    assert!(snapshot.items.contains(&Doc(7, 7, 2)) && snapshot.items.contains(&Doc(5, 5, 3)), "{:?}", snapshot.items);
    assert!(!snapshot.items.contains(&Doc(7, 7, 1)), "{:?}", snapshot.items);
}

#[test]
fn a_list_from_which_something_leaves_before_every_page_is_given_up() {
    let pages = read(0, |page| docs((1..=2000 - 5 * u64::from(page)).rev())).unwrap_err();
    assert!(pages < 30, "{pages} pages were read");
}

#[test]
fn a_list_without_end_is_given_up() {
    let (mut reader, mut offset) = (ListReader::new(Moment(0)), 0);
    for pages in 0..1000 {
        let items = (0..3).map(|place| Doc(offset + place, u64::MAX - offset - place, 1)).collect();
        match reader.take(ListPage { items, is_last: false }) {
            Next::Page(next) => offset = next as u64,
            Next::Unsteady => {
                assert_eq!(pages, 500);
                return;
            }
            Next::Done(_) => panic!("there was more"),
        }
    }
    panic!("it never ends");
}

#[test]
fn a_list_that_is_not_in_order_is_read_to_its_end() {
    let mixed = docs([5, 9, 1, 8, 2, 7, 3, 6, 4]);
    let (snapshot, pages) = read(8, |_| mixed.clone()).unwrap();
    assert_eq!(ids(&snapshot), (1..=9).collect::<Vec<_>>());
    assert!(pages >= 4 && snapshot.complete_after.is_none(), "{pages}");
}

#[test]
fn an_incomplete_reading_says_so() {
    let (snapshot, _) = read(8, |_| docs((1..=30).rev())).unwrap();
    let after = snapshot.complete_after.expect("there are older items");
    assert!(after < Moment(8) && snapshot.covers(Moment(8)) && !snapshot.covers(after), "{after:?}");
    assert!(!snapshot.covers(Moment(0)));
}

proptest! {
    #[test]
    fn a_list_at_rest_is_read_as_it_is(times in prop::collection::vec(0_u64..12, 0..40), floor in 0_u64..14) {
        let mut list: Vec<Doc> = times.iter().enumerate().map(|(id, time)| Doc(id as u64, *time, 1)).collect();
        list.sort_by_key(|doc| std::cmp::Reverse(doc.1));
        let (snapshot, _) = read(floor, |_| list.clone()).unwrap();
        prop_assert!(snapshot.covers(Moment(floor)));
        for doc in list.iter().filter(|doc| doc.1 >= floor) {
            prop_assert!(snapshot.items.contains(doc), "{:?} is missing", doc);
        }
        let mut seen = ids(&snapshot);
        seen.dedup();
        prop_assert_eq!(seen.len(), snapshot.items.len(), "each item once");
    }
}
