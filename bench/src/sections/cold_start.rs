//! From nothing to the first answer and the first token.

use std::time::Duration;

use sandbox::Sandbox;

use crate::Result;
use crate::figures::{Samples, median, number};
use crate::http_wire::{exchange, token_request};
use crate::peers::{bare, peers};
use crate::report::{Bars, Cell, Section, Table};
use crate::server::Launch;
use crate::stand::{SCOPE, Stand, client_credentials};

/// The heading.
pub const TITLE: &str = "Cold start";

const COLUMNS: [&str; 7] =
    ["server", "starts", "first answer ms", "worst ms", "first token ms", "worst token ms", "RSS MB at first answer"];
/// The others take their time.
const STARTS_OF_OTHERS: usize = 5;
/// As long as the bare server's answers are elsewhere, more or less; nobody measures them here.
const LENGTH: usize = 160;

/// The starts of one server.
#[derive(Default)]
struct Starts {
    answers: Vec<Duration>,
    tokens: Vec<Duration>,
    /// kB.
    memory: Vec<f64>,
}

/// Measures.
///
/// # Errors
/// If Evergrant or the bare server do not start.
pub async fn run(stand: &Stand) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let spawns = stand.arguments.spawns();
    let mut section = Section {
        title: TITLE,
        about: "From spawning the process to the first answer on its port, and to the first token, which for Evergrant is minted: \
                managed identity, two signatures by Key Vault (the sealing key's and the assertion's) and the exchange, all by the \
                simulated outside world. Medians and the worst. The program was started once before, so it lies in the \
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
    take("bare warp", &starts(stand, || bare(LENGTH), spawns)?);
    take("Evergrant", &starts(stand, || stand.handler(&sandbox), spawns)?);
    for (at, peer) in peers().into_iter().enumerate() {
        let again = || peers().swap_remove(at).launch;
        match starts(stand, again, spawns.min(STARTS_OF_OTHERS)) {
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

fn starts(stand: &Stand, launch: impl Fn() -> Result<Launch>, spawns: usize) -> Result<Starts> {
    let mut starts = Starts::default();
    drop(launch()?.start(&stand.cores)?);
    for _ in 0..spawns {
        starts.once(stand, &launch()?)?;
    }
    Ok(starts)
}

impl Starts {
    fn once(&mut self, stand: &Stand, launch: &Launch) -> Result<()> {
        let mut server = launch.spawn(&stand.cores)?;
        self.answers.push(server.until_it_answers()?);
        self.memory.push(number(server.memory().resident));
        let mut start = [0; 12];
        exchange(server.address(), &token_request(&client_credentials(SCOPE)), &mut start)?;
        self.tokens.push(server.spawned.elapsed());
        match &start {
            b"HTTP/1.1 200" => Ok(()),
            other => Err(format!("the first token was refused: {}", String::from_utf8_lossy(other)).into()),
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
