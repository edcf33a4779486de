//! Tests of the simulators, so that the tests of the app can rely on them: they do what the real services do, and refuse what
//! those refuse.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod account_server;
mod caller;
mod clm;
mod esignature;
mod expressions;
mod issuers;
mod vault;
