//! Tests that a sealed token opens only with its key, as its kind, for its issuer, until it expires.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::claims::*;
use super::*;
use crate::oauth::client::ClientId;
use crate::oauth::pkce::CodeChallenge;
use crate::oauth::scope::Scope;
use crate::oauth::subject::Subject;
use crate::types::Guid;

const NOW: UnixSeconds = UnixSeconds(2_000_000_000);

const ISSUER: &str = "https://evergrant.example";

fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

fn secret(kid: &str, signature: &[u8]) -> SealingSecret {
    SealingSecret::derive(kid.to_owned(), signature).unwrap()
}

fn ours() -> SealingSecret {
    secret("v1", b"signature")
}

fn grant() -> Grant {
    Grant {
        grant_id: "grant".to_owned(),
        client_id: client_id("client"),
        subject: Subject::IntegrationUser,
        scope: Scope::parse("signature").unwrap(),
        granted_at: NOW,
    }
}

fn code() -> AuthorizationCode {
    AuthorizationCode { grant: grant(), redirect_uri: None, code_challenge: None, process_id: None }
}

fn sign_in() -> SignInState {
    SignInState {
        client_id: client_id("client"),
        redirect_uri: "https://client.example/cb".to_owned(),
        redirect_uri_given: true,
        scope: Scope::parse("signature").unwrap(),
        state: Some("s".to_owned()),
        code_challenge: Some(CodeChallenge::of("v")),
        browser: String::new(),
    }
}

fn sealed<T: Sealable>(content: T) -> String {
    Sealed::new(ISSUER, "jti-1".to_owned(), NOW, Some(60), content).seal(&ours()).unwrap()
}

fn opens<T: Sealable>(sealed: &str) -> bool {
    unseal::<T>(&ours(), ISSUER, sealed, NOW).is_ok()
}

#[test]
fn opens_what_it_sealed_until_it_expires() {
    let text = sealed(code());
    let opened = unseal::<AuthorizationCode>(&ours(), ISSUER, &text, NOW.plus(59)).unwrap();
    assert_eq!((opened.content, opened.jti.as_str()), (code(), "jti-1"));
    assert_eq!(unseal::<AuthorizationCode>(&ours(), ISSUER, &text, NOW.plus(60)), Err(UnsealError::Expired));
}

#[test]
fn without_an_expiry_it_never_expires() {
    let content = RefreshToken { grant: grant(), generation: 0 };
    let text = Sealed::new(ISSUER, "jti-1".to_owned(), NOW, None, content).seal(&ours()).unwrap();
    assert!(unseal::<RefreshToken>(&ours(), ISSUER, &text, UnixSeconds(u64::MAX)).is_ok());
}

#[test]
fn a_token_opens_only_as_its_own_kind() {
    let all = [
        sealed(ConsentState {}),
        sealed(sign_in()),
        sealed(code()),
        sealed(RefreshToken { grant: grant(), generation: 0 }),
        sealed(SealedAccessToken { grant: grant() }),
        sealed(BrowsingState { client_id: client_id("c"), back: "/".to_owned(), browser: String::new() }),
        sealed(BrowserSession {
            client_id: client_id("c"),
            user: Guid::parse("a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f").unwrap(),
        }),
        sealed(TriggerCursor { binding: "b".to_owned(), query: String::new(), state: String::new() }),
        sealed(WaitingTask { binding: "b".to_owned(), path: "workflows/1".to_owned() }),
    ];
    for (row, text) in all.iter().enumerate() {
        let opened = [
            opens::<ConsentState>(text),
            opens::<SignInState>(text),
            opens::<AuthorizationCode>(text),
            opens::<RefreshToken>(text),
            opens::<SealedAccessToken>(text),
            opens::<BrowsingState>(text),
            opens::<BrowserSession>(text),
            opens::<TriggerCursor>(text),
            opens::<WaitingTask>(text),
        ];
        for (column, opened) in opened.into_iter().enumerate() {
            assert_eq!(opened, row == column, "kind {row} as kind {column}");
        }
    }
}

/// Kinds with the same content differ in header and audience; either difference is enough.
#[test]
fn changing_only_header_or_audience_does_not_change_the_kind() {
    let refresh_token = Sealed::new(ISSUER, "j".to_owned(), NOW, None, RefreshToken { grant: grant(), generation: 0 });
    let access_token = Sealed::new(ISSUER, "j".to_owned(), NOW, None, SealedAccessToken { grant: grant() });
    let with_audience = Sealed { aud: refresh_token.aud, ..access_token.clone() };
    assert!(!opens::<RefreshToken>(&with_audience.seal(&ours()).unwrap()));
    let header =
        Header { typ: Some(RefreshToken::TYP.into()), kid: Some("v1".into()), ..Header::new(Algorithm::HS256) };
    let with_header = jsonwebtoken::encode(&header, &access_token, ours().encoding_key()).unwrap();
    assert!(!opens::<RefreshToken>(&with_header));
}

