//! What another service answered instead of what was asked for: its status, its own codes and its request id. Pure.
//!
//! Only what is short and printable is kept, and no word that could be a secret, an id or an address. So an answer may be
//! logged and shown to the operator. Clients never see it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// The most bytes of an error's body that are read.
pub const MAX_ERROR_BYTES: usize = 16 * 1024;

/// The longest text of one code, in characters, and the most codes of an answer.
const MAX_TEXT: usize = 120;
const MAX_CODES: usize = 4;

/// The longest text of a library's error, in characters.
const MAX_WORDS: usize = 240;

/// The longest word, in characters.
const MAX_WORD: usize = 48;

/// Headers with a code, and headers with the id of a request.
const CODE_HEADERS: [&str; 1] = ["x-ms-error-code"];
const ID_HEADERS: [&str; 3] = ["x-ms-request-id", "x-docusign-tracetoken", "x-ms-correlation-request-id"];

/// An unexpected answer, or why there is none; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamAnswer(Option<Arc<Content>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// What a library says, if there was no answer or it could not be read.
    Words(String),
    Parts(Parts),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    status: u16,
    /// The most specific first.
    codes: Vec<String>,
    is_html: bool,
    host: Option<String>,
    request_id: Option<String>,
}

impl UpstreamAnswer {
    /// No answer is known.
    pub const NONE: Self = Self(None);

    /// Reads an answer; `header` returns the header with a name in lower case.
    pub fn read(status: u16, header: impl Fn(&'static str) -> Option<String>, body: &[u8]) -> Self {
        let body = &body[..body.len().min(MAX_ERROR_BYTES)];
        let is_html = is_html(header("content-type").as_deref().unwrap_or_default(), body);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut codes: Vec<String> = CODE_HEADERS.into_iter().filter_map(&header).collect();
        codes.extend(codes_of_json(&json));
        codes.extend(codes_of_xml(body));
        codes.extend(header("www-authenticate").iter().flat_map(|challenge| codes_of_challenge(challenge)));
        let mut ids = ID_HEADERS.into_iter().filter_map(&header).chain(id_of_json(&json));
        let request_id = ids.find(|id| is_id(id));
        let codes = distinct(codes.iter().filter_map(|code| printable(code, MAX_TEXT)));
        Self(Some(Arc::new(Content::Parts(Parts { status, codes, is_html, host: None, request_id }))))
    }

    /// An answer of which only the status is known.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        Self::read(status, |_| None, &[])
    }

    /// No answer that could be read, but the words of the library that asked.
    #[must_use]
    pub fn of_error(error: &(dyn Error + 'static)) -> Self {
        let words = words_of(error);
        if words.is_empty() { Self::NONE } else { Self(Some(Arc::new(Content::Words(words)))) }
    }

    /// The same answer, from `host`.
    #[must_use]
    pub fn from(self, host: &str) -> Self {
        match self.parts() {
            Some(parts) => {
                let parts = Parts { host: Some(host.to_owned()), ..parts.clone() };
                Self(Some(Arc::new(Content::Parts(parts))))
            }
            None => self,
        }
    }

    fn parts(&self) -> Option<&Parts> {
        match self.0.as_deref()? {
            Content::Parts(parts) => Some(parts),
            Content::Words(_) => None,
        }
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.parts().map(|parts| parts.status)
    }

    /// Whether it is a server error (RFC 9110 §15.6).
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.status().is_some_and(|status| status >= 500)
    }

    /// The codes, the most specific first.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        self.parts().map_or(&[], |parts| &parts.codes)
    }

    /// Whether one of its codes is one of `any_of`, ignoring case.
    #[must_use]
    pub fn has(&self, any_of: &[&str]) -> bool {
        self.codes().iter().any(|code| any_of.iter().any(|wanted| code.eq_ignore_ascii_case(wanted)))
    }

    /// Whether one of its codes contains `text`, ignoring case.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        self.codes().iter().any(|code| code.to_ascii_lowercase().contains(text))
    }

    /// Whether it is a web page, which no API sends.
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.parts().is_some_and(|parts| parts.is_html)
    }

    /// The value of `<answer>` in the text of an error.
    #[must_use]
    pub fn details(&self) -> Vec<(&'static str, String)> {
        self.0.iter().map(|_| ("answer", self.to_string())).collect()
    }
}

