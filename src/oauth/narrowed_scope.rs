//! The scope that a request gets, and why a requested scope is refused (RFC 6749 §3.3). Pure.

use std::borrow::Cow;

use crate::oauth::scope::Scope;

/// The longest scope-token that an error names, in bytes. DocuSign's are shorter, client secrets are longer.
const MAX_NAMED_BYTES: usize = 40;

/// How many scope-tokens an error names.
const MAX_NAMED: usize = 5;

const SEPARATORS: &str =
    "the scope is malformed: separate the names with spaces, not with commas, semicolons or plus signs";

const MALFORMED: &str = "the scope is malformed: expected names of printable ASCII, separated by spaces";

/// `requested`, limited to `allowed`. A wider one is refused with the sentence `wider` and the scope-tokens that are too much.
///
/// # Errors
/// A sentence for the client and the log.
pub fn narrowed(allowed: &Scope, requested: &str, wider: &'static str) -> Result<Scope, Cow<'static, str>> {
    let Ok(requested) = Scope::parse(requested) else { return Err(MALFORMED.into()) };
    allowed.narrow(&requested).ok_or_else(|| {
        let excess: Vec<&str> = requested.iter().filter(|scope_token| !allowed.contains(scope_token)).collect();
        if excess.iter().any(|scope_token| scope_token.contains([',', ';', '+'])) {
            return SEPARATORS.into();
        }
        let mut named: Vec<&str> = excess.into_iter().filter(|scope_token| is_harmless(scope_token)).collect();
        named.truncate(MAX_NAMED);
        if named.is_empty() { wider.into() } else { format!("{wider}: {}", named.join(" ")).into() }
    })
}

/// Whether a log line may repeat `scope_token`, which may be a secret in the wrong place. Secrets have digits.
fn is_harmless(scope_token: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_alphabetic() || b"_.:/-".contains(&byte);
    scope_token.len() <= MAX_NAMED_BYTES && scope_token.bytes().all(is_usual)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sentences_have_only_the_characters_of_an_error_description(requested in "\\PC{0,200}|[ -~\\t\\n]{0,200}") {
            let allowed = Scope::parse("signature").unwrap();
            if let Err(sentence) = narrowed(&allowed, &requested, "too wide") {
                prop_assert!(sentence.len() < 300 && sentence.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
            }
        }
    }

    #[test]
    fn a_wider_scope_is_named_unless_it_may_be_a_secret() {
        let allowed = Scope::parse("signature spring_read").unwrap();
        let narrowed = |requested: &str| narrowed(&allowed, requested, "too wide").map(|scope| scope.to_string());
        for (requested, expected) in [
            ("spring_read", Ok("spring_read")),
            ("spring_read signature", Ok("signature spring_read")),
            ("signature extended openid", Err("too wide: extended openid")),
            ("https://graph.microsoft.com/.default", Err("too wide: https://graph.microsoft.com/.default")),
            ("a b c d e f g", Err("too wide: a b c d e")),
            ("signature hunter2", Err("too wide")),
            ("YmRhc2RhZHNhZGFzZGFzZGFzZGFkYXNkYXNkYXNkYXNk", Err("too wide")),
            ("signature,spring_read", Err(SEPARATORS)),
            ("signature+spring_read", Err(SEPARATORS)),
            ("signature; spring_read", Err(SEPARATORS)),
            ("\"", Err(MALFORMED)),
            ("signature\nspring_read", Err(MALFORMED)),
        ] {
            assert_eq!(narrowed(requested), expected.map(str::to_owned).map_err(Cow::from), "{requested}");
        }
    }
}
