//! The head of a request, read as strictly and as leniently as Kestrel does.

use super::body::Framing;
use super::headers::Headers;
use super::target;
use super::wire::Wire;

const MAX_LINE_BYTES: usize = 8 << 10;
const MAX_HEADERS_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;

/// Methods that are taken in any letter case.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    /// Decoded but for `%2F`, without dot segments.
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
    pub(super) is_http_10: bool,
    /// The request is the last one of its connection.
    pub(super) is_last: bool,
}

impl Head {
    pub(super) fn host(&self) -> &str {
        self.headers.get("host").unwrap_or_default()
    }

    pub(super) fn expects_continue(&self) -> bool {
        self.headers.get("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }
}

/// Why no head was read.
pub(super) enum NoHead {
    /// The client closed the connection.
    End,
    /// The client speaks HTTP/2 without being asked.
    Http2,
    /// A refusal with this status, after which the connection is closed.
    Refused(u16),
}

const BAD: NoHead = NoHead::Refused(400);

/// Reads the next head.
pub(super) async fn read(wire: &mut Wire) -> Result<Head, NoHead> {
    let mut line = next_line(wire, MAX_LINE_BYTES, 414).await?;
    while line.is_empty() {
        line = next_line(wire, MAX_LINE_BYTES, 414).await?;
    }
    if line.as_ref() == b"PRI * HTTP/2.0" {
        return Err(NoHead::Http2);
    }
    let (method, target, is_http_10) = first_line(&line)?;
    let mut headers = read_headers(wire).await?;
    let target = target::read(&method, target, &headers, is_http_10).ok_or(BAD)?;
    let (framing, is_ambiguous) = take_framing(&mut headers)?;
    let stays = !is_http_10 || headers.lists("connection", "keep-alive");
    let is_last = !stays || is_ambiguous || headers.lists("connection", "close");
    Ok(Head { method, path: target.path, query: target.query, headers, framing, is_http_10, is_last })
}

async fn next_line(wire: &mut Wire, limit: usize, too_long: u16) -> Result<bytes::Bytes, NoHead> {
    loop {
        if let Some(line) = wire.line() {
            return if line.len() <= limit { Ok(line) } else { Err(NoHead::Refused(too_long)) };
        }
        if wire.buffer.len() > limit {
            return Err(NoHead::Refused(too_long));
        }
        if !matches!(wire.fill().await, Ok(true)) {
            return Err(NoHead::End);
        }
    }
}

fn first_line(line: &[u8]) -> Result<(String, &str, bool), NoHead> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.is_ascii() && !line.contains('\0')).ok_or(BAD)?;
    let mut words = line.splitn(3, ' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Err(BAD);
    };
    if method.is_empty() || !method.bytes().all(is_name_byte) || target.is_empty() {
        return Err(BAD);
    }
    let known = METHODS.iter().find(|known| known.eq_ignore_ascii_case(method));
    let method = known.map_or(method, |known| known).to_owned();
    match version {
        "HTTP/1.1" => Ok((method, target, false)),
        "HTTP/1.0" => Ok((method, target, true)),
        _ if version.is_empty() || version.contains(' ') => Err(BAD),
        _ => Err(NoHead::Refused(505)),
    }
}

async fn read_headers(wire: &mut Wire) -> Result<Headers, NoHead> {
    let (mut headers, mut bytes, mut count) = (Headers::default(), 0, 0);
    loop {
        let line = next_line(wire, MAX_HEADERS_BYTES - bytes, 431).await?;
        if line.is_empty() {
            return Ok(headers);
        }
        bytes = (bytes + line.len() + 2).min(MAX_HEADERS_BYTES);
        count += 1;
        if count > MAX_HEADERS {
            return Err(NoHead::Refused(431));
        }
        let (name, value) = header(&line)?;
        // Names outside the usual signs are dropped without an error.
        if name.bytes().all(is_name_byte) {
            headers.push(name, value);
        }
    }
}

fn header(line: &[u8]) -> Result<(&str, &str), NoHead> {
    let line = std::str::from_utf8(line).ok().filter(|line| !line.contains(['\0', '\r'])).ok_or(BAD)?;
    let (name, value) = line.split_once(':').ok_or(BAD)?;
    if name.is_empty() || name.contains([' ', '\t']) {
        return Err(BAD);
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The framing of the body, and whether there were two. Next to chunked, a length goes on under another name.
fn take_framing(headers: &mut Headers) -> Result<(Framing, bool), NoHead> {
    let lengths: Vec<&str> = headers.all("content-length").collect();
    let length = match lengths.as_slice() {
        [] => None,
        [one] => Some(content_length(one).ok_or(BAD)?),
        _ => return Err(BAD),
    };
    let encodings: Vec<&str> = headers.all("transfer-encoding").collect();
    if encodings.is_empty() {
        if let Some(length) = length {
            headers.set("Content-Length", length.to_string());
        }
        return Ok((length.map_or(Framing::Empty, Framing::Length), false));
    }
    let all = encodings.join(",");
    let last = all.rsplit(',').next().unwrap_or_default().trim_matches([' ', '\t']);
    if !last.eq_ignore_ascii_case("chunked") {
        return Err(BAD);
    }
    headers.remove("transfer-encoding");
    headers.remove("content-length");
    if let Some(length) = length {
        headers.push("X-Content-Length", length.to_string());
    }
    Ok((Framing::Chunked, length.is_some()))
}

fn content_length(value: &str) -> Option<u64> {
    let digits = value.strip_prefix('+').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<i64>().ok()).flatten().and_then(|length| u64::try_from(length).ok())
}
