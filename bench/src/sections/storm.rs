//! Many concurrent callers before there is a token: they must share one signature and one exchange.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sandbox::Sandbox;
use sandbox::fault::Fault;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Result;
use crate::figures::{Samples, number};
use crate::http_wire::{Connection, token_request};
use crate::report::{Cell, Section, Table};
use crate::server::{Output, Server};
use crate::setup::{Setup, client_credentials};

/// The heading.
pub const TITLE: &str = "A storm of callers";

const COLUMNS: [&str; 10] = [
    "callers",
    "connections",
    "waited for the mint",
    "signatures",
    "exchanges",
    "refused",
    "p50 ms",
    "p99 ms",
    "worst ms",
    "peak RSS MB",
];
/// A scope without a cached token.
const SCOPE: &str = "signature spring_read";
/// The duration of the exchange, long enough for all callers to arrive.
const EXCHANGE: Duration = Duration::from_secs(2);
/// Open files other than connections.
const OTHER_FILES: usize = 256;
/// The most connections being opened at once; more would overflow the accept queue.
const MAX_CONNECTING: usize = 100;

/// A response: the status, and the time since the start of the storm.
type StormAnswer = (u16, Duration);

/// Measures this section.
///
/// # Errors
/// If Evergrant does not start, or connections fail.
pub async fn run(setup: &Setup) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let mut launch = setup.handler(&sandbox)?;
    launch.output = Output::Kept;
    let handler = setup.warm(&launch).await?;
    let callers = setup.arguments.callers();
    let connections = callers.min(file_limit().saturating_sub(OTHER_FILES)).max(1);
    let counts =
        || (sandbox.key_vault.signatures_by("evergrant-signing") as u64, u64::from(sandbox.docusign.exchanges()));
    let before = counts();
    sandbox.docusign.faults.set(Some(Fault::Latency(EXCHANGE)));
    let outcomes = storm(&handler, callers, connections).await?;
    let after = counts();
    Ok(section(&handler, connections, &outcomes, (after.0 - before.0, after.1 - before.1)))
}

/// Opens all connections, then starts all callers at once.
async fn storm(handler: &Server, callers: usize, connections: usize) -> Result<Vec<StormAnswer>> {
    let (let_go, gate) = watch::channel(None::<Instant>);
    let mut tasks = JoinSet::new();
    let connecting = Arc::new(Semaphore::new(MAX_CONNECTING));
    let (connected, mut all_connected) = tokio::sync::mpsc::channel(connections);
    let request = Arc::new(token_request(&client_credentials(SCOPE)));
    for at in 0..connections {
        // Distribute the callers evenly over the connections.
        let share = callers / connections + usize::from(at < callers % connections);
        let (address, gate, request) = (handler.address(), gate.clone(), Arc::clone(&request));
        let (connecting, connected) = (Arc::clone(&connecting), connected.clone());
        tasks.spawn(async move {
            let permit = connecting.acquire_owned().await;
            let connection = Connection::open(address).await.map_err(|error| error.to_string());
            drop(permit);
            let _ = connected.send(()).await;
            let outcomes = call(connection?, gate, &request, share).await;
            outcomes.map_err(|error| error.to_string())
        });
    }
    for _ in 0..connections {
        all_connected.recv().await;
    }
    let_go.send_replace(Some(Instant::now()));
    let mut outcomes = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        outcomes.extend(ended??);
    }
    Ok(outcomes)
}

async fn call(
    mut connection: Connection,
    mut gate: watch::Receiver<Option<Instant>>,
    request: &[u8],
    share: usize,
) -> Result<Vec<StormAnswer>> {
    let released = gate.wait_for(Option::is_some).await?.unwrap_or_else(Instant::now);
    connection.send(&request.repeat(share)).await?;
    let mut outcomes = Vec::with_capacity(share);
    for _ in 0..share {
        outcomes.push((connection.receive().await?, released.elapsed()));
    }
    Ok(outcomes)
}

fn section(handler: &Server, connections: usize, outcomes: &[StormAnswer], counts: (u64, u64)) -> Section {
    let callers = outcomes.len() as u64;
    let refused = outcomes.iter().filter(|(status, _)| *status != 200).count() as u64;
    let latencies: Samples = outcomes.iter().map(|(_, latency)| *latency).collect();
    // Another thread reads the log and can be slightly behind.
    std::thread::sleep(Duration::from_millis(200));
    let waited = handler.log().kept().lines().filter(|line| waited_for_it(line)).count() as u64;
    let counted = [callers, connections as u64, waited, counts.0, counts.1, refused].map(Cell::Count);
    let peak = number(handler.memory().peak) / 1e3;
    let figures = [latencies.median(), latencies.percentile(99), latencies.worst(), peak].map(Cell::Figure);
    let mut section = Section {
        title: TITLE,
        about: format!(
            "All callers are connected and request a token at the same time, before it is cached; the exchange at DocuSign takes \
             {} s. Latencies count from the start and include the time of the load generator. If there are more callers than \
             connections, callers on the same connection are served one after the other.",
            EXCHANGE.as_secs()
        ),
        table: Table { columns: COLUMNS.to_vec(), rows: vec![counted.into_iter().chain(figures).collect()] },
        ..Section::default()
    };
    section.promise(
        counts == (1, 1),
        format!("a storm took {} signatures and {} exchanges, not 1 and 1", counts.0, counts.1),
    );
    section.promise(refused == 0, format!("{refused} of {callers} callers got an error"));
    section
}

/// Whether a log line is from a caller that waited for this mint.
fn waited_for_it(line: &str) -> bool {
    line.contains(r#""cache.result":"minted""#) && line.contains(&format!(r#""scope":"{SCOPE}""#))
}

/// The soft limit of open files.
fn file_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}
