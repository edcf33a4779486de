//! Black-box tests over sockets: the real handler behind a simulated Functions host, against the sandbox. One file per route.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod access_tokens;
mod answer_headers;
mod blob_store;
mod browser;
mod callers;
mod cli;
mod client_commands;
mod clients_schema;
mod command_line;
mod config;
mod config_mistakes;
mod connections;
mod connector;
mod consent_callback;
mod costs;
mod deploy;
mod doctor;
mod error_tables;
mod failure_memory;
mod flows;
mod foreign_cookies;
mod forward_mode;
mod functions_host;
mod gateway;
#[cfg(unix)]
mod guides;
mod init;
mod key_files;
mod key_vault;
mod killed;
mod local;
mod logs;
mod mint;
mod missing_secret;
mod not_configured;
mod oauth_authorize;
mod oauth_revoke;
mod oauth_token;
mod oauth_token_code;
mod oauth_token_refresh;
mod package;
mod pages;
mod panics;
mod redirect_requests;
mod reference;
mod refusals;
mod registry;
#[cfg(unix)]
mod registry_commands;
mod security;
mod setup;
mod setup_cards;
mod sign_in;
mod status;
mod stock_clients;
mod stopping;
mod store;
mod store_faults;
mod store_records;
mod streams;
mod support;
mod triggers;
mod trust;
mod upstream_answers;
#[cfg(unix)]
mod vendor_sdks;
mod well_known;
mod workfront;
mod workfront_requests;
