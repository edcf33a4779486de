//! The output of `evergrant consent-url`.

use std::path::PathBuf;

use tokio::process::Command;

/// A handler that can print consent links.
#[derive(Clone, Debug)]
pub struct ConsentLinks {
    /// The handler binary.
    pub handler: PathBuf,
    /// The handler's settings.
    pub settings: Vec<(String, String)>,
}

impl ConsentLinks {
    /// A fresh link.
    ///
    /// # Errors
    /// The command's error message.
    pub async fn print(&self) -> Result<String, String> {
        let mut command = Command::new(&self.handler);
        command.arg("consent-url").env_clear().envs(self.settings.iter().cloned());
        let output = command.output().await.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}
