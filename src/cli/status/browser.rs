//! Opens a page in the browser, without its address in the process list.

use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cli::status::handover::Handover;

/// The programs that open a page, in the order in which they are tried.
const OPENERS: &[&[&str]] = if cfg!(windows) {
    &[&["rundll32", "url.dll,FileProtocolHandler"]]
} else if cfg!(target_os = "macos") {
    &[&["open"]]
} else {
    // The last is for Windows Subsystem for Linux.
    &[&["xdg-open"], &["wslview"]]
};

/// A program that still runs after this time has started a browser.
const PATIENCE: Duration = Duration::from_secs(3);

const STEP: Duration = Duration::from_millis(50);

/// Whether a browser opens `url`, which may contain a secret: the browser gets another address, which leads there once.
/// `chosen` is the program that the person prefers.
pub async fn open(url: &str, chosen: Option<&str>) -> bool {
    let Ok(handover) = Handover::to(url).await else { return false };
    let address = handover.address();
    let (mut came, mut started) = (pin!(handover.wait()), pin!(start(&address, chosen)));
    tokio::select! {
        // The program may be the browser itself, so it may take its time.
        has_come = &mut came => started.await && has_come,
        is_started = &mut started => is_started && came.await,
    }
}

/// Whether one of the programs starts. They print nothing of their own.
async fn start(address: &str, chosen: Option<&str>) -> bool {
    let chosen = chosen.map(|program| vec![program]);
    for opener in chosen.iter().map(Vec::as_slice).chain(OPENERS.iter().copied()) {
        let (program, arguments) = opener.split_first().unwrap_or((&"", &[]));
        let mut command = Command::new(program);
        command.args(arguments).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Ok(child) = command.spawn()
            && has_started(child).await
        {
            return true;
        }
    }
    false
}

async fn has_started(mut child: Child) -> bool {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            return status.success();
        }
        tokio::time::sleep(STEP).await;
        waited += STEP;
    }
    true
}
