//! Responses from the cache, compared with a bare server and other authorization servers.

use sandbox::Sandbox;

use crate::Result;
use crate::figures::{median, number, written};
use crate::peers::{bare, peers};
use crate::report::{Bars, Cell, Section};
use crate::server::{Output, Server};
use crate::setup::{SCOPE, Setup, client_credentials, connect, granted, post, refresh};
use crate::wrk::{Load, Wrk};

/// The heading.
pub const TITLE: &str = "Answers from the cache";

const COLUMNS: [&str; 11] = [
    "server",
    "connections",
    "req/s",
    "least",
    "most",
    "of bare",
    "p50 ms",
    "p99 ms",
    "server's core %",
    "RSS MB",
    "peak MB",
];
const CONNECTIONS: [usize; 2] = [1, 64];
/// The number of targets that are Evergrant or the bare server; the others follow.
const OWN: usize = 5;

/// A server and the request to send.
struct Target {
    name: String,
    form: String,
    server: Option<Server>,
    /// Why there is no server.
    missing: Option<String>,
    /// The index of the bare server with the same form.
    ceiling: usize,
    /// The results for each number of connections.
    turns: Vec<Turns>,
}

/// The results of the rounds with one number of connections.
#[derive(Default)]
struct Turns {
    loads: Vec<Load>,
    /// The share of its core that the server used.
    busy: Vec<f64>,
}

/// Measures this section.
///
/// # Errors
/// If Evergrant or the bare server do not start.
pub async fn run(setup: &Setup) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let wrk = Wrk::new(&setup.arguments.out)?;
    let mut targets = targets(setup, &sandbox).await?;
    let connections = if setup.arguments.quick() { &CONNECTIONS[1..] } else { &CONNECTIONS };
    if !setup.arguments.quick() {
        for target in &targets {
            target.load(&wrk, 64, setup.arguments.warm_up())?;
        }
    }
    for count in connections {
        // Alternate between the servers, so that other load on the machine affects all of them.
        for target in &mut targets {
            target.turns.push(Turns::default());
        }
        for _ in 0..setup.arguments.rounds() {
            for target in &mut targets {
                target.rotate(&wrk, *count, setup.arguments.seconds())?;
            }
        }
    }
    Ok(section(setup, &targets, connections))
}

/// Evergrant and a bare server for each form, then the others.
async fn targets(setup: &Setup, sandbox: &Sandbox) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for grant in ["client_credentials", "refresh_token"] {
        let handler = setup.warm(&setup.handler(sandbox)?).await?;
        let form = match grant {
            "refresh_token" => refresh(&connect(&handler.url()).await?),
            _ => client_credentials(SCOPE),
        };
        let answer = post(&handler.url(), &form).await;
        granted(&answer)?;
        let ceiling = targets.len();
        let bare = bare(answer.body.len())?.start(&setup.cores)?;
        targets.push(Target::new(format!("bare warp, {grant}"), &form, Ok(bare), ceiling));
        targets.push(Target::new(format!("Evergrant, {grant}"), &form, Ok(handler), ceiling));
    }
    // Measures the cost of the log pipe.
    let mut quiet = setup.handler(sandbox)?;
    quiet.output = Output::Discarded;
    let quiet = setup.warm(&quiet).await?;
    let form = client_credentials(SCOPE);
    targets.push(Target::new("Evergrant, log to /dev/null".to_owned(), &form, Ok(quiet), 0));
    for peer in peers() {
        let server = peer.launch.and_then(|launch| launch.start(&setup.cores));
        targets.push(Target::new(peer.name.to_owned(), &client_credentials(SCOPE), server, 0));
    }
    Ok(targets)
}

