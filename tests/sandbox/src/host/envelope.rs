//! The envelope of a host without either flag: the request as JSON to `/<function>`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Inner;
use super::head::Head;
use super::headers::Headers;
use super::path;
use super::reply::Reply;
use super::upstream::{Outgoing, Upload};
use super::wire::Wire;

/// Every status except 2xx, and everything that is not JSON, is a failed invocation.
pub(super) async fn call(inner: &Inner, head: &Head, upload: Upload<'_>, client: &mut Wire, function: &str) -> Reply {
    let Some(port) = inner.port().await else { return Reply::bare(500) };
    let body = if let Upload::Whole(body) = upload { body } else { &[] };
    let envelope = envelope(head, body, function).to_string();
    let mut headers = Headers::default();
    headers.push("Host", format!("127.0.0.1:{port}"));
    headers.push("Content-Type", "application/json");
    headers.push("Content-Length", envelope.len().to_string());
    let outgoing =
        Outgoing { method: "POST".to_owned(), target: format!("/{function}"), headers, expects_continue: false };
    let mut upload = Upload::Whole(envelope.as_bytes());
    let Ok(mut answer) = inner.connections.call(port, &outgoing, &mut upload, client, 1).await else {
        return Reply::bare(500);
    };
    let is_json = answer.headers.get("content-type").is_some_and(|value| value.starts_with("application/json"));
    let Ok(text) = answer.body.rest(&mut answer.wire).await else { return Reply::bare(500) };
    let is_success = (200..300).contains(&answer.status);
    inner.connections.keep(answer);
    if !is_success || !is_json {
        return Reply::bare(500);
    }
    unwrapped(&serde_json::from_slice(&text).unwrap_or_default())
}

fn envelope(head: &Head, body: &[u8], function: &str) -> Value {
    let query = head.query.as_deref().unwrap_or_default();
    let parameters: Map<String, Value> = path::pairs(query).map(|(name, value)| (name, json!(value))).collect();
    let mut headers = Map::new();
    for (name, value) in &head.headers.0 {
        if let Some(list) = headers.entry(name.to_lowercase()).or_insert_with(|| json!([])).as_array_mut() {
            list.push(json!(value));
        }
    }
    json!({
        "Data": {"req": {
            "Url": format!("http://{}{}?{query}", head.host(), head.path), "Method": head.method, "Query": parameters,
            "Headers": headers, "Params": {}, "Identities": [], "Body": String::from_utf8_lossy(body),
        }},
        "Metadata": {"sys": {"MethodName": function}},
    })
}

/// The HTTP output of an envelope: `Outputs.res` with status, headers and body.
fn unwrapped(value: &Value) -> Reply {
    let output = &value["Outputs"]["res"];
    let status = &output["statusCode"];
    let status = status.as_u64().map_or_else(|| status.as_str().unwrap_or("200").to_owned(), |code| code.to_string());
    let mut headers = Headers::default();
    for (name, value) in output["headers"].as_object().into_iter().flatten() {
        headers.push(name, value.as_str().unwrap_or_default());
    }
    let body = output["body"].as_str().unwrap_or_default().to_owned();
    Reply::whole(status.parse().unwrap_or(500), headers, Bytes::from(body))
}
