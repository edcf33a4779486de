//! The cost of a mint: a signature by Key Vault and an exchange at DocuSign, both simulated on this machine.

use std::time::Instant;

use sandbox::Sandbox;
use sandbox::docusign::ExpiresIn;

use crate::Result;
use crate::figures::{Samples, number};
use crate::http_wire::{Connection, token_request};
use crate::report::{Cell, Section, Table};
use crate::setup::{SCOPE, Setup, client_credentials};

/// The heading.
pub const TITLE: &str = "A mint";

const COLUMNS: [&str; 7] =
    ["mints", "p50 ms", "p99 ms", "worst ms", "handler's processor ms each", "signatures", "exchanges"];
/// A token with such a short lifetime is renewed for every request.
const SHORT_LIFE: u64 = 200;

/// Measures this section.
///
/// # Errors
/// If Evergrant does not start or answer.
pub async fn run(setup: &Setup) -> Result<Section> {
    let sandbox = Sandbox::start().await;
    sandbox.docusign.set_expires_in(ExpiresIn::Number(SHORT_LIFE));
    let handler = setup.warm(&setup.handler(&sandbox)?).await?;
    let mut connection = Connection::open(handler.address()).await?;
    let request = token_request(&client_credentials(SCOPE));
    let counts =
        || (sandbox.key_vault.signatures_by("evergrant-signing") as u64, u64::from(sandbox.docusign.exchanges()));
    let (before, ticks) = (counts(), handler.ticks());
    let (mut latencies, mut refused) = (Vec::new(), 0);
    for _ in 0..setup.arguments.mints() {
        let asked = Instant::now();
        connection.send(&request).await?;
        refused += u64::from(connection.receive().await? != 200);
        latencies.push(asked.elapsed());
    }
    let (after, latencies) = (counts(), latencies.into_iter().collect::<Samples>());
    let mints = latencies.len() as u64;
    let processor = number(handler.ticks() - ticks) * 10.0 / number(mints);
    let figures = [latencies.median(), latencies.percentile(99), latencies.worst(), processor].map(Cell::Figure);
    let (signatures, exchanges) = (after.0 - before.0, after.1 - before.1);
    let counted = [Cell::Count(signatures), Cell::Count(exchanges)];
    let row = std::iter::once(Cell::Count(mints)).chain(figures).chain(counted).collect();
    let mut section = Section {
        title: TITLE,
        about: format!(
            "One caller after the other, with tokens that expire after {SHORT_LIFE} s and are therefore renewed for every request. \
             The simulators respond immediately, so this is the time that the handler adds to Azure's and DocuSign's."
        ),
        table: Table { columns: COLUMNS.to_vec(), rows: vec![row] },
        ..Section::default()
    };
    section.promise(refused == 0, format!("{refused} of {mints} mints failed"));
    section.promise(signatures == mints, format!("{mints} mints took {signatures} signatures"));
    section.promise(exchanges == mints, format!("{mints} mints took {exchanges} exchanges"));
    Ok(section)
}
