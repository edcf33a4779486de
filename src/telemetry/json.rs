//! JSON strings written straight into a buffer, for what is written with every request. Pure.

/// Adds `text` as a JSON string (RFC 8259 §7).
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    // One look at all of it is many times as fast as one decision for each character, and nearly always enough.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A string into memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Adds a comma and the name of a member. Names are our own and need no escaping.
pub fn push_key(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Adds `number`.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    // A number into memory cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// Stands in a JSON string as it is.
const fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_are_written_as_serde_writes_them(text in "\\PC{0,40}|[ -~\"\\\\\n\u{0}]{0,40}") {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }
}
