//! Starts all simulators, and creates the handler's settings for them.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::clm::Clm;
use crate::docusign::{ACCOUNT_HOST, Docusign, PLATFORM_HOST};
use crate::host::{FunctionsHost, Generation, Options};
use crate::identity::Identity;
use crate::issuers::Issuers;
use crate::key_vault::KeyVault;
use crate::keys::{Authority, Certificate, RsaKey, SEALING_KEY, SIGNING_KEY};
use crate::power_platform::PowerPlatform;
use crate::process::write_program;
use crate::proxy::{Proxy, StorageWay};
use crate::registry::{INTEGRATION_KEY, INTEGRATION_USER, SETUP_KEY, users};
use crate::server::Server;
use crate::share_point::SharePoint;
use crate::storage::{Azurite, CONTAINER_URL};
use crate::workfront::Workfront;

const VAULT_HOST: &str = "evergrant-sandbox.vault.azure.net";
const ENTRA_TOKEN: &str = "entra-token-of-the-sandbox";
const IDENTITY_HEADER: &str = "identity-header-of-the-sandbox";
const IDENTITY_CLIENT_ID: &str = "9a8b7c6d-0000-4000-8000-e5d4c3b2a144";

/// All simulators: DocuSign, Key Vault, managed identity, optional storage, and the two platforms.
pub struct Sandbox {
    /// DocuSign's account server.
    pub docusign: Arc<Docusign>,
    /// DocuSign CLM.
    pub clm: Arc<Clm>,
    /// The vault.
    pub key_vault: Arc<KeyVault>,
    /// The managed-identity endpoint.
    pub identity: Arc<Identity>,
    /// Issuers that vouch for callers, under their real names.
    pub issuers: Arc<Issuers>,
    /// Blob Storage, if it was started.
    pub azurite: Option<Azurite>,
    /// Power Platform.
    pub power_platform: Arc<PowerPlatform>,
    /// SharePoint.
    pub share_point: Arc<SharePoint>,
    /// Workfront.
    pub workfront: Arc<Workfront>,
    /// The proxy to the vault and to the storage.
    pub proxy: Proxy,
    /// The signing key; its public key is uploaded to DocuSign.
    pub signing_key: RsaKey,
    signing_key_id: String,
    sealing_key_id: String,
    identity_server: Server,
    /// What a job at GitHub has in its environment.
    job: [(&'static str, String); 2],
    servers: Vec<Server>,
    authority: Authority,
    files: TempDir,
}

impl Sandbox {
    /// Starts everything; the integration user has consented.
    pub async fn start() -> Self {
        let sandbox = Self::start_without_consent().await;
        sandbox.docusign.consent(INTEGRATION_USER, "signature impersonation spring_read spring_write");
        sandbox
    }

    /// Starts everything without any consent.
    pub async fn start_without_consent() -> Self {
        Self::start_with(None).await
    }

    /// Starts everything with a secret key for the integration key.
    pub async fn start_with(secret_key: Option<&str>) -> Self {
        let authority = Authority::new();
        let files = TempDir::new().expect("a folder for temporary files");
        std::fs::write(files.path().join("authority.pem"), &authority.pem).expect("a file");
        let key_vault = KeyVault::new(VAULT_HOST, ENTRA_TOKEN);
        let signing_key = SIGNING_KEY.clone();
        let signing_key_id = key_vault.add_key("evergrant-signing", "a1", signing_key.clone());
        let sealing_key_id = key_vault.add_key("evergrant-sealing", "b1", SEALING_KEY.clone());
        let identity = Identity::new(IDENTITY_HEADER, IDENTITY_CLIENT_ID, ENTRA_TOKEN);
        let docusign = Docusign::new(INTEGRATION_KEY, secret_key, users());
        docusign.upload_public_key(&signing_key.public_pem());
        docusign.control_also("key-vault", Arc::clone(&key_vault.faults));
        docusign.control_also("identity", Arc::clone(&identity.faults));
        docusign.control_also("esign", Arc::clone(&docusign.esign_faults));
        let vault_server = key_vault.start(authority.certify("*.vault.azure.net").acceptor).await;
        let docusign_server = docusign.start().await;
        let (clm, clm_server) = Clm::start(&docusign).await;
        docusign.control_also("clm", Arc::clone(&clm.faults));
        let (power_platform, power_platform_server) =
            PowerPlatform::start(&format!("{}/oauth/userinfo", docusign_server.url())).await;
        let (share_point, share_point_server) = SharePoint::start().await;
        let (workfront, workfront_server) = Workfront::start().await;
        let proxy = Proxy::start(vault_server.address).await;
        let (issuers, issuer_servers) = Issuers::start_under_real_names(&authority, &proxy).await;
        identity.issue_for_apps(&issuers.entra);
        docusign.control_also("github", Arc::clone(&issuers.github.issuer.faults));
        let (job_server, job) = issuers.github.start_job().await;
        let mut servers = issuer_servers;
        servers.extend([vault_server, docusign_server, power_platform_server, share_point_server]);
        servers.extend([workfront_server, clm_server, job_server]);
        Self {
            proxy,
            identity_server: identity.start().await,
            issuers,
            job,
            servers,
            authority,
            azurite: None,
            power_platform,
            share_point,
            workfront,
            docusign,
            clm,
            key_vault,
            identity,
            signing_key,
            signing_key_id,
            sealing_key_id,
            files,
        }
    }

    /// Makes everything ready for a person: no connection, no service, no fault. From now on DocuSign asks every time.
    ///
    /// # Panics
    /// If there is no fault named `none`.
    pub fn start_over(&self) {
        self.power_platform.forget();
        self.workfront.forget();
        self.docusign.switch("kind=none").expect("a kind");
        self.docusign.ask_every_time();
    }

    /// Starts storage and adds [`CONTAINER_URL`] as `EVERGRANT_STORE` to the settings.
    pub async fn start_storage(&mut self) {
        let azurite = Azurite::start(self.files.path(), &self.authority).await;
        self.proxy.lead_storage(StorageWay::To(azurite.address));
        self.azurite = Some(azurite);
    }

    /// Starts the account server under its own name, `https://account-d.docusign.com`, for clients that use the proxy and
    /// trust the sandbox's certificate authority.
    pub async fn start_account_host(&mut self) {
        let server = self.docusign.start_tls(self.authority.certify(ACCOUNT_HOST).acceptor).await;
        self.proxy.lead_accounts(server.address);
        self.servers.push(server);
    }

    /// Starts Agreement Manager and Workflow Builder under their own name, `https://api-d.docusign.com`.
    pub async fn start_platform_host(&mut self) {
        let server = self.docusign.start_tls(self.authority.certify(PLATFORM_HOST).acceptor).await;
        self.proxy.lead(PLATFORM_HOST, server.address);
        self.servers.push(server);
    }

    /// The certificate authority's file, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.files.path().join("authority.pem")
    }

    /// A server certificate that the handler trusts.
    #[must_use]
    pub fn certify(&self, name: &str) -> Certificate {
        self.authority.certify(name)
    }

    /// Base URL of the account server. It uses the name localhost, so that browsers treat it and the handler as
    /// different sites.
    #[must_use]
    pub fn docusign_url(&self) -> String {
        self.docusign.url()
    }

    /// What a job at GitHub has in its environment.
    #[must_use]
    pub const fn job_settings(&self) -> &[(&'static str, String); 2] {
        &self.job
    }

    /// What the managed-identity endpoint needs of its callers.
    #[must_use]
    pub fn identity_settings(&self) -> [(&'static str, String); 2] {
        let endpoint = format!("{}/msi/token", self.identity_server.url());
        [("IDENTITY_ENDPOINT", endpoint), ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned())]
    }

    /// Writes a file into the sandbox's folder and returns its path.
    #[must_use]
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Writes a script for `sh` that can be run into the sandbox's folder.
    #[must_use]
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.files.path().join(name);
        write_program(&path, script);
        path
    }

    /// A place for a folder in the sandbox's folder.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The app settings of a handler at `public_url`.
    #[must_use]
    pub fn settings(&self, public_url: &str) -> Vec<(String, String)> {
        let authority = self.authority_file().display().to_string();
        let store = if self.azurite.is_some() { CONTAINER_URL } else { "memory" };
        let pairs = [
            ("EVERGRANT_STORE", store.to_owned()),
            ("EVERGRANT_PUBLIC_URL", public_url.to_owned()),
            ("EVERGRANT_SIGNING_KEY_ID", self.signing_key_id.clone()),
            ("EVERGRANT_SEALING_KEY_ID", self.sealing_key_id.clone()),
            ("EVERGRANT_CLIENTS", self.clients().to_string()),
            ("DOCUSIGN_ENVIRONMENT", "demo".to_owned()),
            ("DOCUSIGN_OAUTH_URL", self.docusign_url()),
            ("DOCUSIGN_INTEGRATION_KEY", INTEGRATION_KEY.to_owned()),
            ("DOCUSIGN_USER_ID", INTEGRATION_USER.to_owned()),
            ("DOCUSIGN_CLM_URL", self.clm.discovery_url()),
            // Set by the platform.
            ("WEBSITE_INSTANCE_ID", "sandbox".to_owned()),
            ("AZURE_CLIENT_ID", IDENTITY_CLIENT_ID.to_owned()),
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", self.identity_server.url())),
            ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned()),
            // The only route to the vault and the storage, and the only trusted certificate authority.
            ("HTTPS_PROXY", format!("http://{}", self.proxy.address)),
            ("SSL_CERT_FILE", authority),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Starts a Functions host for the app in `root` with the handler binary `executable`.
    pub async fn host(&self, root: &Path, executable: &Path, port: u16, extra: &[(&str, &str)]) -> FunctionsHost {
        let options = self.host_options(root, Some(executable), port, extra);
        FunctionsHost::start(options).await
    }

    /// The options of [`Sandbox::host`]. Without an executable, the one in `host.json` is used. Port 0 is replaced here, because
    /// the public URL contains the port.
    #[must_use]
    pub fn host_options(&self, root: &Path, executable: Option<&Path>, port: u16, extra: &[(&str, &str)]) -> Options {
        let port = if port == 0 { free_port() } else { port };
        let public_url = format!("http://127.0.0.1:{port}");
        self.docusign.register_redirect_uri(&format!("{public_url}/consent/callback"));
        self.power_platform.site.use_issuer(&public_url);
        self.workfront.site.use_issuer(&public_url);
        let mut settings = self.settings(&public_url);
        for (name, value) in extra {
            settings.retain(|(known, _)| known != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        Options {
            executable: executable.map(Path::to_owned),
            settings,
            generation: Generation::Proxying,
            function_keys: HashMap::from([("setup-function".to_owned(), SETUP_KEY.to_owned())]),
            port,
            ..Options::new(root)
        }
    }
}

/// A port that is free now and that nothing gets by chance before its user listens on it: no other call in this process
/// returns it soon, and it is below the range from which systems take ports for connections and for port 0.
///
/// # Panics
/// If all of them are taken.
#[must_use]
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    let count = u32::from(PORTS.end - PORTS.start);
    let ports = (0..count).map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % count);
    let mut ports = ports.filter_map(|offset| u16::try_from(offset).ok()).map(|offset| PORTS.start + offset);
    ports.find(|port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a free loopback port")
}
