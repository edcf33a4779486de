//! One request to the public URL, and what came back.

use std::time::Duration;

use crate::clock::Stopwatch;
use crate::doctor::responder::HttpAnswer;
use crate::web::http_client::read_beginning;
use crate::web::upstream::words_of;

/// More of an answer is not read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How long an answer may take. A host that cannot read its keys needs half a minute for its error.
pub const LIMIT: Duration = Duration::from_secs(10);

/// What came back.
pub enum Probed {
    /// The app's answer.
    Own(HttpAnswer),
    /// Someone else's answer, which proves nothing about the app.
    Foreign(HttpAnswer),
    /// A connection without an answer, with the HTTP client's words.
    Silence(String),
    /// No connection, with the HTTP client's words.
    Unreachable(String),
}

/// Sends `request`, and returns how many milliseconds the answer took.
pub async fn probe(request: reqwest::RequestBuilder) -> (Probed, f64) {
    let watch = Stopwatch::start();
    let probed = match request.timeout(LIMIT).send().await {
        Ok(answer) => read(answer).await,
        Err(error) if error.is_connect() || error.is_builder() => Probed::Unreachable(words_of(&error.without_url())),
        Err(error) => Probed::Silence(words_of(&error.without_url())),
    };
    (probed, watch.elapsed_ms())
}

/// Reads the beginning of the body.
async fn read(mut answer: reqwest::Response) -> Probed {
    let (body, _) = read_beginning(&mut answer, MAX_ANSWER_BYTES).await;
    let answer = HttpAnswer::new(answer.status(), answer.url(), answer.headers(), body);
    if answer.is_own() { Probed::Own(answer) } else { Probed::Foreign(answer) }
}
