//! DocuSign's account server: which assertions and codes it accepts, every documented error, and its consent pages.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sandbox::client::{Answer, HttpClient};
use sandbox::docusign::{Docusign, unix_now};
use sandbox::keys::{RsaKey, SEALING_KEY, SIGNING_KEY};
use sandbox::server::Server;
use sandbox::{CLOSED_USER, INTEGRATION_KEY, INTEGRATION_USER, OTHER_USER};
use serde_json::{Value, json};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const REDIRECT_URI: &str = "https://app.example/consent/callback";

struct Stage {
    docusign: Arc<Docusign>,
    http: HttpClient,
    _server: Server,
}

impl Stage {
    async fn start(secret_key: Option<&str>) -> Self {
        let docusign = Docusign::new(INTEGRATION_KEY, secret_key, sandbox::users());
        docusign.upload_public_key(&SIGNING_KEY.public_pem());
        docusign.consent(INTEGRATION_USER, "signature impersonation");
        docusign.register_redirect_uri(REDIRECT_URI);
        let server = docusign.start().await;
        Self { docusign, http: HttpClient::default(), _server: server }
    }

    async fn token(&self, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        self.http.post_form(&format!("{}/oauth/token", self.docusign.url()), headers, form).await
    }

    async fn exchange(&self, assertion: &str) -> Answer {
        self.token(&[], &[("grant_type", JWT_BEARER), ("assertion", assertion)]).await
    }
}

/// The claims that DocuSign documents.
fn claims() -> Value {
    let now = unix_now();
    json!({"iss": INTEGRATION_KEY, "sub": INTEGRATION_USER, "aud": "account-d.docusign.com", "iat": now, "exp": now + 600,
           "scope": "signature impersonation"})
}

fn sign(key: &RsaKey, header: &Header, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(key.pkcs8_pem().as_bytes()).unwrap();
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

/// The claims with these changes; null takes one away.
fn changed(changes: &Value) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    sign(&SIGNING_KEY, &Header::new(Algorithm::RS256), &claims)
}

