//! The path and the query: the front's reading, and what each mode makes of it.

use super::escapes::{canonical, decode, encode};

/// The front's reading of a path: decoded but for slashes, without dot segments. `None` for a NUL.
pub(super) fn decoded(raw: &str) -> Option<String> {
    let path = without_dots(&decode(raw, |character| character == '/'));
    (!path.contains('\0')).then_some(path)
}

/// The path of an absolute target, where an escaped slash is a slash.
pub(super) fn decoded_whole(raw: &str) -> Option<String> {
    let path = without_dots(&decode(raw, |_| false));
    (!path.contains('\0')).then_some(path)
}

/// Proxy mode escapes the decoded path again, so that the kept `%2F` becomes `%252F`.
pub(super) fn proxied(path: &str) -> String {
    encode(path, |character| character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(character))
}

/// Forward mode reads the decoded path once more, as a web address.
pub(super) fn forwarded(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_end_matches([' ', '\t', '\n', '\r']).replace('\\', "/");
    without_dots(&canonical(&path, |character| character.is_ascii_graphic() && !"\"<>{}|^`".contains(character)))
}

/// Proxy mode passes the query as `Uri` reads it.
pub(super) fn proxied_query(query: &str) -> String {
    canonical(query, |character| character.is_ascii_graphic() && !"\"<>{}|\\^`#".contains(character))
}

/// Forward mode builds the query again, with the values of each name joined by commas.
pub(super) fn forwarded_query(query: &str) -> String {
    let mut joined: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs(query) {
        match joined.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((known, values)) => {
                *known = name;
                values.push(value);
            }
            None => joined.push((name, vec![value])),
        }
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~!$()*,;@".contains(character);
    let pairs = joined.iter().map(|(name, values)| {
        let values: Vec<&str> = values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
        format!("{}={}", encode(name, plain), encode(&values.join(","), plain))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The decoded parameters of a query.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| decode(&text.replace('+', " "), |_| false);
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dots = matches!(segment, "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}
