//! Which headers of an answer the Functions host carries. It turns an answer with any other header into a bare 500. Pure.

use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::web::content_disposition;

/// Makes every header of an answer with this status one that the host carries: printable ASCII, and one `Content-Length` only
/// where there may be a body. A file name is rewritten; any other header with other bytes is left out.
pub fn keep_carried(status: StatusCode, headers: &mut HeaderMap) {
    let has_no_body = status == StatusCode::NO_CONTENT || status.is_informational();
    if headers.contains_key(CONTENT_LENGTH) && (has_no_body || single_length(headers).is_none()) {
        headers.remove(CONTENT_LENGTH);
    }
    if headers.values().all(is_carried) {
        return;
    }
    let carried = headers.iter().filter_map(|(name, value)| Some((name.clone(), carried(name, value)?)));
    *headers = carried.collect();
}

/// The one `Content-Length` in bytes.
fn single_length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next()?.to_str().ok().filter(|length| length.bytes().all(|b| b.is_ascii_digit()))?;
    if lengths.next().is_some() { None } else { length.parse().ok() }
}

fn is_carried(value: &HeaderValue) -> bool {
    value.as_bytes().iter().all(|b| (0x20..0x7f).contains(b))
}

fn carried(name: &HeaderName, value: &HeaderValue) -> Option<HeaderValue> {
    if is_carried(value) {
        Some(value.clone())
    } else if name == CONTENT_DISPOSITION {
        HeaderValue::try_from(content_disposition::in_ascii(value.as_bytes())).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_TYPE, ETAG, LINK, LOCATION, SET_COOKIE};
    use proptest::prelude::*;

    use super::*;

    fn carried_of(status: u16, pairs: &[(HeaderName, &[u8])]) -> Vec<(String, String)> {
        let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes).unwrap();
        let mut headers: HeaderMap = pairs.iter().map(|(name, bytes)| (name.clone(), value(bytes))).collect();
        keep_carried(StatusCode::from_u16(status).unwrap(), &mut headers);
        headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn other_bytes_and_contradicting_lengths_are_left_out() {
        let kept = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        for (status, pairs, expected) in [
            (200, &[(CONTENT_TYPE, &b"a/b"[..])][..], kept("content-type", "a/b")),
            (200, &[(CONTENT_TYPE, "a/ä".as_bytes()), (ETAG, b"\"1\"")], kept("etag", "\"1\"")),
            (200, &[(LOCATION, b"/\xe4"), (LINK, "<ä>".as_bytes()), (ETAG, b"a\tb")], vec![]),
            (200, &[(CONTENT_DISPOSITION, b"inline; x")], kept("content-disposition", "inline; x")),
            (
                200,
                &[(CONTENT_DISPOSITION, b"inline; filename=\xe4")],
                kept("content-disposition", "inline; filename=\"_\"; filename*=UTF-8''%C3%A4"),
            ),
            (200, &[(CONTENT_LENGTH, b"5")], kept("content-length", "5")),
            (304, &[(CONTENT_LENGTH, b"5")], kept("content-length", "5")),
            (200, &[(CONTENT_LENGTH, b"5"), (CONTENT_LENGTH, b"5")], vec![]),
            (200, &[(CONTENT_LENGTH, b"5, 5")], vec![]),
            (200, &[(CONTENT_LENGTH, b"+5")], vec![]),
            (200, &[(CONTENT_LENGTH, b"")], vec![]),
            (204, &[(CONTENT_LENGTH, b"5")], vec![]),
        ] {
            assert_eq!(carried_of(status, pairs), expected, "{status} {pairs:?}");
        }
        let cookies = carried_of(200, &[(SET_COOKIE, b"a"), (SET_COOKIE, b"b"), (ETAG, b"\xff")]);
        assert_eq!(cookies.len(), 2, "repeated headers stay");
    }

    proptest! {
        #[test]
        fn no_other_byte_is_left(
            values in prop::collection::vec((0..6_usize, prop::collection::vec(0x20..=0xff_u8, 0..30)), 0..8),
            status in 100..600_u16,
        ) {
            let names = [CONTENT_DISPOSITION, CONTENT_TYPE, CONTENT_LENGTH, ETAG, LINK, LOCATION];
            let values = values.into_iter().filter(|(_, bytes)| HeaderValue::from_bytes(bytes).is_ok());
            let pairs: Vec<_> = values.map(|(name, bytes)| (names[name].clone(), bytes)).collect();
            let pairs: Vec<_> = pairs.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())).collect();
            let carried = carried_of(status, &pairs);
            for (name, value) in &carried {
                prop_assert!(value.bytes().all(|b| (0x20..0x7f).contains(&b)), "{}: {}", name, value);
            }
            prop_assert!(carried.iter().filter(|(name, _)| name == "content-length").count() <= 1);
            let is_ascii = |bytes: &[u8]| bytes.iter().all(|b| (0x20..0x7f).contains(b));
            let expected = pairs.iter().filter(|(name, bytes)| *name == CONTENT_DISPOSITION || is_ascii(bytes));
            let expected = expected.filter(|(name, _)| *name != CONTENT_LENGTH).count();
            prop_assert_eq!(carried.iter().filter(|(name, _)| name != "content-length").count(), expected);
        }
    }
}
