//! Collections, page by page.

use serde_json::{Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::request::Call;
use crate::wire::random;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// One page of `items` of the collection at `href`. Both spellings of the parameters work; invalid values mean the default.
/// The spelling in the links is not documented.
pub fn page(call: &Call, href: &str, items: &[Value]) -> Value {
    let number = |name: &str| parameter(call, name).and_then(|value| value.parse::<usize>().ok());
    let mut items = filtered(call, items);
    sort(call, &mut items);
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
    let filter = parameter(call, "filter").unwrap_or_default();
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

/// A parameter in either spelling. The guide writes all names in lower case.
fn parameter(call: &Call, name: &str) -> Option<String> {
    let long = format!("pageSortParams.{name}");
    call.parameter(&name.to_lowercase()).or_else(|| call.parameter(name)).or_else(|| call.parameter(&long))
}

/// The properties by which the reference says that a list can be sorted.
fn sortable(path: &[&str]) -> &'static [&'static str] {
    match path {
        [.., "documents" | "folders"] | ["documentsearchtasks" | "foldersearchtasks", ..] => {
            &["Name", "CreatedDate", "CreatedBy", "UpdatedDate"]
        }
        [.., "workitems"] => &["Name", "AssignDate", "DueDate", "CreatedDate"],
        [.., "workflowqueues"] => &["CreatedDate", "UpdatedDate"],
        _ => &[],
    }
}

/// Refuses a property by which a list cannot be sorted.
pub fn check_sorting(call: &Call, path: &[&str]) -> Result<(), ClmRefusal> {
    match parameter(call, "sortProperty") {
        Some(property) if !sortable(path).contains(&property.as_str()) => Err(ClmRefusal::new(422, 110)),
        _ => Ok(()),
    }
}

fn sort(call: &Call, items: &mut [&Value]) {
    let Some(property) = parameter(call, "sortProperty") else { return };
    let value = |item: &Value| comparable(item[&property].as_str().unwrap_or_default());
    if call.shuffles_ties {
        items.sort_by_cached_key(|item| (value(item), random()));
    } else {
        items.sort_by_cached_key(|item| value(item));
    }
    if parameter(call, "sortDirection").is_some_and(|direction| direction.eq_ignore_ascii_case("DESC")) {
        items.reverse();
    }
}

/// Dates have fractions of different lengths.
fn comparable(text: &str) -> String {
    match text.strip_suffix('Z').map(|date| date.split_once('.').unwrap_or((date, ""))) {
        Some((date, fraction)) => format!("{date}.{fraction:0<7}"),
        None => text.to_lowercase(),
    }
}
