//! Sends the recorded requests to the simulated host and compares what it does with what the real one did.

use std::time::Duration;

use readers::files::{root, skipped};
use sandbox::host::Generation;
use serde_json::{Value, json};

use crate::app::{App, MODES};
use crate::client::Connection;
use crate::handler::{Handler, Seen};

/// What differs on purpose: name of the request, mode, reason.
const DIFFERENT: &[(&str, &str, &str)] = &[];

/// In these groups the recorder did not wait for the end of the connection after a 400. The others show that the host closes it.
const NOT_AWAITED: [&str; 5] = ["path", "method", "query", "headers", "trick"];

#[tokio::test(flavor = "multi_thread")]
async fn recorded_requests_are_treated_as_by_the_real_host() {
    let file = root().join("../shared/tools/functions-host/recorded.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        return skipped("the Functions host is NOT compared with the recording, because there is no ../shared/tools");
    };
    let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(recorded.len() > 600, "{}", recorded.len());
    let [proxy, forward] = MODES;
    let (proxy, forward) = tokio::join!(differences(&recorded, proxy), differences(&recorded, forward));
    let found = [proxy, forward].concat();
    let is_listed =
        |(name, mode, _): &(String, String, String)| DIFFERENT.iter().any(|known| (known.0, known.1) == (name, mode));
    let unlisted: Vec<_> = found.iter().filter(|entry| !is_listed(entry)).map(|entry| entry.2.as_str()).collect();
    assert!(unlisted.is_empty(), "{} differ:\n{}", unlisted.len(), unlisted.join("\n"));
    let is_found = |known: &(&str, &str, &str)| found.iter().any(|entry| (&*entry.0, &*entry.1) == (known.0, known.1));
    let stale: Vec<_> = DIFFERENT.iter().filter(|known| !is_found(known)).collect();
    assert!(stale.is_empty(), "no longer different: {stale:?}");
}

/// Name, mode and description of each difference.
async fn differences(recorded: &[Value], (generation, mode): (Generation, &str)) -> Vec<(String, String, String)> {
    let app = App::start(generation).await;
    let mut found = Vec::new();
    for entry in recorded {
        let name = entry["name"].as_str().unwrap();
        let mut expected = entry[mode].clone();
        let is_400 = expected["answers"][0]["status"] == 400;
        if is_400 && NOT_AWAITED.iter().any(|group| name.starts_with(group)) {
            expected["closed"] = json!(true);
        }
        let bytes: Vec<u8> = entry["request"].as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
        let observed = observe(&app, &bytes, &expected).await;
        if observed != expected {
            found.push((
                name.to_owned(),
                mode.to_owned(),
                format!("{mode}: {name}\n  real: {expected}\n  ours: {observed}"),
            ));
        }
    }
    found
}

/// What this host does, in the recording's form.
async fn observe(app: &App, request: &[u8], expected: &Value) -> Value {
    let answers = expected["answers"].as_array().unwrap();
    let arrivals = expected["handler_saw"].as_array().unwrap().len();
    let mut connection = Connection::open(&app.host.url()).await;
    connection.send(request).await;
    let mut observed = Vec::new();
    for recorded in answers {
        if recorded["junk"].is_string() {
            connection.ends().await;
            let junk: String = std::mem::take(&mut connection.buffer).into_iter().map(char::from).collect();
            observed.push(json!({"junk": junk}));
        } else if let Some(answer) = connection.answer().await {
            let mut entry = json!({"status": answer.status});
            if answer.is_ours() {
                entry["ours"] = json!(true);
            }
            if !answer.interim.is_empty() {
                entry["interim"] = json!(answer.interim);
            }
            observed.push(entry);
        }
    }
    if answers.is_empty() && !connection.is_silent().await {
        observed.push(json!({"unexpected": connection.answer().await.map(|answer| answer.status)}));
    }
    let saw: Vec<Value> =
        seen(&app.handler, arrivals).await.iter().map(|seen| described(seen, app.handler.port)).collect();
    let closed = connection.is_closed(expected["closed"] == true).await;
    json!({"answers": observed, "closed": closed, "handler_saw": saw})
}

/// What arrived, once as much as expected is there.
async fn seen(handler: &Handler, expected: usize) -> Vec<Seen> {
    let complete = async {
        while handler.count() < expected {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), complete).await;
    handler.take_seen()
}

/// A request in the recording's form, which has the first 200 characters of a header.
fn described(seen: &Seen, port: u16) -> Value {
    let headers: Vec<String> =
        seen.headers.iter().map(|line| without_numbers(line, port).chars().take(200).collect()).collect();
    let mut described = json!({"line": seen.line, "headers": headers});
    if seen.body > 0 {
        described["body"] = json!(seen.body);
    }
    described
}

/// Replaces what differs from run to run.
fn without_numbers(line: &str, port: u16) -> String {
    let line = line.replace("4.1037.0", "<version>").replace(&format!("127.0.0.1:{port}"), "127.0.0.1:<port>");
    let Some(id) = line.split([' ', ',']).find(|word| word.starts_with("00000000-0000-4000-8000-")) else {
        return line;
    };
    line.replace(id, "<guid>")
}
