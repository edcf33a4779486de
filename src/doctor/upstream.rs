//! DocuSign: is it there, and does the connection work?

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::{Doctor, fixes};
use crate::docusign::account_server::DocusignAccessToken;
use crate::docusign::errors::ExchangeError;
use crate::docusign::minter::MintError;
use crate::docusign::missing_consent::scopes_without_consent;

/// Seconds that clocks may differ before somebody should know, and before DocuSign refuses: assertions are dated 60 s
/// back and live for 540 more.
const CLOCK_NOTE: u64 = 20;
const CLOCK_BAD: u64 = 60;

/// What is checked by one mint, in the order of the report.
const CONNECTION: [(&str, &str); 5] = [
    ("access_token", "DocuSign gives an access token"),
    ("integration_key", "Integration key is known to DocuSign"),
    ("public_key_registered", "Public key is registered at DocuSign"),
    ("integration_user", "Integration user is known to DocuSign"),
    ("consent", "Consent for every scope"),
];

impl Doctor {
    /// Does DocuSign answer, and do the clocks agree?
    pub(super) async fn docusign_reachable(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let reached = self.account_server.clock_difference().await;
        let took = watch.elapsed_ms();
        let (reachable, clock) = match reached {
            Ok(Some(difference)) => (Finding::good("it answers"), clock(difference)),
            Ok(None) => (Finding::good("it answers"), Finding::skipped("DocuSign's answer bore no date")),
            Err(error) => (
                Finding::bad(error.to_string(), fixes::mint(&MintError::Exchange(error))),
                Finding::skipped("DocuSign did not answer"),
            ),
        };
        vec![
            reachable.of("docusign_reachable", Area::Docusign, "DocuSign's account server", took),
            clock.of("clock", Area::Azure, "This machine's clock", took),
        ]
    }

    /// Does DocuSign give an access token, and for whom? One mint tells five things.
    pub(super) async fn connection(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let minted = self.access_tokens.mint_anew(&self.docusign.user_id, &self.docusign.scopes).await;
        let findings = match &minted {
            Ok(_) => self.all_known(),
            Err(error) => self.what_is_missing(error).await,
        };
        let took = watch.elapsed_ms();
        let named = CONNECTION.into_iter().zip(findings);
        let mut checks: Vec<Check> =
            named.map(|((check, title), finding)| finding.of(check, Area::Docusign, title, took)).collect();
        checks.push(self.account(minted.ok().as_deref()).await);
        checks
    }

    /// During a rotation: may the current key be replaced by the next one already?
    pub(super) async fn next_key_registered(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let (user, scopes) = (&self.docusign.user_id, &self.docusign.scopes);
        let Some(tried) = self.access_tokens.try_next_key(user, scopes).await else { return Vec::new() };
        let finding = match tried {
            Ok(()) => Finding::good("DocuSign accepts its signatures: it can become EVERGRANT_SIGNING_KEY_ID"),
            Err(MintError::Exchange(ExchangeError::NoValidKeys)) => Finding::note(
                "DocuSign does not know it yet; the current key signs meanwhile",
                "The DocuSign administrator uploads the second public key that `evergrant public-key` prints.",
            ),
            Err(MintError::Sign(_)) => Finding::skipped("the next signing key cannot be used: see its check"),
            Err(_) => Finding::skipped("not known, because no access token could be had"),
        };
        let title = "Public key of the next signing key is registered at DocuSign";
        vec![finding.of("next_public_key_registered", Area::Docusign, title, watch.elapsed_ms())]
    }

    fn all_known(&self) -> [Finding; 5] {
        [
            Finding::good("it does"),
            Finding::good("known"),
            Finding::good("DocuSign accepts its signatures"),
            Finding::good("known and active"),
            Finding::good(format!("given for {}", self.docusign.scopes)),
        ]
    }

