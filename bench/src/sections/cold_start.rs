//! From process start to the first response and the first token.

use std::time::Duration;

use sandbox::Sandbox;

use crate::Result;
use crate::figures::{Samples, median, number};
use crate::http_wire::{exchange, token_request};
use crate::peers::{bare, peers};
use crate::report::{Bars, Cell, Section, Table};
use crate::server::Launch;
use crate::setup::{SCOPE, Setup, client_credentials};

/// The heading.
pub const TITLE: &str = "Cold start";

const COLUMNS: [&str; 7] =
    ["server", "starts", "first answer ms", "worst ms", "first token ms", "worst token ms", "RSS MB at first answer"];
/// Fewer starts for the other servers, because they are slow.
const STARTS_OF_OTHERS: usize = 5;
/// About the length of the bare server's responses in the other sections.
const LENGTH: usize = 160;

/// The starts of one server.
#[derive(Default)]
struct Starts {
    answers: Vec<Duration>,
    tokens: Vec<Duration>,
    /// kB.
    memory: Vec<f64>,
}

/// Measures this section.
///
/// # Errors
/// If Evergrant or the bare server do not start.
pub async fn run(setup: &Setup) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let spawns = setup.arguments.spawns();
    let mut section = Section {
        title: TITLE,
        about: "From spawning the process to the first answer on its port, and to the first token, which for Evergrant is minted: \
                managed identity, two signatures by Key Vault (sealing key and assertion) and the exchange, all with the \
                simulators. Medians and maximum. The program was started once before, so it is in the \
                page cache."
            .to_owned(),
        table: Table { columns: COLUMNS.to_vec(), rows: Vec::new() },
        ..Section::default()
    };
    let mut bars = Vec::new();
    let mut take = |name: &str, starts: &Starts| {
        section.table.rows.push(starts.row(name));
        bars.push((name.to_owned(), samples(&starts.answers).median()));
    };
    take("bare warp", &starts(setup, || bare(LENGTH), spawns)?);
    take("Evergrant", &starts(setup, || setup.handler(&sandbox), spawns)?);
    for (at, peer) in peers().into_iter().enumerate() {
        let again = || peers().swap_remove(at).launch;
        match starts(setup, again, spawns.min(STARTS_OF_OTHERS)) {
            Ok(starts) => take(peer.name, &starts),
            Err(error) => take(&format!("{}: {error}", peer.name), &Starts::default()),
        }
    }
    bars.retain(|(_, figure)| figure.is_finite());
    section.bars.push(Bars {
        title: "Cold start to the first answer".to_owned(),
        unit: "ms, less is better",
        figures: bars,
    });
    Ok(section)
}

fn starts(setup: &Setup, launch: impl Fn() -> Result<Launch>, spawns: usize) -> Result<Starts> {
    let mut starts = Starts::default();
    drop(launch()?.start(&setup.cores)?);
    for _ in 0..spawns {
        starts.once(setup, &launch()?)?;
    }
    Ok(starts)
}

impl Starts {
    fn once(&mut self, setup: &Setup, launch: &Launch) -> Result<()> {
        let mut server = launch.spawn(&setup.cores)?;
        self.answers.push(server.until_it_answers()?);
        self.memory.push(number(server.memory().resident));
        let mut start = [0; 12];
        exchange(server.address(), &token_request(&client_credentials(SCOPE)), &mut start)?;
        self.tokens.push(server.spawned.elapsed());
        match &start {
            b"HTTP/1.1 200" => Ok(()),
            other => Err(format!("the first token request failed: {}", String::from_utf8_lossy(other)).into()),
        }
    }

    fn row(&self, name: &str) -> Vec<Cell> {
        let (answers, tokens) = (samples(&self.answers), samples(&self.tokens));
        let figures = [answers.median(), answers.worst(), tokens.median(), tokens.worst(), median(&self.memory) / 1e3];
        let head = [Cell::text(name), Cell::Count(answers.len() as u64)];
        head.into_iter().chain(figures.map(Cell::Figure)).collect()
    }
}

fn samples(durations: &[Duration]) -> Samples {
    durations.iter().copied().collect()
}