impl fmt::Display for UpstreamAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = match self.0.as_deref() {
            None => return Ok(()),
            Some(Content::Words(words)) => return f.write_str(words),
            Some(Content::Parts(parts)) => parts,
        };
        write!(f, "status {}", parts.status)?;
        parts.codes.iter().try_for_each(|code| write!(f, ", {code}"))?;
        if parts.is_html {
            f.write_str(", a web page")?;
        }
        parts.host.iter().try_for_each(|host| write!(f, ", from {host}"))?;
        parts.request_id.iter().try_for_each(|id| write!(f, ", request id {id}"))
    }
}

/// The codes of `DocuSign`'s, CLM's and Azure's JSON errors.
fn codes_of_json(json: &Value) -> Vec<String> {
    let (azure, clm) = (&json["error"], &json["Error"]);
    let mut codes = Vec::new();
    let mut inner = [&azure["innererror"], &azure["innerError"]].into_iter().find(|inner| inner.is_object());
    while let Some(error) = inner.filter(|_| codes.len() < MAX_CODES) {
        codes.insert(0, text(&error["code"]));
        inner = Some(&error["innererror"]).filter(|inner| inner.is_object());
    }
    // Azure's messages name vaults and accounts, so only their codes are kept.
    let messages = [&azure["message"], &json["error_description"]].map(text);
    codes.extend(messages.iter().flat_map(|message| numbered_codes(message)));
    codes.extend([&azure["code"], azure, &json["error_description"], &json["errorCode"], &json["message"]].map(text));
    codes.extend([&clm["ErrorCode"], &clm["UserMessage"], &json["code"]].map(text));
    codes
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Codes such as `AKV10032` and `AADSTS700016` in a message.
fn numbered_codes(message: &str) -> Vec<String> {
    let words = message.split(|c: char| !c.is_ascii_alphanumeric());
    let numbered = |word: &&str| {
        ["AKV", "AADSTS"].iter().any(|prefix| {
            word.strip_prefix(prefix)
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    words.filter(numbered).map(ToOwned::to_owned).collect()
}

/// The codes of storage's XML errors.
fn codes_of_xml(body: &[u8]) -> Vec<String> {
    let body = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, after) = body.split_once(&format!("<{name}>"))?;
        Some(after.split_once('<')?.0.to_owned())
    };
    ["Code", "AuthenticationErrorDetail"].into_iter().filter_map(element).collect()
}

/// The codes of a challenge (RFC 6750 §3).
fn codes_of_challenge(challenge: &str) -> Vec<String> {
    let parameter = |name: &str| {
        let (_, after) = challenge.split_once(&format!("{name}=\""))?;
        Some(after.split_once('"')?.0.to_owned())
    };
    ["error", "error_description"].into_iter().filter_map(parameter).collect()
}

fn id_of_json(json: &Value) -> Vec<String> {
    [&json["reference_id"], &json["Error"]["ReferenceId"], &json["correlationId"]].map(text).to_vec()
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_html(content_type: &str, body: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(&body[..body.len().min(64)]).trim_start().to_ascii_lowercase();
    let is_page = content_type.split([';', '/']).nth(1).is_some_and(|kind| kind.trim().eq_ignore_ascii_case("html"));
    is_page || begin.starts_with("<!doctype html") || begin.starts_with("<html")
}

/// At most `max` characters of `text` in one line, without the words that could be secret; `None` if it is empty.
fn printable(text: &str, max: usize) -> Option<String> {
    let words = text.split_whitespace().map(|word| if is_harmless(word) { word } else { "..." });
    let line = words.collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(max).collect())
}

/// What a library says about an error, with its causes, in one line and without the words that could be secret, an id or an
/// address. For errors whose cause is not known.
#[must_use]
pub fn words_of(error: &(dyn Error + 'static)) -> String {
    let (mut words, mut cause) = (Vec::<String>::new(), Some(error));
    while let Some(error) = cause {
        let text = error.to_string().replace('`', "");
        let is_new = |text: &str| !words.iter().any(|known| known.contains(text));
        words.extend(printable(&without_hosts(&text), MAX_WORDS).filter(|text| is_new(text)));
        cause = error.source();
    }
    words.join(": ").chars().take(MAX_WORDS).collect()
}

/// `text` without addresses and names of hosts.
fn without_hosts(text: &str) -> String {
    let is_host =
        |word: &str| word.trim_matches(|c: char| c.is_ascii_punctuation()).contains('.') || word.contains("://");
    text.split_whitespace().map(|word| if is_host(word) { "..." } else { word }).collect::<Vec<_>>().join(" ")
}

/// Whether a word is no secret, id or address: it has no digits, or is a short number or a known code.
fn is_harmless(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
    let is_number = (1..=5).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit());
    let is_text = word.bytes().all(|b| b.is_ascii_alphabetic() || b"_-.,:;'!?()/".contains(&b));
    word.len() <= MAX_WORD && (is_text || is_number || numbered_codes(word) == [bare])
}

fn distinct(codes: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for code in codes {
        if kept.len() < MAX_CODES && !kept.contains(&code) {
            kept.push(code);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&str, &str)], body: &str) -> UpstreamAnswer {
        let header =
            |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        UpstreamAnswer::read(status, header, body.as_bytes())
    }

    #[test]
    fn the_codes_of_every_kind_of_answer_are_read() {
        for (headers, body, expected) in [
            (
                &[][..],
                r#"{"error":"invalid_grant","error_description":"expired_client_token"}"#,
                "invalid_grant, expired_client_token",
            ),
            (
                &[],
                r#"{"errorCode":"PARTNER_AUTHENTICATION_FAILED","message":"The integrator key was not found."}"#,
                "PARTNER_AUTHENTICATION_FAILED, The integrator key was not found.",
            ),
            (
                &[],
                r#"{"error":"internal_server_error","reference_id":"3b6a9d74-1fb6-48b5-aef1-d66ac4361155"}"#,
                "internal_server_error, request id 3b6a9d74-1fb6-48b5-aef1-d66ac4361155",
            ),
            (
                &[],
                r#"{"error":{"code":"Forbidden","message":"x","innererror":{"code":"ForbiddenByRbac","innererror":{"code":"Deep"}}}}"#,
                "Deep, ForbiddenByRbac, Forbidden",
            ),
            (
                &[],
                r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer. Vault: contoso"}}"#,
                "AKV10032, Unauthorized",
            ),
            (
                &[],
                r#"{"error":"invalid_client","error_description":"AADSTS700016: no such application"}"#,
                "AADSTS700016, invalid_client, AADSTS700016: no such application",
            ),
            (
                &[("x-ms-error-code", "AuthorizationFailure"), ("x-ms-request-id", "r-1")],
                "\u{feff}<?xml version=\"1.0\"?><Error><Code>AuthorizationFailure</Code><Message>no</Message></Error>",
                "AuthorizationFailure, request id r-1",
            ),
            (
                &[(
                    "www-authenticate",
                    "Bearer realm=\"x\", error=\"invalid_token\", error_description=\"It has expired\"",
                )],
                "",
                "invalid_token, It has expired",
            ),
            (
                &[],
                r#"{"Error":{"HttpStatusCode":401,"UserMessage":"Access Denied","ErrorCode":103,"ReferenceId":"r-2"}}"#,
                "103, Access Denied, request id r-2",
            ),
            (&[("content-type", concat!("text/", "html; charset=utf-8"))], "<h1>Blocked</h1>", "a web page"),
            (&[], "\n<!DOCTYPE html><p>", "a web page"),
            (&[("x-docusign-tracetoken", "t-1")], r#"{"error":5,"message":null}"#, "5, request id t-1"),
        ] {
            assert_eq!(read(400, headers, body).to_string(), format!("status 400, {expected}"), "{body}");
        }
        assert_eq!(
            read(502, &[], "").from("account.docusign.com").to_string(),
            "status 502, from account.docusign.com"
        );
        assert_eq!(UpstreamAnswer::NONE.to_string(), "");
    }

    #[test]
    fn nothing_that_could_be_secret_is_kept_and_everything_is_short() {
        for secret in [
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e",
            "ada@contoso.com",
            "hunter2",
            "hunter2-error",
            "0123456789abcdef0123456789abcdef",
            "\u{1b}[31m",
            "https://contoso.example/?code=x",
        ] {
            let body = serde_json::json!({"error": secret, "error_description": format!("It is {secret} now")});
            let answer = read(400, &[("x-ms-request-id", secret)], &body.to_string()).to_string();
            assert!(!answer.contains(secret) || is_id(secret), "{answer}");
            assert!(answer.contains("It is ... now"), "{answer}");
        }
        let long = serde_json::json!({"error": "a b ".repeat(1000), "message": "x ".repeat(1000)}).to_string();
        assert!(read(400, &[], &long).to_string().len() < 400);
        assert_eq!(read(400, &[], &"[".repeat(1_000_000)).codes(), [] as [&str; 0]);
    }
}
