//! A link or a command for each failed check, so that no failure is a dead end. Pure.

use serde::Serialize;

use crate::config::DocusignSettings;
use crate::config::docusign::DocusignEnvironment;
use crate::doctor::NamedKey;
use crate::doctor::check::{Area, Check, Verdict};
use crate::types::{BaseUrl, own_paths};
use crate::web::page::{Part, parts};

/// A check and what to open or run if it failed.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// The check.
    #[serde(flatten)]
    pub check: Check,
    /// What to open or run. `None` if it did not fail, or if what fixes it has a command already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

/// What to open or run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Action {
    /// A page to open.
    Link {
        /// What it is for.
        label: &'static str,
        /// Its address.
        link: String,
    },
    /// A command to run.
    Command {
        /// The command.
        command: String,
    },
}

/// The values of this installation.
pub struct Installation<'a> {
    /// The base URL that callers use.
    pub public_url: &'a BaseUrl,
    /// DocuSign's settings.
    pub docusign: &'a DocusignSettings,
    /// The keys.
    pub keys: Vec<&'a NamedKey>,
    /// The consent link, if there is one.
    pub consent_url: Option<&'a str>,
    /// The client registry, for the option `--in`.
    pub registry: &'a str,
}

impl Installation<'_> {
    /// `check` with what to open or run.
    #[must_use]
    pub fn report(&self, check: Check) -> CheckReport {
        let action = (check.verdict == Verdict::Bad).then(|| self.action(&check)).flatten();
        CheckReport { check, action }
    }

    fn action(&self, check: &Check) -> Option<Action> {
        let has_command =
            check.fix.as_deref().is_some_and(|fix| parts(fix).iter().any(|part| matches!(part, Part::Command(_))));
        match self.link(&check.check) {
            Some(action) => Some(action),
            None if has_command => None,
            None => Some(Action::Command { command: self.command(check) }),
        }
    }

    fn link(&self, check: &str) -> Option<Action> {
        let page = |label, page: &str| Some(Action::Link { label, link: admin_url(self.docusign.environment, page) });
        match check {
            "consent" => {
                let link = self.consent_url?.to_owned();
                Some(Action::Link { label: "Give consent at DocuSign", link })
            }
            "integration_key" | "public_key_registered" | "access_token" => page("Open Apps and Keys", APPS_AND_KEYS),
            "integration_user" | "user_list" => page("Open DocuSign's users", "/users"),
            "account" | "clm" => page("Open DocuSign's administration", ""),
            _ => None,
        }
    }

    fn command(&self, check: &Check) -> String {
        let Self { public_url, docusign, registry, .. } = self;
        match check.check.as_ref() {
            "docusign_reachable" => format!("curl -sSI {}", docusign.oauth_url.join("/oauth/token")),
            "clock" => format!("curl -sSI {} | grep -i ^date; date -u", docusign.oauth_url.join("/oauth/token")),
            "public_url" => format!("curl -sS {}", public_url.join(own_paths::METADATA)),
            "identity" => "az functionapp identity show --resource-group <group> --name <app>".to_owned(),
            "clients" | "registry" => format!("evergrant client check --in {registry}"),
            "wrong_secret_refused" | "foreign_redirect_refused" => {
                "az functionapp stop --resource-group <group> --name <app>".to_owned()
            }
            _ => self.key_command(&check.check).unwrap_or_else(|| settings_command(check.area)),
        }
    }

    fn key_command(&self, check: &str) -> Option<String> {
        let setting = match check {
            "signing_key" => "EVERGRANT_SIGNING_KEY_ID",
            "signing_key_next" => "EVERGRANT_SIGNING_KEY_ID_NEXT",
            "sealing_key" => "EVERGRANT_SEALING_KEY_ID",
            "sealing_key_previous" => "EVERGRANT_SEALING_KEY_ID_PREVIOUS",
            _ => return None,
        };
        let id = self.keys.iter().find(|key| key.setting == setting)?.key.key_vault_id()?;
        let vault = id.vault_url.trim_start_matches("https://").split('.').next().unwrap_or_default();
        let command = format!("az keyvault key show --vault-name {vault} --name {} --version {}", id.name, id.version);
        Some(id.adapt(&command))
    }
}

