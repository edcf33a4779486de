//! Callers while a token is being renewed by a slow upstream.

use std::time::{Duration, Instant};

use sandbox::Sandbox;
use sandbox::docusign::ExpiresIn;
use sandbox::fault::Fault;
use tokio::task::JoinSet;

use crate::Result;
use crate::figures::Samples;
use crate::http_wire::{Connection, token_request};
use crate::report::{Cell, Section, Table};
use crate::server::Server;
use crate::setup::{Setup, client_credentials, granted, post};

/// The heading.
pub const TITLE: &str = "A renewal";

const COLUMNS: [&str; 6] = ["when", "requests", "refused", "p50 ms", "p99 ms", "worst ms"];
/// A token is renewed in the background when this many seconds remain.
const RENEWED_FROM: u64 = 600;
/// The duration of the exchange.
const EXCHANGE: Duration = Duration::from_secs(2);
const CALLERS: usize = 8;
/// The interval of each caller's requests.
const PACE: Duration = Duration::from_millis(8);

/// A request: the scheduled time, the latency and the status.
type TimedAnswer = (Instant, Duration, u16);

/// Measures this section.
///
/// # Errors
/// If Evergrant does not start or answer.
pub async fn run(setup: &Setup) -> Result<Section> {
    let calm = if setup.arguments.quick() { 2 } else { 6 };
    let sandbox = Sandbox::start().await;
    let handler = setup.warm(&setup.handler(&sandbox)?).await?;
    // A token for another scope, so that it is minted now.
    let form = client_credentials("signature spring_read");
    sandbox.docusign.set_expires_in(ExpiresIn::Number(RENEWED_FROM + calm));
    granted(&post(&handler.url(), &form).await)?;
    sandbox.docusign.set_expires_in(ExpiresIn::Number(3600));
    sandbox.docusign.faults.set(Some(Fault::Latency(EXCHANGE)));
    let exchanges = sandbox.docusign.exchanges();
    let end = Instant::now() + Duration::from_secs(calm + 1) + EXCHANGE;
    let mut callers = start_callers(&handler, &form, end);
    let begun = loop {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if sandbox.docusign.exchanges() > exchanges {
            break Instant::now();
        }
        if Instant::now() > end {
            return Err("no renewal began".into());
        }
    };
    let mut outcomes = Vec::new();
    while let Some(ended) = callers.join_next().await {
        outcomes.extend(ended??);
    }
    Ok(section(&outcomes, begun, u64::from(sandbox.docusign.exchanges() - exchanges)))
}

type Callers = JoinSet<std::result::Result<Vec<TimedAnswer>, String>>;

fn start_callers(handler: &Server, form: &str, end: Instant) -> Callers {
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (address, request) = (handler.address(), token_request(form));
        callers.spawn(async move {
            let connection = Connection::open(address).await.map_err(|error| error.to_string())?;
            call(connection, &request, end).await.map_err(|error| error.to_string())
        });
    }
    callers
}

/// Sends requests at a steady pace. Latency counts from the due time, so a late response also delays the following requests.
async fn call(mut connection: Connection, request: &[u8], end: Instant) -> Result<Vec<TimedAnswer>> {
    let (mut outcomes, mut due) = (Vec::new(), Instant::now());
    while due < end {
        let late = Instant::now() > due;
        tokio::time::sleep_until(due.into()).await;
        // The timer has a resolution of a millisecond; its delay must not count as latency.
        let counted_from = if late { due } else { Instant::now() };
        connection.send(request).await?;
        let status = connection.receive().await?;
        outcomes.push((counted_from, counted_from.elapsed(), status));
        due += PACE;
    }
    Ok(outcomes)
}

fn section(outcomes: &[TimedAnswer], begun: Instant, exchanges: u64) -> Section {
    let mut section = Section {
        title: TITLE,
        about: format!(
            "{CALLERS} callers send a request every {} ms each while their token is renewed; the exchange at DocuSign \
             takes {} s. The latency of a request counts from its scheduled time.",
            PACE.as_millis(),
            EXCHANGE.as_secs()
        ),
        table: Table { columns: COLUMNS.to_vec(), rows: Vec::new() },
        ..Section::default()
    };
    let over = begun + EXCHANGE;
    let refused = outcomes.iter().filter(|(_, _, status)| *status != 200).count();
    section.table.rows = vec![
        row("before", outcomes, |at| at < begun),
        row("during", outcomes, |at| (begun..over).contains(&at)),
        row("after", outcomes, |at| at >= over),
    ];
    section.promise(refused == 0, format!("{refused} requests during a renewal failed"));
    section.promise(exchanges == 1, format!("a renewal took {exchanges} exchanges, not 1"));
    section
}

fn row(when: &str, outcomes: &[TimedAnswer], belongs: impl Fn(Instant) -> bool) -> Vec<Cell> {
    let these = || outcomes.iter().filter(|(at, _, _)| belongs(*at));
    let latencies: Samples = these().map(|(_, latency, _)| *latency).collect();
    let refused = these().filter(|(_, _, status)| *status != 200).count() as u64;
    let head = [Cell::text(when), Cell::Count(latencies.len() as u64), Cell::Count(refused)];
    let figures = [latencies.median(), latencies.percentile(99), latencies.worst()];
    head.into_iter().chain(figures.map(Cell::Figure)).collect()
}
