//! Where a request came from, as the proxy in front says: the last address in `X-Forwarded-For`. Callers can put anything
//! before it.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The longest text that is used if it is no address, in bytes.
const MAX_BYTES: usize = 64;

/// The last address, without its port; `None` if there is none.
#[must_use]
pub fn source_address(headers: &HeaderMap) -> Option<String> {
    let last = headers.get_all(X_FORWARDED_FOR).iter().next_back()?;
    let last = String::from_utf8_lossy(last.as_bytes());
    let last = last.rsplit(',').next().unwrap_or_default().trim().trim_matches('"');
    let bracketed = last.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(last);
    let address = bracketed.parse().ok().or_else(|| last.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    match address {
        Some(address) => Some(IpAddr::to_canonical(&address).to_string()),
        None if last.is_empty() => None,
        None => Some(last.chars().take(MAX_BYTES).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_counts_without_its_port() {
        for (headers, expected) in [
            (&["203.0.113.7"][..], Some("203.0.113.7")),
            (&["203.0.113.7:50123"], Some("203.0.113.7")),
            (&["198.51.100.1, 203.0.113.7:50123"], Some("203.0.113.7")),
            (&["198.51.100.1,203.0.113.7 "], Some("203.0.113.7")),
            (&["198.51.100.1", "203.0.113.7"], Some("203.0.113.7")),
            (&["2001:db8::1"], Some("2001:db8::1")),
            (&["[2001:DB8:0::1]"], Some("2001:db8::1")),
            (&["[2001:db8::1]:50123"], Some("2001:db8::1")),
            (&["::ffff:203.0.113.7"], Some("203.0.113.7")),
            (&["\"[2001:db8::1]:50123\""], Some("2001:db8::1")),
            (&["unknown"], Some("unknown")),
            (&["198.51.100.1, "], None),
            (&[""], None),
            (&[], None),
        ] {
            let headers =
                headers.iter().map(|value| (http::HeaderName::from_static(X_FORWARDED_FOR), value.parse().unwrap()));
            assert_eq!(source_address(&headers.collect()).as_deref(), expected);
        }
    }
}