    /// DocuSign tells one fault at a time; what it did not come to is not known.
    async fn what_is_missing(&self, error: &MintError) -> [Finding; 5] {
        let mut findings = [(); 5].map(|()| Finding::skipped("not known, because no access token could be had"));
        let (place, finding) = match error {
            MintError::Exchange(ExchangeError::IssuerNotFound) => (1, self.integration_key_unknown()),
            MintError::Exchange(ExchangeError::NoValidKeys) => (2, public_key_missing()),
            MintError::Exchange(ExchangeError::UserNotFound) => (3, user_unknown()),
            MintError::Exchange(ExchangeError::ConsentRequired) => {
                findings = self.all_known();
                findings[0] = Finding::skipped("not before there is consent");
                (4, self.consent_missing().await)
            }
            MintError::Sign(_) => (0, Finding::skipped("the signing key cannot be used: see its check")),
            other => (0, Finding::bad(told(other), fixes::mint(other))),
        };
        findings[place] = finding;
        findings
    }

    fn integration_key_unknown(&self) -> Finding {
        Finding::bad(
            format!("{} does not know it", self.docusign.environment.account_host()),
            "Compare DOCUSIGN_INTEGRATION_KEY with DocuSign's page Apps and Keys, and see that DOCUSIGN_ENVIRONMENT is the \
             environment of that page: an integration key of demo is unknown in production until DocuSign has promoted it.",
        )
    }

    async fn consent_missing(&self) -> Finding {
        let (user, scopes) = (&self.docusign.user_id, &self.docusign.scopes);
        let missing = match scopes_without_consent(&self.access_tokens, user, scopes).await {
            Ok(missing) if missing.is_empty() => format!("missing for the scopes together: {scopes}"),
            Ok(missing) => format!("missing for: {}", missing.join(" ")),
            Err(_) => "missing".to_owned(),
        };
        Finding::bad(
            missing,
            "Open the consent link, which the setup page shows and `evergrant consent-url` prints, sign in as the integration \
             user and press Allow.",
        )
    }

    async fn account(&self, access_token: Option<&DocusignAccessToken>) -> Check {
        let watch = Stopwatch::start();
        let finding = match access_token {
            None => Finding::skipped("not known, because no access token could be had"),
            Some(access_token) => match self.account_server.userinfo(&access_token.secret).await {
                Ok(user) => match user.account() {
                    Some(account) => Finding::good(format!("{}, as {} <{}>", account.name, user.name, user.email)),
                    None => Finding::bad(
                        "the integration user belongs to no account",
                        "The DocuSign administrator adds the user to the account.",
                    ),
                },
                Err(error) => Finding::bad(error.to_string(), fixes::mint(&MintError::Exchange(error))),
            },
        };
        finding.of("account", Area::Docusign, "DocuSign account", watch.elapsed_ms())
    }
}

fn public_key_missing() -> Finding {
    Finding::bad(
        "DocuSign does not know the signing key",
        "The DocuSign administrator uploads the public key that `evergrant public-key` prints: Apps and Keys, the \
         integration key, Service Integration, Upload RSA.",
    )
}

fn user_unknown() -> Finding {
    Finding::bad(
        "DocuSign does not know the user, or it is not active",
        "Compare DOCUSIGN_USER_ID with the API Username of the user on DocuSign's page Users (a GUID, no e-mail address), \
         see that the user is active, and that DOCUSIGN_ENVIRONMENT is right.",
    )
}

fn clock(difference: u64) -> Finding {
    let told = format!("{difference} s away from DocuSign's");
    if difference <= CLOCK_NOTE {
        Finding::good(told)
    } else if difference <= CLOCK_BAD {
        Finding::note(told, "Set the machine's clock by a time server.")
    } else {
        Finding::bad(told, "Set the machine's clock by a time server: DocuSign refuses assertions from another time.")
    }
}

fn told(error: &MintError) -> String {
    match error {
        MintError::Exchange(error) => error.to_string(),
        other => other.to_string(),
    }
}
