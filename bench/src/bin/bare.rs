//! An upper limit to compare with: warp parses the form of the token request and returns a constant.
//!
//! It has no authentication, no lookups and no logging.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Parser;
use serde::Deserialize;
use tokio::net::TcpListener;
use warp::Filter as _;

/// Serves `POST /oauth/token` with a constant.
#[derive(Parser)]
struct Arguments {
    /// Port on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// Length of the JSON response
    #[arg(long)]
    length: usize,
}

/// The parameters that the token endpoint reads.
#[derive(Deserialize)]
struct Form {
    grant_type: String,
    client_id: String,
    client_secret: Option<String>,
    scope: Option<String>,
    refresh_token: Option<String>,
}

impl Form {
    /// Uses every value, so that the compiler does not remove the parsing.
    fn length(&self) -> usize {
        let optional = [&self.client_secret, &self.scope, &self.refresh_token];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        self.grant_type.len() + self.client_id.len() + optional
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { port, length } = Arguments::parse();
    let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await else { return ExitCode::FAILURE };
    let body = constant(length);
    let token = warp::path!("oauth" / "token").and(warp::post()).and(warp::body::form());
    let token = token.map(move |form: Form| {
        std::hint::black_box(form.length());
        let reply = warp::reply::with_header(body.clone(), "content-type", "application/json");
        warp::reply::with_header(reply, "cache-control", "no-store")
    });
    warp::serve(token).incoming(listener).run().await;
    ExitCode::SUCCESS
}

/// A JSON object of `length` bytes.
fn constant(length: usize) -> String {
    const FRAME: usize = r#"{"access_token":""}"#.len();
    format!(r#"{{"access_token":"{}"}}"#, "x".repeat(length.saturating_sub(FRAME)))
}
