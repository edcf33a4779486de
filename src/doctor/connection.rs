//! DocuSign: does it answer, and does the connection work?

use crate::clock::Stopwatch;
use crate::config::DocusignSettings;
use crate::doctor::account::{AccountChecks, NO_ACCESS_TOKEN};
use crate::doctor::check::{Area, Check, Finding};
use crate::doctor::connectivity::{Reached, blamed_elsewhere, connectivity_checks};
use crate::doctor::fixes;
use crate::docusign::account_server::AccountServer;
use crate::docusign::error::ExchangeError;
use crate::docusign::tokens::AccessTokens;
use crate::docusign::tokens::minter::MintError;
use crate::docusign::tokens::missing_consent::scopes_without_consent;
use crate::docusign::tokens::slot::MintOutcome;

/// The title of the check during a rotation.
pub const NEXT_KEY: &str = "Public key of the next signing key";

/// Checks the connection to DocuSign.
pub struct ConnectionChecks<'a> {
    /// DocuSign's settings.
    pub docusign: &'a DocusignSettings,
    /// DocuSign's account server.
    pub account_server: &'a AccountServer,
    /// Mints access tokens.
    pub access_tokens: &'a AccessTokens,
    /// The checks that need the access token.
    pub account: AccountChecks<'a>,
}

impl ConnectionChecks<'_> {
    /// Does DocuSign answer, do the clocks agree, and does the connection work? They are checked together, because an outage
    /// or a wrong clock makes the connection fail too, and should be the only failed check then.
    pub async fn run(self) -> Vec<Check> {
        let watch = Stopwatch::start();
        let reaching = async { (self.account_server.clock_difference().await, watch.elapsed_ms()) };
        let minting = async {
            let minted = self.access_tokens.force_mint(&self.docusign.user_id, &self.docusign.scopes).await;
            (minted, watch.elapsed_ms())
        };
        let ((reached, took), (minted, minting_took)) = tokio::join!(reaching, minting);
        let mut checks = connectivity_checks(&reached, took, self.docusign);
        checks.extend(self.findings(&minted, &reached).await.into_checks(minting_took));
        checks.extend(self.account.run(minted.ok().as_deref()).await);
        checks
    }

    /// DocuSign reports one error at a time, so the checks after the failed one are skipped.
    async fn findings(&self, minted: &MintOutcome, reached: &Reached) -> MintFindings {
        let Err(error) = minted else { return MintFindings::good(self.docusign) };
        let unchecked = MintFindings::unchecked();
        if let Some(elsewhere) = blamed_elsewhere(error, reached) {
            return MintFindings { access_token: Finding::skipped(elsewhere), ..unchecked };
        }
        let bad = || fixes::docusign_error(error, self.docusign);
        match error {
            MintError::Exchange(ExchangeError::IssuerNotFound) => MintFindings { integration_key: bad(), ..unchecked },
            MintError::Exchange(ExchangeError::NoValidKeys) => MintFindings { public_key: bad(), ..unchecked },
            MintError::Exchange(ExchangeError::UserNotFound) => MintFindings { integration_user: bad(), ..unchecked },
            MintError::Exchange(ExchangeError::ConsentRequired) => MintFindings {
                access_token: Finding::skipped("not checked: consent is missing"),
                consent: self.missing_consent(error).await,
                ..MintFindings::good(self.docusign)
            },
            MintError::Sign(_) => MintFindings {
                access_token: Finding::skipped("not checked: the signing key does not sign, see its check"),
                ..unchecked
            },
            _ => MintFindings { access_token: bad(), ..unchecked },
        }
    }

    async fn missing_consent(&self, error: &MintError) -> Finding {
        let DocusignSettings { user_id, scopes, .. } = self.docusign;
        let missing = scopes_without_consent(self.access_tokens, user_id, scopes).await;
        let finding = match &missing {
            Ok(missing) if missing.is_empty() => format!("missing for the scopes together: {scopes}"),
            Ok(missing) => format!("missing for: {}", missing.join(" ")),
            Err(_) => "missing".to_owned(),
        };
        let partly = missing.is_ok_and(|missing| (1..scopes.iter().count()).contains(&missing.len()));
        let plan =
            " If a scope stays without consent, the account's plan may not have it: take it out of DOCUSIGN_SCOPES.";
        Finding::bad(finding, fixes::docusign(error, self.docusign) + if partly { plan } else { "" })
    }
}

/// The findings from one mint.
struct MintFindings {
    access_token: Finding,
    integration_key: Finding,
    public_key: Finding,
    integration_user: Finding,
    consent: Finding,
}

impl MintFindings {
    fn good(docusign: &DocusignSettings) -> Self {
        Self {
            access_token: Finding::good("issued by DocuSign"),
            integration_key: Finding::good("accepted by DocuSign"),
            public_key: Finding::good("DocuSign accepts its signatures"),
            integration_user: Finding::good("active at DocuSign"),
            consent: Finding::good(format!("given for {}", docusign.scopes)),
        }
    }

    fn unchecked() -> Self {
        let skipped = || Finding::skipped(NO_ACCESS_TOKEN);
        Self {
            access_token: skipped(),
            integration_key: skipped(),
            public_key: skipped(),
            integration_user: skipped(),
            consent: skipped(),
        }
    }

    fn into_checks(self, took: f64) -> [Check; 5] {
        [
            self.access_token.into_check("access_token", Area::Docusign, "Access token", took),
            self.integration_key.into_check("integration_key", Area::Docusign, "Integration key", took),
            self.public_key.into_check("public_key_registered", Area::Docusign, "Public key", took),
            self.integration_user.into_check("integration_user", Area::Docusign, "Integration user", took),
            self.consent.into_check("consent", Area::Docusign, "Consent for every scope", took),
        ]
    }
}

/// During a rotation: does DocuSign accept the next key already?
pub async fn check_next_key(access_tokens: &AccessTokens, docusign: &DocusignSettings) -> Vec<Check> {
    let watch = Stopwatch::start();
    let Some(tried) = access_tokens.try_next_key(&docusign.user_id, &docusign.scopes).await else { return Vec::new() };
    let finding = match tried {
        Ok(()) => Finding::good("DocuSign accepts its signatures: it can become EVERGRANT_SIGNING_KEY_ID"),
        Err(MintError::Exchange(ExchangeError::NoValidKeys)) => Finding::note(
            "not registered at DocuSign yet; the current key signs meanwhile",
            "The DocuSign administrator uploads the second public key that `evergrant public-key` prints.",
        ),
        Err(MintError::Sign(_)) => Finding::skipped("not checked: the next signing key does not sign, see its check"),
        Err(_) => Finding::skipped(NO_ACCESS_TOKEN),
    };
    vec![finding.into_check("next_public_key_registered", Area::Docusign, NEXT_KEY, watch.elapsed_ms())]
}
