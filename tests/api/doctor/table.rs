//! The broken deployments.

use sandbox::docusign::Docusign;
use sandbox::fault::Fault;
use sandbox::{INTEGRATION_USER, OTHER_USER};

use super::broken::Broken::{Clock, Front, Identity, Settings, Storage, Vault, VaultHost};
use super::broken::{Broken, Deployment};
use super::stand_ins::VaultFault::{Answer, Curve, Everything, Impostor, Signing};

pub const DEPLOYMENTS: [Deployment; 54] = [
    Deployment {
        name: "the signing key without a role",
        broken: Vault(Everything("evergrant-signing", "ForbiddenByRbac")),
        bad: &["signing_key"],
        finding: "denies access",
        fix: &[
            "az role assignment create --assignee \"9a8b7c6d-0000-4000-8000-e5d4c3b2a144\" --role \"Key Vault Crypto User\" --scope",
            "az keyvault show --name evergrant-sandbox",
            "/keys/evergrant-signing\"",
        ],
    },
    Deployment {
        name: "the sealing key without a role",
        broken: Vault(Everything("evergrant-sealing", "ForbiddenByRbac")),
        bad: &["sealing_key"],
        finding: "denies access",
        fix: &["/keys/evergrant-sealing\"", "wait some minutes"],
    },
    Deployment {
        name: "no role on either key",
        broken: Vault(Everything("evergrant-", "ForbiddenByRbac")),
        bad: &["signing_key", "sealing_key"],
        finding: "denies access",
        fix: &["/keys/evergrant-signing\""],
    },
    Deployment {
        name: "a disabled signing key",
        broken: Vault(Signing("evergrant-signing", "KeyDisabled")),
        bad: &["signing_key"],
        finding: "disabled",
        fix: &[
            "az keyvault key set-attributes --vault-name evergrant-sandbox --name evergrant-signing --version a1 --enabled true",
            "EVERGRANT_SIGNING_KEY_ID",
        ],
    },
    Deployment {
        name: "a signing key that may not sign",
        broken: Vault(Signing("evergrant-signing", "KeyOperationForbidden")),
        bad: &["signing_key"],
        finding: "does not have the operation sign",
        fix: &[
            "az keyvault key set-attributes --vault-name evergrant-sandbox --name evergrant-signing",
            "--ops sign verify",
        ],
    },
    Deployment {
        name: "a vault behind a firewall",
        broken: Vault(Everything("evergrant-", "ForbiddenByFirewall")),
        bad: &["signing_key", "sealing_key"],
        finding: "network rules",
        fix: &["az keyvault network-rule list --name evergrant-sandbox", "subnet"],
    },
    Deployment {
        name: "a signing key on a curve",
        broken: Vault(Curve),
        bad: &["signing_key"],
        finding: "not an RSA key",
        fix: &["EVERGRANT_SIGNING_KEY_ID", "2048 bits"],
    },
    Deployment {
        name: "a vault that signs with another version",
        broken: Vault(Impostor),
        bad: &["signing_key"],
        finding: "not made with the configured version",
        fix: &["az keyvault key show --vault-name evergrant-sandbox --name evergrant-signing --version a1", "proxy"],
    },
    Deployment {
        name: "a version that does not exist",
        broken: Settings(&[(
            "EVERGRANT_SIGNING_KEY_ID",
            "https://evergrant-sandbox.vault.azure.net/keys/evergrant-signing/f1",
        )]),
        bad: &["signing_key"],
        finding: "does not know this key",
        fix: &[
            "EVERGRANT_SIGNING_KEY_ID",
            "az keyvault key list-versions --vault-name evergrant-sandbox --name evergrant-signing",
        ],
    },
    Deployment {
        name: "a misspelled vault",
        broken: VaultHost(
            "misspelled",
            &[("EVERGRANT_SIGNING_KEY_ID", "https://misspelled.vault.azure.net/keys/evergrant-signing/a1")],
        ),
        bad: &["signing_key"],
        finding: "no answer from Key Vault",
        fix: &["EVERGRANT_SIGNING_KEY_ID", "az keyvault show --name misspelled", "DNS"],
    },
    Deployment {
        name: "an identity that is not assigned",
        broken: Settings(&[("AZURE_CLIENT_ID", "00000000-0000-4000-8000-00000000dead")]),
        bad: &["identity"],
        finding: "could not get a token from Entra ID",
        fix: &["00000000-0000-4000-8000-00000000dead", "AZURE_CLIENT_ID", "az identity list"],
    },
    Deployment {
        name: "an identity endpoint out of order",
        broken: Identity(Fault::Status(500)),
        bad: &["identity"],
        finding: "the identity endpoint failed (status 500",
        fix: &["may pass by itself", "restart the app"],
    },
    Deployment {
        name: "a silent identity endpoint",
        broken: Identity(Fault::Hang),
        bad: &["identity"],
        finding: "the identity endpoint does not answer",
        fix: &["may pass by itself"],
    },
    Deployment {
        name: "no identity endpoint",
        broken: Settings(&[("IDENTITY_ENDPOINT", "http://127.0.0.1:1")]),
        bad: &["identity"],
        finding: "the identity endpoint does not answer (",
        fix: &["may pass by itself"],
    },
    Deployment {
        name: "a vault whose answers are broken",
        broken: Vault(Answer(200, "{\"key\":7}")),
        bad: &["signing_key", "sealing_key"],
        finding: "Key Vault's answer could not be read (",
        fix: &["no proxy answers instead of Key Vault"],
    },
    Deployment {
        name: "a vault of another tenant",
        broken: Vault(Answer(401, r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}}"#)),
        bad: &["signing_key", "sealing_key"],
        finding: "the vault belongs to another Entra tenant",
        fix: &["az keyvault show --name evergrant-sandbox --query properties.tenantId"],
    },
    Deployment {
        name: "a vault with access policies",
        broken: Vault(Everything("evergrant-", "AccessDenied")),
        bad: &["signing_key", "sealing_key"],
        finding: "no access policy",
        fix: &[
            "az keyvault set-policy --name evergrant-sandbox --spn \"9a8b7c6d-0000-4000-8000-e5d4c3b2a144\" --key-permissions get sign",
        ],
    },
    Deployment {
        name: "a deleted key",
        broken: Vault(Answer(
            404,
            r#"{"error":{"code":"KeyNotFound","message":"If you recently deleted this key, recover it."}}"#,
        )),
        bad: &["signing_key", "sealing_key"],
        finding: "does not know this key",
        fix: &["az keyvault key recover --vault-name evergrant-sandbox --name evergrant-signing"],
    },
    Deployment {
        name: "a busy vault",
        broken: Vault(Answer(429, r#"{"error":{"code":"Throttled"}}"#)),
        bad: &["signing_key", "sealing_key"],
        finding: "limits the rate of calls (status 429, Throttled)",
        fix: &["Wait."],
    },
    Deployment {
        name: "a certificate that is not trusted",
        broken: Settings(&[("SSL_CERT_FILE", "/nowhere/authorities.pem")]),
        bad: &["signing_key", "sealing_key"],
        finding: "the certificate is not trusted",
        fix: &["SSL_CERT_FILE", "check that the file exists"],
    },
    Deployment {
        name: "a dead proxy",
        broken: Settings(&[("HTTPS_PROXY", "http://127.0.0.1:1")]),
        bad: &["signing_key", "sealing_key"],
        finding: "the proxy does not answer",
        fix: &["HTTPS_PROXY"],
    },
    Deployment {
        name: "storage of another tenant",
        broken: Storage(401, "InvalidAuthenticationInfo"),
        bad: &["store"],
        finding: "status 401, InvalidAuthenticationInfo",
        fix: &["may pass by itself", "az storage account show --name evergrantsandbox"],
    },
    Deployment {
        name: "a container that is being deleted",
        broken: Storage(409, "ContainerBeingDeleted"),
        bad: &["store"],
        finding: "is being deleted",
        fix: &["az storage container create --account-name evergrantsandbox"],
    },
    Deployment {
        name: "a container that may not change",
        broken: Storage(409, "BlobImmutableDueToPolicy"),
        bad: &["store"],
        finding: "a policy or legal hold",
        fix: &[
            "az storage container immutability-policy show --account-name evergrantsandbox --container-name evergrant",
        ],
    },
    Deployment {
        name: "a user look-up that fails at DocuSign",
        broken: Broken::Docusign(userinfo_fails, &[]),
        bad: &["account"],
        finding: "status 401, internal_server_error, from 127.0.0.1, request id 3b6a9d74-1fb6-48b5-aef1-d66ac4361155",
        fix: &["may pass by itself"],
    },
    Deployment {
        name: "no container",
        broken: Storage(404, "ContainerNotFound"),
        bad: &["store"],
        finding: "the container of EVERGRANT_STORE does not exist",
        fix: &["az storage container create --account-name evergrantsandbox --name evergrant --auth-mode login"],
    },
    Deployment {
        name: "a container without a role",
        broken: Storage(403, "AuthorizationPermissionMismatch"),
        bad: &["store"],
        finding: "Storage Blob Data Contributor",
        fix: &[
            "az role assignment create --assignee \"9a8b7c6d-0000-4000-8000-e5d4c3b2a144\" --role \"Storage Blob Data Contributor\"",
            "az storage account show --name evergrantsandbox",
            "/containers/evergrant\"",
        ],
    },
    Deployment {
        name: "no storage account",
        broken: Settings(&[("EVERGRANT_STORE", "https://evergrantsandbox.blob.core.windows.net/evergrant")]),
        bad: &["store"],
        finding: "no answer from the storage account",
        fix: &["az storage account show --name evergrantsandbox", "EVERGRANT_STORE"],
    },
    Deployment {
        name: "DocuSign out of reach",
        broken: Settings(&[("DOCUSIGN_OAUTH_URL", "http://127.0.0.1:1")]),
        bad: &["docusign_reachable"],
        finding: "no answer from DocuSign: the connection failed (",
        fix: &["may pass by itself", "the app's network"],
    },
    Deployment {
        name: "DocuSign out of order",
        broken: Broken::Docusign(|docusign| docusign.faults.set(Some(Fault::Status(502))), &[]),
        bad: &["access_token"],
        finding: "status 502",
        fix: &["may pass by itself", "DocuSign's status page"],
    },
    Deployment {
        name: "DocuSign throttling",
        broken: Broken::Docusign(|docusign| docusign.faults.set(Some(Fault::Throttle(Some("90".to_owned())))), &[]),
        bad: &["access_token"],
        finding: "limits the rate",
        fix: &["90 s", "integration key"],
    },
    Deployment {
        name: "a clock that is behind",
        broken: Clock(7200),
        bad: &["clock"],
        finding: " s away from DocuSign's",
        fix: &["Synchronize the machine's clock with a time server"],
    },
    Deployment {
        name: "an unknown integration key",
        broken: Settings(&[("DOCUSIGN_INTEGRATION_KEY", "00000000-0000-4000-8000-00000000dead")]),
        bad: &["integration_key"],
        finding: "does not know the integration key",
        fix: &["DOCUSIGN_INTEGRATION_KEY (00000000-0000-4000-8000-00000000dead)", "account-d.docusign.com"],
    },
    Deployment {
        name: "an integration key of the other environment",
        broken: Broken::Docusign(knows_no_such_integration_key, &[("DOCUSIGN_ENVIRONMENT", "production")]),
        bad: &["integration_key"],
        finding: "does not know the integration key",
        fix: &["DOCUSIGN_ENVIRONMENT (account.docusign.com)", "unknown in production until DocuSign has promoted it"],
    },
    Deployment {
        name: "a public key that was not uploaded",
        broken: Broken::Docusign(Docusign::delete_public_keys, &[]),
        bad: &["public_key_registered"],
        finding: "DocuSign does not know the signing key",
        fix: &["The DocuSign administrator uploads", "evergrant public-key", "7c2b8d7e-3f5a-4f0e-9d5b-2a6f1e0c4b11"],
    },
    Deployment {
        name: "an unknown user",
        broken: Settings(&[("DOCUSIGN_USER_ID", "00000000-0000-4000-8000-00000000dead")]),
        bad: &["integration_user"],
        finding: "DocuSign does not know the user",
        fix: &["DOCUSIGN_USER_ID (00000000-0000-4000-8000-00000000dead)", "API Username"],
    },
    Deployment {
        name: "a user who was closed",
        broken: Broken::Docusign(|docusign| docusign.deactivate(INTEGRATION_USER), &[]),
        bad: &["integration_user"],
        finding: "not active",
        fix: &["the user is active"],
    },
    Deployment {
        name: "no consent",
        broken: Broken::Docusign(|docusign| docusign.withdraw_consent(INTEGRATION_USER), &[]),
        bad: &["consent"],
        finding: "missing for: signature impersonation spring_read spring_write",
        fix: &[
            "evergrant consent-url",
            "sign in as the integration user (5e1d7a90-8c34-4f7b-a2d6-90b1c3e5f722) and press Allow",
        ],
    },
    Deployment {
        name: "another user's consent",
        broken: Settings(&[("DOCUSIGN_USER_ID", OTHER_USER)]),
        bad: &["consent"],
        finding: "missing for: signature impersonation",
        fix: &["sign in as the integration user"],
    },
    Deployment {
        name: "a scope without consent",
        broken: Settings(&[("DOCUSIGN_SCOPES", "signature impersonation spring_read spring_write click.manage")]),
        bad: &["consent"],
        finding: "missing for: click.manage",
        fix: &["evergrant consent-url", "take it out of DOCUSIGN_SCOPES"],
    },
    Deployment {
        name: "a user without an account",
        broken: Broken::Docusign(has_no_account, &[]),
        bad: &["account"],
        finding: "does not belong to the account",
        fix: &["the DocuSign administrator adds the integration user to the account"],
    },
    Deployment {
        name: "an account that is not the integration user's",
        broken: Settings(&[("DOCUSIGN_ACCOUNT_ID", "11111111-6b1a-4c57-9a83-0d5e7b21c4aa")]),
        bad: &["account"],
        finding: "does not belong to the account",
        fix: &["11111111-6b1a-4c57-9a83-0d5e7b21c4aa", "API Account ID"],
    },
    Deployment {
        name: "a discovery of CLM that is none",
        broken: Settings(&[("DOCUSIGN_CLM_URL", "{docusign}")]),
        bad: &["clm"],
        finding: "status 404",
        fix: &["DOCUSIGN_CLM_URL"],
    },
    Deployment {
        name: "no CLM where CLM should be",
        broken: Settings(&[("DOCUSIGN_CLM_URL", "http://127.0.0.1:1")]),
        bad: &["clm"],
        finding: "connection failed",
        fix: &["lets it reach DocuSign's APIs"],
    },
    Deployment {
        name: "a public URL that leads elsewhere",
        broken: Settings(&[("EVERGRANT_PUBLIC_URL", "{docusign}")]),
        bad: &["public_url", "routes"],
        finding: "leads elsewhere: status 404",
        fix: &["Set EVERGRANT_PUBLIC_URL", "the package is deployed"],
    },
    Deployment {
        name: "a public URL of another installation",
        broken: Front(Some("https://elsewhere.example"), "/oauth/token"),
        bad: &["public_url"],
        finding: "another issuer answers",
        fix: &["EVERGRANT_PUBLIC_URL"],
    },
    Deployment {
        name: "a public URL that takes every secret",
        broken: Front(None, "/oauth/token"),
        bad: &["wrong_secret_refused"],
        finding: "not refused",
        fix: &["off the network", "report it"],
    },
    Deployment {
        name: "a public URL that leads to every redirect URI",
        broken: Front(None, "/oauth/authorize"),
        bad: &["foreign_redirect_refused"],
        finding: "not refused",
        fix: &["off the network"],
    },
    Deployment {
        name: "an unresolved Key Vault reference",
        broken: Settings(&[(
            "DOCUSIGN_SECRET_KEY",
            "@Microsoft.KeyVault(SecretUri=https://evergrant-sandbox.vault.azure.net/secrets/docusign)",
        )]),
        bad: &["settings"],
        finding: "DOCUSIGN_SECRET_KEY is invalid: it is a Key Vault reference that the platform did not resolve",
        fix: &["Key Vault Secrets User", "restart the app"],
    },
    Deployment {
        name: "a key file in Azure",
        broken: Settings(&[("EVERGRANT_SIGNING_KEY_ID", "{pem}")]),
        bad: &["settings"],
        finding: "EVERGRANT_SIGNING_KEY_ID is invalid: it names a key file, which is refused in Azure",
        fix: &["https://contoso.vault.azure.net/keys/"],
    },
    Deployment {
        name: "a sealing key without its version",
        broken: Settings(&[(
            "EVERGRANT_SEALING_KEY_ID",
            "https://evergrant-sandbox.vault.azure.net/keys/evergrant-sealing",
        )]),
        bad: &["settings"],
        finding: "EVERGRANT_SEALING_KEY_ID is invalid: it has no version at the end",
        fix: &["a Key Vault key identifier with its version"],
    },
    Deployment {
        name: "a secret where its digest belongs",
        broken: Settings(&[(
            "EVERGRANT_CLIENTS",
            r#"[{"client_id":"flows","client_secret_sha256":["a secret"],"grant_types":["client_credentials"]}]"#,
        )]),
        bad: &["settings"],
        finding: "it is not a digest, but maybe the secret itself",
        fix: &["infra/clients.json", "SHA-256 digests"],
    },
    Deployment {
        name: "a client with a scope of its own",
        broken: Settings(&[(
            "EVERGRANT_CLIENTS",
            r#"[{"client_id":"flows","client_secret_sha256":[],"grant_types":["authorization_code"],"redirect_uris":["https://client.example/"],"scope":"click.manage"}]"#,
        )]),
        bad: &["settings"],
        finding: "it has click.manage, which DOCUSIGN_SCOPES does not have",
        fix: &["DOCUSIGN_SCOPES"],
    },
    Deployment {
        name: "a field that clients do not have",
        broken: Settings(&[(
            "EVERGRANT_CLIENTS",
            r#"[{"client_id":"flows","client_secret_sha256":[],"grant_types":["authorization_code"],"redirect_uris":["https://client.example/"],"redirect_url":"https://client.example/"}]"#,
        )]),
        bad: &["settings"],
        finding: "EVERGRANT_CLIENTS[0].redirect_url (client flows) is invalid: clients have no such field",
        fix: &["redirect_uris"],
    },
];

fn knows_no_such_integration_key(docusign: &Docusign) {
    let refusal = serde_json::json!({"error": "invalid_grant", "error_description": "issuer_not_found"});
    docusign.refuse_with(Some(refusal));
}

fn userinfo_fails(docusign: &Docusign) {
    let failure = r#"{"error":"internal_server_error","reference_id":"3b6a9d74-1fb6-48b5-aef1-d66ac4361155"}"#;
    docusign.userinfo_faults.set(Some(Fault::Json(401, failure.to_owned())));
}

fn has_no_account(docusign: &Docusign) {
    let user = serde_json::json!({"sub": INTEGRATION_USER, "accounts": []});
    docusign.userinfo_faults.set(Some(Fault::Body(user.to_string())));
}
