//! `POST /oauth/token`: the JWT Grant and the authorization code grant, with DocuSign's error responses.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, Response};
use hyper::body::Incoming;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use super::{ACCOUNT_HOST, Code, Docusign, ExpiresIn};
use crate::server::{self, Body, Reply, json as json_reply};
use crate::wire::parameter;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl Docusign {
    pub(super) async fn token(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        let form = String::from_utf8_lossy(&server::read(body).await).into_owned();
        let header = |name| head.headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let grant_type = parameter(&form, "grant_type").unwrap_or_default();
        if grant_type == JWT_BEARER {
            self.exchanges.fetch_add(1, Ordering::SeqCst);
            self.state().assertions.extend(parameter(&form, "assertion"));
        }
        if let Some(struck) = self.faults.strike().await {
            return struck;
        }
        let is_form =
            header("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        Ok(match grant_type.as_str() {
            _ if !is_form => refusal("unsupported_grant_type"),
            JWT_BEARER => self.jwt_bearer(&parameter(&form, "assertion").unwrap_or_default()),
            "authorization_code" => self.code(&form, header("authorization")),
            _ => refusal("unsupported_grant_type"),
        })
    }

    fn jwt_bearer(&self, assertion: &str) -> Response<Body> {
        if let Some(body) = self.state().refusal.clone() {
            return json_reply(400, &body);
        }
        let Ok(claims) = self.check(assertion) else { return refusal("no_valid_keys_or_signatures") };
        match self.judge(&claims) {
            Ok(user) => self.issue(&user, claims["scope"].as_str().unwrap_or_default()),
            Err("consent_required") => json_reply(400, &json!({"error": "consent_required"})),
            Err(description) => refusal(description),
        }
    }

    /// The claims, if a registered key signed them.
    fn check(&self, assertion: &str) -> Result<Value, ()> {
        let header = jsonwebtoken::decode_header(assertion).map_err(drop)?;
        if header.alg != Algorithm::RS256 || header.kid.is_some() {
            return Err(());
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let keys = self.state().public_keys.clone();
        let mut verified = keys.iter().filter_map(|pem| {
            let key = DecodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
            jsonwebtoken::decode::<Value>(assertion, &key, &validation).ok()
        });
        verified.next().map(|data| data.claims).ok_or(())
    }

    fn judge(&self, claims: &Value) -> Result<String, &'static str> {
        let number = |name: &str| claims[name].as_i64();
        let exp = number("exp").ok_or("no_valid_keys_or_signatures")?;
        let iat = number("iat").unwrap_or(exp);
        if claims["aud"] != ACCOUNT_HOST || exp - iat > 3600 || number("nbf").is_some_and(|nbf| nbf > self.now()) {
            return Err("no_valid_keys_or_signatures");
        }
        if claims["iss"] != self.integration_key.as_str() {
            return Err("issuer_not_found");
        }
        if exp <= self.now() || iat > self.now() {
            return Err("expired_grant");
        }
        let sub = claims["sub"].as_str().unwrap_or_default();
        let state = self.state();
        let user = state.users.iter().find(|user| user.active && user.sub == sub).ok_or("user_not_found")?;
        let scopes: Vec<&str> = claims["scope"].as_str().unwrap_or_default().split(' ').collect();
        let consented = |scope: &&str| state.consents.contains(&(user.sub.clone(), (*scope).to_owned()));
        // One scope, and `impersonation`.
        let too_many = state.one_scope_at_a_time && scopes.len() > 2;
        if too_many || !scopes.contains(&"impersonation") || !scopes.iter().all(consented) {
            return Err("consent_required");
        }
        Ok(user.sub.clone())
    }

    fn code(&self, form: &str, authorization: Option<&str>) -> Response<Body> {
        let value = |name| parameter(form, name).unwrap_or_default();
        let waiting = self.state().codes.remove(&value("code"));
        // DocuSign's SDKs send no redirect URI here.
        let redirect_uri = parameter(form, "redirect_uri");
        let is_same = |code: &Code| redirect_uri.as_ref().is_none_or(|redirect_uri| code.redirect_uri == *redirect_uri);
        let Some(code) = waiting.filter(is_same) else {
            return json_reply(400, &json!({"error": "invalid_grant"}));
        };
        let by_secret = self.secret_key.as_ref().is_some_and(|secret| {
            let expected = STANDARD.encode(format!("{}:{secret}", self.integration_key));
            authorization == Some(format!("Basic {expected}").as_str())
        });
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, value("code_verifier").as_bytes()));
        // A challenge must always be met. Without the secret, there must be one.
        let met = code.challenge.as_ref().is_none_or(|expected| *expected == challenge);
        let by_pkce = code.challenge.is_some() && value("client_id") == self.integration_key;
        if !met || !(by_secret || by_pkce) {
            return refusal("unauthorized_client");
        }
        self.issue(&code.user, "signature")
    }

    fn issue(&self, user: &str, scope: &str) -> Response<Body> {
        let access_token = self.access_token_for(user, scope);
        let state = self.state();
        let mut body =
            json!({"access_token": access_token, "token_type": "Bearer", "refresh_token": null, "scope": scope});
        match state.expires_in {
            ExpiresIn::Number(seconds) => body["expires_in"] = json!(seconds),
            ExpiresIn::Text(seconds) => body["expires_in"] = json!(seconds.to_string()),
            ExpiresIn::Missing => {}
        }
        json_reply(200, &body)
    }
}

fn refusal(description: &str) -> Response<Body> {
    json_reply(400, &json!({"error": "invalid_grant", "error_description": description}))
}
