//! `Content-Disposition` in ASCII (RFC 6266): a file name with other characters is in `filename*` (RFC 8187), and `filename` has
//! a fallback. Pure.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The disposition of a value whose own one cannot be read. RFC 6266 §4.2 treats unknown ones like it.
const ATTACHMENT: &str = "attachment";

/// `attachment` with the file name `name`.
#[must_use]
pub fn attachment(name: &str) -> String {
    format!("{ATTACHMENT}{}", file_name(name))
}

/// Rewrites `value` in ASCII. Its bytes are UTF-8 or else Latin-1.
#[must_use]
pub fn in_ascii(value: &[u8]) -> String {
    let text = String::from_utf8(value.to_vec()).unwrap_or_else(|_| latin_1(value));
    let (kind, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let kind = Some(kind.trim()).filter(|kind| is_token(kind)).unwrap_or(ATTACHMENT);
    let parameters = parameters_of(parameters);
    let value = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let name = value("filename*").and_then(decoded).or_else(|| value("filename").map(ToOwned::to_owned));
    let others = parameters.iter().filter(|(name, value)| !name.starts_with("filename") && is_plain(value));
    let others: Vec<String> = others.map(|(name, value)| format!("; {name}=\"{value}\"")).collect();
    format!("{kind}{}{}", name.as_deref().map(file_name).unwrap_or_default(), others.concat())
}

/// The parameters for a file name.
fn file_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    // Some browsers decode a percent sign in `filename`.
    let is_safe = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let fallback: String = name.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
    if fallback == name {
        return format!("; filename=\"{name}\"");
    }
    format!("; filename=\"{fallback}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, NON_ALPHANUMERIC))
}

/// Names in lower case, and values without quotation marks.
fn parameters_of(text: &str) -> Vec<(String, String)> {
    let (mut parameters, mut rest) = (Vec::new(), text);
    while let Some((name, after)) = rest.split_once('=') {
        // A parameter without a value may be before the name.
        let name = name.rsplit(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (value, left) = value_of(after.trim_start());
        if is_token(&name) {
            parameters.push((name, value));
        }
        rest = left;
    }
    parameters
}

/// A value, and the text after it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, left) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim().to_owned(), left);
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

/// The text of an extended value, RFC 8187 §3.2.
fn decoded(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(latin_1(&bytes)),
        _ => None,
    }
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Needs no escaping in a quoted string.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| (b.is_ascii_graphic() || b == b' ') && !matches!(b, b'"' | b'\\'))
}

/// A token, RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_name_in_any_encoding_arrives() {
        let umlauts = |kind: &str| format!("{kind}; filename=\"Vertr_ge.pdf\"; filename*=UTF-8''Vertr%C3%A4ge%2Epdf");
        for (value, expected) in [
            ("attachment; filename=\"Verträge.pdf\"".as_bytes(), umlauts("attachment")),
            (b"attachment; filename=\"Vertr\xe4ge.pdf\"", umlauts("attachment")),
            ("inline;filename=Verträge.pdf".as_bytes(), umlauts("inline")),
            ("attachment; FileName = \"Verträge.pdf\" ; size=3".as_bytes(), umlauts("attachment") + "; size=\"3\""),
            ("ätt; filename=\"Verträge.pdf\"; note=\"ü\"".as_bytes(), umlauts("attachment")),
            (
                "attachment; x; filename=\"ä\\\"b;c=d\"; filename*=UTF-8''Vertr%c3%a4ge.pdf".as_bytes(),
                umlauts("attachment"),
            ),
            ("attachment; filename=\"ä\"; filename*=iso-8859-1'de'Vertr%e4ge.pdf".as_bytes(), umlauts("attachment")),
            ("attachment; filename=\"Verträge.pdf\"; filename*=koi8-r''%c1".as_bytes(), umlauts("attachment")),
            ("attachment; filename=\"Verträge.pdf".as_bytes(), umlauts("attachment")),
            ("ü".as_bytes(), "attachment".to_owned()),
            (b"", "attachment".to_owned()),
        ] {
            assert_eq!(in_ascii(value), expected, "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn names_that_we_write_are_attachments() {
        assert_eq!(attachment("a b.pdf"), "attachment; filename=\"a b.pdf\"");
        assert_eq!(attachment("ä\".pdf"), "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%A4%22%2Epdf");
        assert_eq!(attachment("a\r\nb"), "attachment; filename=\"a__b\"");
    }

    /// Characters that the Functions host carries in a header.
    fn is_carried(text: &str) -> bool {
        text.bytes().all(|b| (0x20..0x7f).contains(&b))
    }

    proptest! {
        #[test]
        fn every_value_becomes_ascii(value in prop::collection::vec(any::<u8>(), 0..60), name in "\\PC{0,20}|.{0,20}") {
            let rewritten = in_ascii(&value);
            prop_assert!(is_carried(&rewritten), "{}", rewritten);
            prop_assert_eq!(in_ascii(rewritten.as_bytes()), rewritten, "it is stable");
            let named = in_ascii(format!("inline; filename=\"{}\"", name.replace(['\\', '"'], "")).as_bytes());
            prop_assert!(is_carried(&named) && named.starts_with("inline; filename=\""), "{}", named);
        }

        #[test]
        fn every_name_arrives_without_its_control_characters(name in "\\PC{0,40}|.{0,40}|[\u{0}-\u{ff}]{0,40}") {
            let written = attachment(&name);
            let expected: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
            prop_assert!(is_carried(&written), "{}", written);
            let parameters = parameters_of(written.strip_prefix("attachment;").unwrap());
            let arrived = parameters.iter().find(|(name, _)| name == "filename*").and_then(|(_, value)| decoded(value));
            prop_assert_eq!(arrived.as_deref().or(Some(&parameters[0].1)), Some(expected.as_str()));
        }
    }
}
