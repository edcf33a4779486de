//! Fetches the keys of an issuer: its `OpenID` configuration (`OpenID` Connect Discovery §4), then the key set that it names.

use std::time::Duration;

use http::Method;
use http::header::ACCEPT;
use serde_json::Value;
use url::Url;

use crate::oauth::jwk::key_set::KeySet;
use crate::registry::issuers::KeySetSource;
use crate::registry::issuers::error::IssuerError;
use crate::types::is_loopback;
use crate::web::http_client::{HttpClient, read_answer, read_body};
use crate::web::obstacle::Obstacle;
use crate::web::unique_fields::UniqueFields;

/// Time limit for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer, in bytes.
const MAX_ISSUER_ANSWER: usize = 256 * 1024;

/// The keys of `source` that can verify assertions.
pub async fn key_set(http: &HttpClient, source: &KeySetSource) -> Result<KeySet, IssuerError> {
    let url = match source {
        KeySetSource::Url(url) => url.clone(),
        KeySetSource::Issuer(issuer) => jwks_uri(issuer, &json(http, &configuration_url(issuer)).await?)?,
    };
    let keys = KeySet::of_issuer(&json(http, &url).await?).ok_or(IssuerError::Malformed)?;
    if keys.is_empty() { Err(IssuerError::NoKeys) } else { Ok(keys) }
}

/// One slash at the end of the issuer is left out (§4.1).
fn configuration_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// The address of the keys of `issuer`, which has to name itself (§4.3). Only an issuer on this machine may have them there
/// without TLS.
fn jwks_uri(issuer: &str, configuration: &Value) -> Result<String, IssuerError> {
    let text = |member: &str| configuration.get(member).and_then(Value::as_str).ok_or(IssuerError::Malformed);
    if text("issuer")? != issuer {
        return Err(IssuerError::OtherIssuer);
    }
    let url = Url::parse(text("jwks_uri")?).map_err(|_| IssuerError::Malformed)?;
    let local = url.scheme() == "http" && is_loopback(&url) && issuer.starts_with("http://");
    if url.scheme() == "https" || local { Ok(url.into()) } else { Err(IssuerError::InsecureKeys) }
}

async fn json(http: &HttpClient, url: &str) -> Result<Value, IssuerError> {
    let request = http.request(Method::GET, url).await.header(ACCEPT, "application/json").timeout(ANSWER_TIMEOUT);
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    if answer.status().is_redirection() {
        return Err(IssuerError::Redirects);
    }
    if answer.status() != 200 {
        return Err(IssuerError::Failed { answer: read_answer(answer).await });
    }
    let body = read_body(answer, MAX_ISSUER_ANSWER).await.map_err(|error| unreachable(&error))?;
    let body = body.ok_or(IssuerError::TooLarge)?;
    serde_json::from_slice(&body).map(|UniqueFields(value)| value).map_err(|_| IssuerError::Malformed)
}

fn unreachable(error: &reqwest::Error) -> IssuerError {
    IssuerError::Unreachable(Obstacle::of(error))
}
