//! Server-sent events with new log lines and changed counters.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::json;

use super::{Start, line};
use crate::process::Output;
use crate::server::{Body, reply};

/// How often the log and the counters are looked at.
const INTERVAL: Duration = Duration::from_millis(200);

/// The number of lines on the page.
pub(super) const MAX_LINES: usize = 100;

/// Where a reader is.
struct Reader {
    start: std::sync::Arc<Start>,
    stdout: usize,
    stderr: usize,
    /// The last values that were sent.
    live: String,
}

impl Start {
    /// The last lines of the log, the newest first.
    pub(super) fn log(&self) -> Vec<String> {
        let Output { stdout, stderr } = self.host.output();
        let lines = stderr.all().into_iter().chain(stdout.all());
        let mut lines: Vec<String> = lines.map(|line| line::short(&line)).collect();
        lines.reverse();
        lines.truncate(MAX_LINES);
        lines
    }

    /// Events from now on.
    pub(super) fn events(self: std::sync::Arc<Self>) -> Response<Body> {
        let Output { stdout, stderr } = self.host.output();
        let (stdout, stderr) = (stdout.all().len(), stderr.all().len());
        let reader = Reader { start: self, stdout, stderr, live: String::new() };
        let frames = stream::unfold(reader, |mut reader| async {
            let text = reader.next().await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), reader))
        });
        let mut response = reply(200, "text/event-stream", "");
        *response.body_mut() = BodyExt::boxed(StreamBody::new(frames).map_err(|never| match never {}));
        response
    }
}

impl Reader {
    /// Waits for new lines or values, and writes them as events.
    async fn next(&mut self) -> String {
        loop {
            let events = self.events();
            if !events.is_empty() {
                return events;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn events(&mut self) -> String {
        let output = self.start.host.output();
        let (logged, failed) = (output.stdout.after(self.stdout), output.stderr.after(self.stderr));
        self.stdout += logged.len();
        self.stderr += failed.len();
        let lines = failed.iter().chain(&logged).map(|line| event("line", &json!(line::short(line))));
        let mut events: String = lines.collect();
        let live = self.start.live().map(|(id, _, value)| (id.to_owned(), json!(value)));
        let live = event("live", &serde_json::Map::from_iter(live).into());
        if live != self.live {
            events.push_str(&live);
            self.live = live;
        }
        events
    }
}

fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
