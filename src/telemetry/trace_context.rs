//! The `traceparent` header of W3C Trace Context, which names the trace of a request. Pure.

use http::HeaderMap;

use crate::web::http_client::TRACEPARENT;

/// The defined flags, *sampled* and *random trace id*. All other flags must be sent as zero.
const DEFINED_FLAGS: u8 = 0b11;

/// The trace that a request belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// The caller's flags.
    pub flags: u8,
}

impl TraceContext {
    /// The caller's trace, if `headers` contain exactly one valid `traceparent`.
    #[must_use]
    pub fn of_caller(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next()?.to_str().ok()?;
        if values.next().is_some() { None } else { Self::parse(value) }
    }

    /// Reads `version-traceid-parentid-flags`. Versions later than 00 may add more fields.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let [version, trace_id, parent_id, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let has_valid_end = version != "00" || parts.next().is_none();
        let are_digits = [version, trace_id, parent_id, flags].iter().all(|part| part.bytes().all(is_hex_digit));
        let have_lengths = [version, trace_id, parent_id, flags].map(str::len) == [2, 32, 16, 2];
        let is_valid = are_digits && have_lengths && has_valid_end && version != "ff";
        if !is_valid || is_zero(trace_id) || is_zero(parent_id) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()? & DEFINED_FLAGS;
        Some(Self { trace_id: trace_id.to_owned(), flags })
    }

    /// The header for a call made for the request. Each call has its own `span_id`, which must not be 0.
    #[must_use]
    pub fn traceparent(&self, span_id: u64) -> String {
        format!("00-{}-{span_id:016x}-{:02x}", self.trace_id, self.flags)
    }
}

const fn is_hex_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";

    #[test]
    fn valid_headers_are_read() {
        for (rest, flags) in [("01", 1), ("00", 0), ("03", 3), ("ff", 3)] {
            let read = TraceContext::parse(&format!("00-{TRACE}-{PARENT}-{rest}"));
            assert_eq!(read, Some(TraceContext { trace_id: TRACE.to_owned(), flags }), "{rest}");
        }
        for later in ["01", "cc", "fe"] {
            for rest in ["", "-", "-what comes-next"] {
                let read = TraceContext::parse(&format!("{later}-{TRACE}-{PARENT}-01{rest}"));
                assert_eq!(read.map(|read| read.flags), Some(1), "{later} {rest}");
            }
        }
    }

    #[test]
    fn invalid_headers_are_ignored() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-0g"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("01-{TRACE}-{PARENT}-01more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("0G-{TRACE}-{PARENT}-01"),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", PARENT.to_uppercase()),
            format!("00-{}-{PARENT}-01", &TRACE[1..]),
            format!("00-{TRACE}0-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &PARENT[1..]),
            format!(" 00-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-01 "),
            format!("00_{TRACE}_{PARENT}_01"),
            format!("00-+{}-{PARENT}-01", &TRACE[1..]),
        ] {
            assert_eq!(TraceContext::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn a_repeated_header_is_ignored() {
        let value = HeaderValue::try_from(format!("00-{TRACE}-{PARENT}-01")).unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of_caller(&headers), None);
        headers.append(TRACEPARENT, value.clone());
        assert!(TraceContext::of_caller(&headers).is_some());
        headers.append(TRACEPARENT, value);
        assert_eq!(TraceContext::of_caller(&headers), None);
    }

    proptest! {
        #[test]
        fn the_forwarded_header_is_valid_and_has_the_same_trace_id(
            trace_id in "[0-9a-f]{31}[1-9a-f]", parent in "[1-9a-f][0-9a-f]{15}", flags in 0..=255_u8, span_id in 1..=u64::MAX,
        ) {
            let read = TraceContext::parse(&format!("00-{trace_id}-{parent}-{flags:02x}")).unwrap();
            prop_assert_eq!(&read.trace_id, &trace_id);
            prop_assert_eq!(TraceContext::parse(&read.traceparent(span_id)), Some(read));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,80}|[0-9a-f-]{40,70}") {
            let read = TraceContext::parse(&text);
            prop_assert!(read.is_none_or(|read| read.trace_id.len() == 32));
        }
    }
}
