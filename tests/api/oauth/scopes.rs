//! Scopes as sets with an order, RFC 6749 §3.3: they are compared, narrowed and used as keys of the cache of access tokens.

use std::collections::BTreeSet;

use evergrant::oauth::narrowed_scope::narrowed;
use evergrant::oauth::scope::{MalformedScopeError, Scope};
use proptest::prelude::*;

/// Few different scope-tokens, so that scopes often overlap, in any order and with repeats.
fn scope_tokens() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-d]{1,2}", 1..8)
}

fn scope(scope_tokens: &[String]) -> Scope {
    Scope::parse(&scope_tokens.join(" ")).unwrap()
}

fn set(scope: &Scope) -> BTreeSet<&str> {
    scope.iter().collect()
}

/// The scope-tokens of `wide` that are also in `kept`, in the order of `wide`.
fn in_order(wide: &Scope, kept: &BTreeSet<&str>) -> String {
    wide.iter().filter(|scope_token| kept.contains(scope_token)).collect::<Vec<_>>().join(" ")
}

proptest! {
    #[test]
    fn a_scope_has_each_scope_token_once_where_it_came_first(scope_tokens in scope_tokens()) {
        let parsed = scope(&scope_tokens);
        let mut first = scope_tokens;
        let mut seen = BTreeSet::new();
        first.retain(|scope_token| seen.insert(scope_token.clone()));
        prop_assert_eq!(parsed.as_str(), first.join(" "));
        prop_assert_eq!(Scope::parse(parsed.as_str()), Ok(parsed.clone()));
        prop_assert_eq!(parsed.to_string(), String::from(parsed));
    }

    #[test]
    fn blanks_around_scope_tokens_do_not_matter(scope_tokens in scope_tokens(), blanks in 1..4_usize) {
        let text = format!("{0}{1}{0}", " ".repeat(blanks), scope_tokens.join(&" ".repeat(blanks)));
        prop_assert_eq!(Scope::parse(&text), Ok(scope(&scope_tokens)));
    }

    #[test]
    fn a_superset_has_every_scope_token_whatever_the_order(one in scope_tokens(), other in scope_tokens()) {
        let (one, other) = (scope(&one), scope(&other));
        prop_assert_eq!(one.is_superset(&other), set(&one).is_superset(&set(&other)));
        prop_assert!(one.is_superset(&one));
        for scope_token in other.iter() {
            prop_assert_eq!(one.contains(scope_token), set(&one).contains(scope_token));
        }
    }

    #[test]
    fn a_narrowed_scope_is_what_was_requested_in_the_order_of_the_wider(wide in scope_tokens(), asked in scope_tokens()) {
        let (wide, asked) = (scope(&wide), scope(&asked));
        match wide.narrow(&asked) {
            Some(narrow) => {
                prop_assert_eq!(set(&narrow), set(&asked));
                prop_assert_eq!(narrow.as_str(), in_order(&wide, &set(&asked)));
                prop_assert_eq!(wide.narrow(&narrow), Some(narrow.clone()), "narrowing twice changes nothing");
            }
            None => prop_assert!(!set(&asked).is_subset(&set(&wide))),
        }
    }

    #[test]
    fn two_spellings_of_a_request_are_one_key_of_the_cache(wide in scope_tokens(), turn in 0..8_usize) {
        let wide = scope(&wide);
        let mut asked: Vec<&str> = wide.iter().collect();
        let narrow = wide.narrow(&wide);
        let at = turn % asked.len();
        asked.rotate_left(at);
        prop_assert_eq!(wide.narrow(&Scope::parse(&asked.join("  ")).unwrap()), narrow);
    }

    #[test]
    fn an_intersection_has_what_both_have(one in scope_tokens(), other in scope_tokens()) {
        let (one, other) = (scope(&one), scope(&other));
        let both: BTreeSet<&str> = set(&one).intersection(&set(&other)).copied().collect();
        let found = one.intersection(&other);
        let expected = (!both.is_empty()).then(|| in_order(&one, &both));
        prop_assert_eq!(found.as_ref().map(Scope::to_string), expected);
        let turned = other.intersection(&one);
        prop_assert_eq!(found.as_ref().map(set), turned.as_ref().map(set));
    }

    #[test]
    fn a_scope_token_is_added_once_and_at_the_end(scope_tokens in scope_tokens(), more in "[a-f]{1,2}") {
        let before = scope(&scope_tokens);
        let with = before.clone().with(&more);
        let expected = if before.contains(&more) { before.to_string() } else { format!("{before} {more}") };
        prop_assert_eq!(with.as_str(), expected);
        prop_assert_eq!(with.clone().with(&more), with);
    }

    #[test]
    fn a_refused_scope_is_never_wider_and_its_sentence_repeats_no_secret(asked in "[a-z0-9]{1,12}( [a-z0-9_]{1,44}){0,4}") {
        let allowed = Scope::parse("signature spring_read").unwrap();
        match narrowed(&allowed, &asked, "too wide") {
            Ok(scope) => prop_assert!(allowed.is_superset(&scope)),
            Err(sentence) => {
                let secret = |text: &&str| text.len() > 40 || text.bytes().any(|byte| byte.is_ascii_digit());
                prop_assert!(!asked.split(' ').filter(secret).any(|secret| sentence.contains(secret)), "{}", sentence);
            }
        }
    }
}

