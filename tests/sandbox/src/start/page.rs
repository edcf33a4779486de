//! The HTML of the start page. It works without JavaScript; then reloading shows what is new.

use http::Response;

use super::Start;
use crate::docusign::{REFUSALS, Switched};
use crate::examples::{calls, servers, storage};
use crate::html::{document, escape};
use crate::server::{Body, reply};
use crate::{API_KEY, Sandbox, fault};

const SCRIPT: &str = include_str!("feed.js");
const STYLE: &str = include_str!("start.css");

impl Start {
    pub(super) fn page(&self) -> Response<Body> {
        let main = format!(
            "<style>{STYLE}</style><p class=brand>Evergrant sandbox<h1>Everything runs on this machine</h1>\
             <p>Evergrant is real. DocuSign, Azure and the two platforms are simulated.{}{}{}{}{}",
            self.parts(),
            self.counted(),
            self.faults(),
            self.log_section(),
            self.more(),
        );
        let html = format!("{}<script>{SCRIPT}</script>", document("Evergrant sandbox", &main));
        reply(200, "text/html; charset=utf-8", html)
    }

    fn parts(&self) -> String {
        let Sandbox { clm, power_platform, share_point, workfront, .. } = &*self.sandbox;
        let clm = format!("{}/web", clm.discovery_url());
        let host = &self.addresses.host;
        let parts = [
            ("Setup page", self.addresses.setup(), "The health checks, and the values to register.".to_owned()),
            (
                "Consent link",
                "/consent".to_owned(),
                "Sign in at DocuSign as Integration Robot, then Allow or Deny.".to_owned(),
            ),
            ("Power Automate", power_platform.site.url(), "Create a connection as Integration Robot.".to_owned()),
            ("Workfront", workfront.site.url(), "Add the service as any user.".to_owned()),
            ("DocuSign CLM", clm, "The folders and documents that Workfront links to.".to_owned()),
            ("SharePoint", share_point.site.url(), "The documents that a flow archived.".to_owned()),
            ("Functions host", host.clone(), format!("Runs the app at {host}.")),
            ("Key Vault", String::new(), "Signs over TLS, for the app only. It has no page.".to_owned()),
            ("Storage", String::new(), format!("Used codes and revocations: {}.", storage(&self.sandbox))),
        ];
        let list = all(parts.iter(), |(name, url, what)| part(name, url, what));
        let start_over = button("/start-over", "Start over");
        format!(
            "<h2 id=parts>Try it</h2><ul class=parts>{list}</ul>{start_over} \
             <span class=note>removes both connections and repairs everything</span>"
        )
    }

    fn counted(&self) -> String {
        let list =
            all(self.live().into_iter(), |(id, name, value)| format!("<div><dt>{name}<dd id={id}>{value}</div>"));
        format!("<h2 id=counters>State</h2><dl>{list}</dl>")
    }

    fn faults(&self) -> String {
        let switched = self.sandbox.docusign.switched();
        let rows = all(self.sandbox.docusign.places().into_iter(), |at| {
            let more = if at == "docusign" { &REFUSALS[..] } else { &[] };
            let kinds = fault::KINDS.iter().skip(1).chain(more);
            let buttons = all(kinds, |kind| fault_button(kind, at, switched.as_ref()));
            format!("<tr><th scope=row>{at}<td>{buttons}")
        });
        let now = switched.map_or_else(|| fault::explain("none", ""), |fault| fault::explain(&fault.kind, &fault.at));
        format!(
            "<h2 id=faults>Break it</h2><p role=status class=now>{}<p>{}{}<table>{rows}</table>",
            escape(&now).replace('\n', " "),
            button("/fault?kind=none", "Repair everything"),
            button("/restart", "Restart the app, which empties its caches"),
        )
    }

    fn log_section(&self) -> String {
        let lines = all(self.log().iter(), |line| format!("<li>{}", escape(line)));
        format!(
            "<h2 id=logged>The app's log, newest first</h2>\
             <noscript><p><a href='/#logged'>Reload</a> to see new lines.</noscript><ol id=log tabindex=0>{lines}</ol>"
        )
    }

    fn more(&self) -> String {
        let servers = servers(&self.sandbox, &self.addresses.host);
        let servers = all(servers.iter(), |(name, at)| format!("<div><dt>{name}<dd>{at}</div>"));
        format!(
            "<details><summary>With curl</summary><pre>{}</pre><p>Workfront's API key: <code>{API_KEY}</code></details>\
             <details><summary>All servers</summary><dl>{servers}</dl></details>",
            escape(&calls(&self.addresses.host))
        )
    }
}

/// The HTML of all items.
fn all<T>(items: impl Iterator<Item = T>, html: impl FnMut(T) -> String) -> String {
    items.map(html).collect()
}

/// A part; one without an address has no link.
fn part(name: &str, url: &str, what: &str) -> String {
    let name = match url {
        "" => format!("<b>{name}</b>"),
        _ => format!("<a href='{}' target=_blank>{name}</a>", escape(url)),
    };
    format!("<li>{name} {}", escape(what))
}

fn button(action: &str, text: &str) -> String {
    format!("<form method=post action='{action}'><button>{text}</button></form>")
}

fn fault_button(kind: &str, at: &str, switched: Option<&Switched>) -> String {
    let is_on = switched.is_some_and(|fault| fault.kind == kind && fault.at == at);
    format!(
        "<form method=post action='/fault?kind={kind}&amp;at={at}'><button aria-pressed={is_on}>{kind}</button></form>"
    )
}
