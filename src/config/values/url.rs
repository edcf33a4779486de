//! URLs: our own base URL, DocuSign's, a blob's, redirect URIs.

use url::Url;

use crate::config::values::Reason;
use crate::oauth::client::redirect_uri;
use crate::types::{BaseUrl, is_loopback};

/// Where http is allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Http {
    /// To this machine.
    OnLoopback,
    /// Nowhere.
    Never,
}

/// An https URL without anything after its path.
pub fn https_url(text: &str, http: Http) -> Result<Url, Reason> {
    let mistake = |url: &Url| -> Option<Reason> {
        let loopback = http == Http::OnLoopback && is_loopback(url);
        match url.scheme() {
            "https" => None,
            "http" if loopback => None,
            "http" if http == Http::OnLoopback => Some("it begins with http://, which is for this machine only".into()),
            "http" => Some("it begins with http:// instead of https://".into()),
            _ => Some("it does not begin with https://".into()),
        }
    };
    if !text.contains("://") {
        return Err("it does not begin with https://".into());
    }
    let url = Url::parse(text).map_err(|error| -> Reason { format!("it is not a URL ({error})").into() })?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    match mistake(&url) {
        Some(mistake) => Err(mistake),
        None if has_user => Err("it has a user name or a password before the host".into()),
        None if url.query().is_some() => Err("it has a query (what follows the question mark)".into()),
        None if url.fragment().is_some() => Err("it has a fragment (what follows the #)".into()),
        None => Ok(url),
    }
}

/// `https://host[:port]`, or http on loopback.
pub fn base_url(text: &str) -> Result<BaseUrl, Reason> {
    BaseUrl::parse(text).ok_or_else(|| match https_url(text, Http::OnLoopback) {
        Err(reason) => reason,
        Ok(_) => "it has a path after the host".into(),
    })
}

/// The URL of a blob with a client registry.
pub fn registry_blob(text: &str) -> Result<Url, Reason> {
    let url = https_url(text, Http::Never).map_err(|reason| match reason {
        _ if text.contains("sig=") => "it has a SAS token, which is not needed: the identity is used".into(),
        reason => reason,
    })?;
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    match segments.as_slice() {
        [] | [""] => Err("it has no container and no blob after the host".into()),
        [_] | [_, ""] => Err("it has no blob after the container".into()),
        segments if segments.contains(&"") => Err("it has two slashes in a row, or one at the end".into()),
        _ => Ok(url),
    }
}

/// An exact redirect URI.
pub fn redirect(text: &str) -> Result<String, Reason> {
    redirect_uri::redirect_uri(text).ok_or_else(|| {
        if text.contains('*') {
            "it has a wildcard, but redirect URIs are compared character by character".into()
        } else if text.contains('#') {
            "it has a fragment (what follows the #)".into()
        } else if text.contains(char::is_whitespace) {
            "it has a space in it".into()
        } else if !text.is_ascii() {
            "it has a character outside ASCII (write it percent-encoded)".into()
        } else if text.contains(redirect_uri::NOT_IN_A_URI) {
            "it has a character that is not allowed in a URI (such as <, > or {)".into()
        } else {
            https_url(text.split(['?', '#']).next().unwrap_or_default(), Http::OnLoopback)
                .map_or_else(|reason| reason, |_| "it is not a URL that a browser can be sent to".into())
        }
    })
}