/// The page on which integration keys, their public keys and redirect URIs are.
pub const APPS_AND_KEYS: &str = "/apps-and-keys";

/// A page of DocuSign's administration.
#[must_use]
pub fn admin_url(environment: DocusignEnvironment, page: &str) -> String {
    let host = match environment {
        DocusignEnvironment::Demo => "apps-d.docusign.com",
        DocusignEnvironment::Production => "apps.docusign.com",
    };
    format!("https://{host}/admin{page}")
}

fn settings_command(area: Area) -> String {
    match area {
        Area::Azure | Area::Clients => {
            "az functionapp config appsettings list --resource-group <group> --name <app>".to_owned()
        }
        Area::Docusign => "evergrant doctor".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::docusign::SecretKey;
    use crate::doctor::check::Finding;
    use crate::oauth::scope::Scope;
    use crate::types::Guid;

    /// Every check; the last one is not known here.
    const CHECKS: [&str; 24] = [
        "settings",
        "identity",
        "signing_key",
        "signing_key_next",
        "sealing_key",
        "sealing_key_previous",
        "store",
        "request_bodies",
        "docusign_reachable",
        "clock",
        "access_token",
        "integration_key",
        "public_key_registered",
        "next_public_key_registered",
        "integration_user",
        "consent",
        "account",
        "clm",
        "user_list",
        "clients",
        "public_url",
        "wrong_secret_refused",
        "foreign_redirect_refused",
        "a_new_one",
    ];

    fn docusign() -> DocusignSettings {
        let url = BaseUrl::parse("https://account-d.docusign.com").unwrap();
        let guid = Guid::parse("1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e").unwrap();
        DocusignSettings {
            environment: DocusignEnvironment::Demo,
            oauth_url: url.clone(),
            clm_url: url,
            trusted_hosts: Vec::new(),
            account_id: None,
            integration_key: guid.clone(),
            user_id: guid,
            scopes: Scope::parse("signature impersonation").unwrap(),
            secret_key: SecretKey::Unset,
            admins: Vec::new(),
        }
    }

    fn report(finding: Finding, check: &'static str, area: Area) -> CheckReport {
        let (docusign, public_url) = (docusign(), BaseUrl::parse("https://app.example").unwrap());
        let installation = Installation {
            public_url: &public_url,
            docusign: &docusign,
            keys: Vec::new(),
            consent_url: Some("https://account-d.docusign.com/oauth/auth?x"),
            registry: "infra/clients.json",
        };
        installation.report(finding.into_check(check, area, "title", 0.0))
    }

    #[test]
    fn every_failed_check_has_a_link_or_a_command_and_others_have_none() {
        for check in CHECKS {
            for area in [Area::Azure, Area::Docusign, Area::Clients] {
                let plain = report(Finding::bad("x", "Ask someone."), check, area).action;
                assert!(plain.is_some(), "{check}");
                let own = report(Finding::bad("x", "Run this: `az account show`"), check, area).action;
                assert!(!matches!(own, Some(Action::Command { .. })), "{check} has a command already: {own:?}");
                for other in [Finding::good("x"), Finding::note("x", "y"), Finding::skipped("x")] {
                    assert_eq!(report(other, check, area).action, None, "{check}");
                }
            }
        }
    }

    #[test]
    fn consent_is_one_click_away_and_keys_are_on_the_page_of_the_environment() {
        let link = |check| match report(Finding::bad("x", "y"), check, Area::Docusign).action {
            Some(Action::Link { link, .. }) => link,
            other => panic!("{check}: {other:?}"),
        };
        assert_eq!(link("consent"), "https://account-d.docusign.com/oauth/auth?x");
        assert_eq!(link("public_key_registered"), "https://apps-d.docusign.com/admin/apps-and-keys");
        assert_eq!(
            admin_url(DocusignEnvironment::Production, APPS_AND_KEYS),
            "https://apps.docusign.com/admin/apps-and-keys"
        );
    }
}
