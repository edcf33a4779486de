//! DocuSign: is it there, and does the connection work?

use crate::clock::Stopwatch;
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::connectivity::{Reached, checks_of, told_already};
use crate::doctor::{Doctor, fixes};
use crate::docusign::error::ExchangeError;
use crate::docusign::missing_consent::scopes_without_consent;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::tokens::slot::MintOutcome;

/// What is checked by one mint, in the order of the report.
const CONNECTION: [(&str, &str); 5] = [
    ("access_token", "DocuSign gives an access token"),
    ("integration_key", "Integration key is known to DocuSign"),
    ("public_key_registered", "Public key is registered at DocuSign"),
    ("integration_user", "Integration user is known to DocuSign"),
    ("consent", "Consent for every scope"),
];

/// The title of the check during a rotation.
pub const NEXT_KEY: &str = "Public key of the next signing key is registered at DocuSign";

impl Doctor {
    /// Does DocuSign answer, do the clocks agree, and does the connection work? Told together, since an outage or a wrong
    /// clock makes the connection fail too, and only one of them is to be mended.
    pub(super) async fn docusign(&self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let reaching = async { (self.account_server.clock_difference().await, watch.elapsed_ms()) };
        let minting = async {
            let minted = self.access_tokens.mint_anew(&self.docusign.user_id, &self.docusign.scopes).await;
            (minted, watch.elapsed_ms())
        };
        let ((reached, took), (minted, minting_took)) = tokio::join!(reaching, minting);
        let mut checks = checks_of(&reached, took);
        checks.extend(self.connection(&reached, minted, minting_took).await);
        checks
    }

    /// Does DocuSign give an access token, and for whom? One mint tells five things.
    async fn connection(&self, reached: &Reached, minted: MintOutcome, took: f64) -> Vec<Check> {
        let findings = match &minted {
            Ok(_) => self.all_known(),
            Err(error) => self.what_is_missing(error, reached).await,
        };
        let named = CONNECTION.into_iter().zip(findings);
        let mut checks: Vec<Check> =
            named.map(|((check, title), finding)| finding.of(check, Area::Docusign, title, took)).collect();
        checks.extend(self.account(minted.ok().as_deref()).await);
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
        vec![finding.of("next_public_key_registered", Area::Docusign, NEXT_KEY, watch.elapsed_ms())]
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
    async fn what_is_missing(&self, error: &MintError, reached: &Reached) -> [Finding; 5] {
        let mut findings = [(); 5].map(|()| Finding::skipped("not known, because no access token could be had"));
        if let Some(why) = told_already(error, reached) {
            findings[0] = Finding::skipped(why);
            return findings;
        }
        let (place, finding) = match error {
            MintError::Exchange(ExchangeError::IssuerNotFound) => (1, self.integration_key_unknown()),
            MintError::Exchange(ExchangeError::NoValidKeys) => (2, self.public_key_missing()),
            MintError::Exchange(ExchangeError::UserNotFound) => (3, self.user_unknown()),
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
            format!(
                "Compare DOCUSIGN_INTEGRATION_KEY ({}) with DocuSign's page Apps and Keys, and see that DOCUSIGN_ENVIRONMENT is \
                 the environment of that page: an integration key of demo is unknown in production until DocuSign has promoted \
                 it.",
                self.docusign.integration_key.as_str()
            ),
        )
    }

    fn public_key_missing(&self) -> Finding {
        Finding::bad(
            "DocuSign does not know the signing key",
            format!(
                "The DocuSign administrator uploads the public key that `evergrant public-key` prints: Apps and Keys, the \
                 integration key {}, Service Integration, Upload RSA.",
                self.docusign.integration_key.as_str()
            ),
        )
    }

    fn user_unknown(&self) -> Finding {
        Finding::bad(
            "DocuSign does not know the user, or it is not active",
            format!(
                "Compare DOCUSIGN_USER_ID ({}) with the API Username of the user on DocuSign's page Users (a GUID, no e-mail \
                 address), see that the user is active, and that DOCUSIGN_ENVIRONMENT is right.",
                self.docusign.user_id.as_str()
            ),
        )
    }

    async fn consent_missing(&self) -> Finding {
        let (user, scopes) = (&self.docusign.user_id, &self.docusign.scopes);
        let missing = scopes_without_consent(&self.access_tokens, user, scopes).await;
        let told = match &missing {
            Ok(missing) if missing.is_empty() => format!("missing for the scopes together: {scopes}"),
            Ok(missing) => format!("missing for: {}", missing.join(" ")),
            Err(_) => "missing".to_owned(),
        };
        let some = missing.is_ok_and(|missing| (1..scopes.iter().count()).contains(&missing.len()));
        Finding::bad(told, fixes::consent(user.as_str(), some))
    }
}

fn told(error: &MintError) -> String {
    match error {
        MintError::Exchange(error) => error.to_string(),
        other => other.to_string(),
    }
}
