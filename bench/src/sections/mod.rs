//! What is measured, one module each.

mod cold_start;
mod gateway;
mod instances;
mod instructions;
mod mint;
mod renewal;
mod storm;
mod tokens;

use std::future::Future;

use crate::Result;
use crate::arguments::Section as Wanted;
use crate::report::{Report, Section};
use crate::stand::Stand;

/// Measures what is wanted, one after the other.
pub async fn all(stand: &Stand) -> Report {
    let mut sections = Vec::new();
    let mut take = |section: Option<Section>| sections.extend(section);
    take(one(stand, Wanted::Tokens, tokens::TITLE, tokens::run(stand)).await);
    take(one(stand, Wanted::Instructions, instructions::TITLE, instructions::run(stand)).await);
    take(one(stand, Wanted::ColdStart, cold_start::TITLE, cold_start::run(stand)).await);
    take(one(stand, Wanted::Mint, mint::TITLE, mint::run(stand)).await);
    take(one(stand, Wanted::Storm, storm::TITLE, storm::run(stand)).await);
    take(one(stand, Wanted::Renewal, renewal::TITLE, renewal::run(stand)).await);
    take(one(stand, Wanted::Gateway, gateway::TITLE, gateway::run(stand)).await);
    take(one(stand, Wanted::Instances, instances::TITLE, instances::run(stand)).await);
    Report::new(stand, sections)
}

/// A section that fails does not end the run.
async fn one(
    stand: &Stand,
    wanted: Wanted,
    title: &'static str,
    run: impl Future<Output = Result<Section>>,
) -> Option<Section> {
    if !stand.arguments.wants(wanted) {
        return None;
    }
    eprintln!("{title} …");
    Some(run.await.unwrap_or_else(|error| Section::failed(title, &error.to_string())))
}
