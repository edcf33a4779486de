//! `$filter` of the form `Column eq 'text' or Other eq 'text'`: what the flows send.

use serde_json::{Map, Value};

/// Whether an item fits a filter.
///
/// # Errors
/// If the filter is malformed, or names an unknown column.
pub fn fits(filter: &str, columns: &[&str], item: &Map<String, Value>) -> Result<bool, String> {
    let mut rest = filter.trim();
    let mut found = false;
    loop {
        let (column, value, after) =
            comparison(rest).ok_or_else(|| format!("The expression \"{filter}\" is not valid."))?;
        if !columns.contains(&column) {
            return Err(format!("Column '{column}' does not exist. It may have been deleted by another user."));
        }
        found |= item.get(column).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(&value));
        if after.is_empty() {
            return Ok(found);
        }
        rest = after.strip_prefix(" or ").ok_or_else(|| format!("The expression \"{filter}\" is not valid."))?;
    }
}

/// Column and value of the first comparison, and the text after it. A quotation mark in a value is doubled.
fn comparison(text: &str) -> Option<(&str, String, &str)> {
    let (column, quoted) = text.split_once(" eq '")?;
    let (mut value, mut rest) = (String::new(), quoted);
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => (value, rest) = (format!("{value}'"), after),
            None => return Some((column, value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn filters_compare_texts() {
        let item = json!({"Name": "It's", "Id": "7", "Empty": null});
        let item = item.as_object().unwrap();
        let fits = |filter| super::fits(filter, &["Name", "Id", "Empty"], item);
        assert_eq!(fits("Name eq 'It''s'"), Ok(true));
        assert_eq!(fits("Id eq '8' or Name eq 'it''s'"), Ok(true));
        assert_eq!(fits("Id eq '8' or Empty eq ''"), Ok(false));
        for refused in ["Name eq 'It's'", "Other eq '1'", "Name = '1'", "Id eq '1' and Name eq '2'", ""] {
            assert!(fits(refused).is_err(), "{refused}");
        }
    }
}
