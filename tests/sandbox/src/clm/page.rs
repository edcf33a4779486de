//! Collections, page by page.

use serde_json::{Value, json};

use crate::clm::request::Call;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// One page of `items` of the collection at `href`. Both spellings of the parameters work; invalid values mean the default.
/// The spelling in the links is not documented.
pub fn page(call: &Call, href: &str, items: &[Value]) -> Value {
    let number = |name: &str| {
        let value = call.parameter(name).or_else(|| call.parameter(&format!("pageSortParams.{name}")));
        value.and_then(|value| value.parse::<usize>().ok())
    };
    let items = filtered(call, items);
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let offset = number("offset").unwrap_or(0).min(items.len());
    let total = items.len();
    let single = total <= limit && offset == 0;
    let link = |offset: usize| if single { href.to_owned() } else { format!("{href}?offset={offset}&limit={limit}") };
    let mut page = json!({
        "Items": items.iter().skip(offset).take(limit).collect::<Vec<_>>(), "Href": href, "Offset": offset,
        "Limit": limit, "First": link(0), "Last": link(total.saturating_sub(1) / limit * limit), "Total": total,
    });
    if offset > 0 {
        page["Previous"] = json!(link(offset.saturating_sub(limit)));
    }
    if offset + limit < total {
        page["Next"] = json!(link(offset + limit));
    }
    page
}

/// Filters by `Name=value` pairs joined by commas; every member must contain its value. An invalid filter is ignored.
fn filtered<'i>(call: &Call, items: &'i [Value]) -> Vec<&'i Value> {
    let filter = call.parameter("filter").or_else(|| call.parameter("pageSortParams.filter")).unwrap_or_default();
    let requested: Vec<(&str, String)> = filter
        .split(',')
        .filter_map(|one| one.split_once('=').map(|(member, value)| (member, value.to_lowercase())))
        .collect();
    let fits = |item: &&Value| {
        requested
            .iter()
            .all(|(member, value)| item[member].as_str().is_some_and(|text| text.to_lowercase().contains(value)))
    };
    items.iter().filter(fits).collect()
}
