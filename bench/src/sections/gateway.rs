//! Large bodies through the gateway, in both directions.

use std::time::{Duration, Instant};

use http::Request;
use sandbox::bulk::Source;
use sandbox::client::{Download, HttpClient};
use sandbox::clm::ACCOUNT_ID;
use sandbox::{INTEGRATION_USER, Sandbox};

use crate::Result;
use crate::figures::{number, written};
use crate::report::{Bars, Cell, Section, Table};
use crate::server::Server;
use crate::setup::{API_KEY, SCOPE, Setup};

/// The heading.
pub const TITLE: &str = "Large bodies through the gateway";

const COLUMNS: [&str; 6] = ["way", "MiB", "s", "MiB/s", "of direct", "peak RSS MB"];
const FOLDER: &str = "/Contracts";

/// A route to CLM: the addresses for uploads and downloads, and the header with the credential.
struct Way {
    name: &'static str,
    upload: String,
    download: String,
    header: (&'static str, String),
}

/// Measures this section.
///
/// # Errors
/// If Evergrant does not start, or a body is not complete.
pub async fn run(setup: &Setup) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    let handler = setup.warm(&setup.handler(&sandbox)?).await?;
    let (bytes, small) = (setup.arguments.bytes(), number(handler.memory().peak) / 1e3);
    let ways = [direct(&sandbox), through(&handler)];
    // The first call discovers the addresses and connects, which is not measured.
    transfer(&sandbox, &ways[1], 1 << 10).await?;
    let mut section = Section {
        title: TITLE,
        about: "One body at a time, generated while it is sent and hashed on arrival. Directly to the simulated CLM, client and \
                CLM share the load's core; through the gateway, the server's core is added."
            .to_owned(),
        table: Table { columns: COLUMNS.to_vec(), rows: Vec::new() },
        ..Section::default()
    };
    let (mut rates, mut bars) = (Vec::new(), Vec::new());
    for way in &ways {
        let times = transfer(&sandbox, way, bytes).await?;
        for (at, (direction, time)) in ["upload", "download"].into_iter().zip(times).enumerate() {
            let rate = number(bytes >> 20) / time.as_secs_f64();
            rates.push(rate);
            let peak =
                if way.name == "direct" { Cell::Empty } else { Cell::Figure(number(handler.memory().peak) / 1e3) };
            let figures = [number(bytes >> 20), time.as_secs_f64(), rate, rate / rates[at]].map(Cell::Figure);
            let name = format!("{}, {direction}", way.name);
            section.table.rows.push(std::iter::once(Cell::text(&name)).chain(figures).chain([peak]).collect());
            bars.push((name, rate));
        }
    }
    section.findings.push(format!("Before any large body, the peak was {} MB.", written(small)));
    section.bars.push(Bars { title: "Large bodies".to_owned(), unit: "MiB a second, more is better", figures: bars });
    Ok(section)
}

fn direct(sandbox: &Sandbox) -> Way {
    let access_token = sandbox.docusign.access_token_for(INTEGRATION_USER, SCOPE);
    Way {
        name: "direct",
        upload: format!("{}/v2/{ACCOUNT_ID}", sandbox.clm.upload_url()),
        download: format!("{}/v2/{ACCOUNT_ID}", sandbox.clm.download_url()),
        header: ("authorization", format!("Bearer {access_token}")),
    }
}

fn through(handler: &Server) -> Way {
    Way {
        name: "Evergrant's gateway",
        upload: format!("{}/gateway/clm-upload", handler.url()),
        download: format!("{}/gateway/clm-download", handler.url()),
        header: ("x-api-key", API_KEY.to_owned()),
    }
}

/// The time of the upload and of the download.
async fn transfer(sandbox: &Sandbox, way: &Way, bytes: u64) -> Result<[Duration; 2]> {
    let name = format!("{}-{bytes}.bin", way.name.replace(['\'', ' '], "-"));
    let folder = sandbox.clm.folder_at(FOLDER).ok_or("no folder")?;
    let url = format!("{}/folders/{folder}/documents?name={name}", way.upload);
    let begun = Instant::now();
    let up = send(way, Request::post(url).header("content-length", bytes), Source::pattern(bytes)).await?;
    let there = begun.elapsed();
    if up.answer.status != 201 {
        return Err(format!("upload, {}: {} {}", way.name, up.answer.status, up.answer.text()).into());
    }
    let id = sandbox.clm.documents_at(&format!("{FOLDER}/{name}")).pop().ok_or("the document is missing")?;
    let begun = Instant::now();
    let down = send(way, Request::get(format!("{}/documents/{id}", way.download)), Source::from("")).await?;
    let back = begun.elapsed();
    if !down.complete || down.content.length != bytes {
        return Err(format!("download, {}: {} {:?}", way.name, down.answer.status, down.content).into());
    }
    Ok([there, back])
}

async fn send(way: &Way, request: http::request::Builder, source: Source) -> Result<Download> {
    let request = request.header(way.header.0, &way.header.1).body(source.body(()))?;
    HttpClient::default().stream(request).await.ok_or_else(|| format!("{}: no response", way.name).into())
}
