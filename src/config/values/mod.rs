//! Parses values, and explains what is wrong with them. No explanation quotes the value, which could be a secret.

pub mod clients;
pub mod field;
pub mod json;
pub mod key_id;
pub mod reference;
pub mod trust;
pub mod url;

use std::borrow::Cow;

use serde_json::Value;
use tracing_subscriber::filter::Targets;

use crate::oauth::scope::Scope;
use crate::types::Guid;

/// What is wrong with a value, as a clause: `it has no version at the end`.
pub type Reason = Cow<'static, str>;

/// The byte order mark, with which some editors begin UTF-8 text.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// How similar two names have to be for a suggestion.
const SIMILAR: f64 = 0.8;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The entry of `names` that is most similar to `name`, if any is similar enough.
pub fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let similarity = |known: &&str| strsim::jaro_winkler(name, known);
    let similar = names.iter().copied().filter(|known| similarity(known) >= SIMILAR);
    similar.max_by(|one, other| similarity(one).total_cmp(&similarity(other)))
}

/// What is wrong with a value in another encoding.
pub const NOT_UTF8: &str = "it has bytes that are not UTF-8";

/// Whether bytes of a value could not be read as text.
pub fn is_not_utf8(text: &str) -> bool {
    text.contains('\u{fffd}')
}

/// What can be wrong with any value.
pub fn common_mistake(text: &str) -> Option<Reason> {
    let is_between = |open, close| text.len() > 1 && text.starts_with(open) && text.ends_with(close);
    if is_between('"', '"') || is_between('\'', '\'') {
        Some("it has quotes around it".into())
    } else if text.starts_with(['“', '”', '„', '‘', '’', '«']) || text.ends_with(['“', '”', '‘', '’', '»'])
    {
        Some("it has typographic quotes around it".into())
    } else if is_between('<', '>') {
        Some("it is still a placeholder in angle brackets".into())
    } else if is_not_utf8(text) {
        Some(NOT_UTF8.into())
    } else {
        None
    }
}

/// A text without a format of its own.
pub fn plain_text(text: &str) -> Result<String, Reason> {
    common_mistake(text).map_or_else(|| Ok(text.to_owned()), Err)
}

/// What a value in JSON is, with its article.
pub const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Why `text` is none of `words`.
pub fn unknown_word(text: &str, words: &[&str]) -> Reason {
    let lower = text.to_ascii_lowercase();
    if let Some(word) = words.iter().find(|word| **word == lower) {
        return format!("it has capital letters (write {word})").into();
    }
    match nearest(&lower, words) {
        Some(word) => format!("it is unknown (did you mean {word}?)").into(),
        None if text.is_empty() => "it is empty".into(),
        None => "it is not one of the accepted values".into(),
    }
}

/// A GUID.
pub fn guid(text: &str) -> Result<Guid, Reason> {
    Guid::parse(text).ok_or_else(|| why_no_guid(text))
}

fn why_no_guid(text: &str) -> Reason {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let groups: Vec<String> = text.split('-').map(|group| group.len().to_string()).collect();
    if text.contains("://") {
        "it is a URL".into()
    } else if text.contains('@') {
        "it is an e-mail address".into()
    } else if Guid::parse(text.trim_matches(['{', '}', '(', ')'])).is_some() {
        "it has brackets around it".into()
    } else if text.len() == 32 && text.chars().all(is_hex) {
        "it has no hyphens".into()
    } else if text.chars().all(|c| c.is_ascii_digit()) {
        "it is a plain number, such as DocuSign's short account ID".into()
    } else if let Some(position) = text.chars().position(|c| !is_hex(c) && c != '-') {
        format!("its character {} is neither a hexadecimal digit nor a hyphen", position + 1).into()
    } else if groups.len() > 5 {
        format!("it has {} groups of digits instead of 5", groups.len()).into()
    } else {
        format!("its groups have {} digits instead of 8-4-4-4-12", groups.join("-")).into()
    }
}

/// Splits a list setting at commas and white space.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty())
}

/// GUIDs separated by commas or spaces.
pub fn guids(text: &str) -> Result<Vec<Guid>, Reason> {
    let numbered = |(index, item)| guid(item).map_err(|reason| format!("item {}: {reason}", index + 1).into());
    list(text).enumerate().map(numbered).collect()
}

/// Scopes separated by spaces.
pub fn scope(text: &str) -> Result<Scope, Reason> {
    match text.chars().find_map(misplaced_in_scopes) {
        Some(reason) => Err(reason),
        None => Scope::parse(text).map_err(|_| why_no_scope(text)),
    }
}

/// What lists of scopes look like elsewhere. RFC 6749 allows these characters in a scope, but no DocuSign scope has one.
fn misplaced_in_scopes(character: char) -> Option<Reason> {
    Some(match character {
        ',' | ';' | '+' | '|' | '&' => {
            format!("it has {character} between scopes (write spaces: signature spring_read)").into()
        }
        '%' => "it is percent-encoded (write plain spaces: signature spring_read)".into(),
        '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>' => {
            "it has brackets (write the scopes alone: signature spring_read)".into()
        }
        'A'..='Z' => "it has capital letters (write lower case: signature spring_read)".into(),
        _ => return None,
    })
}

fn why_no_scope(text: &str) -> Reason {
    let is_allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ';
    match text.chars().position(|c| !is_allowed(c)) {
        Some(position) => format!("its character {} is not allowed in a scope", position + 1).into(),
        None if text.trim().is_empty() => "it has no scope in it".into(),
        None => "it has more than 4,096 characters".into(),
    }
}

/// Levels of log lines. The filter's own parser takes any word for a target: a misspelled level would silence everything.
pub fn log_filter(text: &str) -> Result<Targets, Reason> {
    for part in text.split(',').map(str::trim) {
        let level = part.split_once('=').map_or(part, |(_, level)| level);
        let is_level = LEVELS.contains(&level.to_ascii_lowercase().as_str()) || level.parse::<tracing::Level>().is_ok();
        if !is_level {
            // The Functions host would take an error line with the name of this level for a warning.
            let nearest = nearest(&level.to_ascii_lowercase(), &LEVELS).filter(|level| *level != "warn");
            return Err(nearest.map_or_else(
                || "it does not name a level".into(),
                |known| format!("it names an unknown level (did you mean {known}?)").into(),
            ));
        }
    }
    text.parse().map_err(|_| "it has a target that cannot be read".into())
}

/// An instance's memory in MiB.
pub fn memory(text: &str) -> Result<u64, Reason> {
    match text.parse::<u64>() {
        Ok(number) if number < 128 => Err("it is below 128".into()),
        Ok(number) if number > 1_048_576 => Err("it is above 1048576".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("it is not a whole number".into()),
    }
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, Reason> {
    match text.parse::<u64>() {
        Ok(0) => Err("it is 0".into()),
        Ok(number) => u16::try_from(number).map_err(|_| "it is above 65535".into()),
        Err(_) => Err("it is not a whole number".into()),
    }
}
