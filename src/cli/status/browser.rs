//! Opens a page in the browser.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

/// Whether a browser opens `url`. The programs print nothing, because they would print the URL.
pub async fn open(url: &str) -> bool {
    for opener in OPENERS {
        let (program, arguments) = opener.split_first().unwrap_or((&"", &[]));
        let mut command = Command::new(program);
        command.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
