//! Metadata: `/attributegroups`, and the attributes of documents.

use http::{Method, Response};
use serde_json::{Map, Value, json};

use crate::clm::error::ClmRefusal;
use crate::clm::page::page;
use crate::clm::request::Call;
use crate::clm::{Clm, no_such_route};
use crate::server::{Body, json as json_reply};

/// The account's one group and its attributes with their types.
const GROUP: &str = "Contract";
const ATTRIBUTES: [(&str, &str); 3] = [("Supplier", "String"), ("Amount", "Decimal"), ("Signed on", "Date")];

impl Clm {
    pub(super) fn attribute_groups(&self, call: &Call, path: &[&str]) -> Response<Body> {
        if call.method != Method::GET || !path.is_empty() {
            return no_such_route();
        }
        let href = self.href("attributegroups");
        let group = json!({"Name": GROUP, "IsSystem": false, "Href": format!("{href}/{GROUP}")});
        json_reply(200, &page(call, &href, &[group]))
    }
}

/// Writes `changes` into `groups`. With `replace` (PUT), other groups are removed.
pub fn write(groups: &mut Map<String, Value>, changes: &Value, replace: bool) -> Result<(), ClmRefusal> {
    let changes = changes.as_object().ok_or(ClmRefusal::new(400, 100))?;
    let mut written = if replace { Map::new() } else { groups.clone() };
    for (group, attributes) in changes {
        if group != GROUP {
            return Err(ClmRefusal::invalid("AttributeGroups", 1005));
        }
        let into = written.entry(group).or_insert_with(|| json!({}));
        for (name, change) in attributes.as_object().ok_or(ClmRefusal::new(400, 100))? {
            into[name] = attribute(name, change)?;
        }
    }
    *groups = written;
    Ok(())
}

/// The value object of an attribute. Dates have different formats in requests and responses.
fn attribute(name: &str, change: &Value) -> Result<Value, ClmRefusal> {
    let known = ATTRIBUTES.iter().find(|(known, _)| *known == name);
    let (_, kind) = known.ok_or_else(|| ClmRefusal::invalid(name, 1006))?;
    let value = change["Value"].as_str().ok_or_else(|| ClmRefusal::invalid(name, 1002))?;
    let value = if *kind == "Date" {
        compact_date(value).ok_or_else(|| ClmRefusal::invalid(name, 1002))?
    } else {
        value.to_owned()
    };
    Ok(json!({"AttributeType": kind, "RepeatingAttribute": false, "Value": value}))
}

/// `MM/dd/yyyy` as `yyyyMMddHHmmss`.
fn compact_date(text: &str) -> Option<String> {
    let [month, day, year] = text.split('/').collect::<Vec<_>>()[..] else { return None };
    let digits = [month, day, year].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    (digits && (month.len(), day.len(), year.len()) == (2, 2, 4)).then(|| format!("{year}{month}{day}000000"))
}
