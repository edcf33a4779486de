//! Instructions per request, counted by callgrind: the only figure that other load does not change.

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::Sandbox;

use crate::Result;
use crate::figures::number;
use crate::http_wire::{Connection, token_request};
use crate::peers::{bare, on_path};
use crate::report::{Cell, Section, Table};
use crate::server::{Launch, Server};
use crate::setup::{SCOPE, Setup, client_credentials, connect, granted, post, refresh};

/// The heading.
pub const TITLE: &str = "Instructions of a request";

const COLUMNS: [&str; 5] = ["server", "requests", "instructions each", "again", "more than bare"];
/// Requests that are not counted, to fill every cache and buffer.
const BEFORE: usize = 200;

/// Measures this section.
///
/// # Errors
/// If valgrind is missing, or a server does not start or answer.
pub async fn run(setup: &Setup) -> Result<Section> {
    std::fs::create_dir_all(&setup.arguments.out)?;
    let sandbox = Sandbox::start().await;
    let mut rows = Vec::new();
    for grant in ["client_credentials", "refresh_token"] {
        let handler = Counted::start(setup, setup.handler(&sandbox)?, grant)?;
        granted(&post(&handler.server.url(), &client_credentials(SCOPE)).await)?;
        let form = match grant {
            "refresh_token" => refresh(&connect(&handler.server.url()).await?),
            _ => client_credentials(SCOPE),
        };
        let length = post(&handler.server.url(), &form).await.body.len();
        let ceiling = Counted::start(setup, bare(length)?, &format!("bare-{grant}"))?;
        let bare = ceiling.instructions(setup, &form).await?;
        let ours = handler.instructions(setup, &form).await?;
        rows.push(row(setup, &format!("bare warp, {grant}"), bare, 0.0));
        rows.push(row(setup, &format!("Evergrant, {grant}"), ours, ours[0] - bare[0]));
    }
    Ok(Section {
        title: TITLE,
        about: format!(
            "One caller on one connection, counted twice after {BEFORE} other requests. The kernel's work is not included. The \
             profiles are next to the report, for `callgrind_annotate`."
        ),
        table: Table { columns: COLUMNS.to_vec(), rows },
        ..Section::default()
    })
}

fn row(setup: &Setup, server: &str, [once, again]: [f64; 2], more: f64) -> Vec<Cell> {
    let figures = [once, again, more].map(Cell::Figure);
    [Cell::text(server), Cell::Count(setup.arguments.counted() as u64)].into_iter().chain(figures).collect()
}

/// A server under callgrind.
struct Counted {
    server: Server,
    profile: PathBuf,
}

impl Counted {
    fn start(setup: &Setup, launch: Launch, name: &str) -> Result<Self> {
        let profile = std::path::absolute(&setup.arguments.out)?.join(format!("callgrind.{name}"));
        let options = ["--tool=callgrind".to_owned(), "--instr-atstart=no".to_owned()];
        let file = format!("--callgrind-out-file={}", profile.display());
        let program = launch.program.display().to_string();
        let arguments = options.into_iter().chain([file, program]).chain(launch.arguments).collect();
        let server = Launch { program: on_path("valgrind")?, arguments, ..launch }.start(&setup.cores)?;
        Ok(Self { server, profile })
    }

    /// Instructions per request, measured twice.
    async fn instructions(&self, setup: &Setup, form: &str) -> Result<[f64; 2]> {
        let mut connection = Connection::open(self.server.address()).await?;
        let request = token_request(form);
        ask(&mut connection, &request, BEFORE).await?;
        let mut counted = [0.0; 2];
        for (turn, counted) in counted.iter_mut().enumerate() {
            self.control("--instr=on")?;
            ask(&mut connection, &request, setup.arguments.counted()).await?;
            self.control("--instr=off")?;
            self.control("--dump")?;
            let dump = PathBuf::from(format!("{}.{}", self.profile.display(), turn + 1));
            *counted = number(total(&dump)?) / number(setup.arguments.counted() as u64);
        }
        Ok(counted)
    }

    fn control(&self, what: &str) -> Result<()> {
        let mut command = Command::new(on_path("callgrind_control")?);
        let output = command.arg(what).arg(self.server.pid().to_string()).output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }
}

async fn ask(connection: &mut Connection, request: &[u8], times: usize) -> Result<()> {
    for _ in 0..times {
        connection.send(request).await?;
        if connection.receive().await? != 200 {
            return Err("a request failed".into());
        }
    }
    Ok(())
}

/// The total at the end of a profile.
fn total(profile: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(profile).map_err(|error| format!("{}: {error}", profile.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("a profile without a total")?.trim().parse()?)
}
