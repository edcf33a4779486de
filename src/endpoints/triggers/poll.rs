//! One poll of a list: what is new in it, and the watermark after that. Pure.

use crate::docusign::moment::Moment;
use crate::endpoints::triggers::item::{Item, ItemKind};
use crate::endpoints::triggers::pattern::Pattern;
use crate::endpoints::triggers::reader::Snapshot;
use crate::endpoints::triggers::request::TriggerParameters;
use crate::endpoints::triggers::watermark::{Limits, ListedChange, Watermark, WatermarkStep};

/// The most items in one answer.
pub const MAX_DELIVERED: usize = 100;
/// How far down the list a watermark may reach, so that the next idle poll needs one page only.
const MAX_LISTED: usize = 60;

/// Which items a trigger is about.
#[derive(Debug)]
pub struct Filter {
    name: Option<Pattern>,
    /// In lower case; empty means all.
    statuses: Vec<String>,
}

impl Filter {
    /// The filter in `parameters`.
    #[must_use]
    pub fn of(parameters: &TriggerParameters) -> Self {
        let statuses = parameters.get("status").unwrap_or_default().to_lowercase();
        let statuses = statuses.split([',', ' ']).filter(|status| !status.is_empty());
        Self { name: parameters.get("name").map(Pattern::new), statuses: statuses.map(ToOwned::to_owned).collect() }
    }

    fn fits(&self, item: &Item) -> bool {
        let has_status = |status: &String| status == "any" || status.eq_ignore_ascii_case(&item.version);
        !item.is_in_trash
            && self.name.as_ref().is_none_or(|name| name.fits(&item.name))
            && (self.statuses.is_empty() || self.statuses.iter().any(has_status))
    }
}

/// What a poll finds in `snapshot`. Without a watermark, everything is old.
#[must_use]
pub fn step(
    snapshot: &Snapshot<Item>,
    filter: &Filter,
    watermark: Option<&Watermark>,
    least: Moment,
    known: usize,
) -> WatermarkStep {
    let list: Vec<ListedChange> = snapshot.items.iter().map(|item| listed_change(item, filter)).collect();
    let most = Limits { delivered: MAX_DELIVERED, known, listed: MAX_LISTED };
    match watermark {
        Some(watermark) => watermark.advance(&list, most),
        None => {
            WatermarkStep { delivered: Vec::new(), watermark: Watermark::after(&list, least, most), has_more: false }
        }
    }
}

fn listed_change(item: &Item, filter: &Filter) -> ListedChange {
    ListedChange { time: item.time, key: item.key, is_wanted: filter.fits(item) }
}

/// `{"value":[…]}` with the delivered items.
#[must_use]
pub fn body(kind: ItemKind, snapshot: &Snapshot<Item>, delivered: &[usize], watermark: Option<&Watermark>) -> Vec<u8> {
    let mut out = b"{\"value\":[".to_vec();
    for (number, item) in delivered.iter().filter_map(|place| snapshot.items.get(*place)).enumerate() {
        if number > 0 {
            out.push(b',');
        }
        let change_type = (kind == ItemKind::Document).then(|| change_type(item, watermark));
        item.write(change_type, &mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

/// A document that was created after the newest delivered change cannot have been delivered before.
fn change_type(item: &Item, watermark: Option<&Watermark>) -> &'static str {
    let newest = watermark.and_then(|watermark| watermark.known.last()).map(|(time, _)| time.next());
    let since = newest.or(watermark.map(|watermark| watermark.floor)).unwrap_or_default();
    match item.created {
        Some(created) if created == item.time || created >= since => "added",
        _ => "changed",
    }
}
