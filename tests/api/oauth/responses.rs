//! The responses of the OAuth endpoints: codes and statuses of RFC 6749 §5.1, §5.2 and §4.1.2.1, for every value they can have.

use evergrant::oauth::authorization::{AuthorizationErrorCode, ReturnAddress};
use evergrant::oauth::error::{ErrorCode, Outage};
use evergrant::oauth::reply::AccessTokenResponse;
use evergrant::oauth::scope::Scope;
use evergrant::web::response::Response;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::only;
use crate::local::{REDIRECT_URI, client};

fn body(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn every_error_of_the_token_endpoint_has_the_status_and_headers_of_the_rfc() {
    for (code, text, status) in [
        (ErrorCode::InvalidRequest, "invalid_request", 400),
        (ErrorCode::InvalidClient, "invalid_client", 401),
        (ErrorCode::InvalidGrant, "invalid_grant", 400),
        (ErrorCode::UnauthorizedClient, "unauthorized_client", 400),
        (ErrorCode::UnsupportedGrantType, "unsupported_grant_type", 400),
        (ErrorCode::InvalidScope, "invalid_scope", 400),
    ] {
        let response = code.with_description("a sentence").reply();
        assert_eq!((response.status().as_u16(), code.status()), (status, status), "{text}");
        assert_eq!(body(&response), json!({"error": text, "error_description": "a sentence"}));
        for (name, value) in
            [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")]
        {
            assert_eq!(header(&response, name), value, "{text}");
        }
        let challenge = header(&response, "www-authenticate");
        assert_eq!(challenge, if status == 401 { "Basic realm=\"evergrant\", charset=\"UTF-8\"" } else { "" });
        let larger = code.with_description("too large").reply_with(http::StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!((larger.status().as_u16(), body(&larger)["error"].as_str()), (413, Some(text)));
    }
}

#[test]
fn an_outage_always_says_when_to_try_again() {
    for (retry_after, expected) in [(0, "1"), (1, "1"), (5, "5"), (3600, "3600")] {
        let response = Outage { retry_after, error_description: "later" }.reply();
        assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, expected));
        assert_eq!(body(&response), json!({"error": "temporarily_unavailable", "error_description": "later"}));
        assert_eq!(header(&response, "www-authenticate"), "");
    }
}

/// A text in which every kind of character can be that JSON escapes.
fn texts() -> impl Strategy<Value = String> {
    "[\\x00-\\x7f]{0,40}|\\PC{0,40}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_token_response_is_json_whatever_the_token_is(
        access_token in texts(), refresh_token in proptest::option::of(texts()), expires_in in any::<u64>()
    ) {
        let scope = Scope::parse("signature spring_read").unwrap();
        let (access, refresh) = (SecretString::from(access_token.clone()), refresh_token.clone().map(SecretString::from));
        let response = AccessTokenResponse { access_token: &access, expires_in, scope: &scope, refresh_token: refresh.as_ref() };
        let mut expected = json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": expires_in, "scope": "signature spring_read",
        });
        if let Some(refresh_token) = refresh_token {
            expected["refresh_token"] = refresh_token.into();
        }
        let printed = format!("{response:?}");
        prop_assert!(access_token.len() < 8 || !printed.contains(&access_token), "{}", printed);
        let response = response.reply();
        prop_assert_eq!(response.status(), 200);
        prop_assert_eq!(header(&response, "cache-control"), "no-store");
        prop_assert_eq!(body(&response), expected);
    }

    #[test]
    fn every_state_comes_back_unchanged_with_a_code_and_with_an_error(state in "\\PC{0,40}|[ -~]{0,40}") {
        let client = only(&client("web", &json!({})));
        let iss = client.response_iss("https://evergrant.example");
        let back = ReturnAddress { redirect_uri: REDIRECT_URI, state: Some(&state), iss };
        let error = AuthorizationErrorCode::AccessDenied.with_description("no");
        for (response, expected) in [
            (back.with_code("a.b.c"), vec![("code", "a.b.c")]),
            (back.with_error(&error), vec![("error", "access_denied"), ("error_description", "no")]),
        ] {
            let expected: Vec<_> = expected.into_iter().chain([("state", state.as_str()), ("iss", "https://evergrant.example")]).collect();
            let location = Url::parse(header(&response, "location")).unwrap();
            let found: Vec<(String, String)> = location.query_pairs().into_owned().collect();
            prop_assert_eq!(found, expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>());
            prop_assert_eq!(response.status(), 302);
            prop_assert_eq!(header(&response, "referrer-policy"), "no-referrer");
            prop_assert_eq!(header(&response, "cache-control"), "no-store");
        }
    }
}

#[test]
fn every_error_of_the_authorization_endpoint_has_its_code() {
    for (code, text) in [
        (AuthorizationErrorCode::InvalidRequest, "invalid_request"),
        (AuthorizationErrorCode::UnauthorizedClient, "unauthorized_client"),
        (AuthorizationErrorCode::AccessDenied, "access_denied"),
        (AuthorizationErrorCode::UnsupportedResponseType, "unsupported_response_type"),
        (AuthorizationErrorCode::InvalidScope, "invalid_scope"),
        (AuthorizationErrorCode::ServerError, "server_error"),
        (AuthorizationErrorCode::TemporarilyUnavailable, "temporarily_unavailable"),
    ] {
        assert_eq!(code.as_str(), text);
        let address = ReturnAddress { redirect_uri: REDIRECT_URI, state: None, iss: None };
        let response = address.with_error(&code.with_description("why"));
        assert_eq!(header(&response, "location"), format!("{REDIRECT_URI}?error={text}&error_description=why"));
    }
}

#[test]
fn the_issuer_is_named_unless_that_is_disabled_for_the_client() {
    for (enabled, expected) in [(true, "?code=c&iss=https%3A%2F%2Fe.example"), (false, "?code=c")] {
        let client = only(&client("web", &json!({"authorization_response_iss": enabled})));
        let address =
            ReturnAddress { redirect_uri: REDIRECT_URI, state: None, iss: client.response_iss("https://e.example") };
        assert_eq!(header(&address.with_code("c"), "location"), format!("{REDIRECT_URI}{expected}"));
    }
}
