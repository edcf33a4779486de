//! Reads requests strictly: known parameters and members only, of the documented types.

use http::HeaderMap;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::shapes::{Member, Shape};
use crate::wire::parameter;

/// The most items of a page.
const MAX_COUNT: usize = 1000;
const DEFAULT_COUNT: usize = 100;

/// DocuSign's status, code and message for a request that it refuses.
#[derive(Debug)]
pub(super) struct EsignError(pub u16, pub &'static str, pub String);

/// The part of a request after the path.
pub(super) struct Call<'a> {
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub is_json: bool,
}

impl Call<'_> {
    /// Refuses parameters that are not in `known`, and repeated ones.
    pub fn check_parameters(&self, known: &[&str]) -> Result<(), EsignError> {
        let mut seen = Vec::new();
        for (name, _) in url::form_urlencoded::parse(self.query.as_bytes()) {
            if !known.contains(&&*name) || seen.contains(&name) {
                return Err(invalid_parameter(&format!("'{name}' is unknown or repeated.")));
            }
            seen.push(name);
        }
        Ok(())
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(self.query, name)
    }

    /// A parameter that is `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<bool, EsignError> {
        match self.parameter(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid_parameter(&format!("'{name}' must be true or false."))),
        }
    }

    /// A parameter that is one of `values`.
    pub fn choice(&self, name: &str, values: &[&str]) -> Result<Option<String>, EsignError> {
        match self.parameter(name) {
            Some(value) if !values.contains(&value.as_str()) => {
                Err(invalid_parameter(&format!("'{name}' must be one of {}.", values.join(", "))))
            }
            value => Ok(value),
        }
    }

    /// A parameter that is a day or a point in time.
    pub fn date(&self, name: &str) -> Result<Option<OffsetDateTime>, EsignError> {
        let invalid = || invalid_parameter(&format!("'{name}' must be set to a valid DateTime."));
        self.parameter(name).map(|text| date(&text).ok_or_else(invalid)).transpose()
    }

    /// The body, which has to have this shape. An empty body is refused.
    pub fn body(&self, members: &'static [Member]) -> Result<Value, EsignError> {
        let body: Option<Value> = serde_json::from_slice(self.body).ok().filter(|_| self.is_json);
        let body = body.ok_or_else(|| malformed("A JSON object is required."))?;
        check(&body, &Shape::Object(members), "body").map_err(|reason| malformed(&reason))?;
        Ok(body)
    }

    /// The page of `items` that is asked for, as the member `name`, with its numbers as text.
    pub fn page(&self, name: &str, items: &[Value]) -> Result<Value, EsignError> {
        let number = |name: &str, default: usize, least: usize, most: usize| {
            let value = self.parameter(name).map_or(Ok(default), |value| value.parse());
            let within = value.ok().filter(|value| (least..=most).contains(value));
            within.ok_or_else(|| invalid_parameter(&format!("'{name}' must be from {least} to {most}.")))
        };
        let (count, start) =
            (number("count", DEFAULT_COUNT, 1, MAX_COUNT)?, number("start_position", 0, 0, usize::MAX)?);
        let page: Vec<&Value> = items.iter().skip(start).take(count).collect();
        let (size, total) = (page.len().to_string(), items.len().to_string());
        let end = (start + page.len()).saturating_sub(1).to_string();
        let next =
            if start + count < items.len() { format!("/?start_position={}", start + count) } else { String::new() };
        Ok(json!({name: page, "resultSetSize": size, "totalSetSize": total, "startPosition": start.to_string(),
                  "endPosition": end, "nextUri": next, "previousUri": ""}))
    }
}

/// Whether `value` has this shape; otherwise what is wrong.
fn check(value: &Value, shape: &Shape, place: &str) -> Result<(), String> {
    match shape {
        Shape::Text if value.is_string() => Ok(()),
        Shape::Choice(values) if value.as_str().is_some_and(|text| values.contains(&text)) => Ok(()),
        Shape::List(item) => {
            let items = value.as_array().ok_or_else(|| format!("'{place}' must be a list."))?;
            items.iter().enumerate().try_for_each(|(at, value)| check(value, item, &format!("{place}[{at}]")))
        }
        Shape::Object(members) => object(value, members, place),
        Shape::Text => Err(format!("'{place}' must be a string.")),
        Shape::Choice(values) => Err(format!("'{place}' must be one of {}.", values.join(", "))),
    }
}

fn object(value: &Value, members: &[Member], place: &str) -> Result<(), String> {
    let present = value.as_object().ok_or_else(|| format!("'{place}' must be an object."))?;
    for (name, value) in present {
        let member = members.iter().find(|member| member.name == name);
        let member = member.ok_or_else(|| format!("'{place}.{name}' is unknown."))?;
        check(value, &member.shape, &format!("{place}.{name}"))?;
    }
    let missing = members.iter().find(|member| member.required && !present.contains_key(member.name));
    missing.map_or(Ok(()), |member| Err(format!("'{place}.{}' is missing.", member.name)))
}

/// A day or a point in time, as in RFC 3339.
fn date(text: &str) -> Option<OffsetDateTime> {
    let text = if text.len() == "2031-01-01".len() { format!("{text}T00:00:00Z") } else { text.to_owned() };
    OffsetDateTime::parse(&text, &Rfc3339).ok()
}

pub(super) fn malformed(reason: &str) -> EsignError {
    let message = format!("The request body is missing or improperly formatted. {reason}");
    EsignError(400, "INVALID_REQUEST_BODY", message)
}

pub(super) fn invalid_parameter(reason: &str) -> EsignError {
    let message = format!("The request contained at least one invalid parameter. {reason}");
    EsignError(400, "INVALID_REQUEST_PARAMETER", message)
}
