//! Percent-encoding as ASP.NET and .NET's `Uri` do it.

use std::fmt::Write as _;

/// Decodes the escapes of UTF-8 text but those of `kept` characters. Others stay as they are.
pub(super) fn decode(text: &str, kept: impl Fn(char) -> bool) -> String {
    rewrite(text, |piece, decoded| match decoded {
        Some(character) if !kept(character) => character.to_string(),
        _ => piece.to_owned(),
    })
}

/// Escapes every character that is not `plain`.
pub(super) fn encode(text: &str, plain: impl Fn(char) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        if plain(character) {
            encoded.push(character);
        } else {
            escape(&mut encoded, character);
        }
    }
    encoded
}

/// The reading of `Uri`: escapes of letters, digits and `-._~` are decoded, those of other ASCII and of no UTF-8 stay as they
/// are, and a percent sign that begins no escape is escaped.
pub(super) fn canonical(text: &str, plain: impl Fn(char) -> bool) -> String {
    rewrite(text, |piece, decoded| match decoded {
        Some(character) if is_unreserved(character) => character.to_string(),
        Some(character) if !character.is_ascii() => encode(&character.to_string(), |_| false),
        None if piece == "%" => "%25".to_owned(),
        None if !piece.starts_with('%') => encode(piece, &plain),
        _ => piece.to_owned(),
    })
}

pub(super) fn is_unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~".contains(character)
}

/// Replaces each piece: an escape with its character, an escape of no UTF-8, a lone percent sign, or another character.
fn rewrite(text: &str, replace: impl Fn(&str, Option<char>) -> String) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, decoded) = match escaped_character(rest) {
            Some((character, length)) => (length, Some(character)),
            None if escaped_byte(rest, 0).is_some() => (3, None),
            None => (first.len_utf8(), None),
        };
        result.push_str(&replace(&rest[..length], decoded));
        rest = &rest[length..];
    }
    result
}

/// The character that `text` begins with in escapes, and their length.
fn escaped_character(text: &str) -> Option<(char, usize)> {
    let first = escaped_byte(text, 0)?;
    let count = match first {
        ..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    let bytes: Vec<u8> = (0..count).map_while(|index| escaped_byte(text, 3 * index)).collect();
    let character = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some((character, 3 * count))
}

fn escaped_byte(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..at + 3)?.strip_prefix('%')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

fn escape(text: &mut String, character: char) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(text, "%{byte:02X}");
    }
}
