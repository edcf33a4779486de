//! Checks as lines: nothing is lost, every line fits a terminal, and the summary counts what it should.

use std::borrow::Cow;

use evergrant::doctor::check::{Area, Check, Verdict, healthy};
use evergrant::doctor::lines::{of_check, of_skipped, of_text, summary};
use proptest::prelude::*;

const VERDICTS: [Verdict; 4] = [Verdict::Good, Verdict::Note, Verdict::Bad, Verdict::Skipped];
const AREAS: [Area; 3] = [Area::Azure, Area::Docusign, Area::Clients];

fn check(verdict: Verdict, area: Area, finding: &str, fix: Option<&str>) -> Check {
    Check {
        check: Cow::Borrowed("signing_key"),
        area,
        title: "Signing key".to_owned(),
        verdict,
        finding: finding.to_owned(),
        fix: fix.map(ToOwned::to_owned),
        duration_ms: 1.5,
    }
}

/// The words of a text, without what wrapping adds.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !matches!(*word, "→" | "\\")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_word_of_a_finding_is_lost_and_lines_have_80_columns(
        verdict in proptest::sample::select(&VERDICTS[..]), area in proptest::sample::select(&AREAS[..]),
        finding in proptest::collection::vec("[a-zäöü€:.,()]{1,20}", 1..40),
    ) {
        let finding = finding.join(" ");
        let text = of_check(&check(verdict, area, &finding, None));
        prop_assert!(text.lines().all(|line| line.chars().count() <= 80), "{}", text);
        let expected = format!("{} {} Signing key: {finding}", verdict.as_str(), area.as_str());
        prop_assert_eq!(words(&text), words(&expected));
        prop_assert!(text.lines().skip(1).all(|line| line.starts_with("         ") && line.trim() != ""), "{}", text);
    }

    #[test]
    fn advice_keeps_its_words_and_a_command_can_be_pasted(
        before in proptest::collection::vec("[a-z]{1,12}", 1..20), after in proptest::collection::vec("[a-z]{1,12}", 0..9),
        options in proptest::collection::vec("[a-z]{2,12}", 1..12), value in "[a-z0-9./:-]{1,30}",
    ) {
        let options = options.iter().map(|option| format!("--{option} {value}")).collect::<Vec<_>>().join(" ");
        let command = format!("az keyvault key show {options}");
        let fix = format!("{}: `{command}` {}", before.join(" "), after.join(" "));
        let text = of_check(&check(Verdict::Bad, Area::Azure, "x", Some(&fix)));
        prop_assert!(text.lines().all(|line| line.chars().count() <= 80), "{}", text);
        // A shell reads what a backslash continues as one line.
        let pasted = text.replace("\\\n", " ");
        let found = pasted.lines().find(|line| line.trim_start().starts_with("az ")).expect("the command has a line of its own");
        prop_assert_eq!(words(found), words(&command));
        let rest: Vec<&str> = text.split("→").nth(1).unwrap().split_whitespace().filter(|word| *word != "\\").collect();
        prop_assert_eq!(rest.join(" "), words(&format!("{}: {command} {}", before.join(" "), after.join(" "))).join(" "));
    }

    #[test]
    fn a_sentence_keeps_its_words(text in proptest::collection::vec("[a-z`-]{1,30}", 0..40)) {
        let text = text.join(" ").replace('`', "");
        let wrapped = of_text(&text);
        prop_assert_eq!(words(&wrapped), words(&text));
    }

    #[test]
    fn the_summary_counts_every_check_once(counts in [0..4_usize, 0..4, 0..4, 0..4]) {
        let [good, note, bad, skipped] = counts;
        let all: Vec<Check> = VERDICTS.into_iter().zip(counts)
            .flat_map(|(verdict, count)| (0..count).map(move |_| check(verdict, Area::Azure, "x", None))).collect();
        prop_assume!(!all.is_empty());
        let text = summary(&all);
        prop_assert_eq!(healthy(&all), bad == 0);
        prop_assert_eq!(text.contains("failed"), bad > 0, "{}", text);
        let number = |word: &str| -> usize { text.split(", ").find(|part| part.contains(word)).map_or(0, |part| {
            part.split(' ').find_map(|word| word.parse().ok()).unwrap_or(0)
        }) };
        if bad > 0 {
            prop_assert_eq!(number("failed"), bad);
        } else if skipped > 0 {
            prop_assert_eq!(number("passed"), good + note);
        }
        prop_assert_eq!(number("not checked"), skipped);
        prop_assert!(bad == 0 && skipped == 0 || text.contains(&format!("of {} checks", all.len())), "{}", text);
    }

    #[test]
    fn each_skipped_check_is_in_the_line_of_its_reason(reasons in proptest::collection::vec(0..3_usize, 0..8)) {
        const REASONS: [&str; 3] = ["not checked: no access token", "not checked: the clock is wrong, see its check", "not checked: no identity"];
        let checks: Vec<Check> = reasons.iter().enumerate().map(|(number, reason)| Check {
            title: format!("T{number}"), ..check(Verdict::Skipped, Area::Clients, REASONS[*reason], None)
        }).collect();
        let lines = of_skipped(&checks);
        let distinct: std::collections::BTreeSet<_> = reasons.iter().collect();
        prop_assert_eq!(lines.len(), distinct.len());
        for (number, reason) in reasons.iter().enumerate() {
            let words = ["no access token", "the clock is wrong", "no identity"][*reason];
            let line = lines.iter().find(|line| line.contains(words)).unwrap();
            prop_assert!(line.split([' ', ',']).any(|word| word == format!("T{number}")), "{}", line);
            prop_assert!(!line.contains("see its check"), "{}", line);
        }
    }
}