impl Target {
    fn new(name: String, form: &str, server: Result<Server>, ceiling: usize) -> Self {
        let (server, missing) = match server {
            Ok(server) => (Some(server), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { name, form: form.to_owned(), server, missing, ceiling, turns: Vec::new() }
    }

    fn load(&self, wrk: &Wrk, connections: usize, seconds: u64) -> Result<Option<Load>> {
        let load = self.server.as_ref().map(|server| wrk.load(&server.url(), &self.form, connections, seconds));
        load.transpose()
    }

    fn rotate(&mut self, wrk: &Wrk, connections: usize, seconds: u64) -> Result<()> {
        let ticks = || self.server.as_ref().map_or(0, Server::ticks);
        let before = ticks();
        let load = self.load(wrk, connections, seconds)?;
        // A tick is a hundredth of a second, so ticks per second are percent.
        let used = number(ticks() - before);
        if let (Some(load), Some(turns)) = (load, self.turns.last_mut()) {
            turns.busy.push(used / load.seconds());
            turns.loads.push(load);
        }
        Ok(())
    }

    /// Requests a second with the connections at this position; `NaN` if there was no server.
    fn rate(&self, at: usize) -> f64 {
        self.turns[at].median(Load::rate)
    }

    fn row(&self, at: usize, connections: usize, ceiling: &Self) -> Vec<Cell> {
        let head = [Cell::text(&self.name), Cell::Count(connections as u64)];
        let Some(server) = &self.server else {
            let missing = self.missing.as_deref().unwrap_or("missing");
            return head.into_iter().chain([Cell::text(missing)]).chain(vec![Cell::Empty; 8]).collect();
        };
        let turns = &self.turns[at];
        let rates = || turns.loads.iter().map(Load::rate);
        let figures = [
            self.rate(at),
            rates().fold(f64::INFINITY, f64::min),
            rates().fold(0.0, f64::max),
            turns.ratio_to(&ceiling.turns[at]),
            turns.median(Load::p50),
            turns.median(Load::p99),
            median(&turns.busy),
            number(server.memory().resident) / 1e3,
            number(server.memory().peak) / 1e3,
        ];
        head.into_iter().chain(figures.map(Cell::Figure)).collect()
    }
}

impl Turns {
    fn median(&self, of: impl Fn(&Load) -> f64) -> f64 {
        median(&self.loads.iter().map(of).collect::<Vec<_>>())
    }

    /// The median of the rounds' ratios, because a shared machine changes its speed from round to round.
    fn ratio_to(&self, ceiling: &Self) -> f64 {
        let ratios = self.loads.iter().zip(&ceiling.loads).map(|(load, ceiling)| load.rate() / ceiling.rate());
        median(&ratios.collect::<Vec<_>>())
    }
}

fn section(setup: &Setup, targets: &[Target], connections: &[usize]) -> Section {
    let arguments = &setup.arguments;
    let about = format!(
        "wrk posts the form for {} s, {} times, alternating with the other servers; the table shows the median, minimum and \
         maximum, and the median of the rounds' ratios to the bare server. The token comes from the cache; the log is written at \
         its default level into a pipe and read. The other servers issue their own token for each request, without DocuSign and \
         without logging.",
        arguments.seconds(),
        arguments.rounds()
    );
    let mut section = Section { title: TITLE, about, ..Section::default() };
    section.table.columns = COLUMNS.to_vec();
    for (at, count) in connections.iter().enumerate() {
        let row = |target: &Target| target.row(at, *count, &targets[target.ceiling]);
        section.table.rows.extend(targets.iter().map(row));
        section.bars.push(bars(targets, at, *count));
        section.findings.extend(findings(targets, at, *count));
    }
    for target in targets {
        judge(&mut section, target);
    }
    section
}

fn bars(targets: &[Target], at: usize, connections: usize) -> Bars {
    let there = targets.iter().filter(|target| target.server.is_some());
    let figures = there.map(|target| (target.name.clone(), target.rate(at))).collect();
    Bars { title: format!("Token requests, {connections} at a time"), unit: "a second, more is better", figures }
}

/// Compares Evergrant with the others.
fn findings(targets: &[Target], at: usize, connections: usize) -> Vec<String> {
    let Some(ours) = targets.iter().find(|target| target.name.starts_with("Evergrant")) else { return Vec::new() };
    let others = targets.iter().skip(OWN);
    let comparison = |other: &Target| {
        let times = written(ours.rate(at) / other.rate(at));
        format!("With {connections} at a time, {} answers {times} times as many requests as {}.", ours.name, other.name)
    };
    others.filter(|other| other.server.is_some()).map(comparison).collect()
}

fn judge(section: &mut Section, target: &Target) {
    let loads = || target.turns.iter().flat_map(|turns| &turns.loads);
    let failed: u64 = loads().map(|load| load.refused + load.broken).sum();
    section.promise(failed == 0, format!("{}: {failed} requests failed", target.name));
    let Some(server) = target.server.as_ref().filter(|_| target.name.starts_with("Evergrant")) else { return };
    if server.log().lines() == 0 {
        return;
    }
    section.findings.push(format!("{}: {} log lines were read meanwhile.", target.name, server.log().lines()));
}
