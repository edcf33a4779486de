//! Keys and certificates, generated for every run.

use std::fmt;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyUsagePurpose};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The signing key of every sandbox in this process, because making a key takes longer than starting all the rest.
pub static SIGNING_KEY: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);

/// The sealing key of every sandbox in this process.
pub static SEALING_KEY: LazyLock<RsaKey> = LazyLock::new(RsaKey::generate);

/// An RSA-2048 key.
#[derive(Clone)]
pub struct RsaKey {
    pair: Arc<KeyPair>,
    private: RsaPrivateKey,
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaKey")
    }
}

impl RsaKey {
    /// Generates a new key.
    #[must_use]
    pub fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a new RSA key");
        let der: Pkcs8V1Der<'static> = pair.as_der().expect("PKCS#8");
        let private = RsaPrivateKey::from_pkcs8_der(der.as_ref()).expect("PKCS#8 again");
        Self { pair: Arc::new(pair), private }
    }

    /// The private key as PKCS#8 PEM.
    #[must_use]
    pub fn pkcs8_pem(&self) -> String {
        self.private.to_pkcs8_pem(LineEnding::LF).expect("PEM").to_string()
    }

    /// The private key as PKCS#1 PEM.
    #[must_use]
    pub fn pkcs1_pem(&self) -> String {
        self.private.to_pkcs1_pem(LineEnding::LF).expect("PEM").to_string()
    }

    /// The public key as `-----BEGIN PUBLIC KEY-----`.
    #[must_use]
    pub fn public_pem(&self) -> String {
        self.private.to_public_key().to_public_key_pem(LineEnding::LF).expect("PEM")
    }

    /// Modulus and exponent, big-endian.
    #[must_use]
    pub fn components(&self) -> (Vec<u8>, Vec<u8>) {
        (self.private.n().to_bytes_be(), self.private.e().to_bytes_be())
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self, kid: &str) -> Value {
        let (modulus, exponent) = self.components();
        json!({"kty": "RSA", "use": "sig", "kid": kid, "n": encode(&modulus), "e": encode(&exponent)})
    }

    /// The RS256 signature of a SHA-256 digest.
    #[must_use]
    pub fn sign_digest(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let digest = Digest::import_less_safe(digest, &digest::SHA256).ok()?;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).ok()?;
        Some(signature)
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key on the curve P-256.
#[derive(Debug)]
pub struct EcKey(rcgen::KeyPair);

impl EcKey {
    /// Generates a new key.
    #[must_use]
    pub fn generate() -> Self {
        Self(rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a new EC key"))
    }

    /// The private key as PKCS#8 PEM.
    #[must_use]
    pub fn pkcs8_pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// The public key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self, kid: &str) -> Value {
        // An uncompressed point: 4, then both coordinates.
        let (x, y) = self.0.public_key_raw()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": encode(x), "y": encode(y)})
    }
}

/// A temporary certificate authority.
pub struct Authority {
    issuer: Issuer<'static, rcgen::KeyPair>,
    /// Its certificate, for `SSL_CERT_FILE`.
    pub pem: String,
}

/// A server's certificate and key.
pub struct Certificate {
    /// The certificate.
    pub pem: String,
    /// The private key.
    pub key_pem: String,
    /// The server's TLS configuration.
    pub acceptor: TlsAcceptor,
}

impl Authority {
    /// Creates an authority.
    #[must_use]
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // With the same name as its certificates, OpenSSL would call them self-signed.
        authority.distinguished_name.push(DnType::CommonName, "Certificate authority of the sandbox");
        let pem = authority.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(authority, key), pem }
    }

    /// Issues a server certificate for `name`.
    #[must_use]
    pub fn certify(&self, name: &str) -> Certificate {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let (pem, key_pem) = (certificate.pem(), key.serialize_pem());
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a TLS server");
        Certificate { pem, key_pem, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// A connector that trusts only its certificates.
    #[must_use]
    pub fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("PEM")).expect("an authority");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
