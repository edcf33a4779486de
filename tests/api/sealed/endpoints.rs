//! Every kind of sealed token, presented at every endpoint: each is accepted at its own and worthless at all others.

use evergrant::clock::Clock as _;
use evergrant::sealing::Sealable as _;
use evergrant::sealing::claims::*;
use http::Method;
use sandbox::client::Answer;
use serde_json::json;

use super::all_kinds;
use crate::local::{LocalApp, client};
use crate::support::assert_error;

/// An app whose client `web` may do everything with sealed access tokens, and a token of every kind.
async fn app() -> (LocalApp, Vec<(&'static str, String)>) {
    let web = json!({
        "access_token": "sealed", "profile": "workfront", "gateway_allow": ["* /clm/", "GET /triggers/"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let app = LocalApp::with(&[("EVERGRANT_CLIENTS", &json!([client("web", &web)]).to_string())]).await;
    let secret = app.app.sealing.current().await.unwrap();
    let kinds = all_kinds(&app.issuer, app.clock.now(), &secret);
    assert_eq!(kinds.len(), 9);
    (app, kinds)
}

async fn get(app: &LocalApp, path: &str, header: (&str, &str)) -> Answer {
    app.http.call(Method::GET, &format!("{}{path}", app.issuer), &[header], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refresh_token_refreshes() {
    let (app, kinds) = app().await;
    for (typ, text) in &kinds {
        let answer = app.refresh("web", text, &[]).await;
        if *typ == RefreshToken::TYP {
            assert_eq!(answer.status, 200, "{}", answer.text());
        } else {
            assert_error(&answer, 400, "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_code_is_redeemed() {
    let (app, kinds) = app().await;
    for (typ, text) in &kinds {
        let form = [("grant_type", "authorization_code"), ("code", text.as_str())];
        // The code among them belongs to no process.
        assert_eq!(app.token("web", &form).await.json()["error"], "invalid_grant", "{typ}");
    }
    let secret = app.app.sealing.current().await.unwrap();
    let process_id = app.app.store.process_id().map(ToOwned::to_owned);
    let content =
        AuthorizationCode { grant: super::grant("web"), redirect_uri: None, code_challenge: None, process_id };
    let code = evergrant::sealing::Sealed::new(&app.issuer, "j".to_owned(), app.clock.now(), Some(60), content);
    let code = code.seal(&secret).unwrap();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str())];
    assert_eq!(app.token("web", &form).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_sealed_access_token_is_a_bearer_token() {
    let (app, kinds) = app().await;
    let call = async |path: &str, token: &str, source: &str| {
        let header = format!("Bearer {token}");
        let headers = [("authorization", header.as_str()), ("x-forwarded-for", source)];
        let answer = app.http.call(Method::GET, &format!("{}{path}", app.issuer), &headers, "").await;
        (answer.status.as_u16(), answer.text())
    };
    for path in ["/gateway/clm/folders/1", "/triggers/clm/documents", "/workfront/v1/metadata?id=/"] {
        let refused = call(path, "garbage", "192.0.2.1").await;
        assert!([401, 403].contains(&refused.0), "{refused:?}");
        for (typ, text) in &kinds {
            let answer = call(path, text, &format!("192.0.2.{}", typ.len())).await;
            assert_eq!(answer != refused, *typ == SealedAccessToken::TYP, "{path} {typ}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_states_come_back_from_docusign_and_each_to_its_own_end() {
    let (app, kinds) = app().await;
    for (typ, text) in &kinds {
        let answer = app.get(&format!("/consent/callback?state={text}&error=access_denied")).await;
        let title = match *typ {
            ConsentState::TYP => "Consent was not given",
            // There is no cookie.
            SignInState::TYP | BrowsingState::TYP => "This sign-in cannot continue",
            _ => "This link does not work here",
        };
        assert!(answer.text().contains(title), "{typ}: {}", answer.text());
        assert_eq!(answer.header("location"), "", "{typ}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_browser_session_opens_documents() {
    let (app, kinds) = app().await;
    for (typ, text) in &kinds {
        let cookie = format!("evergrant-session={text}");
        let answer = get(&app, "/workfront/v1/open?client=web&id=d:1", ("cookie", &cookie)).await;
        // Without a session, the browser is sent to sign in.
        assert_eq!(answer.status == 302, *typ != BrowserSession::TYP, "{typ}: {} {}", answer.status, answer.text());
    }
}