#[test]
fn tokens_with_another_key_issuer_or_kid_are_rejected() {
    let text = sealed(code());
    for (other, issuer, error) in [
        (secret("v1", b"another signature"), ISSUER, UnsealError::NotOurs),
        (secret("v2", b"signature"), ISSUER, UnsealError::NotOurs),
        (ours(), "https://other.example", UnsealError::OtherIssuer),
        (ours(), "https://evergrant.example/", UnsealError::OtherIssuer),
        (secret("v1", b"another signature"), "https://other.example", UnsealError::NotOurs),
    ] {
        let opened = unseal::<AuthorizationCode>(&other, issuer, &text, NOW);
        assert_eq!(opened, Err(error), "{other:?} {issuer}");
    }
    assert_eq!(
        unverified_header(&text),
        Some(UnverifiedHeader { typ: AuthorizationCode::TYP.to_owned(), kid: "v1".to_owned() })
    );
}

#[test]
fn every_other_algorithm_is_rejected() {
    let text = sealed(code());
    let (_, body) = text.split_once('.').unwrap();
    let (claims, _) = body.split_once('.').unwrap();
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
        let header = format!(r#"{{"alg":"{alg}","typ":"{}","kid":"v1"}}"#, AuthorizationCode::TYP);
        let header = URL_SAFE_NO_PAD.encode(header);
        for forged in [format!("{header}.{body}"), format!("{header}.{claims}.")] {
            assert!(!opens::<AuthorizationCode>(&forged), "{alg}");
        }
    }
    let header =
        Header { typ: Some(AuthorizationCode::TYP.into()), kid: Some("v1".into()), ..Header::new(Algorithm::HS512) };
    let claims = Sealed::new(ISSUER, "j".to_owned(), NOW, None, code());
    let other_algorithm = jsonwebtoken::encode(&header, &claims, ours().encoding_key()).unwrap();
    assert!(!opens::<AuthorizationCode>(&other_algorithm), "same key, same kind, another algorithm");
}

fn scopes() -> impl Strategy<Value = Scope> {
    "[!#-\\[\\]-~]{1,12}( [!#-\\[\\]-~]{1,12}){0,4}".prop_map(|text| Scope::parse(&text).unwrap())
}

prop_compose! {
    fn grants()(client in "[!-9;-~]{1,40}", scope in scopes(), system in any::<bool>(), id in any::<u64>(),
                granted_at in any::<u32>()) -> Grant {
        let user = Guid::parse(&format!("{:08x}-0000-4000-8000-9b8a7c6d5e4f", id >> 32)).unwrap();
        let subject = if system { Subject::IntegrationUser } else { Subject::SignedInUser(user) };
        Grant { grant_id: id.to_string(), client_id: client_id(&client), subject, scope, granted_at: UnixSeconds(granted_at.into()) }
    }
}

proptest! {
    #[test]
    fn sealed_content_round_trips(grant in grants(), redirect_uri in proptest::option::of(".{0,80}"),
                                     process_id in proptest::option::of("[a-z]{4}"), lifetime in 1u64..1000) {
        let content = AuthorizationCode { grant, redirect_uri, code_challenge: None, process_id };
        let claims = Sealed::new(ISSUER, "j".to_owned(), NOW, Some(lifetime), content);
        let text = claims.seal(&ours()).unwrap();
        prop_assert_eq!(unseal(&ours(), ISSUER, &text, NOW.plus(lifetime - 1)), Ok(claims));
        prop_assert!(unseal::<AuthorizationCode>(&ours(), ISSUER, &text, NOW.plus(lifetime)).is_err());
    }

    #[test]
    fn a_changed_token_does_not_open(position in 0usize..1000, replacement in "[A-Za-z0-9._-]") {
        let text = sealed(code());
        let position = position % text.len();
        let mut altered = text.clone();
        altered.replace_range(position..=position, &replacement);
        prop_assume!(altered != text);
        prop_assert!(!opens::<AuthorizationCode>(&altered));
    }

    #[test]
    fn parts_of_two_tokens_cannot_be_combined(cut in 0usize..3, grant in grants()) {
        let one = sealed(code());
        let other = sealed(AuthorizationCode { grant, ..code() });
        prop_assume!(one != other);
        let mixed: Vec<&str> = one.split('.').zip(other.split('.')).enumerate()
            .map(|(part, (one, other))| if part == cut { other } else { one }).collect();
        let mixed = mixed.join(".");
        prop_assume!(mixed != one && mixed != other);
        prop_assert!(!opens::<AuthorizationCode>(&mixed));
    }

    #[test]
    fn arbitrary_text_never_opens(text in ".{0,200}") {
        prop_assert!(!opens::<AuthorizationCode>(&text));
        prop_assert!(!opens::<RefreshToken>(&text));
    }
}
