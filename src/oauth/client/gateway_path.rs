//! Paths of the gateway, as requests and rules have them. Pure.

use percent_encoding::percent_decode_str;

/// `path` with unreserved characters decoded (RFC 3986 §6.2.2.2), so that no encoding hides a path from the rules. Each segment
/// must be [unambiguous](is_unambiguous) before.
#[must_use]
pub fn normalize(path: &str) -> String {
    let mut parts = path.split('%');
    let mut normalized = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|c| c.is_ascii_alphanumeric() || b"-._~".contains(c)) {
            Some(unreserved) => normalized.extend([char::from(unreserved)].into_iter().chain(part[2..].chars())),
            None => normalized.extend(['%'].into_iter().chain(part.chars())),
        }
    }
    normalized
}

/// Whether every server reads this segment in the same way. A server that decodes twice, or reads a backslash as a slash,
/// must not leave the base URL.
#[must_use]
pub fn is_unambiguous(segment: &str) -> bool {
    let decoded = percent_decode_str(segment).decode_utf8();
    let clean = |text: &str| {
        !matches!(text, "" | "." | "..") && !text.chars().any(|c| matches!(c, '/' | '\\' | '%' | ';') || c.is_control())
    };
    decoded.is_ok_and(|decoded| clean(&decoded))
}

/// Whether a request can have this segment in its path: only then can a rule with it match.
#[must_use]
pub fn is_reachable(segment: &str) -> bool {
    let in_a_uri = |byte: u8| byte.is_ascii_graphic() && !b"#<>?`".contains(&byte);
    segment.bytes().all(in_a_uri) && normalize(segment) == segment && is_unambiguous(segment)
}