/// The error as DocuSign writes it: its description, or the error itself without one.
fn error(answer: &Answer) -> String {
    let json = answer.json();
    assert!(answer.status == 400 && answer.header("content-type") == "application/json", "{}", answer.text());
    json["error_description"].as_str().or(json["error"].as_str()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_claim_has_its_documented_error() {
    let stage = Stage::start(None).await;
    let now = unix_now();
    for (changes, expected) in [
        (json!({"exp": null}), "no_valid_keys_or_signatures"),
        (json!({"exp": now + 3700, "iat": now}), "no_valid_keys_or_signatures"),
        (json!({"aud": "https://account-d.docusign.com"}), "no_valid_keys_or_signatures"),
        (json!({"aud": "account-d.docusign.com/"}), "no_valid_keys_or_signatures"),
        (json!({"aud": "account.docusign.com"}), "no_valid_keys_or_signatures"),
        (json!({"aud": ["account-d.docusign.com"]}), "no_valid_keys_or_signatures"),
        (json!({"nbf": now + 60}), "no_valid_keys_or_signatures"),
        (json!({"iss": OTHER_USER}), "issuer_not_found"),
        (json!({"iss": null}), "issuer_not_found"),
        (json!({"exp": now - 1, "iat": now - 600}), "expired_grant"),
        (json!({"iat": now + 60}), "expired_grant"),
        (json!({"sub": "robot@example.org"}), "user_not_found"),
        (json!({"sub": null}), "user_not_found"),
        (json!({"sub": CLOSED_USER}), "user_not_found"),
        (json!({"sub": OTHER_USER}), "consent_required"),
        (json!({"scope": "signature impersonation spring_read"}), "consent_required"),
        (json!({"scope": "signature"}), "consent_required"),
        (json!({"scope": "signature+impersonation"}), "consent_required"),
        (json!({"scope": null}), "consent_required"),
    ] {
        assert_eq!(error(&stage.exchange(&changed(&changes)).await), expected, "{changes}");
    }
    for good in [
        json!({}),
        json!({"nbf": now}),
        json!({"jti": "x"}),
        json!({"exp": now + 3600}),
        json!({"scope": "impersonation"}),
    ] {
        assert_eq!(stage.exchange(&changed(&good)).await.status, 200, "{good}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_uploaded_key_signs_and_only_with_rs256() {
    let stage = Stage::start(None).await;
    let rs256 = Header::new(Algorithm::RS256);
    let mut with_kid = rs256.clone();
    with_kid.kid = Some("1".to_owned());
    let good = sign(&SIGNING_KEY, &rs256, &claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), signed.split('.').nth(1).unwrap());
    for (what, assertion) in [
        ("another key", sign(&SEALING_KEY, &rs256, &claims())),
        ("RS512", sign(&SIGNING_KEY, &Header::new(Algorithm::RS512), &claims())),
        ("a key id, which no SDK sends", sign(&SIGNING_KEY, &with_kid, &claims())),
        ("no signature", format!("{signed}.")),
        (
            "a changed signature",
            format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]),
        ),
        ("changed claims", good.replacen('.', ".e30", 1)),
        ("no algorithm", unsigned),
        ("nothing", String::new()),
    ] {
        assert_eq!(error(&stage.exchange(&assertion).await), "no_valid_keys_or_signatures", "{what}");
    }
    assert_eq!(stage.docusign.exchanges(), 8, "wrong ones are counted too");
    stage.docusign.upload_public_key(&SEALING_KEY.public_pem());
    for key in [&SIGNING_KEY, &SEALING_KEY] {
        assert_eq!(stage.exchange(&sign(key, &rs256, &claims())).await.status, 200, "both are uploaded");
    }
    stage.docusign.delete_public_keys();
    assert_eq!(error(&stage.exchange(&good).await), "no_valid_keys_or_signatures");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_kind_is_refused() {
    let stage = Stage::start(None).await;
    let assertion = changed(&json!({}));
    for form in [
        &[("grant_type", "client_credentials")][..],
        &[("assertion", assertion.as_str())],
        &[("grant_type", "jwt-bearer")],
    ] {
        assert_eq!(error(&stage.token(&[], form).await), "unsupported_grant_type");
    }
    let url = format!("{}/oauth/token", stage.docusign.url());
    let body = json!({"grant_type": JWT_BEARER, "assertion": assertion}).to_string();
    let sent = stage.http.call(http::Method::POST, &url, &[("content-type", "application/json")], &body).await;
    assert_eq!(error(&sent), "unsupported_grant_type");
    assert_eq!(stage.http.get(&url).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_who_its_user_is_until_it_is_invalidated() {
    let stage = Stage::start(None).await;
    let issued = stage.exchange(&changed(&json!({}))).await.json();
    assert_eq!(
        (&issued["token_type"], &issued["expires_in"], &issued["refresh_token"]),
        (&json!("Bearer"), &json!(3600), &Value::Null)
    );
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let url = format!("{}/oauth/userinfo", stage.docusign.url());
    let ask = async |bearer: &str| stage.http.call(http::Method::GET, &url, &[("authorization", bearer)], "").await;
    let info = ask(&bearer).await.json();
    assert_eq!((&info["sub"], &info["accounts"][0]["is_default"]), (&json!(INTEGRATION_USER), &json!("true")));
    for wrong in ["", "Bearer x", &bearer.replace("Bearer", "bearer"), &bearer[7..]] {
        assert_eq!(ask(wrong).await.status, 401, "{wrong}");
    }
    stage.docusign.invalidate_access_tokens();
    assert_eq!(ask(&bearer).await.json()["error_description"], "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_once_by_the_app_that_asked_for_it() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let stage = Stage::start(Some("secret")).await;
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{INTEGRATION_KEY}:{secret}")));
    let (right, wrong) = (basic("secret"), basic("another"));
    for (challenged, header, verifier, client_id, uri, expected) in [
        (true, None, verifier, INTEGRATION_KEY, REDIRECT_URI, "200"),
        (true, Some(&right), verifier, "", REDIRECT_URI, "200"),
        (false, Some(&right), "", "", REDIRECT_URI, "200"),
        (false, None, "", INTEGRATION_KEY, REDIRECT_URI, "unauthorized_client"),
        (false, Some(&wrong), "", "", REDIRECT_URI, "unauthorized_client"),
        (true, Some(&right), "", "", REDIRECT_URI, "unauthorized_client"),
        (true, None, "another", INTEGRATION_KEY, REDIRECT_URI, "unauthorized_client"),
        (true, None, verifier, OTHER_USER, REDIRECT_URI, "unauthorized_client"),
        (true, None, verifier, INTEGRATION_KEY, "https://app.example/other", "invalid_grant"),
    ] {
        let code = stage.docusign.code_for(OTHER_USER, REDIRECT_URI, challenged.then_some(challenge));
        let headers: Vec<(&str, &str)> = header.map(|header| ("authorization", header.as_str())).into_iter().collect();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
            ("client_id", client_id),
        ];
        let answer = stage.token(&headers, &form).await;
        let found = if answer.status == 200 { "200".to_owned() } else { error(&answer) };
        assert_eq!(found, expected, "{challenged} {header:?} {verifier} {client_id} {uri}");
        assert_eq!(error(&stage.token(&headers, &form).await), "invalid_grant", "a code works once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_registered_app_gets_a_consent_page() {
    let stage = Stage::start(None).await;
    let visit = async |changes: &[(&str, &str)]| {
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", INTEGRATION_KEY),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "signature impersonation"),
        ];
        for (name, value) in changes {
            query.retain(|(known, _)| known != name);
            query.push((name, value));
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        stage.http.get(&format!("{}/oauth/auth?{query}", stage.docusign.url())).await
    };
    assert!(visit(&[]).await.text().contains("Log in"));
    for wrong in [
        [("client_id", OTHER_USER)],
        [("client_id", "")],
        [("response_type", "token")],
        [("redirect_uri", "https://app.example/consent/callback/")],
        [("redirect_uri", "https://app.example/consent/callback?x=y")],
        [("redirect_uri", "http://app.example/consent/callback")],
        [("redirect_uri", "")],
    ] {
        let refused = visit(&wrong).await;
        assert_eq!((refused.status.as_u16(), refused.header("location")), (400, ""), "{wrong:?}: no redirect");
    }
}
