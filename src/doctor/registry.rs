//! The client registry: could it be read, is its present version valid, and is a client registered?

use url::Url;

use crate::clock::Stopwatch;
use crate::config::RegistryPlace;
use crate::doctor::check::{Area, Check, Finding};
use crate::oauth::client::ClientRegistry;
use crate::registry::error::RegistryError;
use crate::registry::{Registry, RegistryState, faults};
use crate::types::Explained as _;

/// The title.
pub const CLIENTS: &str = "Registered clients";

/// What was last read, and which clients it registers.
#[must_use]
pub fn check_clients(registry: &Registry) -> Check {
    let watch = Stopwatch::start();
    let finding = of_state(&registry.state(), registry.place());
    finding.into_check("clients", Area::Clients, CLIENTS, watch.elapsed_ms())
}

fn of_state(state: &RegistryState, place: &RegistryPlace) -> Finding {
    let stays = if state.clients.is_some() { "the last good version stays" } else { "there is no other" };
    if let Some(outage) = &state.outage {
        return Finding::bad(format!("the registry could not be read, and {stays}: {outage}"), fix(outage, place));
    }
    if let Some(errors) = &state.refused {
        return Finding::bad(
            format!("the registry's present version was refused, and {stays}: {}", faults(errors)),
            "Correct the registry. It is read again within 30 s. To check it beforehand: `evergrant client check`",
        );
    }
    let ids: Vec<&str> =
        state.clients.iter().flat_map(ClientRegistry::iter).map(|client| client.client_id.as_str()).collect();
    match ids.as_slice() {
        [] => Finding::note("no client is registered", registration(place)),
        ids => Finding::good(ids.join(", ")),
    }
}

/// How the first client is registered.
fn registration(place: &RegistryPlace) -> String {
    let command = "Register a client: `evergrant client new <client_id> --in";
    match place {
        RegistryPlace::Blob(url) => format!("{command} {url}`"),
        RegistryPlace::File(path) => format!("{command} {path}`"),
        RegistryPlace::Setting => format!("{command} infra/clients.json`. Then deploy the registry."),
    }
}

fn fix(outage: &RegistryError, place: &RegistryPlace) -> String {
    let RegistryPlace::Blob(url) = place else { return outage.fix(&[]) };
    let (account, container, blob) = parts(url);
    let names = [("account", account), ("container", container), ("blob", blob)];
    outage.fix_with_command(&names.map(|(name, value)| (name, value.to_owned())))
}

/// The account, the container and the blob of `https://<account>.blob.core.windows.net/<container>/<blob>`.
fn parts(url: &Url) -> (&str, &str, &str) {
    let account = url.host_str().and_then(|host| host.split('.').next()).unwrap_or_default();
    let (container, blob) = url.path().trim_start_matches('/').split_once('/').unwrap_or_default();
    (account, container, blob)
}
