//! The target of a request and its `Host`.

use super::headers::Headers;
use super::path;

/// Where a request goes.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) query: Option<String>,
}

/// Reads a target and checks `Host`; `None` for what Kestrel refuses.
pub(super) fn read(method: &str, target: &str, headers: &Headers, is_http_10: bool) -> Option<Target> {
    let mut hosts = headers.all("host");
    let host = match (hosts.next(), hosts.next()) {
        (None, _) if is_http_10 => "",
        (Some(host), None) if is_host(host) => host,
        _ => return None,
    };
    if target == "*" && method == "OPTIONS" {
        return Some(Target { path: "/".to_owned(), query: None });
    }
    let is_relative = target.starts_with('/');
    let raw = if is_relative { target } else { without_authority(target, host)? };
    let (raw, query) = raw.split_once('?').map_or((raw, None), |(raw, query)| (raw, Some(query.to_owned())));
    let path = if is_relative { path::decoded(raw) } else { path::decoded_whole(raw) };
    Some(Target { path: path?, query })
}

/// An absolute target without its authority, which must be the one in `Host`.
fn without_authority<'a>(target: &'a str, host: &str) -> Option<&'a str> {
    let (rest, default_port) = match target.split_once("://")? {
        ("http", rest) => (rest, ":80"),
        ("https", rest) => (rest, ":443"),
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let is_same = authority == host || authority.strip_suffix(default_port) == Some(host);
    is_same.then_some(path)
}

/// A name or a bracketed address, with or without a port. The empty one is let through here.
fn is_host(host: &str) -> bool {
    let (name_is_good, port) = if let Some(address) = host.strip_prefix('[') {
        let Some((address, port)) = address.split_once(']') else { return false };
        (address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)), port)
    } else {
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        (name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!$&'()-._~".contains(&byte)), port)
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name_is_good && (port.is_empty() || port.strip_prefix(':').is_some_and(is_number))
}

/// Whether .NET can build a web address with this `Host`: not with an empty one or a port above 65535.
pub(super) fn is_address(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, "80"),
    };
    let has_empty_label = name.split('.').rev().skip(1).any(str::is_empty);
    port.parse::<u16>().is_ok() && !name.is_empty() && (name.starts_with('[') || !has_empty_label)
}
