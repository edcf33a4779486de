//! The host's keys: `x-functions-key`, or else the first `?code=`. Letter case does not count.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::Options;
use super::head::Head;
use super::path;
use crate::manifest::{AuthLevel, Function};

/// Looks keys up in the host's storage.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) lookups: AtomicU32,
    pub(super) storage_down: AtomicBool,
}

impl Keys {
    /// An anonymous function checks a key only if one is presented, and lets every key pass.
    pub(super) fn authorize(&self, options: &Options, function: &Function, head: &Head) -> Result<(), u16> {
        let presented = self.presented(head)?;
        let is = |key: Option<&String>| {
            key.zip(presented.as_deref()).is_some_and(|(key, presented)| key.eq_ignore_ascii_case(presented))
        };
        let is_master = is(options.master_key.as_ref());
        let is_known = is_master || is(options.host_key.as_ref()) || is(options.function_keys.get(&function.name));
        match function.auth_level {
            AuthLevel::Anonymous => Ok(()),
            AuthLevel::Function if is_known => Ok(()),
            AuthLevel::Admin if is_master => Ok(()),
            AuthLevel::Function | AuthLevel::Admin => Err(401),
        }
    }

    /// The status of the admin API, which the simulator does not have: 404 with the master key.
    pub(super) fn admin_status(&self, options: &Options, head: &Head) -> u16 {
        let presented = match self.presented(head) {
            Ok(presented) => presented.unwrap_or_default(),
            Err(status) => return status,
        };
        let is = |key: &String| key.eq_ignore_ascii_case(&presented);
        match () {
            () if options.master_key.as_ref().is_some_and(is) => 404,
            () if options.host_key.iter().chain(options.function_keys.values()).any(is) => 403,
            () => 401,
        }
    }

    fn presented(&self, head: &Head) -> Result<Option<String>, u16> {
        let in_query = path::pairs(head.query.as_deref().unwrap_or_default());
        let in_query = in_query.filter(|(name, _)| name.eq_ignore_ascii_case("code")).map(|(_, value)| value).next();
        let presented = head.headers.get("x-functions-key").map(ToOwned::to_owned).or(in_query);
        if presented.is_some() {
            self.lookups.fetch_add(1, Ordering::SeqCst);
            if self.storage_down.load(Ordering::SeqCst) {
                return Err(500);
            }
        }
        Ok(presented)
    }
}
