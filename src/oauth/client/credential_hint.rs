//! What is probably wrong with credentials that were refused, for the log. The client gets the same answer for all of it.
//! Pure.

use percent_encoding::percent_decode_str;

use crate::oauth::client::{Client, ClientRegistry};
use crate::secret::{Sha256, is_among, matches_any, sha256, sha256_from_hex};

/// The longest credential that is examined, in bytes. Each part of it is hashed.
const MAX_EXAMINED_BYTES: usize = 512;

/// The kind of a credential: how sentences call it, and its digests in the registry.
struct Kind {
    /// Placeholders of this credential, in letters only.
    placeholders: &'static [&'static str],
    digests: fn(&Client) -> &[Sha256],
    is_placeholder: &'static str,
    is_digest: &'static str,
    is_framed: &'static str,
    is_encoded: &'static str,
    is_within: &'static str,
    is_long: &'static str,
}

const SECRET: Kind = Kind {
    placeholders: &["clientsecret", "secret", "clientsecrets", "appsecret", "secretvalue", "clientkey", "password"],
    digests: |client| &client.client_secret_sha256,
    is_placeholder: "the caller sent a placeholder instead of a client secret: enter the secret on the connector's Security page",
    is_digest: "the caller sent the digest of a client secret: enter the secret itself, which client new printed once",
    is_framed: "the client secret has blanks, line ends or quotes around it: enter it without them",
    is_encoded: "the client secret is percent-encoded twice",
    is_within: "the client secret has other text around it or is broken into lines: enter only the secret",
    is_long: "the client secret is far too long: enter only the secret",
};

const API_KEY: Kind = Kind {
    placeholders: &["apikey", "key", "xapikey", "token", "accesstoken", "secret", "password"],
    digests: |client| &client.api_key_sha256,
    is_placeholder: "the caller sent a placeholder instead of an API key: enter the key itself",
    is_digest: "the caller sent the digest of an API key: enter the key itself, which client new printed once",
    is_framed: "the API key has blanks, line ends or quotes around it: enter it without them",
    is_encoded: "the API key is percent-encoded",
    is_within: "the API key has other text around it or is broken into parts: enter only the key",
    is_long: "the API key is far too long: enter only the key",
};

const ID_PLACEHOLDERS: &[&str] = &["clientid", "id", "appid", "applicationid", "clientidentifier"];

const UNKNOWN: &str = "no client with this client ID is registered";

const NO_SECRET: &str = "the client has no secret: it proves itself by a client_assertion (see trust)";

/// What templates put before a name: `your-client-secret`, `<enter the client secret>`.
const LEADING_WORDS: [&str; 10] =
    ["your", "my", "enter", "insert", "the", "put", "replacewith", "docusign", "paste", "a"];

/// What programs send for a value that they do not have.
const NO_VALUES: [&str; 11] = [
    "null",
    "undefined",
    "none",
    "nil",
    "objectobject",
    "changeme",
    "placeholder",
    "redacted",
    "todo",
    "tbd",
    "hidden",
];

/// Brackets of placeholders in templates.
const BRACKETS: [(&str, &str); 10] = [
    ("{", "}"),
    ("<", ">"),
    ("[", "]"),
    ("(", ")"),
    ("${", "}"),
    ("$(", ")"),
    ("@{", "}"),
    ("#{", "}#"),
    ("%", "%"),
    ("@Microsoft.KeyVault(", ")"),
];

/// A hint about the `client_id` and secret of a refused request.
#[must_use]
pub fn of_client(clients: &ClientRegistry, client_id: &str, client_secret: Option<&str>) -> Option<&'static str> {
    let client = clients.find(client_id);
    if client_id.len() > MAX_EXAMINED_BYTES {
        return Some("the client ID is far too long: enter only the client ID");
    }
    if client.is_none() && is_placeholder(client_id, ID_PLACEHOLDERS) {
        return Some(
            "the caller sent a placeholder instead of a client ID: enter the client ID on the connector's Security page",
        );
    }
    if client.is_none() && client_secret.is_some_and(|secret| clients.find(secret).is_some()) {
        return Some("the client ID and the client secret are swapped");
    }
    if client.is_none() && clients.iter().any(|client| differs_only_at_the_ends(client_id, client.client_id.as_str())) {
        return Some(
            "the client ID has blanks, line ends or quotes around it, or another letter case: enter it exactly",
        );
    }
    let Some(secret) = client_secret else {
        return Some(match client {
            None => UNKNOWN,
            Some(client) if client.client_secret_sha256.is_empty() => NO_SECRET,
            Some(_) => "the caller sent no client secret",
        });
    };
    let hint = hint(&SECRET, clients, secret);
    hint.or_else(|| match client {
        None => Some(UNKNOWN),
        Some(client) if client.is_public() => Some("the client is public and has no secret, but the caller sent one"),
        Some(client) if client.client_secret_sha256.is_empty() => Some(NO_SECRET),
        Some(client) if matches_any(secret, &client.api_key_sha256) => {
            Some("the caller sent the client's API key instead of its secret")
        }
        Some(_) if clients.iter().any(|other| other.has_secret(secret)) => {
            Some("the client secret belongs to another registered client")
        }
        Some(_) => None,
    })
}

