//! Many callers at once, and no token yet: one signature and one exchange have to do for all.

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
use crate::stand::{Stand, client_credentials};

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
/// Nobody asked for it before, so there is no token.
const SCOPE: &str = "signature spring_read";
/// So long takes the exchange: long enough that everybody comes meanwhile.
const EXCHANGE: Duration = Duration::from_secs(2);
/// Files that are open besides connections.
const OTHER_FILES: usize = 256;
/// Connections that are being made at a time: more would overflow the queue where they wait to be accepted.
const CONNECTING: usize = 100;

/// What a caller got: the status, and how long after everybody was let go.
type Outcome = (u16, Duration);

/// Measures.
///
/// # Errors
/// If Evergrant does not start, or connections fail.
pub async fn run(stand: &Stand) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let mut launch = stand.handler(&sandbox)?;
    launch.output = Output::Kept;
    let handler = stand.warm(&launch).await?;
    let callers = stand.arguments.callers();
    let connections = callers.min(file_limit().saturating_sub(OTHER_FILES)).max(1);
    let counts =
        || (sandbox.key_vault.signatures_by("evergrant-signing") as u64, u64::from(sandbox.docusign.exchanges()));
    let before = counts();
    sandbox.docusign.faults.set(Some(Fault::Latency(EXCHANGE)));
    let outcomes = storm(&handler, callers, connections).await?;
    let after = counts();
    Ok(section(&handler, connections, &outcomes, (after.0 - before.0, after.1 - before.1)))
}

/// Connects first, then lets everybody go at once.
async fn storm(handler: &Server, callers: usize, connections: usize) -> Result<Vec<Outcome>> {
    let (let_go, gate) = watch::channel(None::<Instant>);
    let mut tasks = JoinSet::new();
    let connecting = Arc::new(Semaphore::new(CONNECTING));
    let (connected, mut all_connected) = tokio::sync::mpsc::channel(connections);
    let request = Arc::new(token_request(&client_credentials(SCOPE)));
    for at in 0..connections {
        // Callers who share a connection are dealt out evenly.
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
) -> Result<Vec<Outcome>> {
    let released = gate.wait_for(Option::is_some).await?.unwrap_or_else(Instant::now);
    connection.send(&request.repeat(share)).await?;
    let mut outcomes = Vec::with_capacity(share);
    for _ in 0..share {
        outcomes.push((connection.receive().await?, released.elapsed()));
    }
    Ok(outcomes)
}

fn section(handler: &Server, connections: usize, outcomes: &[Outcome], counts: (u64, u64)) -> Section {
    let callers = outcomes.len() as u64;
    let refused = outcomes.iter().filter(|(status, _)| *status != 200).count() as u64;
    let latencies: Samples = outcomes.iter().map(|(_, latency)| *latency).collect();
    // The log is read by another thread, which may be a little behind.
    std::thread::sleep(Duration::from_millis(200));
    let waited = handler.log().kept().lines().filter(|line| waited_for_it(line)).count() as u64;
    let counted = [callers, connections as u64, waited, counts.0, counts.1, refused].map(Cell::Count);
    let peak = number(handler.memory().peak) / 1e3;
    let figures = [latencies.median(), latencies.percentile(99), latencies.worst(), peak].map(Cell::Figure);
    let mut section = Section {
        title: TITLE,
        about: format!(
            "Everybody is connected and let go at once, for a token that nobody asked for before; the exchange at DocuSign takes \
             {} s. Latencies count from when everybody was let go, and hold the time that the load itself takes to write and read \
             on its core. Where callers outnumber connections, those who share one are answered one after the other.",
            EXCHANGE.as_secs()
        ),
        table: Table { columns: COLUMNS.to_vec(), rows: vec![counted.into_iter().chain(figures).collect()] },
        ..Section::default()
    };
    section.promise(
        counts == (1, 1),
        format!("a storm took {} signatures and {} exchanges, not 1 and 1", counts.0, counts.1),
    );
    section.promise(refused == 0, format!("{refused} of {callers} callers were refused"));
    section
}

/// Whether a line of the log tells of a caller who waited for this mint.
fn waited_for_it(line: &str) -> bool {
    line.contains(r#""cache.result":"minted""#) && line.contains(&format!(r#""scope":"{SCOPE}""#))
}

/// The soft limit of open files.
fn file_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}
