//! The command-line options.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

/// The output of `./package`, which users run.
const PACKAGED: &str = "target/package/app/evergrant";
/// The output of `cargo build --release`.
const USUAL_BUILD: &str = "target/release/evergrant";

/// Benchmarks Evergrant on this machine, compared with a bare server and other authorization servers.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench/run")]
pub struct Arguments {
    /// Only these sections, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Section>,
    /// A smoke run of about 20 s: shows that everything works; its figures mean nothing
    #[arg(long)]
    quick: bool,
    /// Seconds of load for each server, number of connections and round
    #[arg(long, default_value_t = 1)]
    seconds: u64,
    /// Number of rounds per server; the report shows the median
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Cold starts
    #[arg(long, default_value_t = 20)]
    spawns: usize,
    /// Concurrent callers of the storm
    #[arg(long, default_value_t = 10_000)]
    callers: usize,
    /// MiB to send through the gateway, in each direction
    #[arg(long, default_value_t = 256)]
    megabytes: u64,
    /// Output folder for table, JSON and chart
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
    /// Measure the usual build, target/release/evergrant, instead of the packaged binary
    #[arg(long)]
    usual_build: bool,
    /// Measure this binary instead of the packaged one, without building
    #[arg(long, value_name = "FILE", conflicts_with = "usual_build")]
    handler: Option<PathBuf>,
}

/// The sections of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Responses from the cache, compared with a bare server and other authorization servers
    Tokens,
    /// Instructions of a request, by callgrind
    Instructions,
    /// From process start to the first response and the first token
    ColdStart,
    /// The cost of a mint
    Mint,
    /// Many concurrent callers before there is a token
    Storm,
    /// Callers while a token is being renewed
    Renewal,
    /// Large bodies through the gateway
    Gateway,
    /// Several instances over one store
    Instances,
}

impl Arguments {
    /// Whether this section is selected.
    #[must_use]
    pub fn includes(&self, section: Section) -> bool {
        self.only.is_empty() || self.only.contains(&section)
    }

    /// The binary to measure.
    #[must_use]
    pub fn handler(&self) -> &Path {
        let built = if self.usual_build { USUAL_BUILD } else { PACKAGED };
        self.handler.as_deref().unwrap_or(Path::new(built))
    }

    /// Whether this is a smoke run.
    #[must_use]
    pub const fn quick(&self) -> bool {
        self.quick
    }

    /// Seconds of load.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        self.at_most(self.seconds, 1)
    }

    /// Seconds of load before measuring.
    #[must_use]
    pub const fn warm_up(&self) -> u64 {
        self.at_most(2, 1)
    }

    /// Rounds per server.
    #[must_use]
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds.max(1) }
    }

    /// Requests whose instructions are counted.
    #[must_use]
    pub const fn counted(&self) -> usize {
        if self.quick { 100 } else { 1000 }
    }

    /// Cold starts.
    #[must_use]
    pub fn spawns(&self) -> usize {
        if self.quick { 3 } else { self.spawns.max(1) }
    }

    /// Mints.
    #[must_use]
    pub const fn mints(&self) -> usize {
        if self.quick { 20 } else { 500 }
    }

    /// Callers of the storm.
    #[must_use]
    pub fn callers(&self) -> usize {
        if self.quick { self.callers.min(500) } else { self.callers.max(1) }
    }

    /// Bytes through the gateway.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.at_most(self.megabytes, 16) << 20
    }

    /// The numbers of instances to measure.
    #[must_use]
    pub const fn instances(&self) -> &'static [usize] {
        if self.quick { &[1, 2] } else { &[1, 2, 4, 8] }
    }

    /// Codes for which the instances race.
    #[must_use]
    pub const fn codes(&self) -> usize {
        if self.quick { 5 } else { 50 }
    }

    /// Refreshes over all instances.
    #[must_use]
    pub const fn refreshes(&self) -> usize {
        if self.quick { 50 } else { 1000 }
    }

    const fn at_most(&self, count: u64, quick: u64) -> u64 {
        if self.quick && count > quick { quick } else { count }
    }
}
