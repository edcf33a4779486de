//! A Kubernetes cluster whose issuer is public, such as AKS with `--enable-oidc-issuer`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::docusign::unix_now;
use crate::issuers::issuer::Issuer;
use crate::wire::random;

/// The cluster's path at its provider.
const CLUSTER: &str = "/clusters/e3d4f506/";

/// The issuer.
#[derive(Debug)]
pub struct Kubernetes {
    /// Its discovery document and keys. The URL ends with a slash, as AKS has it.
    pub issuer: Arc<Issuer>,
}

impl Kubernetes {
    /// The issuer of a cluster at this base URL.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let keys = format!("{base}{CLUSTER}openid/v1/jwks");
        Self { issuer: Issuer::new(format!("{base}{CLUSTER}"), keys, json!({"alg": "RS256"}), Arc::default()) }
    }

    /// The projected token of a pod: of this service account, for `audience`, valid for `seconds`.
    #[must_use]
    pub fn projected(&self, namespace: &str, account: &str, audience: &str, seconds: u64) -> String {
        self.issuer.ring().sign(&json!({}), &self.claims(namespace, account, audience, seconds))
    }

    fn claims(&self, namespace: &str, account: &str, audience: &str, seconds: u64) -> Value {
        let now = unix_now();
        json!({
            "aud": [audience], "iss": self.issuer.url(), "iat": now, "nbf": now, "exp": now + seconds, "jti": random(),
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "kubernetes.io": {
                "namespace": namespace, "node": {"name": "node-1", "uid": random()},
                "pod": {"name": "caller", "uid": random()}, "serviceaccount": {"name": account, "uid": random()},
            },
        })
    }
}
