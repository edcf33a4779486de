//! File names in `Content-Disposition`: what others send in any form, and what browsers get (RFC 6266, RFC 8187).

use evergrant::web::content_disposition::{attachment, in_ascii};
use proptest::prelude::*;

#[test]
fn values_of_other_servers_are_rewritten_as_they_are_meant() {
    for (value, expected) in [
        // A type alone, and other types.
        ("attachment", "attachment"),
        ("inline", "inline"),
        ("INLINE ; filename=a", "INLINE; filename=\"a\""),
        ("form-data; name=\"x\"", "form-data; name=\"x\""),
        ("foo; filename=\"a\"", "foo; filename=\"a\""),
        ("\"inline\"", "attachment"),
        ("filename=a.txt", "attachment"),
        // Quoted strings, tokens and spaces.
        ("attachment; filename=a.html", "attachment; filename=\"a.html\""),
        ("attachment; filename=a b.html", "attachment; filename=\"a b.html\""),
        ("attachment; filename = \"a.html\"", "attachment; filename=\"a.html\""),
        ("attachment;filename=\"a;b=c.html\"", "attachment; filename=\"a;b=c.html\""),
        ("attachment; filename=\"f\\oo.html\"", "attachment; filename=\"foo.html\""),
        ("attachment; filename=\"unclosed", "attachment; filename=\"unclosed\""),
        ("attachment; filename=\"ends\\", "attachment; filename=\"ends\""),
        ("attachment; filename=\"\"", "attachment; filename=\"\""),
        ("attachment; filename=", "attachment; filename=\"\""),
        ("attachment; FILENAME=\"a\"", "attachment; filename=\"a\""),
        ("attachment; filename=\"a\"; filename=\"b\"", "attachment; filename=\"a\""),
        // Extended values.
        ("attachment; filename*=UTF-8''a%20b.pdf", "attachment; filename=\"a b.pdf\""),
        ("attachment; filename*=utf-8'en'%e2%82%ac", "attachment; filename=\"_\"; filename*=UTF-8''%E2%82%AC"),
        ("attachment; filename*=iso-8859-1''%A3", "attachment; filename=\"_\"; filename*=UTF-8''%C2%A3"),
        ("attachment; filename=\"old\"; filename*=UTF-8''new", "attachment; filename=\"new\""),
        ("attachment; filename*=UTF-8''new; filename=\"old\"", "attachment; filename=\"new\""),
        ("attachment; filename=\"old\"; filename*=UTF-8''%ff", "attachment; filename=\"old\""),
        ("attachment; filename=\"old\"; filename*=utf-16''x", "attachment; filename=\"old\""),
        ("attachment; filename=\"old\"; filename*=UTF-8x", "attachment; filename=\"old\""),
        ("attachment; filename*=UTF-8''it's", "attachment; filename=\"it's\""),
        // Other parameters.
        (
            "attachment; size=5; filename=a; creation-date=\"Wed, 12 Feb\"",
            "attachment; filename=\"a\"; size=\"5\"; creation-date=\"Wed, 12 Feb\"",
        ),
        ("attachment; filename.txt; filename=a", "attachment; filename=\"a\""),
        ("attachment; =x; filename=a", "attachment; filename=\"a\""),
        ("attachment; filename*0=\"a\"; filename*1=\"b\"", "attachment"),
        ("attachment;;; filename=a;;", "attachment; filename=\"a\""),
    ] {
        assert_eq!(in_ascii(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn a_name_that_browsers_could_misread_is_sent_in_both_forms() {
    for (name, expected) in [
        ("a.pdf", "; filename=\"a.pdf\""),
        ("it's (1), final.pdf", "; filename=\"it's (1), final.pdf\""),
        ("50%.pdf", "; filename=\"50_.pdf\"; filename*=UTF-8''50%25%2Epdf"),
        ("a\"b", "; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        ("a\\b", "; filename=\"a_b\"; filename*=UTF-8''a%5Cb"),
        ("a/b", "; filename=\"a/b\""),
        ("a\tb\u{7f}c\u{85}d", "; filename=\"a_b_c_d\""),
        ("\u{202e}fdp.exe", "; filename=\"_fdp.exe\"; filename*=UTF-8''%E2%80%AEfdp%2Eexe"),
        ("\u{1f4c4}", "; filename=\"_\"; filename*=UTF-8''%F0%9F%93%84"),
        ("", "; filename=\"\""),
        ("; filename=\"x\"", "; filename=\"; filename=_x_\"; filename*=UTF-8''%3B%20filename%3D%22x%22"),
    ] {
        assert_eq!(attachment(name), format!("attachment{expected}"), "{name}");
    }
}

proptest! {
    #[test]
    fn a_name_survives_every_server_on_its_way(name in "\\PC{0,30}", kind in "attachment|inline|form-data") {
        let written = attachment(&name).replacen("attachment", &kind, 1);
        prop_assert_eq!(in_ascii(written.as_bytes()), written);
    }

    #[test]
    fn utf_8_and_latin_1_give_the_same_name(name in "[a-z \u{a1}-\u{ff}]{1,20}") {
        let latin: Vec<u8> = name.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        let value = |name: &[u8]| [b"attachment; filename=\"", name, b"\""].concat();
        prop_assume!(std::str::from_utf8(&latin).is_err());
        prop_assert_eq!(in_ascii(&value(&latin)), in_ascii(&value(name.as_bytes())));
    }

    #[test]
    fn nothing_in_a_name_adds_a_parameter_or_a_line(name in "[a-z;=\"\\\\'%\r\n\u{0} ]{0,30}") {
        let written = attachment(&name);
        prop_assert!(written.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", written);
        // Outside the quotation marks there are only the parameters' own names.
        let (quoted, rest) = written.strip_prefix("attachment; filename=\"").unwrap().split_once('"').unwrap();
        prop_assert!(!quoted.contains(['\\', '%']) && (rest.is_empty() || rest.starts_with("; filename*=UTF-8''")), "{}", written);
        prop_assert_eq!(rest.matches(';').count(), usize::from(!rest.is_empty()));
    }
}