/// A hint about a refused API key.
#[must_use]
pub fn of_api_key(clients: &ClientRegistry, api_key: &str) -> Option<&'static str> {
    let is_secret = || clients.iter().any(|client| client.has_secret(api_key));
    hint(&API_KEY, clients, api_key)
        .or_else(|| is_secret().then_some("the caller sent a client secret instead of an API key"))
}

fn hint(kind: &Kind, clients: &ClientRegistry, value: &str) -> Option<&'static str> {
    if value.len() > MAX_EXAMINED_BYTES {
        return Some(kind.is_long);
    }
    let bare = bare(value);
    let is_registered = |digest: &Sha256| clients.iter().any(|client| is_among(digest, (kind.digests)(client)));
    let is_right = |value: &str| is_registered(&sha256(value.as_bytes()));
    if bare != value && is_right(bare) {
        return Some(kind.is_framed);
    }
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    if decoded != value && is_right(&decoded) {
        return Some(kind.is_encoded);
    }
    let in_one_piece: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    if (in_one_piece != value && is_right(&in_one_piece))
        || value.split(is_separator).any(|part| part != value && is_right(part))
    {
        return Some(kind.is_within);
    }
    let mut digests = value.split(is_separator).filter_map(|part| sha256_from_hex(&part.to_ascii_lowercase()));
    if digests.any(|digest| is_registered(&digest)) {
        return Some(kind.is_digest);
    }
    if is_placeholder(value, kind.placeholders) {
        return Some(kind.is_placeholder);
    }
    (bare != value).then_some(kind.is_framed)
}

/// What is around a value in a file, in a command's output or on a page.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "=:;,\"'`[](){}<>".contains(c)
}

/// `value` without blanks, invisible characters and quotes at its ends.
fn bare(value: &str) -> &str {
    let is_frame = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '`' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '‘'..='‟' | '«' | '»')
    };
    value.trim_matches(is_frame)
}

fn differs_only_at_the_ends(value: &str, expected: &str) -> bool {
    bare(value).eq_ignore_ascii_case(expected)
}

/// Whether `value` is what a template, a form or a program puts where a value is missing.
fn is_placeholder(value: &str, names: &[&str]) -> bool {
    is_placeholder_as_written(bare(value), names)
        || is_placeholder_as_written(bare(&percent_decode_str(value).decode_utf8_lossy()), names)
}

fn is_placeholder_as_written(text: &str, names: &[&str]) -> bool {
    let is_masked =
        text.chars().count() >= 3 && text.chars().all(|c| matches!(c, '*' | '•' | '●' | 'x' | 'X' | '.' | '_'));
    let is_bracketed = |(open, close): &(&str, &str)| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is_named = is_name(&letters, names) || NO_VALUES.contains(&letters.as_str());
    text.is_empty() || is_masked || BRACKETS.iter().any(is_bracketed) || is_named
}

fn is_name(letters: &str, names: &[&str]) -> bool {
    let mut rests = LEADING_WORDS.iter().filter_map(|word| letters.strip_prefix(word));
    names.contains(&letters) || rests.any(|rest| is_name(rest, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEHOLDERS: [&str; 22] = [
        "{ClientSecret}",
        "%7BClientSecret%7D",
        "<client secret>",
        "${CLIENT_SECRET}",
        "$(ClientSecret)",
        "{{client_secret}}",
        "[client-secret]",
        "%CLIENT_SECRET%",
        "@{parameters}",
        "#{ClientSecret}#",
        "@Microsoft.KeyVault(SecretUri=x)",
        "your-client-secret",
        "YOUR_CLIENT_SECRET",
        "Enter your client secret",
        "client_secret",
        "********",
        "••••••••",
        "xxxx",
        "null",
        "undefined",
        "[object Object]",
        "changeme",
    ];

    #[test]
    fn placeholders_are_recognized_and_other_values_are_not() {
        for value in PLACEHOLDERS {
            for value in [value.to_owned(), format!(" {value}\n"), format!("\"{value}\"")] {
                assert!(is_placeholder(&value, SECRET.placeholders), "{value}");
            }
        }
        for value in ["{", "wrong", "hunter2", "ab", "a{b}", "Xq3_8wP0-secret", "7c2b8d7e-3f5a-4f0e-9d5b-2a6f1e0c4b11"]
        {
            assert!(!is_placeholder(value, SECRET.placeholders), "{value}");
        }
        for value in ["{ClientId}", "%7BClientId%7D", "<client id>", "your-client-id", "client_id", "undefined"] {
            assert!(is_placeholder(value, ID_PLACEHOLDERS), "{value}");
        }
        for value in ["{api_key}", "YOUR_API_KEY", "x-api-key", "<your API key>"] {
            assert!(is_placeholder(value, API_KEY.placeholders), "{value}");
        }
    }
}
