//! Patterns of names: `*` is any text, everything else itself, whatever its case.

use evergrant::endpoints::triggers::pattern::Pattern;
use proptest::prelude::*;

fn fits(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).fits(name)
}

/// The definition of a pattern, letter by letter.
fn matches(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|start| matches(rest, &name[start..])),
        Some((letter, rest)) => name.split_first().is_some_and(|(first, left)| first == letter && matches(rest, left)),
    }
}

#[test]
fn names_fit_their_patterns() {
    for (pattern, good, bad) in [
        ("*", &["", "a", "a.b", "*"][..], &[][..]),
        ("", &[""], &["a", " "]),
        ("*.pdf", &["a.pdf", ".PDF", "a.pdf.pdf"], &["a.pdfx", "pdf", "a.pd"]),
        ("Contract*", &["contract", "CONTRACT 2"], &["A Contract", "Contrac"]),
        ("*nda*", &["nda", "Agenda.docx", "NDA (2)"], &["nd", "n da"]),
        ("a*a", &["aa", "aba", "aaa"], &["a", "ab", "ba"]),
        ("a*b*c", &["abc", "a1b2c", "abbbc", "abcbc"], &["acb", "ab", "bc", "abcd"]),
        ("*a*a*a*", &["aaa", "xaxaxax"], &["aa", "a a"]),
        ("ab*ba", &["abba", "ab ba"], &["aba", "ab", "ba"]),
        ("**", &["", "a"], &[]),
        ("a**b", &["ab", "axb"], &["a", "ba"]),
        ("?.txt", &["?.txt"], &["a.txt"]),
        ("[a-z]", &["[A-Z]"], &["a"]),
        ("a.b", &["A.B"], &["axb"]),
        ("Ärger*", &["ärger.pdf", "ÄRGER"], &["arger"]),
        ("*ß", &["Straß", "ß"], &["ss"]),
        ("ΣΥΣ*", &["ΣΥΣΤΗΜΑ.pdf", "συστημα", "ΣΥΣ", "συς"], &["ΣΥ"]),
        ("*\u{1f4c4}*", &["a\u{1f4c4}b"], &["ab"]),
    ] {
        for name in good {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for name in bad {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}

proptest! {
    #[test]
    fn a_pattern_fits_as_it_is_defined(pattern in "[ab*]{0,8}", name in "[ab]{0,10}") {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(fits(&pattern, &name), matches(&letters(&pattern), &letters(&name)), "{} {}", pattern, name);
    }

    #[test]
    fn a_name_fits_itself_and_its_parts(name in "[^*]{0,30}", cut in 0_usize..30) {
        let parts: Vec<char> = name.chars().collect();
        let (start, end) = parts.split_at(cut.min(parts.len()));
        let text = |part: &[char]| part.iter().collect::<String>();
        let (start, end) = (text(start), text(end));
        for pattern in [name.clone(), format!("{start}*"), format!("*{end}"), format!("{start}*{end}")] {
            prop_assert!(fits(&pattern, &name), "{}", pattern);
        }
        let longer = format!("{name}x*");
        prop_assert!(!fits(&longer, &name), "{}", longer);
    }

    #[test]
    fn case_does_not_matter(pattern in "[a-zA-ZäÄ*]{0,10}", name in "[a-zA-ZäÄ]{0,12}") {
        prop_assert_eq!(fits(&pattern, &name), fits(&pattern.to_uppercase(), &name.to_lowercase()));
    }
}

#[test]
fn a_pattern_of_many_stars_costs_little() {
    let name = "a".repeat(255);
    assert!(fits(&"a*".repeat(190), &name));
    assert!(!fits(&format!("{}b", "a*".repeat(189)), &name));
}
