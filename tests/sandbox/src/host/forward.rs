//! Forward mode: the path is read once more, the query is built again, and both bodies are kept in memory.

use super::Inner;
use super::answer::{Answer, are_carried};
use super::body::Framing;
use super::escapes::encode;
use super::head::Head;
use super::headers::{Headers, is_content_header, may_lack_a_body};
use super::path;
use super::reply::Reply;
use super::target::is_address;
use super::upstream::{Failure, Outgoing, Upload};
use super::wire::Wire;

/// How often a request without a body is sent while the connection is closed before the first byte.
const TRIES: u32 = 4;

pub(super) async fn call(inner: &Inner, head: &Head, mut upload: Upload<'_>, client: &mut Wire) -> Reply {
    // .NET has no content to send then, but a header that announces some.
    if let Upload::Chunked(_) = upload {
        return Reply::bare(500);
    }
    let Some(port) = inner.port().await else { return Reply::bare(500) };
    if !head.headers.is_ascii() || !is_address(head.host()) {
        return Reply::bare(500);
    }
    let Some(outgoing) = outgoing(inner, head, &upload) else { return Reply::bare(500) };
    let tries = if matches!(upload, Upload::Nothing) { TRIES } else { 1 };
    match inner.connections.call(port, &outgoing, &mut upload, client, tries).await {
        // The handler's side takes it for a tunnel and never answers.
        Ok(_) if head.method == "CONNECT" => Reply::silence(),
        Ok(answer) => reply(inner, answer).await,
        Err(Failure::ClientGone) => Reply::hang_up(),
        Err(_) => Reply::bare(500),
    }
}

/// The request to the handler; `None` if .NET refuses its media type.
fn outgoing(inner: &Inner, head: &Head, upload: &Upload<'_>) -> Option<Outgoing> {
    let mut headers = head.headers.joined();
    let content_type = headers.get("content-type").unwrap_or_default().to_owned();
    headers.0.retain(|(name, _)| !is_content_header(name));
    if let Upload::Whole(body) = upload {
        headers.push("Content-Length", body.len().to_string());
        if !content_type.is_empty() {
            is_media_type(&content_type).then_some(())?;
            headers.push("Content-Type", content_type);
        }
    } else if !may_lack_a_body(&head.method) {
        headers.push("Content-Length", "0");
    }
    if let Some(connection) = headers.get("connection").map(connection_options) {
        headers.set("Connection", connection);
    }
    append(&mut headers, "User-Agent", " ", &format!("Azure-Functions-Host/{}", super::HOST_VERSION));
    append(&mut headers, "X-Azure-Functions-HostVersion", ", ", super::HOST_VERSION);
    append(&mut headers, "X-Azure-Functions-InvocationId", ", ", &inner.invocation_id());
    let query = path::forwarded_query(head.query.as_deref().unwrap_or_default());
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let target = if head.method == "CONNECT" { head.host().to_owned() } else { path::forwarded(&head.path) + &query };
    Some(Outgoing { method: head.method.clone(), target, headers, expects_continue: head.expects_continue() })
}

/// The host's value goes after the client's.
fn append(headers: &mut Headers, name: &str, separator: &str, value: &str) {
    let value = headers.get(name).map_or_else(|| value.to_owned(), |own| format!("{own}{separator}{value}"));
    headers.set(name, value);
}

/// Kestrel keeps the options that it knows.
fn connection_options(value: &str) -> String {
    let known = ["close", "keep-alive", "Upgrade"];
    let kept =
        value.split(',').filter_map(|option| known.iter().find(|known| known.eq_ignore_ascii_case(option.trim())));
    let kept: Vec<&str> = kept.copied().collect();
    if kept.is_empty() { value.to_owned() } else { kept.join(", ") }
}

/// A type, a subtype and parameters.
fn is_media_type(value: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b))
    };
    let is_quoted = |text: &str| text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let mut parts = value.split(';').map(str::trim);
    let is_type = parts.next().and_then(|part| part.split_once('/')).is_some_and(|(a, b)| is_token(a) && is_token(b));
    let is_parameter =
        |part: &str| part.split_once('=').is_some_and(|(a, b)| is_token(a) && (is_token(b) || is_quoted(b)));
    is_type && parts.all(|part| part.is_empty() || is_parameter(part))
}

async fn reply(inner: &Inner, mut answer: Answer) -> Reply {
    let mut headers = Headers::default();
    for (name, value) in answer.headers.0.iter().filter(|(_, value)| !value.is_empty()) {
        let is_location = name.eq_ignore_ascii_case("location");
        let value = if is_location { escaped_location(value) } else { value.clone() };
        headers.push(name, value);
    }
    let is_doubly_framed = answer.length.is_some() && answer.body.framing == Framing::Chunked;
    if !are_carried(&headers) || is_doubly_framed {
        return Reply::bare(500);
    }
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    let closes = headers.lists("connection", "close") || matches!(answer.status, 204 | 304);
    let (status, length) = (answer.status, answer.length);
    let has_body = answer.body.framing != Framing::Empty;
    let Ok(body) = answer.body.rest(&mut answer.wire).await else { return Reply::bare(500) };
    inner.connections.keep(answer);
    let reply = if has_body { Reply::whole(status, headers, body) } else { Reply::bodiless(status, headers, length) };
    if closes { reply.closing() } else { reply }
}

fn escaped_location(value: &str) -> String {
    let bytes: Vec<u8> = value.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
    encode(&String::from_utf8_lossy(&bytes), |character| character.is_ascii_graphic() || character == ' ')
}
