//! Refresh tokens never expire, and instances of two versions run at the same time during a deployment: so the format of every
//! sealed token, and how its key is derived, stay as they are. Written out here once more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use evergrant::sealing::claims::*;
use evergrant::sealing::secret::LABEL;
use evergrant::sealing::{Sealable, Sealed, SealedParts};
use serde_json::{Value, json};

use super::{ISSUER, NOW, TestKey, derived, mac, signed};

/// A token as every version seals it.
fn token(typ: &str, claims: &Value) -> String {
    signed(&json!({"typ": typ, "alg": "HS256", "kid": "v1"}), &claims.to_string())
}

/// Checks that a token of `typ` with this `content` is opened as it was sealed, and that this version seals it alike.
#[track_caller]
fn assert_format<T: Sealable + std::fmt::Debug>(typ: &str, content: &Value) {
    let claims = json!({"iss": ISSUER, "aud": format!("{ISSUER}#{typ}"), "jti": "j", "iat": NOW.0, "content": content});
    let secret = TestKey::new("v1").secret();
    let opened = |text: &str| SealedParts::read(text).unwrap().open::<T>(&secret, ISSUER, NOW);
    let sealed = opened(&token(typ, &claims)).unwrap();
    assert_eq!((T::TYP, serde_json::to_value(&sealed.content).unwrap()), (typ, content.clone()));
    let again = Sealed { ..sealed }.seal(&secret).unwrap();
    let payload = BASE64URL.decode(again.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), claims);
    assert!(opened(&again).is_ok());
}

fn grant(subject: &str) -> Value {
    json!({"grant_id": "g", "client_id": "web", "subject": subject, "scope": "signature spring_read", "granted_at": 1_700_000_000})
}

#[test]
fn refresh_tokens_codes_and_access_tokens_keep_their_format() {
    for subject in ["integration_user", "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f"] {
        let grant = grant(subject);
        assert_format::<RefreshToken>("evergrant-refresh-token+jwt", &json!({"grant": grant, "generation": 0}));
        assert_format::<RefreshToken>("evergrant-refresh-token+jwt", &json!({"grant": grant, "generation": 17}));
        assert_format::<SealedAccessToken>("evergrant-access-token+jwt", &json!({ "grant": grant }));
        let typ = "evergrant-code+jwt";
        assert_format::<AuthorizationCode>(typ, &json!({ "grant": grant }));
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let full =
            json!({"grant": grant, "redirect_uri": "https://c.example/cb", "code_challenge": challenge, "home": "p"});
        assert_format::<AuthorizationCode>(typ, &full);
    }
}

#[test]
fn states_sessions_cursors_and_tasks_keep_their_format() {
    assert_format::<ConsentState>("evergrant-consent-state+jwt", &json!({}));
    let sign_in = json!({
        "client_id": "web", "redirect_uri": "https://c.example/cb", "redirect_uri_given": true, "scope": "signature",
        "state": "s", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "browser": "digest",
    });
    assert_format::<SignInState>("evergrant-sign-in-state+jwt", &sign_in);
    let shortest = json!({
        "client_id": "web", "redirect_uri": "https://c.example/cb", "redirect_uri_given": false, "scope": "signature",
        "browser": "digest",
    });
    assert_format::<SignInState>("evergrant-sign-in-state+jwt", &shortest);
    let browsing = json!({"client_id": "web", "back": "/workfront/v1/open", "browser": "digest"});
    assert_format::<BrowsingState>("evergrant-browsing-state+jwt", &browsing);
    let user = "a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f";
    assert_format::<BrowserSession>("evergrant-browser-session+jwt", &json!({"client_id": "web", "user": user}));
    assert_format::<TriggerCursor>("evergrant-trigger-cursor+jwt", &json!({"b": "x", "q": "folder=1", "s": "2"}));
    assert_format::<WaitingTask>("evergrant-waiting-task+jwt", &json!({"b": "x", "p": "workflows/1"}));
}

#[test]
fn a_refresh_token_from_before_rotation_is_of_the_first_generation() {
    let typ = RefreshToken::TYP;
    let content = json!({ "grant": grant("integration_user") });
    let claims = json!({"iss": ISSUER, "aud": format!("{ISSUER}#{typ}"), "jti": "j", "iat": 1, "content": content});
    let text = token(typ, &claims);
    let secret = TestKey::new("v1").secret();
    let opened = SealedParts::read(&text).unwrap().open::<RefreshToken>(&secret, ISSUER, NOW).unwrap();
    assert_eq!((opened.content.generation, opened.exp), (0, None));
}

#[test]
fn keys_are_derived_as_ever() {
    assert_eq!(LABEL, b"evergrant sealing secret, version 1", "another label ends every connection");
    let secret = TestKey::new("v1").secret();
    let verifier = derived(b"code verifier");
    assert_eq!(secret.code_verifier("jti-1"), mac(&verifier, "jti-1"));
    assert_eq!(secret.successor_jti("grant-1", 7), mac(&verifier, "successor:grant-1:7"));
}