#[test]
fn checks_have_the_names_that_scripts_rely_on() {
    let names = |check: &Check| serde_json::to_value(check).unwrap();
    for (verdict, name) in VERDICTS.into_iter().zip(["good", "note", "bad", "skipped"]) {
        assert_eq!(names(&check(verdict, Area::Azure, "x", None))["verdict"], name);
    }
    for (area, name) in AREAS.into_iter().zip(["azure", "docusign", "clients"]) {
        assert_eq!(names(&check(Verdict::Good, area, "x", None))["area"], name);
    }
    let with_fix = names(&check(Verdict::Bad, Area::Azure, "x", Some("y")));
    let keys: Vec<&String> = with_fix.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["check", "area", "title", "verdict", "finding", "fix", "duration_ms"]);
    assert!(names(&check(Verdict::Good, Area::Azure, "x", None)).get("fix").is_none());
}

#[test]
fn a_line_begins_with_verdict_and_area_in_columns() {
    for (verdict, area, begin) in [
        (Verdict::Good, Area::Azure, "good     azure     Signing key: x"),
        (Verdict::Note, Area::Docusign, "note     docusign  Signing key: x"),
        (Verdict::Bad, Area::Clients, "bad      clients   Signing key: x"),
        (Verdict::Skipped, Area::Azure, "skipped  azure     Signing key: x"),
    ] {
        assert_eq!(of_check(&check(verdict, area, "x", None)), begin);
        assert_eq!(check(verdict, area, "x", None).to_string(), begin);
    }
}

#[test]
fn a_summary_of_few_checks_reads_well() {
    let of = |verdicts: &[Verdict]| {
        summary(&verdicts.iter().map(|verdict| check(*verdict, Area::Azure, "x", None)).collect::<Vec<_>>())
    };
    for (verdicts, expected) in [
        (&[Verdict::Good][..], "The check passed"),
        (&[Verdict::Note], "The check passed"),
        (&[Verdict::Good, Verdict::Note], "All 2 checks passed"),
        (&[Verdict::Bad], "1 of 1 checks failed"),
        (&[Verdict::Skipped], "0 of 1 checks passed, 1 not checked"),
        (&[Verdict::Bad, Verdict::Skipped, Verdict::Good], "1 of 3 checks failed, 1 not checked"),
    ] {
        assert_eq!(of(verdicts), expected);
    }
}
