//! Answers from the cache, beside a bare server and other authorization servers.

use sandbox::Sandbox;

use crate::Result;
use crate::figures::{median, number, written};
use crate::peers::{bare, peers};
use crate::report::{Bars, Cell, Section};
use crate::server::{Output, Server};
use crate::stand::{SCOPE, Stand, client_credentials, connect, granted, post, refresh};
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
/// How many targets are ours or bare; the others follow.
const OWN: usize = 5;

/// A server and what it is asked.
struct Target {
    name: String,
    form: String,
    server: Option<Server>,
    /// Why there is none.
    missing: Option<String>,
    /// Position of the bare server that gets the same form.
    ceiling: usize,
    /// What came of each number of connections.
    turns: Vec<Turns>,
}

/// What came of the turns with one number of connections.
#[derive(Default)]
struct Turns {
    loads: Vec<Load>,
    /// Share of its core that the server used.
    busy: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// If Evergrant or the bare server do not start.
pub async fn run(stand: &Stand) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let wrk = Wrk::new(&stand.arguments.out)?;
    let mut targets = targets(stand, &sandbox).await?;
    let connections = if stand.arguments.quick() { &CONNECTIONS[1..] } else { &CONNECTIONS };
    if !stand.arguments.quick() {
        for target in &targets {
            target.load(&wrk, 64, stand.arguments.warm_up())?;
        }
    }
    for count in connections {
        // Rotation by turn, so that a disturbance meets all of them.
        for target in &mut targets {
            target.turns.push(Turns::default());
        }
        for _ in 0..stand.arguments.rounds() {
            for target in &mut targets {
                target.rotate(&wrk, *count, stand.arguments.seconds())?;
            }
        }
    }
    Ok(section(stand, &targets, connections))
}

/// Ours and a bare server for each of our forms, then the others.
async fn targets(stand: &Stand, sandbox: &Sandbox) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for grant in ["client_credentials", "refresh_token"] {
        let handler = stand.warm(&stand.handler(sandbox)?).await?;
        let form = match grant {
            "refresh_token" => refresh(&connect(&handler.url()).await?),
            _ => client_credentials(SCOPE),
        };
        let answer = post(&handler.url(), &form).await;
        granted(&answer)?;
        let ceiling = targets.len();
        let bare = bare(answer.body.len())?.start(&stand.cores)?;
        targets.push(Target::new(format!("bare warp, {grant}"), &form, Ok(bare), ceiling));
        targets.push(Target::new(format!("Evergrant, {grant}"), &form, Ok(handler), ceiling));
    }
    // What of it is the pipe's part?
    let mut quiet = stand.handler(sandbox)?;
    quiet.output = Output::Discarded;
    let quiet = stand.warm(&quiet).await?;
    let form = client_credentials(SCOPE);
    targets.push(Target::new("Evergrant, log to /dev/null".to_owned(), &form, Ok(quiet), 0));
    for peer in peers() {
        let server = peer.launch.and_then(|launch| launch.start(&stand.cores));
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
        // A tick is a hundredth of a second, so this is a share in percent.
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

    fn row(&self, at: usize, connections: usize, ceiling: f64) -> Vec<Cell> {
        let head = [Cell::text(&self.name), Cell::Count(connections as u64)];
        let Some(server) = &self.server else {
            let missing = self.missing.as_deref().unwrap_or("missing");
            return head.into_iter().chain([Cell::text(missing)]).chain(vec![Cell::Empty; 8]).collect();
        };
        let (turns, rate) = (&self.turns[at], self.rate(at));
        let rates = || turns.loads.iter().map(Load::rate);
        let figures = [
            rate,
            rates().fold(f64::INFINITY, f64::min),
            rates().fold(0.0, f64::max),
            rate / ceiling,
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
}

fn section(stand: &Stand, targets: &[Target], connections: &[usize]) -> Section {
    let arguments = &stand.arguments;
    let about = format!(
        "wrk posts the form for {} s, {} times in turn with the others; told is the median, least and most beside it. \
         The answer comes from memory; the log is written at its default level into a pipe and read. What others wrote makes a \
         token of its own for each request, has no DocuSign behind it and logs nothing.",
        arguments.seconds(),
        arguments.rounds()
    );
    let mut section = Section { title: TITLE, about, ..Section::default() };
    section.table.columns = COLUMNS.to_vec();
    for (at, count) in connections.iter().enumerate() {
        let row = |target: &Target| target.row(at, *count, targets[target.ceiling].rate(at));
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

/// Ours against the others.
fn findings(targets: &[Target], at: usize, connections: usize) -> Vec<String> {
    let Some(ours) = targets.iter().find(|target| target.name.starts_with("Evergrant")) else { return Vec::new() };
    let others = targets.iter().skip(OWN);
    let told = |other: &Target| {
        let times = written(ours.rate(at) / other.rate(at));
        format!("With {connections} at a time, {} answers {times} times as many requests as {}.", ours.name, other.name)
    };
    others.filter(|other| other.server.is_some()).map(told).collect()
}

fn judge(section: &mut Section, target: &Target) {
    let loads = || target.turns.iter().flat_map(|turns| &turns.loads);
    let failed: u64 = loads().map(|load| load.refused + load.broken).sum();
    section.promise(failed == 0, format!("{}: {failed} requests were refused or broken", target.name));
    let Some(server) = target.server.as_ref().filter(|_| target.name.starts_with("Evergrant")) else { return };
    if server.log().lines() == 0 {
        return;
    }
    section.findings.push(format!("{}: {} lines of log were read meanwhile.", target.name, server.log().lines()));
}
