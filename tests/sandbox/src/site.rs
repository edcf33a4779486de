//! Shared by the two platforms: their own address, and the authorization server they use.

use std::sync::Mutex;

/// The two addresses of a platform.
#[derive(Debug, Default)]
pub struct Site {
    base: Mutex<String>,
    issuer: Mutex<String>,
}

impl Site {
    /// The site's own address.
    #[must_use]
    pub fn url(&self) -> String {
        self.base.lock().unwrap().clone()
    }

    /// The authorization server's address.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.issuer.lock().unwrap().clone()
    }

    /// Sets the authorization server, like an administrator.
    pub fn use_issuer(&self, issuer: &str) {
        issuer.clone_into(&mut self.issuer.lock().unwrap());
    }

    pub(crate) fn listens_at(&self, url: String) {
        *self.base.lock().unwrap() = url;
    }
}
