//! Several instances with one store: their cost, and whether they agree.

use std::time::{Duration, Instant};

use sandbox::storage::program;
use sandbox::{Sandbox, free_port};
use tokio::task::JoinSet;

use crate::Result;
use crate::figures::{Samples, number};
use crate::http_wire::{Connection, token_request};
use crate::report::{Cell, Section, Table};
use crate::server::Server;
use crate::setup::{Setup, code, connect, post, redemption, refresh};

/// The heading.
pub const TITLE: &str = "Several instances over one store";

const COLUMNS: [&str; 11] = [
    "instances",
    "sealing signatures",
    "assertion signatures",
    "exchanges",
    "races",
    "redeemed once",
    "redeemed more often",
    "refresh p50 ms",
    "refresh p99 ms",
    "look-ups of revocations meanwhile",
    "RSS MB, all",
];

/// Measures this section.
///
/// # Errors
/// If Evergrant does not start or answer.
pub async fn run(setup: &Setup) -> Result<Section> {
    let mut section = Section {
        title: TITLE,
        about: "Handlers that share issuer, clients and Blob storage (the real Azurite), each reached directly and all on the \
                server's core. Signatures and exchanges are counted until each has returned its first token. Then all callers \
                race for each code, and one connection is refreshed at all instances in turn."
            .to_owned(),
        table: Table { columns: COLUMNS.to_vec(), rows: Vec::new() },
        ..Section::default()
    };
    if program().is_none() {
        section.findings.push("Not measured: Azurite is not installed (./test installs it in tests/tools).".to_owned());
        return Ok(section);
    }
    for count in setup.arguments.instances() {
        let mut sandbox = Sandbox::start().await;
        sandbox.start_storage().await;
        let row = measure(setup, &sandbox, *count, &mut section).await?;
        section.table.rows.push(row);
    }
    Ok(section)
}

async fn measure(setup: &Setup, sandbox: &Sandbox, count: usize, section: &mut Section) -> Result<Vec<Cell>> {
    let instances = start(setup, sandbox, count).await?;
    // The sealing secret is derived in the background, and this kind of token does not need it.
    sealed(sandbox, count).await;
    let signatures = |key| sandbox.key_vault.signatures_by(key) as u64;
    let cost =
        [signatures("evergrant-sealing"), signatures("evergrant-signing"), u64::from(sandbox.docusign.exchanges())];
    let codes = setup.arguments.codes();
    let (mut once, mut more) = (0, 0);
    for _ in 0..codes {
        match race(&instances, &code(&instances[0].url()).await?).await? {
            0 => {}
            1 => once += 1,
            _ => more += 1,
        }
    }
    let look_ups = || sandbox.azurite.as_ref().map_or(0, |azurite| azurite.requests("GET", "revoked/")) as u64;
    let request = token_request(&refresh(&connect(&instances[0].url()).await?));
    let before = look_ups();
    let latencies = refreshes(&instances, &request, setup.arguments.refreshes()).await?;
    let look_ups = look_ups() - before;
    let memory = instances.iter().map(|server| server.memory().resident).sum();
    section.promise(
        once == codes as u64,
        format!("{count} instances: {once} of {codes} codes were redeemed exactly once"),
    );
    section.promise(cost == [count as u64; 3], format!("{count} instances took {cost:?} signatures and exchanges"));
    let mut row = vec![Cell::Count(count as u64)];
    row.extend(cost.map(Cell::Count));
    row.extend([codes as u64, once, more].map(Cell::Count));
    row.extend([latencies.median(), latencies.percentile(99)].map(Cell::Figure));
    row.extend([Cell::Count(look_ups), Cell::Figure(number(memory) / 1e3)]);
    Ok(row)
}

/// Starts the instances. The first one's address is the issuer.
async fn start(setup: &Setup, sandbox: &Sandbox, count: usize) -> Result<Vec<Server>> {
    let ports: Vec<u16> = (0..count).map(|_| free_port()).collect();
    let issuer = format!("http://127.0.0.1:{}", ports[0]);
    let mut instances = Vec::new();
    for port in ports {
        instances.push(setup.warm(&setup.instance(sandbox, port, &issuer)?).await?);
    }
    Ok(instances)
}

/// Waits until each instance has its sealing secret, with a time limit; the counts show if one is missing.
async fn sealed(sandbox: &Sandbox, count: usize) {
    for _ in 0..200 {
        if sandbox.key_vault.signatures_by("evergrant-sealing") >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The number of successful redemptions of a code that is sent twice to each instance at the same time.
async fn race(instances: &[Server], code: &str) -> Result<usize> {
    let mut racers = JoinSet::new();
    for instance in instances.iter().chain(instances) {
        let (url, form) = (instance.url(), redemption(code));
        racers.spawn(async move { post(&url, &form).await });
    }
    let mut redeemed = 0;
    while let Some(answer) = racers.join_next().await {
        redeemed += usize::from(answer?.status == 200);
    }
    Ok(redeemed)
}

/// One connection, refreshed at each instance in turn.
async fn refreshes(instances: &[Server], request: &[u8], times: usize) -> Result<Samples> {
    let mut connections = Vec::new();
    for instance in instances {
        connections.push(Connection::open(instance.address()).await?);
    }
    let mut latencies = Vec::new();
    for turn in 0..times {
        let asked = Instant::now();
        let connection = &mut connections[turn % instances.len()];
        connection.send(request).await?;
        match connection.receive().await? {
            200 => latencies.push(asked.elapsed()),
            status => return Err(format!("a refresh returned {status}").into()),
        }
    }
    Ok(latencies.into_iter().collect())
}