#[test]
fn every_character_is_allowed_or_not_as_in_the_rfc() {
    for char in (0..0x250_u32).chain([0x2028, 0xfeff, 0x1f600]).filter_map(char::from_u32) {
        let is_allowed = matches!(u32::from(char), 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert_eq!(Scope::parse(&char.to_string()).is_ok(), is_allowed, "{char:?}");
        // A space separates scope-tokens and is none.
        assert_eq!(Scope::parse(&format!("a{char}b")).is_ok(), is_allowed || char == ' ', "{char:?}");
    }
}

#[test]
fn a_scope_has_at_most_4096_bytes() {
    for (bytes, is_accepted) in [(1, true), (4095, true), (4096, true), (4097, false), (100_000, false)] {
        assert_eq!(Scope::parse(&"a".repeat(bytes)).is_ok(), is_accepted, "{bytes}");
    }
}

#[test]
fn a_scope_in_a_sealed_token_is_read_as_strictly_as_one_in_a_request() {
    let read = |text: &str| serde_json::from_str::<Scope>(text).ok();
    assert_eq!(read("\"b a\"").unwrap().as_str(), "b a");
    assert_eq!(serde_json::to_string(&Scope::parse("b a").unwrap()).unwrap(), "\"b a\"");
    for malformed in ["\"\"", "\" \"", "\"a\\tb\"", "\"\\\"\"", "\"ä\"", "[\"a\"]", "1", "null", "{}"] {
        assert_eq!(read(malformed), None, "{malformed}");
    }
    assert_eq!(Scope::try_from(String::new()), Err(MalformedScopeError));
}

#[test]
fn a_request_is_narrowed_or_refused_with_what_is_too_much() {
    let allowed = Scope::parse("signature impersonation spring_read").unwrap();
    let narrow = |asked: &str| narrowed(&allowed, asked, "too wide").map(|scope| scope.to_string());
    for (asked, granted) in [
        ("signature", "signature"),
        ("spring_read  signature", "signature spring_read"),
        ("spring_read spring_read", "spring_read"),
        ("spring_read impersonation signature", "signature impersonation spring_read"),
    ] {
        assert_eq!(narrow(asked).as_deref(), Ok(granted), "{asked}");
    }
    for (asked, named, unnamed) in [
        ("signature extended", "extended", "signature"),
        ("Signature", "Signature", "impersonation"),
        ("organization_read user_read", "organization_read user_read", "spring_read"),
        ("signature s3cret", "too wide", "s3cret"),
        ("signature,spring_read", "not with commas", "too wide"),
        ("", "malformed", "too wide"),
        (" ", "malformed", "too wide"),
    ] {
        let sentence = narrow(asked).unwrap_err();
        assert!(sentence.contains(named) && !sentence.contains(unnamed), "{asked}: {sentence}");
    }
}
