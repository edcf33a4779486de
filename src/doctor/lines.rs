//! Checks as lines for a terminal of 80 columns. Pure.

use std::fmt;

use crate::doctor::check::{Check, Verdict};
use crate::web::page::{Part, parts};

const COLUMNS: usize = 80;

/// The column in which the further lines of a check begin: below the area.
const INDENT: usize = 9;

/// Lines for a terminal, without a line feed at the end.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&of_check(self))
    }
}

/// The check, and what fixes it. The first line begins with the verdict and the area.
#[must_use]
pub fn of_check(check: &Check) -> String {
    let Check { verdict, area, title, finding, fix, .. } = check;
    let start = format!("{:<8} {:<9} ", verdict.as_str(), area.as_str());
    let found = wrapped(&start, &format!("{title}: {finding}"), INDENT);
    fix.as_ref().map_or(found.clone(), |fix| format!("{found}\n{}", of_advice(fix)))
}

/// One line for each reason why checks were skipped, with their titles.
#[must_use]
pub fn of_skipped(checks: &[Check]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Check { title, finding, .. } in checks.iter().filter(|check| check.verdict == Verdict::Skipped) {
        match reasons.iter_mut().find(|(reason, _)| reason == finding) {
            Some((_, titles)) => titles.push(title),
            None => reasons.push((finding, vec![title])),
        }
    }
    let line = |(finding, titles): (&str, Vec<&str>)| {
        let reason = finding.split_once(": ").map_or(finding, |(_, reason)| reason);
        let reason = reason.trim_end_matches(", see its check");
        wrapped("skipped  ", &format!("Not checked, because {reason}: {}", titles.join(", ")), INDENT)
    };
    reasons.into_iter().map(line).collect()
}

/// The result of all checks in one line.
#[must_use]
pub fn summary(checks: &[Check]) -> String {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let (all, bad, skipped) = (checks.len(), count(Verdict::Bad), count(Verdict::Skipped));
    let result = match (bad, skipped) {
        (0, 0) if all == 1 => return "The check passed".to_owned(),
        (0, 0) => return format!("All {all} checks passed"),
        (0, _) => format!("{} of {all} checks passed", all - skipped),
        _ => format!("{bad} of {all} checks failed"),
    };
    if skipped == 0 { result } else { format!("{result}, {skipped} not checked") }
}

/// A sentence.
#[must_use]
pub fn of_text(text: &str) -> String {
    wrapped("", text, 0)
}

fn of_advice(advice: &str) -> String {
    let (mut lines, mut text) = (Vec::new(), String::new());
    let mut start = format!("{:INDENT$}→ ", "");
    let after = INDENT + 2;
    for part in parts(advice).into_iter().chain([Part::Command("")]) {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Typed(part) => text.extend(["`", part, "`"]),
            Part::Command(command) => {
                if !text.trim().is_empty() {
                    lines.push(wrapped(&start, text.trim(), after));
                    start = " ".repeat(after);
                    text.clear();
                }
                if !command.is_empty() {
                    lines.push(of_command(command, after));
                }
            }
        }
    }
    lines.join("\n")
}

/// A command in several lines. It is broken only before options, so that a shell still reads one command.
fn of_command(command: &str, indent: usize) -> String {
    let first = command.split(" --").take(1).map(ToOwned::to_owned);
    let options = command.split(" --").skip(1).map(|option| format!("--{option}"));
    let line_break = format!(" \\\n{:indent$}  ", "");
    filled(&" ".repeat(indent), first.chain(options), &line_break, COLUMNS - " \\".len())
}

/// `text` after `start`, in lines of at most 80 columns. All but the first are indented.
fn wrapped(start: &str, text: &str, indent: usize) -> String {
    filled(start, words(text).map(ToOwned::to_owned), &format!("\n{:indent$}", ""), COLUMNS)
}

/// `pieces` after `start`, with a space between them, or with `line_break` where the line would be too long.
fn filled(start: &str, pieces: impl Iterator<Item = String>, line_break: &str, columns: usize) -> String {
    let width = |text: &str| text.chars().count();
    let (mut text, mut column) = (start.to_owned(), width(start));
    for (position, piece) in pieces.enumerate() {
        if position > 0 && column + 1 + width(&piece) > columns {
            text.push_str(line_break);
            column = width(line_break.rsplit('\n').next().unwrap_or_default());
        } else if position > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(&piece);
        column += width(&piece);
    }
    text
}

/// The words of `text`. What is in backticks is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '`';
        c.is_whitespace() && !quoted
    })
    .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::{Area, Finding};

    fn check(finding: Finding) -> Check {
        finding.into_check("signing_key", Area::Azure, "Signing key", 0.0)
    }

    #[test]
    fn long_lines_are_wrapped_and_commands_can_still_be_pasted() {
        let fix = "Grant the identity its role, and wait some minutes: `az role assignment create --assignee \"9a8b7c6d-0000-4000\" \
                   --role \"Key Vault Crypto User\" --scope \"$(az keyvault show --name contoso --query id --output tsv)/keys/k\"`. \
                   Then run `evergrant doctor`.";
        let lines =
            of_check(&check(Finding::bad("Key Vault denies access, and says so in a sentence that is long", fix)));
        let expected = "\
bad      azure     Signing key: Key Vault denies access, and says so in a
         sentence that is long
         → Grant the identity its role, and wait some minutes:
           az role assignment create --assignee \"9a8b7c6d-0000-4000\" \\
             --role \"Key Vault Crypto User\" --scope \"$(az keyvault show \\
             --name contoso --query id --output tsv)/keys/k\"
           Then run `evergrant doctor`.";
        assert_eq!(lines, expected);
        assert!(lines.lines().all(|line| line.chars().count() <= COLUMNS));
    }

    #[test]
    fn the_summary_counts_what_failed_and_what_was_not_checked() {
        let (good, note) = (check(Finding::good("signs")), check(Finding::note("a", "b")));
        let (bad, skipped) =
            (check(Finding::bad("a", "b")), check(Finding::skipped("not checked: there is no access token")));
        let of = |checks: &[&Check]| summary(&checks.iter().map(|check| (*check).clone()).collect::<Vec<_>>());
        assert_eq!(of(&[&good, &note]), "All 2 checks passed");
        assert_eq!(of(&[&good, &skipped]), "1 of 2 checks passed, 1 not checked");
        assert_eq!(of(&[&good, &bad]), "1 of 2 checks failed");
        assert_eq!(of(&[&good, &bad, &skipped, &skipped]), "1 of 4 checks failed, 2 not checked");
    }

    #[test]
    fn skipped_checks_are_one_line_for_each_reason() {
        let skipped = |reason| check(Finding::skipped(reason));
        let checks = [
            skipped("not checked: there is no access token"),
            check(Finding::good("signs")),
            skipped("not checked: the clock is wrong, see its check"),
            skipped("not checked: there is no access token"),
        ];
        let expected = [
            "skipped  Not checked, because there is no access token: Signing key, Signing key",
            "skipped  Not checked, because the clock is wrong: Signing key",
        ];
        assert_eq!(of_skipped(&checks), expected);
    }
}
