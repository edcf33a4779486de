//! The sections of the report, one module each.

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
use crate::arguments::Section as Choice;
use crate::report::{Report, Section};
use crate::setup::Setup;

/// Measures the selected sections, one after the other.
pub async fn all(setup: &Setup) -> Report {
    let mut sections = Vec::new();
    let mut take = |section: Option<Section>| sections.extend(section);
    take(one(setup, Choice::Tokens, tokens::TITLE, tokens::run(setup)).await);
    take(one(setup, Choice::Instructions, instructions::TITLE, instructions::run(setup)).await);
    take(one(setup, Choice::ColdStart, cold_start::TITLE, cold_start::run(setup)).await);
    take(one(setup, Choice::Mint, mint::TITLE, mint::run(setup)).await);
    take(one(setup, Choice::Storm, storm::TITLE, storm::run(setup)).await);
    take(one(setup, Choice::Renewal, renewal::TITLE, renewal::run(setup)).await);
    take(one(setup, Choice::Gateway, gateway::TITLE, gateway::run(setup)).await);
    take(one(setup, Choice::Instances, instances::TITLE, instances::run(setup)).await);
    Report::new(setup, sections)
}

/// Measures one section. A failure does not end the run.
async fn one(
    setup: &Setup,
    choice: Choice,
    title: &'static str,
    run: impl Future<Output = Result<Section>>,
) -> Option<Section> {
    if !setup.arguments.includes(choice) {
        return None;
    }
    eprintln!("{title} …");
    Some(run.await.unwrap_or_else(|error| Section::failed(title, &error.to_string())))
}
