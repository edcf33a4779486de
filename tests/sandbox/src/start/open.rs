//! Opens a page in the person's browser.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Programs that open an address, besides the one that `BROWSER` names: macOS, WSL, other desktops.
const OPENERS: [&str; 3] = ["wslview", "xdg-open", "open"];

/// How long an opener may take to fail.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens `url` with the first program that does not fail at once; false if all of them do.
pub async fn open(url: &str) -> bool {
    let named = std::env::var("BROWSER").ok().filter(|named| !named.is_empty());
    for opener in named.iter().map(String::as_str).chain(OPENERS) {
        if opens(opener, url).await {
            return true;
        }
    }
    false
}

async fn opens(opener: &str, url: &str) -> bool {
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    // A browser that keeps running has opened the page.
    !matches!(tokio::time::timeout(PATIENCE, child.wait()).await, Ok(Ok(status)) if !status.success())
}
